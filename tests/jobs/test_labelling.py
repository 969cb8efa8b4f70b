"""Labels in and out of a store with real files: found by content, placed, exported again."""

import dataclasses
import json

import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.findings.agreement import dice
from lungcore.findings.finding import Finding
from lungcore.findings.mask import Mask, encode
from lungcore.findings.voxels import ellipsoid
from lungcore.formats import label_json, mark_tables
from lungcore.jobs import label_export, label_writers, labelling
from lungcore.jobs.importing import import_paths, import_phantom
from lungcore.jobs.label_reading import read
from lungcore.jobs.labelling import import_labels
from lungcore.jobs.leftovers import clean_leftovers
from lungcore.records import database, label_files, label_layers, readings, signed, studies
from lungcore.records.masks import MaskStore
from lungcore.records.originals import OriginalStore
from lungcore.records.tables import AccountRow
from tests.records.conftest import NOON

SCAN = "lidc_scans/LIDC-IDRI-0001"
UID = "1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192"
RT_SCAN, RT = "unlabelled/4D-Lung_113_HM10395", "unlabelled/4D-Lung_113_HM10395_rtstruct/1-1.dcm"


@pytest.fixture
def phantom_uid(settings):
    [series] = import_phantom(settings, slices=24).series
    return series.series_uid


@pytest.fixture
def engine(settings):
    opened = database.connect(settings.database_url)
    yield opened
    opened.dispose()


def series_of(engine, uid):
    with database.snapshot(engine) as session:
        return studies.series(session, uid)


def sets_of(engine, settings, uid):
    with database.snapshot(engine) as session:
        return label_layers.label_sets(session, uid, MaskStore(settings.storage))


def marks_csv(tmp_path, engine, uid, readers=("ann", "bob"), name="marks.csv"):
    """A file of marks in the middle of a series."""
    series = series_of(engine, uid)
    middle = series.grid.affine @ (*(np.array(series.grid.shape) / 2), 1)
    path = tmp_path / name
    heading = "seriesuid,reader,nodule,coordX,coordY,coordZ,diameter_mm,malignancy\n"
    place = ",".join(f"{mm:.2f}" for mm in middle[:3])
    rows = "".join(f"{uid},{reader},1,{place},12,4\n" for reader in readers)
    path.write_text(heading + rows)
    return path


def test_a_file_is_kept_as_it_came_and_survives_cleaning(settings, engine, tmp_path, phantom_uid):
    path = marks_csv(tmp_path, engine, phantom_uid)
    result = import_labels(path, settings)
    clean_leftovers(settings)
    kept = OriginalStore(settings.storage).path(result.file.sha256)
    assert kept.read_bytes() == path.read_bytes()
    assert (result.file.format, result.new) == ("csv", True)


def test_importing_again_says_so_and_adds_nothing(settings, engine, tmp_path, phantom_uid):
    path = marks_csv(tmp_path, engine, phantom_uid)
    first, again = import_labels(path, settings), import_labels(path, settings)
    assert (first.new, again.new) == (True, False)
    assert len(sets_of(engine, settings, phantom_uid)) == 2


def test_a_refused_file_leaves_nothing_behind(settings, engine, tmp_path, phantom_uid):
    path = tmp_path / "far.csv"
    path.write_text(f"seriesuid,coordX,coordY,coordZ,diameter_mm\n{phantom_uid},5000,0,0,5\n")
    with pytest.raises(LungcoreError, match="LPS"):
        import_labels(path, settings)
    assert sets_of(engine, settings, phantom_uid) == []
    clean_leftovers(settings)
    assert not [p for p in (settings.storage / "originals").rglob(path.name) if p.is_file()]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"hello", "no file of labels"),
        ("a.csv", b"", "no file of labels"),
        ("a.csv", b"seriesuid,coordX,coordY,coordZ,diameter_mm\n", "no labels at all"),
        ("a.csv", b"seriesuid,coordX,coordY,coordZ,diameter_mm\n../x,1,2,3,4\n", "no DICOM UID"),
        (
            "a.csv",
            b"seriesuid,reader,coordX,coordY,coordZ,diameter_mm\n1.2," + b"r" * 65 + b",1,2,3,4\n",
            "64 characters",
        ),
        ("a.xml", b"<html/>", "another kind"),
        ("a.json", b"{}", "no whole file of labels"),
        ("1.2.nii.gz", b"no image", "cannot be read"),
        ("a.dcm", b"\0" * 128 + b"DICM", "holds no labels"),
    ],
)
def test_what_is_no_labels_says_why(tmp_path, settings, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LungcoreError, match=told):
        import_labels(path, settings)


def test_one_reader_twice_in_a_file_is_told(tmp_path):
    sets = [{"series_uid": "1.2", "reader": "ann", "marks": []}] * 2
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"format": "lungcore.labels", "version": 1, "sets": sets}))
    with pytest.raises(LungcoreError, match="twice"):
        read(path, path.name)


def test_labels_that_came_first_are_placed_when_their_images_come(shared, settings, engine):
    result = import_labels(shared / SCAN / "069.xml", settings)
    [series] = result.series
    assert (series.series_uid, series.stored) == (UID, False)
    assert [reader.marks["nodule"] for reader in series.readers] == [1, 1, 1, 1]
    import_paths([shared / SCAN / "dicom"], settings)
    assert [len(labels.nodules) for labels in sets_of(engine, settings, UID)] == [1, 1, 1, 1]
    with database.snapshot(engine) as session:
        assert label_files.waiting(session, UID) == []


def test_labels_that_cannot_be_placed_go_on_waiting(settings, engine, phantom_uid, caplog):
    """The images are imported all the same, and the log says which file it was."""
    file = label_files.LabelFile(sha256="ab" * 32, file_name="gone.xml", format="lidc")
    with database.transaction(engine) as session:
        label_files.keep_file(session, file, None)
        label_files.wait(session, file.sha256, phantom_uid)
    labelling.place_waiting(engine, settings.storage, phantom_uid, settings.storage)
    assert "gone.xml not placed" in caplog.text
    with database.snapshot(engine) as session:
        assert label_files.waiting(session, phantom_uid) == [file]


@pytest.fixture
def lidc(shared, settings, engine):
    """The scan with its readers' XML."""
    import_paths([shared / SCAN / "dicom"], settings)
    import_labels(shared / SCAN / "069.xml", settings)
    return sets_of(engine, settings, UID)


@pytest.mark.parametrize("format_name", ["json", "seg", "nifti"])
def test_masks_go_out_and_come_in_again(lidc, settings, engine, tmp_path, format_name):
    suffix = {"json": "json", "seg": "dcm", "nifti": "nii.gz"}[format_name]
    out = tmp_path / f"{UID}.{suffix}"
    written = label_export.export(settings, UID, format_name, out)
    assert len(written) == (4 if format_name == "nifti" else 1)
    for path in written:
        assert import_labels(path, settings).new
    back = sets_of(engine, settings, UID)[4:]
    assert len(back) == 4
    for one, other in zip(lidc, back, strict=True):
        assert one.reader == other.reader
        assert dice(one.nodules[0].mask, other.nodules[0].mask) == 1


def test_marks_are_one_row_a_reader(lidc, settings, tmp_path):
    out = tmp_path / "marks.csv"
    label_export.export(settings, UID, "marks", out)
    found = mark_tables.read(out, "x")
    assert [labels.reader for labels in found] == [labels.reader for labels in lidc]
    assert all(len(labels.marks) == 1 for labels in found)


def test_luna16_is_what_most_readers_marked(lidc, settings, tmp_path):
    out = tmp_path / "annotations.csv"
    label_export.export(settings, UID, "luna16", out)
    [[mark]] = [labels.marks for labels in mark_tables.read(out, "x")]
    # LUNA16's own row of this nodule.
    assert mark.center == pytest.approx((56.208, 86.343, -115.868), abs=0.5)
    assert mark.diameter_mm == pytest.approx(23.35, abs=1.5)


def test_some_readers_alone(lidc, settings, tmp_path):
    out = tmp_path / "a.json"
    label_export.export(settings, UID, "json", out, readers=["540461523"])
    assert [labels.reader for labels in label_json.read(out)] == ["540461523"]
    with pytest.raises(LungcoreError, match="540461523"):
        label_export.export(settings, UID, "json", out, readers=["nobody"])


def test_the_structure_set_of_4d_lung_is_placed(shared, settings, engine):
    [series] = import_paths([shared / RT_SCAN], settings).series
    result = import_labels(shared / RT, settings)
    [reader] = result.series[0].readers
    assert (result.file.format, reader.outside) == ("rtstruct", ())
    assert reader.marks == {"nodule": 1, "structure": 3}
    [labels] = sets_of(engine, settings, series.series_uid)
    assert labels.nodules[0].diameter_mm == pytest.approx(51.7, abs=0.1)


def test_the_slab_holds_the_marks_that_lie_in_it(shared, settings, engine):
    folder = shared / "lidc_scans" / "LIDC-IDRI-0003_slab11"
    [series] = import_paths([folder / "dicom"], settings).series
    result = import_labels(folder / "72.xml", settings)
    assert [len(reader.outside) for reader in result.series[0].readers] == [7, 7, 14, 10]
    sets = sets_of(engine, settings, series.series_uid)
    assert [len(labels.nodules) for labels in sets] == [1, 1, 1, 1]


def test_a_signed_reading_is_labels_and_an_open_one_is_not(settings, engine, tmp_path, phantom_uid):
    account = AccountRow(
        username="ann",
        display_name="Ann",
        password_hash="",
        roles=["clinician"],
        language="en",
        disabled=False,
        created_at=NOON,
    )
    with database.transaction(engine) as session:
        session.add(account)
        session.flush()
        account_id = account.account_id
        reading = readings.open_reading(session, phantom_uid, account_id)
    grid = series_of(engine, phantom_uid).grid
    middle = (grid.affine @ (*(np.array(grid.shape) / 2), 1))[:3].tolist()
    payload = {"finding_uid": "2.25.1", "center_mm": middle, "diameter_mm": 12.0}
    say(engine, reading, account_id, "add", payload)
    out = tmp_path / "a.json"
    with pytest.raises(LungcoreError, match="no labels"):
        label_export.export(settings, phantom_uid, "json", out)
    say(engine, reading, account_id, "sign", {})
    label_export.export(settings, phantom_uid, "json", out)
    [labels] = label_json.read(out)
    assert labels.reader == f"account-{account_id}"
    assert (labels.marks[0].name, labels.marks[0].diameter_mm) == ("2.25.1", 12.0)
    assert labels.marks[0].attributes == {}
    say(engine, reading, account_id, "reopen", {"reason": "to rate it"})
    rated = {"finding_uid": "2.25.1", "attributes": {"texture": 5}, "lobe": "lingula"}
    say(engine, reading, account_id, "label", rated)
    say(engine, reading, account_id, "sign", {})
    label_export.export(settings, phantom_uid, "json", out)
    [labels] = label_json.read(out)
    assert labels.marks[0].attributes == {"texture": 5}
    say(engine, reading, account_id, "reopen", {"reason": "there is none"})
    say(engine, reading, account_id, "reject", {"finding_uid": "2.25.1", "reason": "vessel"})
    say(engine, reading, account_id, "scan", {"no_nodules": True})
    say(engine, reading, account_id, "sign", {})
    label_export.export(settings, phantom_uid, "json", out)
    assert [len(labels.marks) for labels in label_json.read(out)] == [0]
    say(engine, reading, account_id, "reopen", {"reason": "it is of no use"})
    say(engine, reading, account_id, "scan", {"excluded": "motion"})
    say(engine, reading, account_id, "sign", {})
    with pytest.raises(LungcoreError, match="no labels"):
        label_export.export(settings, phantom_uid, "json", out)


def test_a_shape_that_a_reader_gave_goes_out_as_its_voxels(settings, engine, phantom_uid):
    series = series_of(engine, phantom_uid)
    center = tuple((series.grid.affine @ (12, 60, 60, 1))[:3])
    voxels = np.zeros((2, 3, 4), bool)
    voxels[1, 1:, 2:] = True
    masks = MaskStore(settings.storage)
    name = masks.add(series, encode(Mask((11, 50, 52), voxels)))
    drawn = Finding("2.25.1", center, 9.0, state="added", source="reader", mask=name)
    egg = dataclasses.replace(drawn, mask=None, axes_mm=(20.0, 12.0, 30.0))
    one, other = (signed.mark_of(finding, series, masks) for finding in (drawn, egg))
    np.testing.assert_array_equal(one.mask.voxels, voxels)
    assert other.mask.voxels.sum() == ellipsoid(center, egg.axes_mm, series.grid).voxels.sum()


def say(engine, reading, account_id, kind, payload):
    with database.transaction(engine) as session:
        version = readings.load(session, reading.reading_id).version
        readings.append(
            session,
            reading.reading_id,
            event_uid=f"{kind}-{version}",
            kind=kind,
            payload=payload,
            account_id=account_id,
            expected_version=version,
        )


def test_every_format_writes_what_two_readers_marked(settings, engine, tmp_path, phantom_uid):
    import_labels(marks_csv(tmp_path, engine, phantom_uid), settings)
    for format_name in label_writers.FORMATS:
        out = tmp_path / {"nifti": "n.nii.gz", "seg": "s.dcm"}.get(format_name, format_name)
        written = label_export.export(settings, phantom_uid, format_name, out)
        assert written
        assert all(path.exists() for path in written)


def test_a_series_without_labels_says_how_to_get_some(settings, phantom_uid, tmp_path):
    with pytest.raises(LungcoreError, match="labels import"):
        label_export.export(settings, phantom_uid, "json", tmp_path / "a.json")


def test_a_mask_needs_the_name_of_an_image(settings, engine, tmp_path, phantom_uid):
    import_labels(marks_csv(tmp_path, engine, phantom_uid), settings)
    with pytest.raises(LungcoreError, match="suffix"):
        label_export.export(settings, phantom_uid, "nifti", tmp_path / "mask.png")
