"""Is this installation well? What is wrong is told with what to do about it."""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.language import text
from lungcore.learning import weights
from lungcore.records import database, executors
from lungcore.settings import NAMES, Settings

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
# Room for a large study as uploaded, as kept and as encoded.
NEEDED_GB = 5.0
# A worker says every 10 s that it lives.
SILENT_AFTER = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do about a fault; it is empty when `ok`."""

    name: str
    ok: bool
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found: the values that fill in the texts `doctor.look_NAME_ok` or `_fault`."""

    ok: bool
    values: dict[str, object]


def examine(settings: Settings) -> list[Check]:
    """Look at everything, in the language of the settings."""
    return [_check(name, look, settings) for name, look in LOOKS.items()]


def setting_rows(settings: Settings) -> list[dict[str, str]]:
    """Name, value (without the password in a URL) and source of each setting."""
    return [
        {
            "name": name,
            "value": re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", str(getattr(settings, name))),
            "source": settings.sources.get(name, "default"),
        }
        for name in NAMES
    ]


def _check(name: str, look: Callable[[Settings], Seen], settings: Settings) -> Check:
    language = settings.language
    try:
        seen = look(settings)
    except LungcoreError as error:
        seen, found = Seen(False, {}), error.text(language)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong here is what was looked for
        # The first line says what it is; libraries add statements and links.
        seen = Seen(False, {"problem": str(error).partition("\n")[0] or type(error).__name__})
        found = text("doctor.look_failed", language, **seen.values)
    else:
        found = text(f"doctor.look_{name}_{'ok' if seen.ok else 'fault'}", language, **seen.values)
    advice = "" if seen.ok else text(f"doctor.look_{name}_advice", language)
    return Check(text(f"doctor.look_{name}", language), seen.ok, found, advice)


def _python(_settings: Settings) -> Seen:
    version = sys.version_info[:2]
    return Seen(OLDEST_PYTHON <= version <= NEWEST_PYTHON, {"version": ".".join(map(str, version))})


def _packages(_settings: Settings) -> Seen:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if "==" in line]
    wrong = [
        f"{name} {_installed(name)}, not {pin}" for name, pin in pins if _installed(name) != pin
    ]
    return Seen(not wrong, {"n": len(pins), "wrong": "; ".join(wrong)})


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


def _disk(settings: Settings) -> Seen:
    folders = [settings.home, settings.storage]
    free = min(shutil.disk_usage(_existing(folder)).free for folder in folders) / 1e9
    return Seen(free >= NEEDED_GB, {"free": f"{free:.1f}", "needed": f"{NEEDED_GB:.0f}"})


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _storage(settings: Settings) -> Seen:
    settings.storage.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.storage) as file:
        file.write(b"doctor")
    return Seen(True, {"folder": settings.storage})


def _database(settings: Settings) -> Seen:
    engine = database.connect(settings.database_url)
    try:
        present, head = database.schema_version(engine)
    finally:
        engine.dispose()
    return Seen(present == head, {"present": present or "-", "head": head})


def _jobs(settings: Settings) -> Seen:
    engine = database.connect(settings.jobs_url)
    try:
        with engine.connect():
            return Seen(True, {})
    finally:
        engine.dispose()


def _worker(settings: Settings) -> Seen:
    engine = database.connect(settings.database_url)
    try:
        present, head = database.schema_version(engine)
        if present != head:  # no worker has run on this database
            return Seen(False, {"when": "-"})
        with database.snapshot(engine) as session:
            seen = executors.last_seen(session)
    finally:
        engine.dispose()
    if seen is None:
        return Seen(False, {"when": "-"})
    is_alive = datetime.now(UTC) - seen < SILENT_AFTER
    return Seen(is_alive, {"when": seen.astimezone().isoformat(" ", "seconds")})


def _weights(settings: Settings) -> Seen:
    found = weights.check(settings.models)
    wrong = [problem.text(settings.language) for _, _, problem in found if problem]
    shown = wrong or [f"{name} {version}" for name, version, _ in found]
    return Seen(not wrong, {"models": "; ".join(shown)})


LOOKS: dict[str, Callable[[Settings], Seen]] = {
    "python": _python,
    "packages": _packages,
    "disk": _disk,
    "storage": _storage,
    "database": _database,
    "jobs": _jobs,
    "worker": _worker,
    "weights": _weights,
}
