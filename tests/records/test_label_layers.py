"""Files of labels and their layers: kept once, never changed, waiting for their series."""

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.findings.labels import Drawn, DrawnSet, Voxels
from lungcore.findings.mask import LARGEST_VOXELS
from lungcore.records import audit, database, label_files, label_layers, studies
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from lungcore.records.tables import AuditRow

AFFINE = (0.0, 0.0, 0.7, -100.0, 0.0, 0.8, 0.0, -90.0, 1.25, 0.0, 0.0, -300.0, 0.0, 0.0, 0.0, 1.0)
FILE = LabelFile(sha256="ab" * 32, file_name="read.xml", format="lidc")
UID = "1.2.3"
INSIDE = (-90.0, -80.0, -290.0)


@pytest.fixture
def series(engine, new_series):
    with database.transaction(engine) as session:
        studies.add_series(session, new_series(slices=40, rows=50, columns=60, affine=AFFINE))


@pytest.fixture
def masks(tmp_path):
    return MaskStore(tmp_path)


def drawn(reader, *marks):
    return DrawnSet(series_uid=UID, reader=reader, marks=marks)


def outlined():
    voxels = np.zeros((3, 4, 5), bool)
    voxels[1, 1:3, 2:4] = True
    affine = np.array(AFFINE).reshape(4, 4).copy()
    affine[:3, 3] += affine[:3, :3] @ (7, 8, 9)
    return Drawn(name="1", attributes={"malignancy": 4}, shape=Voxels(voxels, affine))


POINT = Drawn(name="2", kind="small_nodule", center=INSIDE)
FAR = Drawn(name="3", center=(9000, 0, 0), diameter_mm=5)


def add(engine, masks, *sets, file=FILE):
    with database.transaction(engine) as session:
        is_new = label_files.keep_file(session, file, None)
        return is_new, label_layers.add(session, file, UID, sets, masks)


def records(engine):
    with database.snapshot(engine) as session:
        return label_layers.of_series(session, UID)


def test_what_each_reader_said_comes_back(engine, series, masks):
    add(engine, masks, drawn("ann", outlined(), POINT), drawn("bob"))
    with database.snapshot(engine) as session:
        ann, bob = label_layers.label_sets(session, UID, masks)
    assert (ann.series_uid, ann.reader, bob.reader, bob.marks) == (UID, "ann", "bob", ())
    nodule, point = ann.marks
    assert (nodule.name, nodule.kind, nodule.attributes) == ("1", "nodule", {"malignancy": 4})
    assert nodule.mask.origin == (8, 9, 11)
    assert nodule.mask.voxels.all()
    assert (point.kind, point.center_mm, point.mask) == ("small_nodule", INSIDE, None)


def test_a_layer_tells_where_it_comes_from_and_what_it_lacks(engine, series, masks):
    add(engine, masks, drawn("ann", outlined(), FAR))
    [layer] = records(engine)
    assert (layer.reader, layer.source, layer.file) == ("ann", "imported", FILE)
    assert (layer.nodules, layer.outside) == (1, ("3",))


def test_the_same_file_adds_nothing_twice(engine, series, masks):
    assert add(engine, masks, drawn("ann", outlined()))[0]
    assert not add(engine, masks, drawn("ann", outlined()))[0]
    assert len(records(engine)) == 1


def test_the_same_content_has_the_same_hash_whatever_the_file(engine, series, masks):
    other = LabelFile(sha256="cd" * 32, file_name="b.xml", format="lidc")
    add(engine, masks, drawn("ann", outlined(), POINT))
    add(engine, masks, drawn("ann", outlined(), POINT), file=other)
    changed = LabelFile(sha256="ef" * 32, file_name="c.xml", format="lidc")
    add(engine, masks, drawn("ann", outlined()), file=changed)
    first, second, third = (layer.content_sha256 for layer in records(engine))
    assert first == second != third


def test_labels_wait_for_their_series(engine, new_series, masks):
    assert add(engine, masks, drawn("ann", POINT)) == (True, None)
    with database.snapshot(engine) as session:
        assert label_files.waiting(session, UID) == [FILE]
    with database.transaction(engine) as session:
        studies.add_series(session, new_series(slices=40, rows=50, columns=60, affine=AFFINE))
    assert add(engine, masks, drawn("ann", POINT))[1] is not None
    with database.snapshot(engine) as session:
        assert label_files.waiting(session, UID) == []
    assert len(records(engine)) == 1


def test_labels_of_a_series_that_was_refused_wait_too(engine, new_series, masks):
    with database.transaction(engine) as session:
        studies.add_series(session, new_series(verdict="refuse", pixel_hash=""))
    assert add(engine, masks, drawn("ann", POINT))[1] is None


def test_marks_that_all_lie_outside_make_no_layer(engine, series, masks):
    _, placed = add(engine, masks, drawn("ann", FAR), drawn("bob"))
    assert label_layers.are_outside(placed)
    assert records(engine) == []


def test_a_huge_structure_keeps_its_place_without_its_mask(engine, series, masks, monkeypatch):
    monkeypatch.setattr(label_layers, "LARGEST_VOXELS", 3)
    body = Drawn(name="BODY", kind="structure", shape=outlined().shape)
    add(engine, masks, drawn("ann", body))
    with database.snapshot(engine) as session:
        [labels] = label_layers.label_sets(session, UID, masks)
    assert labels.marks[0].mask is None
    assert labels.marks[0].diameter_mm > 0
    assert LARGEST_VOXELS > 3


@pytest.mark.parametrize("table", ["label_file", "label_layer"])
@pytest.mark.parametrize("act", ["UPDATE {} SET label_file_id = 9", "DELETE FROM {}"])
def test_nothing_is_changed_or_deleted(engine, series, masks, table, act):
    add(engine, masks, drawn("ann", POINT))
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(act.format(table)))


def test_the_file_is_kept_with_the_originals(engine, series, masks):
    add(engine, masks, drawn("ann", POINT))
    with database.snapshot(engine) as session:
        assert FILE.sha256 in studies.known_files(session).sha256s


def test_a_labelled_series_is_not_replaced(engine, series, masks, new_series):
    add(engine, masks, drawn("ann", POINT))
    grown = new_series(slices=41, rows=50, columns=60, affine=AFFINE, pixel_hash="cd" * 32)
    with pytest.raises(LungcoreError) as refused, database.transaction(engine) as session:
        studies.add_series(session, grown)
    assert refused.value.key == "records.series_differs"


def test_the_import_is_in_the_audit_trail(engine, series, masks):
    add(engine, masks, drawn("ann", POINT))
    with database.transaction(engine) as session:
        label_files.tell_audit(session, FILE.sha256)
    with database.snapshot(engine) as session:
        row = session.scalars(select(AuditRow)).all()[-1]
        assert (row.action, row.subject, row.actor) == ("labels.imported", FILE.sha256, "system")
        assert audit.verify(session) >= 1


def test_a_file_that_was_not_kept_is_a_callers_mistake(engine, series):
    with pytest.raises(ValueError, match="sha256"), database.transaction(engine) as session:
        label_files.place(session, "00" * 32, UID)
