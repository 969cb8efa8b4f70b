"""Dataset versions over real rows: what goes in, what is kept, what is told."""

import dataclasses

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.findings.dataset import Rules
from lungcore.findings.labels import Drawn, Voxels
from lungcore.findings.leaks import Ancestor
from lungcore.records import database, datasets, detections, readings
from lungcore.records.tables import AuditRow
from tests.records.conftest import AFFINE

INSIDE = (-90.0, -80.0, -290.0)
TRAIN = Rules(shares=(100, 0, 0))
TEST = Rules(shares=(0, 0, 100))


def nodule(name="1", center=INSIDE, diameter_mm=8.0, **attributes):
    return Drawn(name=name, center=center, diameter_mm=diameter_mm, attributes=attributes)


def outlined():
    affine = np.array(AFFINE).reshape(4, 4).copy()
    affine[:3, 3] += affine[:3, :3] @ (7, 8, 9)
    return Drawn(name="1", shape=Voxels(np.ones((2, 3, 4), bool), affine))


ADD = ("add", {"finding_uid": "2.25.1", "center_mm": INSIDE, "diameter_mm": 12.0})
SIGN, REOPEN = ("sign", {}), ("reopen", {"reason": "second look"})


def drafted(engine, rules=TRAIN, ancestors=(), given=None):
    with database.snapshot(engine) as session:
        return datasets.draft(session, rules, ancestors, given)


def frozen(engine, rules=TRAIN, **given):
    draft = drafted(engine, rules)
    with database.transaction(engine) as session:
        return datasets.freeze(session, draft, **given)


def labels_of(engine, dataset_id, masks):
    with database.snapshot(engine) as session:
        manifest = datasets.find(session, dataset_id)
        return [datasets.labels_of(session, entry, masks) for entry in manifest.entries]


def test_the_same_content_is_kept_once_under_one_id(engine, add, label, readers):
    label(add(), "ann", nodule())
    first, is_new = frozen(engine, name="first", account_id=readers[0])
    assert is_new
    assert frozen(engine, name="again", account_id=readers[1]) == (first, False)
    with database.snapshot(engine) as session:
        [known] = datasets.list_datasets(session)
        told = select(AuditRow.subject).where(AuditRow.action == "dataset.frozen")
        assert session.scalars(told).all() == [first]
    assert (known.dataset_id, known.name, known.frozen_by) == (first, "first", "Ann")
    assert (known.balance["train"].series, known.balance["train"].nodules) == (1, 1)


def test_what_was_frozen_comes_back_with_its_voxels(engine, add, label, masks):
    label(add(), "ann", outlined())
    label("1.2.3", "bob", nodule())
    dataset_id, _ = frozen(engine)
    [[ann, bob]] = labels_of(engine, dataset_id, masks)
    assert (ann.reader, bob.reader) == ("ann", "bob")
    assert ann.marks[0].mask.voxels.sum() == 24
    assert bob.marks[0].diameter_mm == 8


def test_another_label_is_another_version_and_the_old_one_stays(engine, add, label, masks):
    label(add(), "ann", nodule())
    old, _ = frozen(engine)
    label("1.2.3", "ann", nodule(diameter_mm=9.0))
    new, is_new = frozen(engine)
    assert is_new
    assert new != old
    sizes = [labels_of(engine, one, masks)[0][0].marks[0].diameter_mm for one in (old, new)]
    assert sizes == [8.0, 9.0], "the layer that was added last is the reader's"


def test_labels_in_any_order_of_import_are_one_version(engine, add, label):
    for uid in ("1.1", "1.2", "1.3"):
        add(uid)
    label("1.2", "bob", nodule())
    label("1.1", "ann", nodule())
    label("1.2", "ann", nodule())
    first, _ = frozen(engine)
    label("1.1", "ann", nodule())  # another file that says the same
    label("1.2", "bob", nodule())
    assert frozen(engine) == (first, False)


def test_a_signed_reading_is_frozen_at_its_signature(engine, add, read, readers, masks):
    add()
    read(readers[0], "1.2.3", ADD, SIGN)
    old, _ = frozen(engine)
    edit = ("edit", {"finding_uid": "2.25.1", "center_mm": INSIDE, "diameter_mm": 20.0})
    read(readers[0], "1.2.3", REOPEN, edit)
    with pytest.raises(LungcoreError, match="0 labelled"):
        drafted(engine)
    read(readers[0], "1.2.3", SIGN)
    new, _ = frozen(engine)
    found = [labels_of(engine, one, masks)[0][0] for one in (old, new)]
    assert [one.marks[0].diameter_mm for one in found] == [12.0, 20.0]
    assert found[0].reader == f"account-{readers[0]}"


def test_no_nodules_is_an_answer(engine, add, read, label, readers):
    read(readers[0], add("1.1"), SIGN)
    label(add("1.2"), "ann")
    share = drafted(engine).balance["train"]
    assert (share.series, share.negatives, share.nodules) == (2, 2, 0)


@pytest.fixture
def found(engine, candidates, readers):
    """A detection that is done."""

    def detected(uid):
        with database.transaction(engine) as session:
            detections.start(session, uid, f"job-{uid}", None)
            detections.finish(session, f"job-{uid}", candidates, {}, {})
            shown = readings.open_reading(session, uid, readers[0]).state.findings
        return [finding.finding_uid for finding in shown]

    return detected


def test_a_reading_with_undecided_findings_is_no_label(engine, add, read, readers, found):
    uids = found(add())
    read(readers[0], "1.2.3", ("accept", {"finding_uid": uids[0]}), SIGN)
    with pytest.raises(LungcoreError, match="1 labelled"):
        drafted(engine)
    rest = [("reject", {"finding_uid": uid, "reason": "vessel"}) for uid in uids[1:]]
    read(readers[0], "1.2.3", REOPEN, *rest, SIGN)
    assert drafted(engine).balance["train"].nodules == 1


def test_a_later_detection_changes_nothing_that_was_frozen(
    engine, add, read, readers, found, masks
):
    add()
    read(readers[0], "1.2.3", ADD, SIGN)
    dataset_id, _ = frozen(engine)
    found("1.2.3")
    read(readers[0], "1.2.3", REOPEN)
    [[labels]] = labels_of(engine, dataset_id, masks)
    assert [mark.name for mark in labels.marks] == ["2.25.1"]


def test_rules_choose_and_what_they_leave_out_is_counted(engine, add, label):
    label(add("1.1"), "ann", nodule())
    label("1.1", "bob", nodule())
    label(add("1.2"), "ann", nodule())
    label(add("1.3", phantom=True), "ann", nodule())
    label(add("1.4", spacing_mm=(5.0, 0.7, 0.7)), "ann", nodule())
    add("1.5")

    def chosen(**given):
        draft = drafted(engine, dataclasses.replace(TRAIN, **given))
        return [e.series_uid for e in draft.manifest.entries], dict(draft.left_out)

    assert chosen() == (["1.1", "1.2", "1.4"], {"phantom": 1})
    assert chosen(phantoms=True, thickest_mm=2.5) == (["1.1", "1.2", "1.3"], {"thick": 1})
    assert chosen(least_readers=2) == (["1.1"], {"few": 2, "phantom": 1})
    assert chosen(readers=("bob",)) == (["1.1"], {})
    assert chosen(without=("1.1",))[0] == ["1.2", "1.4"]
    with pytest.raises(LungcoreError):
        chosen(sources=("readings",))


def test_splits_that_are_given_are_taken(engine, add, label):
    for uid in ("1.1", "1.2", "1.3"):
        label(add(uid), "ann", nodule())
    rules = dataclasses.replace(TRAIN, shares=None)
    draft = drafted(engine, rules, given={"1.1": "train", "1.2": "test"})
    assert [e.split for e in draft.manifest.entries] == ["train", "test"]
    assert draft.left_out == {"not_given": 1}
    with pytest.raises(ValueError, match="given"):
        drafted(engine, TRAIN, given={"1.1": "train"})
    with pytest.raises(ValueError, match="given"):
        drafted(engine, rules)


def test_a_leak_is_shown_in_the_draft_and_stops_the_freezing(engine, add, label):
    label(add("1.1", pixel_hash="ab" * 32), "ann", nodule())
    label(add("1.2", pixel_hash="ab" * 32), "ann", nodule())
    assert [leak.key for leak in drafted(engine).leaks] == ["datasets.leak_pixels"]
    with pytest.raises(LungcoreError, match=r"1\.1 = 1\.2"):
        frozen(engine)
    assert frozen(engine, dataclasses.replace(TRAIN, without=("1.2",)))[1]


def test_patients_without_an_id_are_told_apart_by_their_studies(engine, add, label):
    label(add("1.1", patient_id="", study_uid="1.1.0"), "ann", nodule())
    label(add("1.2", patient_id="", study_uid="1.2.0"), "ann", nodule())
    rules = dataclasses.replace(TRAIN, shares=None)
    assert drafted(engine, rules, given={"1.1": "train", "1.2": "test"}).leaks == []


def test_a_model_that_learnt_from_another_scan_of_a_test_patient_is_found(engine, add, label):
    label(add("1.1", patient_id="P1"), "ann", nodule())
    add("1.2", patient_id="P1")  # nobody labelled it here
    ancestor = Ancestor("detector", {"1.2"}.__contains__)
    [leak] = drafted(engine, TEST, [ancestor]).leaks
    assert leak.key == "datasets.leak_learnt"
    assert drafted(engine, TRAIN, [ancestor]).leaks == []


def test_a_version_cannot_be_changed_or_deleted(engine, add, label):
    label(add(), "ann", nodule())
    frozen(engine)
    for statement in ("UPDATE dataset SET name = 'x'", "DELETE FROM dataset"):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.execute(text(statement))


def test_what_is_not_as_it_was_frozen_is_told(engine, add, label, masks, sqlite_only):
    label(add(), "ann", nodule())
    dataset_id, _ = frozen(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE series SET pixel_hash = 'other'"))
    with pytest.raises(LungcoreError, match="other images"):
        labels_of(engine, dataset_id, masks)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER dataset_no_update"))
        connection.execute(text("UPDATE dataset SET manifest = replace(manifest, 'ann', 'bob')"))
    with pytest.raises(LungcoreError, match="not what was frozen"):
        labels_of(engine, dataset_id, masks)
    with pytest.raises(LungcoreError, match="no dataset"):
        labels_of(engine, "ab" * 32, masks)
