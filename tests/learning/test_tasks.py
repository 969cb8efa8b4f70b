"""Another organ by data and model alone: a toy task, from labelled files to findings."""

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from lungcore import __main__
from lungcore.errors import LungcoreError
from lungcore.learning import runtime, tasks, weights
from lungcore.learning.tasks import LUNGS, Crop, Preset

SHIPPED = Path(__file__).resolve().parents[2] / "models"
SPACING_MM = (3.0, 2.0, 2.0)
SHAPE = (80, 120, 150)
SCANS, HELD_OUT = 8, 10  # how many are learnt from, and the number of one that is not
LIVER_HU = 60
TOLD = {"version": "0.0.1", "trained_on": "phantoms", "split": "by phantom", "limits": "A toy."}
LIVER = replace(
    LUNGS,
    name="liver",
    label="lesion",
    attributes={"contrast": 5},
    region="body",
    window_hu=(-60, 190),
    spacing_mm=4.0,
    crop=Crop(side=32, spacing_mm=2.0, step_mm=3.0, neighbours=(-1, 0, 1)),
    data="scans",
    folds=2,
    members=2,
    patches=((4, 32), (2, 48)),
    detector=Preset(widths=(8, 12, 16), steps=450, **TOLD),
    classifier=Preset(widths=(8, 8, 16), steps=200, **TOLD),
)


def phantom(seed):
    """HU and numbered lesions of a body with a liver, and for each lesion centre, size, contrast.

    Spine, vessels and a bowel with gas are there to be mistaken.
    """
    rng = np.random.default_rng(seed)
    axes = [np.arange(n) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    hu = np.full(SHAPE, -1000.0)
    hu[ellipsoid(z, y, x, (120, 120, 150), (400, 100, 135))] = 10
    hu[ellipsoid(z, y, x, (120, 200, 150), (400, 16, 16))] = 250
    hu[ellipsoid(z, y, x, (60, 110, 220), (40, 30, 30))] = -900
    liver = ellipsoid(z, y, x, (130, 110, 100), (75, 65, 70))
    hu[liver] = LIVER_HU
    hu[liver & ellipsoid(z, y, x, (130, 110, 100), (200, 5, 5))] = 130
    numbers, lesions = np.zeros(SHAPE, np.uint8), []
    while len(lesions) < 2:
        centre = np.array((130, 110, 100)) + rng.uniform(-45, 45, 3)
        diameter_mm, contrast = rng.uniform(20, 40), rng.uniform(30, 100)
        ball = ellipsoid(z, y, x, centre, (diameter_mm / 2,) * 3)
        if (liver | ~ball).all() and not any(
            np.linalg.norm(centre - other) < (diameter_mm + size) / 2 + 8
            for other, size, _ in lesions
        ):
            lesions.append((centre, diameter_mm, contrast))
            hu[ball], numbers[ball] = LIVER_HU + contrast, len(lesions)
    return np.rint(hu + rng.normal(0, 10, SHAPE)).astype(np.int16), numbers, lesions


def ellipsoid(z, y, x, centre, radii):
    parts = zip((z, y, x), centre, radii, strict=True)
    return sum(((axis - middle) / radius) ** 2 for axis, middle, radius in parts) <= 1


def write(voxels, path):
    path.parent.mkdir(exist_ok=True)
    image = SimpleITK.GetImageFromArray(voxels)
    image.SetSpacing(SPACING_MM[::-1])
    SimpleITK.WriteImage(image, str(path))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of labelled phantoms, half of them in each fold."""
    folder = tmp_path_factory.mktemp("liver")
    rows = []
    for number in range(SCANS):
        hu, numbers, lesions = phantom(number)
        write(hu, folder / "images" / f"scan{number}.nii.gz")
        write(numbers, folder / "masks" / f"scan{number}.nii.gz")
        for lesion, (_, diameter_mm, contrast) in enumerate(lesions, start=1):
            rating, density = 1 + (diameter_mm - 20) / 5, 1 + (contrast - 20) / 20
            rows.append([f"scan{number}", lesion, number, number % 2, rating, density])
    with (folder / "lesions.csv").open("w", newline="") as file:
        columns = ["image", "lesion", "patient_id", "fold", "malignancy", "contrast"]
        csv.writer(file).writerows([columns, *rows])
    tasks.write(folder / "liver.json", LIVER)
    return folder


@pytest.fixture(scope="module")
def models(data, tmp_path_factory):
    """Detector and classifier, trained by the command line."""
    folder = tmp_path_factory.mktemp("models")
    for preset in weights.MODELS:
        command = ["train", "--preset", preset, "--task", data / "liver.json", "--data", data]
        command += ["--out", folder / preset, "--seed", "3"]
        assert __main__.main(list(map(str, command))) == 0
    return folder


@pytest.fixture
def home(models, tmp_path, monkeypatch):
    monkeypatch.setenv("LUNGCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LUNGCORE_MODELS", str(models))


def test_the_lesions_of_a_phantom_never_seen_are_found(home, tmp_path):
    hu, _, lesions = phantom(HELD_OUT)
    write(hu, tmp_path / "held_out.nii.gz")
    out = tmp_path / "found.csv"
    assert __main__.main(["detect", str(tmp_path / "held_out.nii.gz"), "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.open()))
    found = np.array([[float(row[f"coord{axis}"]) for axis in "ZYX"] for row in rows])
    for centre, diameter_mm, _ in lesions:
        assert np.linalg.norm(found - centre, axis=1).min() < diameter_mm / 2
    assert len(rows) <= len(lesions) + 1
    assert all(0 <= float(row["malignancy"]) <= 1 for row in rows)


def test_the_classifier_tells_a_lesion_from_the_liver(home, tmp_path):
    hu, _, lesions = phantom(HELD_OUT)
    centres = [centre for centre, _, _ in lesions] + [np.array((75.0, 120, 85))]
    crops = [tmp_path / f"crop{number}.nii.gz" for number in range(len(centres))]
    for path, centre in zip(crops, centres, strict=True):
        low = np.rint(centre / SPACING_MM).astype(int) - (8, 20, 20)
        write(hu[tuple(slice(at, at + n) for at, n in zip(low, (17, 41, 41), strict=True))], path)
    out = tmp_path / "rated.csv"
    assert __main__.main(["classify", *map(str, crops), "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.open()))
    columns = ["file", "lesion", "malignancy", "contrast", "rating", "diameter_mm"]
    assert list(rows[0]) == columns
    *own, plain = (float(row["lesion"]) for row in rows)
    assert min(own) > plain + 0.1
    for row, (_, diameter_mm, _) in zip(rows, lesions, strict=False):
        assert float(row["diameter_mm"]) == pytest.approx(diameter_mm, rel=0.4)


@pytest.mark.parametrize("preset", weights.MODELS)
def test_weights_run_by_the_task_that_they_were_trained_for(models, preset):
    network = runtime.load(models / preset)
    assert network.task == LIVER
    assert (network.card.version, network.card.trained_on) == ("0.0.1", "phantoms")
    series = range(SCANS)  # those held back say when to stop
    assert set(network.card.trained_series) == {weights.mark(f"scan{number}") for number in series}


def test_a_classifier_of_another_task_is_refused(home, models, tmp_path, monkeypatch, capsys):
    (tmp_path / "detector").symlink_to(models / "detector")
    (tmp_path / "classifier").symlink_to(SHIPPED / "classifier")
    monkeypatch.setenv("LUNGCORE_MODELS", str(tmp_path))
    write(phantom(HELD_OUT)[0][:20], tmp_path / "scan.nii.gz")
    assert __main__.main(["detect", str(tmp_path / "scan.nii.gz")]) == 1
    told = capsys.readouterr().err
    assert "liver" in told
    assert "lungs" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "liver"),
        ("data", "pages"),
        ("window_hu", (400, -1000)),
        ("members", 3),
        ("patches", ((4, 30), (2, 48))),
        ("crop", replace(LIVER.crop, side=30)),
        ("crop", replace(LIVER.crop, neighbours=(-1, 1))),
        ("detector", replace(LIVER.detector, widths=(8, 8))),
    ],
)
def test_a_task_that_cannot_be_is_named(tmp_path, name, value):
    with pytest.raises(ValueError, match=name):
        replace(LIVER, **{name: value})
    told = asdict(LIVER) | {name: value if isinstance(value, str | tuple | int) else asdict(value)}
    (tmp_path / "odd.json").write_text(json.dumps(told))
    with pytest.raises(LungcoreError, match=name):
        tasks.read(tmp_path / "odd.json")


def test_a_task_comes_back_from_its_file(tmp_path):
    for task in (LUNGS, LIVER):
        tasks.write(tmp_path / "task.json", task)
        assert tasks.read(tmp_path / "task.json") == task
    (tmp_path / "task.json").write_text(json.dumps(asdict(LIVER) | {"more": 1}))
    with pytest.raises(LungcoreError, match="more"):
        tasks.read(tmp_path / "task.json")


def test_a_task_file_that_is_not_there_is_told(tmp_path, capsys):
    command = ["train", "--preset", "detector", "--task", str(tmp_path / "none.json")]
    assert __main__.main([*command, "--data", "x", "--out", str(tmp_path)]) == 1
    assert "none.json" in capsys.readouterr().err


def test_each_fold_is_left_out_by_one_member():
    for task in (LUNGS, LIVER):
        folds = [fold for member in range(task.members) for fold in task.left_out(member)]
        assert sorted(folds) == list(range(task.folds))
