"""What the routes and the pages work with: one bundle, opened once a process."""

from dataclasses import dataclass

from sqlalchemy import Engine

from lungcore.jobs.client import JobsClient
from lungcore.records import database
from lungcore.records.layers import LayerStore
from lungcore.records.masks import MaskStore
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings
from lungcore.web.cookies import SessionCookies


@dataclass(frozen=True, slots=True)
class Services:
    """The settings and what they lead to: database, stores and job queue."""

    settings: Settings
    engine: Engine
    pixels: PixelStore
    originals: OriginalStore
    masks: MaskStore
    layers: LayerStore
    jobs: JobsClient
    cookies: SessionCookies

    @classmethod
    def open(cls, settings: Settings) -> "Services":
        """Bring the database to its newest schema and open everything."""
        database.migrate(settings.database_url)
        return cls(
            settings=settings,
            engine=database.connect(settings.database_url),
            pixels=PixelStore(settings.storage),
            originals=OriginalStore(settings.storage),
            masks=MaskStore(settings.storage),
            layers=LayerStore(settings.storage),
            jobs=JobsClient(settings),
            cookies=SessionCookies.open(settings.home),
        )

    def close(self) -> None:
        """Let go of the database and the job queue."""
        self.jobs.close()
        self.engine.dispose()
