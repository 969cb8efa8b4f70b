"""The audit trail shows what was tampered with."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from lungcore.errors import LungcoreError
from lungcore.records import audit
from lungcore.records.database import snapshot, transaction


def _add(engine, subject, **detail):
    with transaction(engine) as session:
        audit.append(session, actor="ann", action="a.b", subject=subject, detail=detail)


@pytest.fixture
def trail(engine):
    for number in range(5):
        _add(engine, f"s{number}", number=number, name="王 é", share=0.1)
    return engine


def _tamper(engine, sql):
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(sql))


def test_an_untouched_trail_holds(trail):
    with snapshot(trail) as session:
        assert audit.verify(session) == 5


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 3", 3),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2", 2),
        ("UPDATE audit SET detail = '{}' WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 5", 5),
        ("DELETE FROM audit", 1),
        (
            "INSERT INTO audit SELECT 6, at, actor, action, subject, detail, sha256, sha256 "
            "FROM audit WHERE seq = 5",
            6,
        ),
    ],
)
def test_names_the_first_line_that_does_not_fit(trail, sql, broken):
    _tamper(trail, sql)
    with snapshot(trail) as session, pytest.raises(LungcoreError) as found:
        audit.verify(session)
    assert found.value.key == "records.audit_broken"
    assert found.value.values == {"seq": broken}


def test_lines_written_at_once_make_one_chain(engine):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: _add(engine, str(n)), range(40)))
    with snapshot(engine) as session:
        assert audit.verify(session) == 40


def test_detail_must_be_json(engine):
    with pytest.raises(ValueError, match="JSON"):
        _add(engine, "s", share=float("nan"))
