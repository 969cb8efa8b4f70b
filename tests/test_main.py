"""The command line, from arguments to output and exit status."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from lungcore import __main__
from lungcore.cli import detection
from lungcore.cli.parser import LABEL_FORMATS
from lungcore.findings.finding import Candidate
from lungcore.jobs.importing import import_phantom
from lungcore.jobs.label_writers import FORMATS
from lungcore.learning.detect import Detection
from lungcore.records import accounts, database, studies
from lungcore.settings import load

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "correct horse battery"
FROM_STDIN = ("--password-stdin",)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder of one's own."""
    monkeypatch.setenv("LUNGCORE_HOME", str(tmp_path / "home"))
    for name in ("LANGUAGE", "CONFIG", "DATABASE_URL", "JOBS_URL", "STORAGE_URL"):
        monkeypatch.delenv(f"LUNGCORE_{name}", raising=False)
    return tmp_path / "home"


@pytest.fixture
def typed(monkeypatch):
    """Puts lines on standard input."""

    def put(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return put


def stored_accounts():
    with database.snapshot(database.connect(load().database_url)) as session:
        return {account.username: account for account in accounts.list_accounts(session)}


def test_help_names_every_command_and_loads_nothing_heavy():
    code = (
        "import sys; from lungcore.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: print(sorted({'numpy', 'sqlalchemy', 'dbos', 'pydicom'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for command in (
        "import",
        "detect",
        "classify",
        "segment",
        "evaluate",
        "benchmark",
        "labels",
        "train",
        "user",
        "worker",
        "doctor",
    ):
        assert f"\n    {command} " in done.stdout
    assert done.stdout.endswith("[]\n")


def test_help_is_in_the_language_of_the_settings(monkeypatch, capsys):
    monkeypatch.setenv("LUNGCORE_LANGUAGE", "zh")
    with pytest.raises(SystemExit):
        __main__.main(["detect", "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith("用法：python -m lungcore detect")
    assert "usage" not in shown.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["import"],
        ["labels", "import"],
        ["user", "add"],
        ["user", "add", "ann"],
        ["import", "x", "--js"],
    ],
)
def test_wrong_usage_exits_with_2_and_says_so(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        __main__.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("Usage: ")


def test_a_setting_that_cannot_be_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("LUNGCORE_LANGUAGE", "xx")
    assert __main__.main(["doctor"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_account_is_added_listed_given_a_password_and_disabled(typed, capsys):
    typed(f"{PASSWORD}\n")
    assert __main__.main(["user", "add", "Ann", "--role", "administrator", *FROM_STDIN]) == 0
    typed(f"{PASSWORD}\n")
    wanted = ["user", "add", "bob", "--role", "annotator", "--role", "clinician"]
    assert __main__.main([*wanted, "--display-name", "Bob B", *FROM_STDIN]) == 0
    assert stored_accounts()["bob"].roles == {"annotator", "clinician"}
    capsys.readouterr()

    typed(f"{PASSWORD} two\n")
    assert __main__.main(["user", "password", "bob", *FROM_STDIN]) == 0
    assert __main__.main(["user", "disable", "bob"]) == 0
    capsys.readouterr()
    assert __main__.main(["user", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["ann\tAnn\tadministrator", "bob\tBob B\tannotator,clinician\tdisabled"]


@pytest.mark.parametrize(
    ("arguments", "typing", "status", "told"),
    [
        (["user", "add", "ann", *FROM_STDIN], "short\n", 1, "12"),
        (["user", "add", "ann", *FROM_STDIN], "", 1, "12"),
        (["user", "add", "ann", "--role", "king", *FROM_STDIN], PASSWORD, 2, "king"),
        (["user", "password", "nobody", *FROM_STDIN], PASSWORD, 1, "nobody"),
        (["user", "disable", "nobody"], "", 1, "nobody"),
    ],
)
def test_what_is_wrong_with_an_account_is_told(arguments, typing, status, told, typed, capsys):
    typed(typing)
    assert __main__.main(arguments) == status
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert stored_accounts() == {}


def test_a_password_typed_twice_differently_is_refused(monkeypatch, capsys):
    answers = iter([PASSWORD, PASSWORD + "x"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert __main__.main(["user", "add", "ann", *FROM_STDIN]) == 1
    assert "differ" in capsys.readouterr().err


def test_import_prints_one_record_a_series(shared, capsys):
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    assert __main__.main(["import", str(folder), "--json"]) == 0
    output = capsys.readouterr()
    [record] = json.loads(output.out)
    assert record["verdict"] == "warn"
    assert record["slices"] == 11
    assert np.allclose(record["spacing_mm"], [2.5, 0.8203125, 0.8203125])
    assert record["phantom"] is False
    assert output.err == "72.xml is not a DICOM file. It was left out.\n"


def test_a_refused_series_has_no_spacing(shared, capsys):
    folder = shared / "unlabelled/LungFCP-01-0006_no_lung"
    one = sorted(folder.iterdir())[0]
    assert __main__.main(["import", str(one), "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    assert (record["verdict"], record["spacing_mm"]) == ("refuse", None)


def test_a_role_is_taken_as_people_write_it(typed):
    typed(f"{PASSWORD}\n")
    assert __main__.main(["user", "add", "eve", "--role", "model-owner", *FROM_STDIN]) == 0
    assert stored_accounts()["eve"].roles == {"model_owner"}


def test_import_of_nothing_usable_fails_and_names_it(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("nothing here")
    assert __main__.main(["import", str(tmp_path / "notes.txt")]) == 1
    assert "notes.txt" in capsys.readouterr().err
    assert __main__.main(["import", str(tmp_path / "gone")]) == 1
    assert "gone" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["what-is-this", "1.2.3", "1..2", "..."])
def test_detect_of_something_unknown_is_told(target, capsys):
    assert __main__.main(["detect", target]) == 1
    assert target in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_the_detection(tmp_path, seen, capsys):
    out = str(tmp_path / "absent" / "found.csv")
    assert __main__.main(["detect", "1.2.3", "--out", out]) == 1
    error = capsys.readouterr().err
    assert out in error
    assert error.count("\n") == 1
    assert seen == []


def test_doctor_fails_without_a_worker_and_prints_json(capsys, home):
    assert __main__.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in report["checks"]}
    assert checks["Python"]["ok"]
    assert not checks["Worker"]["ok"]
    assert checks["Worker"]["advice"]
    assert {"name": "home", "value": str(home), "source": "environment"} in report["settings"]


NODULE = Candidate((-61.0004, 12.5, -140.25), 7.126, 0.9123456, 0.25)
FAINT = Candidate((10.0, 20.0, 30.0), 4.0, 0.25, None)


@pytest.fixture
def seen(monkeypatch):
    """A detector that keeps the volumes it is given."""
    volumes = []

    def detect(volume, models, *, engine, progress):
        progress("learning.step_lungs", 0.5)
        volumes.append(volume)
        return Detection((NODULE, FAINT), (), (), {"detector": "7"}, {"lungs": 0.5})

    monkeypatch.setattr(detection, "detect", detect)
    return volumes


def test_detect_in_a_metaimage_writes_luna16_rows(tmp_path, seen):
    hu = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = SimpleITK.GetImageFromArray(hu)
    image.SetSpacing((0.5, 0.6, 2.0))
    image.SetOrigin((-10.0, -20.0, -30.0))
    SimpleITK.WriteImage(image, str(tmp_path / "1.3.6.mhd"))
    out = tmp_path / "found.csv"

    assert __main__.main(["detect", str(tmp_path / "1.3.6.mhd"), "--out", str(out)]) == 0

    assert out.read_text() == (
        "seriesuid,coordX,coordY,coordZ,probability,diameter_mm,malignancy\n"
        "1.3.6,-61.000,12.500,-140.250,0.912346,7.13,0.2500\n"
        "1.3.6,10.000,20.000,30.000,0.250000,4.00,\n"
    )
    assert np.array_equal(seen[0].hu, hu)
    assert np.allclose(seen[0].to_mm((1, 2, 3)), (-10 + 1.5, -20 + 1.2, -30 + 2))


def test_detect_json_tells_time_memory_and_models(shared, seen, capsys):
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    assert __main__.main(["detect", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    [series] = report["series"]
    assert series["series_uid"].endswith(".170706757615202213033480003264")
    assert series["candidates"][0]["center_mm"] == list(NODULE.center_mm)
    assert series["seconds"].pop("reading") > 0
    assert (series["seconds"], series["models"]) == ({"lungs": 0.5}, {"detector": "7"})
    assert report["peak_memory_mb"] > 10
    assert seen[0].shape == (11, 512, 512)


def test_detect_stores_nothing(shared, seen, home):
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    assert __main__.main(["detect", str(folder)]) == 0
    assert not (home / "storage").exists()


def test_detect_in_a_stored_series_reads_what_was_imported(shared, seen, capsys):
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    __main__.main(["import", str(folder), "--json"])
    [record] = json.loads(capsys.readouterr().out)
    __main__.main(["detect", str(folder)])
    capsys.readouterr()
    assert __main__.main(["detect", record["series_uid"]]) == 0
    assert capsys.readouterr().out.count(record["series_uid"]) == 2
    assert np.array_equal(seen[0].hu, seen[1].hu)
    assert np.allclose(seen[0].affine, seen[1].affine)


def test_detect_in_files_that_are_refused_tells_why(shared, seen, capsys):
    seg = shared / "lidc_scans/LIDC-IDRI-0001/LIDC-IDRI-0001_Combined_SEG.dcm"
    assert __main__.main(["detect", str(seg)]) == 1
    error = capsys.readouterr().err
    assert "modality SEG" in error
    assert "No usable CT series" in error
    assert seen == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["import"], "PATH"),
        (["import", "x", "--js"], "--js"),
        (["dance"], "dance"),
        (["train", "--preset", "king", "--data", "x", "--out", "y"], "king"),
        (["train", "--steps", "many", "--data", "x", "--out", "y"], "many"),
        (["detect", "x", "--out"], "--out"),
    ],
)
def test_wrong_usage_is_told_in_chinese_too(arguments, told, monkeypatch, capsys):
    monkeypatch.setenv("LUNGCORE_LANGUAGE", "zh")
    with pytest.raises(SystemExit) as ended:
        __main__.main(arguments)
    assert ended.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert told in line
    assert not re.search("[a-z]{4,} [a-z]{2,}", line.replace("--help", "")), line


def luna16_files(folder):
    """A nodule, an irrelevant finding, and candidates on both and on neither."""
    heading = "seriesuid,coordX,coordY,coordZ"
    files = {
        "annotations": f"{heading},diameter_mm\n1.2,0,0,0,10\n",
        "excluded": f"{heading},diameter_mm\n1.2,50,0,0,-1\n",
        "seriesuids": "1.2\n",
        "submission": f"{heading},probability\n1.2,1,0,0,0.9\n1.2,52,0,0,0.8\n1.2,99,0,0,0.7\n",
    }
    arguments = []
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
        arguments += [f"--{name}", str(folder / f"{name}.csv")]
    return arguments


def test_evaluate_tells_luna16s_figures(tmp_path, capsys):
    assert __main__.main(["evaluate", *luna16_files(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    counts = [report[name] for name in ("true_positives", "false_positives", "irrelevant")]
    assert counts == [1, 1, 1]
    assert [one["rate"] for one in report["sensitivities"]] == [0.125, 0.25, 0.5, 1, 2, 4, 8]
    assert __main__.main(["evaluate", *luna16_files(tmp_path)]) == 0
    assert "at 0.125 false positives a scan: 1.000000" in capsys.readouterr().out


def test_evaluate_says_when_there_is_nothing_to_find(tmp_path, capsys):
    arguments = luna16_files(tmp_path)
    (tmp_path / "seriesuids.csv").write_text("1.3\n")
    assert __main__.main(["evaluate", *arguments]) == 1
    assert "seriesuids.csv" in capsys.readouterr().err


def test_segment_writes_the_mask_on_the_grid_of_the_series(shared, tmp_path, capsys):
    out = tmp_path / "mask.nii.gz"
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    assert __main__.main(["segment", str(folder), "--out", str(out), "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "dicom"))
    scan, mask = SimpleITK.ReadImage(names), SimpleITK.ReadImage(str(out))
    assert mask.GetSize() == scan.GetSize()
    corner = (511, 0, 10)
    there = scan.TransformIndexToPhysicalPoint(corner)
    assert np.allclose(mask.TransformIndexToPhysicalPoint(corner), there, atol=1e-3)
    hu = SimpleITK.GetArrayFromImage(scan)[SimpleITK.GetArrayFromImage(mask) > 0]
    assert record["lung_ml"] == pytest.approx(len(hu) * np.prod(scan.GetSpacing()) / 1000, rel=1e-3)
    assert -950 < np.median(hu) < -700


def test_segment_wants_the_name_of_an_image(tmp_path, capsys):
    assert __main__.main(["segment", "1.2.3", "--out", str(tmp_path / "mask.png")]) == 1
    assert "mask.png" in capsys.readouterr().err


def test_luna16_is_benchmarked_fold_by_fold_and_goes_on(shared, tmp_path, capsys):
    """A tiny LUNA16 made from a real slab: the same scan in two folds under two names."""
    folder = shared / "lidc_scans/LIDC-IDRI-0003_slab11"
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "dicom"))
    scan = SimpleITK.ReadImage(names)
    [nodule] = [
        row
        for row in csv.DictReader((shared / "lidc_scans/nodules_consensus.csv").open())
        if row["scan"] == folder.name
    ]
    place = ",".join(nodule[name] for name in ("coordX", "coordY", "coordZ", "diameter_mm"))
    heading = "seriesuid,coordX,coordY,coordZ,diameter_mm\n"
    rows = ""
    for fold, uid in (("subset0", "1.2.3"), ("subset7", "1.2.4")):
        (tmp_path / fold).mkdir()
        SimpleITK.WriteImage(scan, str(tmp_path / fold / f"{uid}.mhd"))
        rows += f"{uid},{place}\n"
    (tmp_path / "annotations.csv").write_text(heading + rows)
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "annotations_excluded.csv").write_text(heading)
    out = tmp_path / "results"
    command = ["benchmark", "luna16", str(tmp_path), "--out", str(out), "--json"]

    assert __main__.main(command) == 0

    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["subset0", "subset7", "all", "unseen"]
    assert (report["all"]["scans"], report["all"]["nodules"]) == (2, 2)
    assert report["all"]["true_positives"] == 2
    (out / "1.2.3.csv").write_text("seriesuid,coordX,coordY,coordZ,probability\n")
    assert __main__.main(command) == 0
    assert json.loads(capsys.readouterr().out)["all"]["true_positives"] == 1


def test_what_is_no_luna16_download_is_told(tmp_path, capsys):
    assert __main__.main(["benchmark", "luna16", str(tmp_path)]) == 1
    assert "subset" in capsys.readouterr().err


def test_classify_crops_writes_a_row_a_file(shared, tmp_path, capsys):
    folder = shared / "lidc_nodule_voi3d" / "image"
    small, large = folder / "LIDC-IDRI-0003_R_2.nii.gz", folder / "LIDC-IDRI-0001_R_1.nii.gz"
    out = tmp_path / "rated.csv"
    assert __main__.main(["classify", str(small), str(large), "--out", str(out), "--json"]) == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["file"] for row in rows] == [str(small), str(large)]
    assert list(rows[0])[:3] == ["file", "nodule", "malignancy"]
    assert {"texture", "spiculation", "lobulation", "margin", "sphericity"} < set(rows[0])
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in ("nodule", "malignancy"))
    assert float(rows[1]["malignancy"]) > 0.5  # rated 5 by most; held out from training
    assert json.loads(capsys.readouterr().out)["models"]["classifier"]


def test_classify_of_what_is_no_crop_is_told(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("x")
    assert __main__.main(["classify", str(tmp_path / "a.txt")]) == 1
    assert "a.txt" in capsys.readouterr().err


def test_detect_writes_a_map_a_finding(shared, tmp_path):
    folder = shared / "lidc_scans" / "LIDC-IDRI-0003_slab11" / "dicom"
    out, maps = tmp_path / "found.csv", tmp_path / "maps"
    command = ["detect", str(folder), "--out", str(out), "--attributions", str(maps)]
    assert __main__.main(command) == 0
    rows = list(csv.DictReader(out.open()))
    assert len(list(maps.glob("*.nii.gz"))) == len(rows) > 0
    image = SimpleITK.ReadImage(str(maps / f"{rows[0]['seriesuid']}-1.nii.gz"))
    middle = [float(rows[0][name]) for name in ("coordX", "coordY", "coordZ")]
    place = image.TransformPhysicalPointToContinuousIndex(middle)
    assert np.allclose(place[:2], 23.5, atol=0.1)


SCAN = "lidc_scans/LIDC-IDRI-0001"
SCAN_UID = "1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192"


def test_labels_of_every_kind_are_imported_and_radiographs_refused(shared, capsys):
    paths = sorted(map(str, (shared / "lidc_xml_sample").glob("*.xml")))
    assert __main__.main(["labels", "import", *paths, "--json"]) == 0
    shown = capsys.readouterr()
    records = json.loads(shown.out)
    assert [record["path"] for record in records] == paths
    refused = [record for record in records if record["verdict"] == "refuse"]
    assert [Path(record["path"]).stem for record in refused] == ["087", "189", "222"]
    assert all("radiograph" in record["reasons"][0] for record in refused)
    assert shown.err.count("\n") == 3
    for record in records:
        for series in record["series"]:
            assert (record["format"], record["new"], series["stored"]) == ("lidc", True, False)
            assert len(series["readers"]) == 4


def test_labels_go_in_and_out(shared, tmp_path, capsys):
    folder = shared / SCAN
    assert __main__.main(["import", str(folder / "dicom")]) == 0
    assert __main__.main(["labels", "import", str(folder / "069.xml")]) == 0
    assert "nodules 4" in capsys.readouterr().out
    out = tmp_path / "marks.csv"
    arguments = ["labels", "export", SCAN_UID, "--format", "marks", "--out", str(out)]
    assert __main__.main(arguments) == 0
    assert str(out) in capsys.readouterr().out
    with out.open() as file:
        rows = list(csv.DictReader(file))
    with (shared / "lidc_scans" / "annotations_per_reader.csv").open() as file:
        wanted = [row for row in csv.DictReader(file) if row["series_uid"] == SCAN_UID]
    assert len(rows) == len(wanted) == 4
    for row, there in zip(rows, wanted, strict=True):
        for column, name in zip(("coordX", "coordY", "coordZ"), "xyz", strict=True):
            assert float(row[column]) == pytest.approx(float(there[f"{name}_mm"]), abs=0.5)
        assert float(row["diameter_mm"]) == pytest.approx(float(there["equiv_diam_mm"]), abs=0.5)
        assert row["internal_structure"] == there["internalStructure"]
        assert row["malignancy"] == there["malignancy"]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("1.2.3", "no series 1.2.3"),
        ("a" * 64, "no dataset aaaa"),
        ("my-scan", "neither a SeriesInstanceUID"),
    ],
)
def test_what_has_no_labels_to_export_is_told(target, told, tmp_path, capsys):
    out = str(tmp_path / "x")
    assert __main__.main(["labels", "export", target, "--format", "json", "--out", out]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def labelled_phantoms(tmp_path, capsys):
    """Two phantoms, each with a nodule that two readers marked; their SeriesInstanceUIDs."""
    settings = load()
    database.migrate(settings.database_url)
    uids, rows = [], ["seriesuid,reader,coordX,coordY,coordZ,diameter_mm"]
    for seed in (1, 2):
        [series] = import_phantom(settings, slices=24, seed=seed).series
        uids.append(series.series_uid)
        with database.snapshot(database.connect(settings.database_url)) as session:
            grid = studies.series(session, series.series_uid).grid
        x, y, z = (grid.affine @ (12, 256, 256, 1))[:3]
        rows += [f"{series.series_uid},{reader},{x},{y},{z},9" for reader in ("ann", "bob")]
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    assert __main__.main(["labels", "import", str(tmp_path / "labels.csv")]) == 0
    capsys.readouterr()
    return uids


def test_labels_are_frozen_listed_compared_and_exported(tmp_path, capsys):
    one, other = labelled_phantoms(tmp_path, capsys)
    freeze = ["labels", "freeze", "--phantoms", "--shares", "100", "0", "0"]
    assert __main__.main([*freeze, "--dry-run"]) == 0
    assert "would be frozen" in capsys.readouterr().out
    assert __main__.main(["labels", "datasets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert __main__.main([*freeze, "--name", "first", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["new"], first["balance"]["train"]["nodules"]) == (True, 2)
    assert __main__.main(freeze) == 0
    assert f"frozen before: {first['dataset_id']}" in capsys.readouterr().out
    assert __main__.main([*freeze, "--without", other, "--json"]) == 0
    second = json.loads(capsys.readouterr().out)["dataset_id"]
    assert __main__.main(["labels", "diff", first["dataset_id"][:8], second[:10], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["removed"], found["added"], found["rules"]) == ([other], [], ["without"])
    assert __main__.main(["labels", "datasets"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in listed] == [second, first["dataset_id"]]
    out = tmp_path / "annotations.csv"
    export = ["labels", "export", second[:12], "--format", "luna16", "--out", str(out)]
    assert __main__.main(export) == 0
    with out.open() as file:
        assert [row["seriesuid"] for row in csv.DictReader(file)] == [one]


def test_a_leak_stops_the_freezing_and_is_told(tmp_path, capsys):
    one, other = labelled_phantoms(tmp_path, capsys)
    splits = tmp_path / "splits.csv"
    splits.write_text(f"seriesuid,split\n{one},train\n{other},test\n")
    arguments = ["labels", "freeze", "--phantoms", "--splits", str(splits)]
    assert __main__.main(arguments) == 1
    error = capsys.readouterr().err
    assert "a patient is in two splits" in error
    assert one in error
    assert __main__.main(["labels", "freeze", "--shares", "50", "50", "50"]) == 2
    assert "100 in all" in capsys.readouterr().err


def test_a_file_that_is_not_there_does_not_stop_the_others(shared, capsys):
    good = str(shared / "lidc_xml_sample" / "216.xml")
    assert __main__.main(["labels", "import", "/nowhere/a.xml", good]) == 0
    shown = capsys.readouterr()
    assert "/nowhere/a.xml" in shown.err
    assert "216.xml" in shown.out
    assert __main__.main(["labels", "import", "/nowhere/a.xml"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_when_no_file_can_be_used_each_reason_is_told_once(shared, capsys):
    paths = [str(shared / "lidc_xml_sample" / f"{name}.xml") for name in ("087", "189")]
    assert __main__.main(["labels", "import", *paths, "--json"]) == 1
    shown = capsys.readouterr()
    told = shown.err.splitlines()
    assert len(told) == 2
    assert all(path in line for path, line in zip(paths, told, strict=True))
    assert [record["verdict"] for record in json.loads(shown.out)] == ["refuse", "refuse"]


def test_an_unknown_format_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        __main__.main(["labels", "export", "1.2", "--format", "gif", "--out", "x"])
    assert ended.value.code == 2


def test_the_formats_of_the_parser_are_those_that_are_written():
    assert set(LABEL_FORMATS) == set(FORMATS)
