import errno
import fcntl
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid as uids

from lungcore.dicom.write import SeriesText, write_series
from lungcore.errors import LungcoreError
from lungcore.imaging.phantom import thorax
from lungcore.jobs import gathering, importing, storing
from lungcore.jobs.importing import import_paths, import_phantom
from lungcore.jobs.leftovers import clean_leftovers
from lungcore.records import database, studies
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore

TEXT = SeriesText(
    uid_seed="import",
    patient_id="PHANTOM",
    patient_name="PHANTOM^Thorax",
    study_description="PHANTOM",
    series_description="PHANTOM thorax",
    phantom=True,
)
SLICES = 36  # from below the lungs to above them


@pytest.fixture(scope="module")
def phantom():
    return thorax(slices=SLICES, spacing_mm=(8.0, 2.8125, 2.8125))


@pytest.fixture(scope="module")
def made(phantom, tmp_path_factory):
    """The phantom's files; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    write_series(phantom.volume, folder, TEXT)
    return folder


@pytest.fixture
def files(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "files"))


@pytest.fixture
def engine(settings):
    engine = database.connect(settings.database_url)
    yield engine
    engine.dispose()


def tree(folder: Path) -> set[str]:
    """Every file below a folder, but the lock."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return set(paths) - {"import.lock"}


def edit(path: Path, **values: object) -> None:
    data = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(data, name, value)
    data.save_as(path)


def told(report):
    return [(result.verdict, [reason.key for reason in result.reasons]) for result in report.series]


def problems(report):
    return {problem.file: problem.key for problem in report.files}


def test_a_series_is_stored_whole(phantom, files, settings, engine):
    report = import_paths([files], settings)
    (result,) = report.series
    assert told(report) == [("accept", [])]
    assert (result.slices, result.new, result.phantom) == (SLICES, True, True)
    assert result.spacing_mm == pytest.approx((8.0, 2.8125, 2.8125))
    assert report.files == ()
    stored = PixelStore(settings.storage).read(result.series_uid)
    assert np.array_equal(stored.hu, phantom.volume.hu)
    assert np.allclose(stored.affine, phantom.volume.affine)
    with database.snapshot(engine) as session:
        record = studies.series(session, result.series_uid)
        instances = studies.instances(session, result.series_uid)
    assert np.allclose(np.reshape(record.affine, (4, 4)), phantom.volume.affine)
    assert (record.patient_id, record.state, record.rows) == ("PHANTOM", "imported", 128)
    originals = OriginalStore(settings.storage)
    for instance in instances:
        given = (files / instance.file_name).read_bytes()
        assert originals.path(instance.sha256).read_bytes() == given


def test_the_order_comes_from_geometry_alone(phantom, files, settings):
    rng = np.random.default_rng(1)
    for number, path in enumerate(sorted(files.iterdir())):
        edit(path, InstanceNumber=int(rng.integers(1000)))
        path.rename(files / f"{rng.integers(1 << 30):x}-{number}")
    (result,) = import_paths([files], settings).series
    assert np.array_equal(
        PixelStore(settings.storage).read(result.series_uid).hu, phantom.volume.hu
    )


def test_importing_twice_adds_nothing_and_says_so(files, settings):
    first = import_paths([files], settings)
    before = tree(settings.storage)
    second = import_paths([files, files / "0001.dcm"], settings)
    assert [result.new for result in (*first.series, *second.series)] == [True, False]
    assert told(second) == told(first)
    assert tree(settings.storage) == before


def test_importing_again_mends_a_damaged_volume(phantom, files, settings):
    (result,) = import_paths([files], settings).series
    chunk = settings.storage / "pixels" / f"{result.series_uid}.zarr" / "c.0.0.0"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    import_paths([files], settings)
    stored = PixelStore(settings.storage).read(result.series_uid)
    assert np.array_equal(stored.hu, phantom.volume.hu)


def test_missing_slices_refuse_until_they_come(phantom, files, tmp_path, settings):
    late = tmp_path / "late"
    late.mkdir()
    for name in ("0007.dcm", "0012.dcm"):
        (files / name).rename(late / name)
    (first,) = import_paths([files], settings).series
    assert (first.verdict, [reason.key for reason in first.reasons]) == (
        "refuse",
        ["dicom.slices_missing"],
    )
    assert first.reasons[0].values["n"] == 2
    (second,) = import_paths([late], settings).series
    assert (second.verdict, second.slices, second.new) == ("accept", SLICES, True)
    stored = PixelStore(settings.storage).read(second.series_uid)
    assert np.array_equal(stored.hu, phantom.volume.hu)


def test_a_stored_series_is_not_spoilt_by_what_comes_later(files, tmp_path, settings):
    (first,) = import_paths([files], settings).series
    odd = Path(shutil.copy(files / "0003.dcm", tmp_path / "odd.dcm"))
    edit(odd, SOPInstanceUID="1.2.3", ImagePositionPatient=[0, 0, 999])
    (second,) = import_paths([odd], settings).series
    assert (second.verdict, second.new) == ("refuse", False)
    assert [reason.key for reason in second.reasons][-1] == "importing.stored_stays"
    assert PixelStore(settings.storage).read(first.series_uid).shape[0] == SLICES


def test_a_stored_image_is_not_replaced_by_another_of_its_name(files, tmp_path, settings):
    import_paths([files], settings)
    changed = Path(shutil.copy(files / "0003.dcm", tmp_path / "changed.dcm"))
    edit(changed, PixelData=bytes(128 * 128 * 2))
    report = import_paths([changed], settings)
    assert problems(report) == {"changed.dcm": "importing.image_differs"}
    assert told(report) == [("accept", [])]


def test_a_copy_of_a_file_is_named(files, settings):
    shutil.copy(files / "0003.dcm", files / "copy.dcm")
    report = import_paths([files], settings)
    assert problems(report) == {"copy.dcm": "importing.copy"}
    assert report.files[0].values["other"] == "0003.dcm"
    assert told(report) == [("accept", [])]


def test_a_sound_image_takes_the_place_of_a_damaged_one(phantom, tmp_path, settings):
    files, alone = tmp_path / "coded", tmp_path / "damaged.dcm"
    write_series(phantom.volume, files, TEXT, transfer_syntax=uids.JPEGLSLossless)
    content = bytearray((files / "0005.dcm").read_bytes())
    content[-6000:-1000] = bytes(5000)
    alone.write_bytes(content)
    (first,) = import_paths([alone], settings).series
    assert first.verdict == "refuse"  # one slice; nobody has looked at its pixels
    report = import_paths([files], settings)
    assert problems(report) == {}
    assert told(report) == [("accept", [])]
    stored = PixelStore(settings.storage).read(report.series[0].series_uid)
    assert np.array_equal(stored.hu, phantom.volume.hu)


def test_a_report_says_whose_series_it_is(files, settings):
    (result,) = import_paths([files], settings).series
    told = (result.patient_id, result.patient_name, result.series_description)
    assert told == ("PHANTOM", "PHANTOM^Thorax", "PHANTOM thorax")


def test_bad_files_are_named_and_the_rest_goes_on(files, settings):
    (files / "empty").write_bytes(b"")
    (files / "notes.dcm").write_text("no image")
    whole = (files / "0001.dcm").read_bytes()
    (files / "cut").write_bytes(whole[: len(whole) // 2])
    shutil.copy(files / "0001.dcm", files / "huge")
    edit(files / "huge", Rows=65535, Columns=65535)
    report = import_paths([files], settings)
    assert problems(report) == {
        "empty": "dicom.file_is_empty",
        "notes.dcm": "dicom.file_is_other",
        "cut": "dicom.cut_short",
        "huge": "dicom.absurd_size",
    }
    assert told(report) == [("accept", [])]


def test_undecodable_pixels_are_named_and_then_missing(phantom, tmp_path, settings):
    files = tmp_path / "coded"
    write_series(phantom.volume, files, TEXT, transfer_syntax=uids.JPEGLSLossless)
    for name in ("0005.dcm", "0009.dcm"):
        content = bytearray((files / name).read_bytes())
        content[-6000:-1000] = bytes(5000)
        (files / name).write_bytes(content)
    report = import_paths([files], settings)
    assert problems(report) == {
        "0005.dcm": "dicom.undecodable",
        "0009.dcm": "dicom.undecodable",
    }
    assert told(report) == [("refuse", ["dicom.slices_missing"])]
    assert PixelStore(settings.storage).series_uids() == set()


def test_equal_duplicates_are_dropped_and_kept_as_originals(files, settings, engine):
    shutil.copy(files / "0004.dcm", files / "again.dcm")
    edit(files / "again.dcm", SOPInstanceUID="1.2.3")
    report = import_paths([files], settings)
    assert told(report) == [("warn", ["dicom.duplicates_dropped"])]
    assert report.series[0].slices == SLICES
    with database.snapshot(engine) as session:
        assert len(studies.instances(session, report.series[0].series_uid)) == SLICES + 1


def test_differing_duplicates_are_refused(files, settings):
    shutil.copy(files / "0004.dcm", files / "other.dcm")
    edit(files / "other.dcm", SOPInstanceUID="1.2.3", PixelData=bytes(128 * 128 * 2))
    assert told(import_paths([files], settings)) == [("refuse", ["dicom.duplicates_differ"])]


def test_a_refused_series_keeps_its_files_and_has_no_volume(files, settings, engine):
    for path in files.iterdir():
        edit(path, Modality="MR")
    report = import_paths([files], settings)
    assert told(report) == [("refuse", ["dicom.not_ct"])]
    with database.snapshot(engine) as session:
        record = studies.series(session, report.series[0].series_uid)
        assert (record.state, record.pixel_hash) == ("refused", "")
        assert len(studies.instances(session, record.series_uid)) == SLICES
    assert PixelStore(settings.storage).series_uids() == set()


def test_files_of_a_zip_among_other_files(phantom, files, tmp_path, settings):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    with zipfile.ZipFile(mixed / "photos.jpg", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files.iterdir())[:15]:
            archive.write(path, f"CD/DICOM/患者/{path.name}")
        archive.writestr("CD/readme.txt", "no image")
    for path in sorted(files.iterdir())[15:]:
        path.rename(mixed / path.name)
    report = import_paths([mixed], settings)
    assert told(report) == [("accept", [])]
    assert problems(report) == {"photos.jpg/CD/readme.txt": "dicom.file_is_other"}
    (result,) = report.series
    stored = PixelStore(settings.storage).read(result.series_uid)
    assert np.array_equal(stored.hu, phantom.volume.hu)
    assert not list(settings.storage.glob("importing-*"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("../outside.dcm", "importing.zip_path"),
        ("/etc/passwd", "importing.zip_path"),
        ("..\\outside.dcm", "importing.zip_path"),
        ("C:\\outside.dcm", "importing.zip_path"),
    ],
)
def test_members_that_point_outside_are_left_out(tmp_path, settings, name, key):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"x")
    report = import_paths([tmp_path / "a.zip"], settings)
    assert list(problems(report).values()) == [key]
    assert tree(settings.storage) == set()


def test_a_zip_in_a_zip_a_bomb_and_a_damaged_zip_are_named(files, tmp_path, settings):
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(files / "0001.dcm", "0001.dcm")
    folder = tmp_path / "zips"
    folder.mkdir()
    with zipfile.ZipFile(folder / "nested.zip", "w") as archive:
        archive.write(inner, "inner.zip")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50 << 20))
    (folder / "damaged.zip").write_bytes(inner.read_bytes()[:-100])
    damaged = bytearray(inner.read_bytes())
    damaged[5000] ^= 0xFF
    (folder / "member.zip").write_bytes(damaged)
    assert problems(import_paths([folder], settings)) == {
        "nested.zip/inner.zip": "dicom.file_is_zip",
        "bomb.zip": "importing.zip_bomb",
        "damaged.zip": "importing.zip_damaged",
        "member.zip/0001.dcm": "importing.zip_member_damaged",
    }


def test_an_encrypted_member_is_named(files, tmp_path, settings):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(files / "0001.dcm", "0001.dcm")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # in the local header, and below in the central directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert problems(import_paths([path], settings)) == {"a.zip/0001.dcm": "importing.zip_encrypted"}


def test_given_names_are_told_and_moved_files_are_gone(files, settings, engine):
    names = {path: f"study/{path.name}" for path in files.iterdir()}
    (result,) = import_paths(list(names), settings, move=True, names=names).series
    assert list(files.iterdir()) == []
    with database.snapshot(engine) as session:
        stored = studies.instances(session, result.series_uid)
    assert sorted(instance.file_name for instance in stored) == sorted(names.values())


def test_an_absent_path_is_a_users_problem(settings, tmp_path):
    with pytest.raises(LungcoreError, match="nowhere"):
        import_paths([tmp_path / "nowhere"], settings)


def failing_for(path: Path, call, number: int):
    """`call`, but the operating system fails it for `path`."""

    def fail(found: Path, *rest, **named):
        if found == path:
            raise OSError(number, os.strerror(number))
        return call(found, *rest, **named)

    return fail


def test_a_file_that_may_not_be_read_is_named(files, settings, monkeypatch):
    path = files / "0001.dcm"
    refused = failing_for(path, gathering.recognise, errno.EACCES)
    monkeypatch.setattr(gathering, "recognise", refused)
    assert problems(import_paths([files], settings)) == {"0001.dcm": "importing.unreadable"}


def test_a_full_disk_ends_the_import_and_is_told(files, settings, monkeypatch):
    path = files / "0001.dcm"
    full = failing_for(path, gathering.recognise, errno.ENOSPC)
    monkeypatch.setattr(gathering, "recognise", full)
    with pytest.raises(LungcoreError, match="disk is full"):
        import_paths([files], settings)
    clean_leftovers(settings)
    assert tree(settings.storage) == set()


def test_progress_rises_to_one_and_tells_its_steps(files, settings):
    seen = []
    import_paths([files], settings, progress=lambda step, share: seen.append((step, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert seen[-1] == ("importing.step_storing", 1)
    assert {step for step, _ in seen} == {"importing.step_reading", "importing.step_storing"}


@pytest.mark.parametrize("after", [3, SLICES + 1])
def test_stopping_stores_nothing_by_half(files, settings, after):
    asked = iter(range(1000))
    report = import_paths([files], settings, stop=lambda: next(asked) >= after)
    assert report.series == ()
    clean_leftovers(settings)
    assert tree(settings.storage) == set()


def test_the_report_is_json(files, settings):
    (files / "notes").write_text("no image")
    (files / "0007.dcm").unlink()
    made = json.loads(json.dumps(import_paths([files], settings).as_dict()))
    assert made["series"][0]["reasons"][0]["key"] == "dicom.slices_missing"
    assert made["files"][0]["file"] == made["files"][0]["values"]["file"] == "notes"


@pytest.mark.parametrize("step", ["add_series", "put_in_place", "commit"])
def test_a_crash_leaves_nothing_that_is_not_cleaned(files, settings, engine, monkeypatch, step):
    class Crash(BaseException):
        """As a kill would end the process: nothing of ours handles it."""

    def crash(*_arguments):
        raise Crash

    if step == "add_series":
        monkeypatch.setattr(storing.studies, "add_series", crash)
    elif step == "put_in_place":
        monkeypatch.setattr(storing.VolumeWriter, "put_in_place", crash)
    else:
        monkeypatch.setattr(database.Session, "commit", crash)
    with pytest.raises(Crash):
        import_paths([files], settings)
    monkeypatch.undo()
    (settings.storage / "importing-crashed").mkdir()
    (settings.storage / "pixels" / ".half").mkdir(parents=True, exist_ok=True)
    with database.snapshot(engine) as session:
        assert studies.known_files(session).sha256s == frozenset()
    clean_leftovers(settings)
    assert tree(settings.storage) == set()
    assert not list(settings.storage.glob("importing-*"))
    assert told(import_paths([files], settings)) == [("accept", [])]


def test_cleaning_keeps_what_is_known_and_what_is_being_imported(files, settings):
    import_paths([files], settings)
    known = tree(settings.storage)
    (settings.storage / "importing-running").mkdir()
    with (settings.storage / "import.lock").open("a") as running:
        fcntl.flock(running, fcntl.LOCK_SH)
        clean_leftovers(settings)
        assert (settings.storage / "importing-running").is_dir()
    clean_leftovers(settings)
    assert tree(settings.storage) == known
    assert not (settings.storage / "importing-running").exists()


def test_a_series_that_the_records_refuse_does_not_end_the_import(files, tmp_path, settings):
    import_paths([files], settings)
    other = Path(shutil.copytree(files, tmp_path / "other"))
    for path in other.iterdir():
        edit(path, PatientID="SOMEBODY", SeriesInstanceUID="1.2.3.4")
        edit(path, SOPInstanceUID=f"1.2.3.4.{int(path.stem)}")
    report = import_paths([other], settings)
    assert told(report) == [("refuse", ["records.study_of_other_patient"])]
    assert report.series[0].new is False


def test_the_phantom_imports_as_one_and_only_once(settings):
    reports = [import_phantom(settings, slices=12) for _ in range(2)]
    # So few slices show neither apex nor base.
    cut = ("warn", ["dicom.bases_cut", "dicom.apices_cut"])
    assert [told(report) for report in reports] == [[cut]] * 2
    assert [report.series[0].new for report in reports] == [True, False]
    assert reports[0].series[0].phantom
    assert importing.PHANTOM_ID == "PHANTOM"


def test_real_series(shared, settings):
    report = import_paths([shared / "lidc_scans/LIDC-IDRI-0001"], settings)
    by_slices = {result.slices: result for result in report.series}
    chest = by_slices[133]
    assert (chest.verdict, chest.reasons) == ("accept", ())
    assert chest.spacing_mm == pytest.approx((2.5, 0.703125, 0.703125))
    assert [result.verdict for result in report.series if result is not chest] == ["refuse"]
    assert problems(report) == {"069.xml": "dicom.file_is_other"}


def test_single_slices_of_many_patients_are_each_refused(shared, settings):
    report = import_paths([shared / "mixed_series_one_folder"], settings)
    assert len(report.series) == 11
    assert {reasons[0] for _, reasons in told(report)} == {"dicom.too_few"}
    assert {result.slices for result in report.series} == {1}
    assert set(problems(report).values()) == {"importing.copy"}  # two of the 12 files are equal
    assert len(report.files) == 1


def test_a_neck_is_refused(shared, settings):
    report = import_paths([shared / "unlabelled/LungFCP-01-0006_no_lung"], settings)
    assert told(report) == [("refuse", ["dicom.no_lung"])]
