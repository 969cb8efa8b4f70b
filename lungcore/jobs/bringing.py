"""Models of others: taken from an uploaded folder, checked, turned into what runs here, probed."""

import shutil
from collections.abc import Callable
from pathlib import Path

from lungcore.jobs import children, models
from lungcore.jobs.failures import told
from lungcore.learning import tasks
from lungcore.learning.weights import BROUGHT
from lungcore.records import database
from lungcore.settings import Settings

CHILD = "lungcore.learning.bringing"
MANIFEST = "manifest.json"


def folder(settings: Settings, bringing_id: str) -> Path:
    """Where a model waits until it is registered."""
    return settings.home / "bringing" / bringing_id


def keep(settings: Settings, bringing_id: str, files: dict[str, bytes]) -> None:
    """Write down what somebody brought: a model file, its .bin, the manifest, maybe a task."""
    incoming = folder(settings, bringing_id) / "incoming"
    incoming.mkdir(parents=True)
    for name, content in files.items():
        suffix = Path(name).suffix
        if name in (MANIFEST, tasks.FILE):
            (incoming / name).write_bytes(content)
        elif suffix in (*BROUGHT, ".bin"):
            (incoming / f"model{suffix}").write_bytes(content)


def bring(
    settings: Settings,
    bringing_id: str,
    account_id: int | None,
    *,
    progress: Callable[[str, float], None],
    stop: Callable[[], bool],
) -> str:
    """Register what was brought as a candidate and try it on the phantom; "" when stopped.

    Without a task of its own it is run by that of the models in use. Raises JobFailedError.
    """
    from lungcore.jobs import probing  # loads the networks' library, which the web does without

    place = folder(settings, bringing_id)
    engine = database.connect(settings.database_url)
    try:
        with told(settings.home):
            incoming = place / "incoming"
            if not (incoming / tasks.FILE).is_file():
                present = models.in_use(settings, engine)["detector"]
                shutil.copyfile(present / tasks.FILE, incoming / tasks.FILE)
            progress("models.step_checking", 0.0)
            if not children.run(CHILD, place, stop=stop):
                return ""
            name = models.register(settings, place / "weights", "imported", account_id)
            progress("models.step_probe", 0.7)
            probing.probe(settings, engine, name, account_id)
            return name
    finally:
        engine.dispose()


def remove(settings: Settings, bringing_id: str) -> None:
    """Remove what was brought; what is registered is kept elsewhere."""
    shutil.rmtree(folder(settings, bringing_id), ignore_errors=True)
