"""Settings: from the environment, else a file, else the default; each tells which."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES

NAMES = (
    "home",
    "database_url",
    "jobs_url",
    "storage_url",
    "language",
    "worker",
    "models",
    "engine",
)
WORKER_MODES = ("embedded", "external")
ENGINES = ("openvino", "keras")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are kept and how the parts run.

    home: folder of everything this installation remembers.
    database_url, jobs_url: SQLAlchemy URLs of the records and of the job engine.
    storage_url: `file://` URL of the folder for original files and volumes.
    language: of the command line and of pages before sign-in.
    worker: `embedded` (the web server starts one) or `external` (you run `lungcore worker`).
    models: folder of the weights.
    engine: that runs the networks, `openvino` or `keras` (TensorFlow, on a GPU where it sees one).
    sources: for each name, `environment`, `file` or `default`.
    """

    home: Path
    database_url: str
    jobs_url: str
    storage_url: str
    language: str
    worker: str
    models: Path
    engine: str = "openvino"
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def storage(self) -> Path:
        """The storage folder that `storage_url` names."""
        return Path(self.storage_url.removeprefix("file://"))

    @property
    def uploads(self) -> Path:
        """Where uploads wait until they are imported."""
        return self.home / "uploads"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. The file is `LUNGCORE_CONFIG`, or `config.toml` in the home folder.

    Raises LungcoreError naming the setting that has no usable value.
    """
    environ = os.environ if environ is None else environ
    home = Path(environ.get("LUNGCORE_HOME") or Path.home() / ".lungcore").expanduser().absolute()
    from_file = _read_file(_file(environ, home))
    values: dict[str, str] = {
        "home": str(home),
        "database_url": f"sqlite:///{home / 'lungcore.db'}",
        "jobs_url": f"sqlite:///{home / 'jobs.db'}",
        "storage_url": f"file://{home / 'storage'}",
        "language": "en",
        "worker": "embedded",
        "models": str(Path(__file__).parent.parent / "models"),
        "engine": "openvino",
    }
    sources = dict.fromkeys(NAMES, "default")
    for name in NAMES:
        if name in from_file:
            values[name], sources[name] = str(from_file[name]), "file"
        if environ.get(f"LUNGCORE_{name.upper()}"):
            sources[name] = "environment"
            if name != "home":
                values[name] = environ[f"LUNGCORE_{name.upper()}"]
    _check(values)
    return Settings(
        home=home,
        database_url=values["database_url"],
        jobs_url=values["jobs_url"],
        storage_url=values["storage_url"],
        language=values["language"],
        worker=values["worker"],
        models=Path(values["models"]),
        engine=values["engine"],
        sources=sources,
    )


def _file(environ: Mapping[str, str], home: Path) -> Path:
    named = environ.get("LUNGCORE_CONFIG")
    if named and not Path(named).is_file():
        raise LungcoreError("errors.settings_file_absent", path=named)
    return Path(named) if named else home / "config.toml"


def _read_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LungcoreError("errors.settings_file", path=path, problem=error) from error
    # Not the home folder: it is where this file is looked for.
    names = [name for name in NAMES if name != "home"]
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise LungcoreError(
            "errors.settings_unknown", path=path, name=unknown[0], names=", ".join(names)
        )
    return found


def _check(values: Mapping[str, str]) -> None:
    choices = {"language": tuple(LANGUAGES), "worker": WORKER_MODES, "engine": ENGINES}
    for name, allowed in choices.items():
        if values[name] not in allowed:
            raise LungcoreError(
                "errors.settings_value", name=name, value=values[name], allowed=", ".join(allowed)
            )
    if not values["storage_url"].startswith("file://"):
        raise LungcoreError(
            "errors.settings_value",
            name="storage_url",
            value=values["storage_url"],
            allowed="file:///folder",
        )
