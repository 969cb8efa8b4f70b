"""The schema, transactions that wait for each other, and what is only ever added."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.records import (
    adjudication_tables,
    audit,
    dataset_tables,
    model_tables,
    round_tables,
)
from lungcore.records.database import connect, migrate, schema_version, snapshot, transaction
from lungcore.records.tables import Base


def test_migrations_make_the_tables_that_the_code_knows(engine):
    for row in (
        adjudication_tables.AdjudicationEventRow,
        dataset_tables.DatasetRow,
        model_tables.ModelRow,
        round_tables.RoundRow,
    ):
        assert row.metadata is Base.metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_schema_version_before_and_after(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'new.db'}"
    engine = connect(url)
    present, head = schema_version(engine)
    assert present is None
    migrate(url)
    assert schema_version(engine) == (head, head)
    engine.dispose()


def test_processes_that_start_at_once_migrate_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [url] * 4))
    engine = connect(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_head")).scalar_one() == 1
    engine.dispose()


def test_a_database_from_a_newer_program_is_left_alone(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LungcoreError) as refused:
        migrate(engine.url.render_as_string(hide_password=False))
    assert refused.value.key == "records.schema_newer"
    assert "9999" in str(refused.value)


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "other.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(LungcoreError) as refused:
        migrate(f"sqlite:///{path}")
    assert refused.value.key == "records.database_unusable"


@pytest.mark.parametrize("url", ["", "lungcore.db", "oracle9://server/lungcore"])
def test_a_url_that_is_none_is_told(url):
    with pytest.raises(LungcoreError) as refused:
        connect(url)
    assert refused.value.key == "records.database_url_invalid"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LungcoreError) as refused:
        connect(f"sqlite:///{tmp_path / 'file' / 'lungcore.db'}")
    assert str(tmp_path / "file") in str(refused.value)


def test_an_exception_takes_back_the_whole_transaction(engine):
    with pytest.raises(KeyError), transaction(engine) as session:
        audit.append(session, actor="ann", action="a.b", subject="s", detail={})
        raise KeyError("stop")
    with snapshot(engine) as session:
        assert audit.verify(session) == 0


def test_writers_wait_and_readers_do_not(engine):
    """A writer that reads first must not fail because another wrote in between."""
    begun, release = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction(engine) as session:
            audit.append(session, actor="ann", action="a.b", subject="slow", detail={})
            begun.set()
            release.wait(10)

    def quick_writer() -> None:
        with transaction(engine) as session:
            audit.append(session, actor="bob", action="a.b", subject="quick", detail={})

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(slow_writer)
        assert begun.wait(10)
        quick = pool.submit(quick_writer)
        with snapshot(engine) as session:
            assert audit.verify(session) == 0
        release.set()
        slow.result()
        quick.result()
    with snapshot(engine) as session:
        assert audit.verify(session) == 2


def test_a_snapshot_cannot_write_and_a_transaction_after_it_can(engine):
    for _ in range(2):
        with pytest.raises(DatabaseError), snapshot(engine) as session:
            session.execute(text("UPDATE audit_head SET seq = 7"))
        with transaction(engine) as session:
            audit.append(session, actor="ann", action="a.b", subject="s", detail={})
    with snapshot(engine) as session:
        assert audit.verify(session) == 2


@pytest.mark.parametrize("act", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_the_audit_trail_cannot_be_rewritten(engine, act):
    with transaction(engine) as session:
        audit.append(session, actor="ann", action="a.b", subject="s", detail={})
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(act))


def test_sqlite_keeps_its_promises(engine, sqlite_only):
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
