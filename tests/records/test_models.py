"""The registry: stages as a fold of events, promotion, roll-back, signatures, files by content."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.records import accounts, audit, comparisons, models, rounds, studies
from lungcore.records.database import transaction
from lungcore.records.model_files import ModelStore
from lungcore.records.models import NewModel

PASSWORD = "a long passphrase"


@pytest.fixture
def people(engine):
    """Account ids by user name."""
    roles = {"owner": "model_owner", "admin": "administrator", "ann": "clinician"}
    with transaction(engine) as session:
        return {
            name: accounts.add_account(session, name, PASSWORD, roles=[role]).account_id
            for name, role in roles.items()
        }


@pytest.fixture
def add_series_of(registry, new_series):
    """A series of a patient of its own; its uid."""

    def add(uid):
        with transaction(registry) as session:
            studies.add_series(session, new_series(uid, patient_id=uid))
        return uid

    return add


def model(name, *, kind="detector", task="lungs", origin="trained"):
    return NewModel(
        kind=kind,
        task=task,
        name=name,
        sha256=(name * 64)[:64],
        files={"model.bin": name},
        card={"version": name},
        origin=origin,
    )


@pytest.fixture
def registry(engine, people):
    """A house model in use, and two candidates."""
    with transaction(engine) as session:
        models.add(session, model("a", origin="house"))
        models.adopt(session, "a")
        for name in "bc":
            models.add(session, model(name))
    return engine


def stages(engine):
    with transaction(engine) as session:
        return {one.name: one.stage for one in models.list_models(session)}


def test_promotions_stack_and_roll_backs_unstack(registry, people):
    owner = people["owner"]
    assert stages(registry) == {"a": "in_use", "b": "candidate", "c": "candidate"}
    for name in "bc":
        with transaction(registry) as session:
            models.promote(session, name, account_id=owner, reason="better")
    assert stages(registry) == {"a": "retired", "b": "retired", "c": "in_use"}
    for present, expected in ("cb", "ba"):
        with transaction(registry) as session:
            back = models.roll_back(session, present, account_id=owner, reason="worse in use")
        assert back == expected
        assert stages(registry)[expected] == "in_use"
    with transaction(registry) as session, pytest.raises(LungcoreError) as nothing:
        models.roll_back(session, "a", account_id=owner, reason="more")
    assert nothing.value.key == "models.nothing_before"


def test_who_rolls_back_at_once_with_another_takes_away_one_model(registry, people):
    owner = people["owner"]
    for name in "bc":
        with transaction(registry) as session:
            models.promote(session, name, account_id=owner, reason="better")

    def back() -> str:
        with transaction(registry) as session:
            return models.roll_back(session, "c", account_id=owner, reason="worse in use")

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(back) for _ in range(2)]
    errors = [one.exception() for one in both]
    [refused] = [error for error in errors if error is not None]
    assert refused.key == "models.not_in_use"
    assert stages(registry) == {"a": "retired", "b": "in_use", "c": "retired"}


@pytest.mark.parametrize(
    ("who", "given", "key"),
    [
        ("ann", {}, "models.not_allowed"),
        ("owner", {"reason": " "}, "models.reason_needed"),
        ("owner", {"failed": ["probe"]}, "models.second_needed"),
        ("owner", {"failed": ["probe"], "second": "owner"}, "models.second_same"),
        ("owner", {"failed": ["probe"], "second": "ann"}, "models.not_allowed"),
    ],
)
def test_promotion_is_refused(registry, people, who, given, key):
    second = given.pop("second", None)
    given |= {"second_id": None if second is None else people[second]}
    with transaction(registry) as session, pytest.raises(LungcoreError) as refused:
        models.promote(session, "b", account_id=people[who], **({"reason": "x"} | given))
    assert refused.value.key == key
    assert stages(registry)["b"] == "candidate"


def test_a_second_signature_lets_a_model_through_and_is_on_record(registry, people):
    with transaction(registry) as session:
        second = accounts.confirm(session, "Admin", PASSWORD, now=datetime.now(UTC))
        models.promote(
            session,
            "b",
            account_id=people["owner"],
            reason="urgent",
            failed=["not_worse"],
            second_id=second.account_id,
        )
    with transaction(registry) as session:
        event = models.history(session)[0]
        assert (event.actor, event.second, event.reason) == ("owner", "admin", "urgent")
        assert event.detail == {"in_place_of": "a", "failed": ["not_worse"]}
        audit.verify(session)
        trail = session.execute(text("SELECT action, detail FROM audit ORDER BY seq")).all()
    assert trail[-1][0] == "model.promoted"
    assert '"second":"admin"' in trail[-1][1]


def test_a_wrong_second_password_is_counted(registry):
    for key in ["records.sign_in_failed"] * 5 + ["records.locked"]:
        with transaction(registry) as session, pytest.raises(LungcoreError) as refused:
            accounts.confirm(session, "admin", "something wrong", now=datetime.now(UTC))
        assert refused.value.key == key


def test_another_task_and_another_kind_have_no_place(registry, people):
    with transaction(registry) as session:
        models.add(session, model("liver", task="liver"))
        models.add(session, model("seed", kind="seed_cnn"))
    for name, key in (("liver", "models.other_task"), ("seed", "models.no_place")):
        with transaction(registry) as session, pytest.raises(LungcoreError) as refused:
            models.promote(session, name, account_id=people["owner"], reason="x")
        assert refused.value.key == key


def test_a_new_release_replaces_the_house_model_but_never_a_chosen_one(registry, people):
    with transaction(registry) as session:
        models.add(session, model("a2", origin="house"))
        models.adopt(session, "a2")
    assert stages(registry)["a2"] == "in_use"
    with transaction(registry) as session:
        models.promote(session, "b", account_id=people["owner"], reason="x")
        models.add(session, model("a3", origin="house"))
        models.adopt(session, "a3")
        models.adopt(session, "a2")
    assert stages(registry) | {"c": ""} == {
        "a": "retired",
        "a2": "retired",
        "a3": "candidate",
        "b": "in_use",
        "c": "",
    }


def test_the_same_files_are_one_model_and_a_name_is_taken_once(registry):
    with transaction(registry) as session:
        assert models.add(session, model("b")).name == "b"
        assert len(models.list_models(session)) == 3
        other = model("b")
        with pytest.raises(LungcoreError, match="b is taken"):
            models.add(
                session,
                NewModel(
                    **{
                        field: getattr(other, field)
                        for field in ("kind", "task", "name", "files", "card", "origin")
                    },
                    sha256="f" * 64,
                ),
            )


@pytest.mark.parametrize("table", ["model", "model_event", "model_comparison"])
@pytest.mark.parametrize("act", ["UPDATE {} SET {}_id = 9", "DELETE FROM {}"])
def test_records_of_models_are_only_ever_added(registry, people, table, act):
    with transaction(registry) as session:
        comparisons.add(session, "job", 1, 2, "set", people["owner"], {"cpm": 0.5})
    key = {"model_comparison": "comparison"}.get(table, table)
    with transaction(registry) as session, pytest.raises(DatabaseError, match="append-only"):
        session.execute(text(act.format(table, key)))


def test_looks_at_a_locked_set_are_counted(registry, people):
    for job in ("one", "two", "two"):
        with transaction(registry) as session:
            comparisons.add(session, job, 2, 1, "locked", people["owner"], {})
    with transaction(registry) as session:
        assert comparisons.looks(session, "locked") == 2
        assert [one.look for one in comparisons.of_model(session, "b")] == [2, 1]
        assert comparisons.looks(session, "other") == 0


def test_files_are_kept_by_content_and_checked(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "model.bin").write_bytes(b"weights")
    (source / "log.txt").write_text("not of the model")
    store = ModelStore(tmp_path)
    sha256, files = store.add(source, ("model.bin", "model.keras"))
    assert list(files) == ["model.bin"]
    assert store.add(source, ("model.bin",)) == (sha256, files)
    assert (store.folder(sha256, files) / "model.bin").read_bytes() == b"weights"
    (tmp_path / "models" / "incoming-half").mkdir()
    assert store.clean({sha256}) == ["incoming-half"]
    (tmp_path / "models" / sha256 / "model.bin").write_bytes(b"Weights")
    with pytest.raises(LungcoreError) as damaged:
        store.folder(sha256, files)
    assert damaged.value.key == "models.file_damaged"
    (tmp_path / "models" / sha256 / "model.bin").unlink()
    with pytest.raises(LungcoreError) as absent:
        store.folder(sha256, files)
    assert absent.value.key == "models.file_absent"


def test_nodules_that_a_round_hides_are_not_listed(registry, people, add_series_of):
    shown, hidden = add_series_of("1.1"), add_series_of("1.2")
    listed = [{"series_uid": shown}, {"series_uid": hidden}]
    with transaction(registry) as session:
        comparisons.add(
            session, "job", 2, 1, "locked", people["owner"], {"gained": listed, "lost": listed}
        )
        rounds.make(
            session,
            name="blind",
            series_uids=[hidden],
            account_ids=[people["ann"]],
            blinded=True,
            machine_hidden=False,
            strategy="oldest",
            reads=1,
            made_by=people["owner"],
            now=datetime.now(UTC),
        )
        for who, expected in (("ann", [{"series_uid": shown}]), ("owner", listed)):
            [found] = comparisons.of_model(session, "b", people[who])
            assert (found.result["gained"], found.result["lost"]) == (expected, expected)
