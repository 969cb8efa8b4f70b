"""The database: connections, transactions and the schema's version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30
MIGRATION_LOCK = 7_105_219  # any number, the same for all processes of the application


def connect(url: str) -> Engine:
    """An engine for the SQLAlchemy `url`. The folder of an SQLite file is made when absent.

    On SQLite a transaction begins as a writer unless it is a `snapshot`: a reader that turns
    writer half-way is refused at once instead of waiting (https://sqlite.org/isolation.html).

    Raises LungcoreError when the URL is none or the folder cannot be made.
    """
    try:
        parts = make_url(url)
        if parts.get_backend_name() != "sqlite":
            return create_engine(parts, pool_pre_ping=True)
    except ArgumentError as error:
        raise LungcoreError("records.database_url_invalid", problem=error) from error
    if parts.database:
        _make_folder(Path(parts.database).parent)
    engine = create_engine(parts, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LungcoreError("records.database_unusable", url=folder, problem=error) from error


def _set_pragmas(connection, _record) -> None:  # type: ignore[no-untyped-def]
    # The driver must not begin transactions by itself: `_begin` does.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    only_reads = connection.get_execution_options().get("snapshot", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(only_reads)}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session for reading and writing: committed at the end, rolled back on any exception.

    Writers of one SQLite database wait for each other, at most 30 s.
    """
    with Session(engine) as session:
        yield session
        session.commit()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session for reading one consistent state: it waits for no writer, and cannot write."""
    with Session(_for_reading(engine)) as session:
        yield session


def _for_reading(engine: Engine) -> Engine:
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(snapshot=True)


def migrate(url: str) -> None:
    """Bring the database to the newest schema; processes that start at once wait for each other.

    Raises LungcoreError when the database cannot be opened or is newer than the program.
    """
    engine = connect(url)
    try:
        _check_not_newer(engine)
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise LungcoreError("records.database_unusable", url=shown, problem=error.orig) from error
    finally:
        engine.dispose()


def schema_version(engine: Engine) -> tuple[str | None, str]:
    """(revision of the database or None when it is empty, newest revision of the program)."""
    with _for_reading(engine).connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, ScriptDirectory.from_config(_config()).get_current_head() or ""


def _check_not_newer(engine: Engine) -> None:
    present, head = schema_version(engine)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if present is not None and present not in known:
        raise LungcoreError("records.schema_newer", present=present, head=head)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
