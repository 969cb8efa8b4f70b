"""The weights in the repository: what their cards say, and that both runtimes agree on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from lungcore.errors import LungcoreError
from lungcore.imaging.resampling import Box, crop
from lungcore.imaging.volume import Volume
from lungcore.learning import classify, explain, networks, out_of_fold, runtime, weights
from lungcore.learning.crops import stack_at
from lungcore.learning.data import read_image, read_rows
from lungcore.learning.rated import read_rated
from lungcore.learning.tasks import LUNGS

MODELS = Path(__file__).resolve().parents[2] / "models"
AGREE_WITHIN = 1e-3  # in logits, cells and log millimetres
CROP = LUNGS.crop
SHAPES = {
    "detector": (1, 32, 48, 64, 1),
    "classifier": (3, CROP.side, CROP.side, len(CROP.neighbours)),
}


def nodules(shared):
    return [one for one in read_rated(shared, LUNGS) if one.kind == "voi3d"]


def test_files_are_what_the_cards_say():
    assert [problem for _, _, problem in weights.check(MODELS)] == [None, None]


@pytest.mark.parametrize("name", weights.MODELS)
def test_it_runs_by_the_task_of_the_lungs(name):
    assert runtime.load(MODELS / name).task == LUNGS


@pytest.mark.parametrize("name", weights.MODELS)
def test_keras_and_openvino_agree(name):
    inputs = np.random.default_rng(0).uniform(-1, 1, SHAPES[name]).astype(np.float32)
    by_keras = runtime.load(MODELS / name, runtime.KERAS).outputs(inputs)
    by_openvino = runtime.load(MODELS / name).outputs(inputs)
    for ours, theirs in zip(by_openvino, by_keras, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=AGREE_WITHIN)


def test_files_are_small():
    files = [path for path in MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40e6


@pytest.mark.parametrize("name", weights.MODELS)
def test_every_figure_names_its_set(name):
    figures = weights.read_card(MODELS / name).figures
    assert figures
    assert all({"value", "set"} <= set(figure) for figure in figures.values())


@pytest.fixture
def copy(tmp_path):
    for name in ("model.xml", "model.bin", "task.json", "card.json"):
        (tmp_path / name).write_bytes((MODELS / "classifier" / name).read_bytes())
    return tmp_path


def test_a_flipped_byte_is_refused(copy):
    content = bytearray((copy / "model.bin").read_bytes())
    content[1000] ^= 1
    (copy / "model.bin").write_bytes(content)
    with pytest.raises(LungcoreError, match=r"model\.bin"):
        runtime.load(copy)


def test_a_missing_file_is_named(copy):
    (copy / "model.bin").unlink()
    with pytest.raises(LungcoreError, match=r"model\.bin"):
        runtime.load(copy)


def test_a_broken_card_is_named(copy):
    (copy / "card.json").write_text('{"task": "classifier"}')
    with pytest.raises(LungcoreError, match=r"card\.json"):
        runtime.load(copy)


def test_a_task_that_is_none_is_named(copy):
    (copy / "task.json").write_text('{"name": "lungs"}')
    with pytest.raises(LungcoreError, match=r"task\.json"):
        runtime.load(copy)


def test_what_is_kept_is_loaded_once_until_its_card_changes(copy):
    load = runtime.Kept()
    first = load(copy)
    assert load(copy) is first
    card = weights.read_card(copy)
    weights.write_card(copy, replace(card, version="7"))
    assert load(copy).card.version == "7"
    (copy / "model.bin").unlink()
    assert load(copy).card.version == "7"


def test_check_tells_each_model_apart(tmp_path):
    names = [name for name, _, problem in weights.check(tmp_path) if problem]
    assert names == list(weights.MODELS)


@pytest.fixture(scope="module")
def suspicious(shared):
    """A dozen 3D nodules that the readers rated high, from folds of all parts."""
    rated = [one for one in nodules(shared) if one.mean >= 4.5]
    return rated[:: len(rated) // 12][:12]


@pytest.fixture(scope="module")
def looks(suspicious):
    network = runtime.load(MODELS / "classifier")
    stacks = [stack_at(one.volume, one.index, LUNGS.crop.field_mm / 2, LUNGS) for one in suspicious]
    return classify.look(stacks, network)


def test_occluding_the_hottest_region_costs_more_than_another(looks):
    network = runtime.load(MODELS / "classifier")
    rng = np.random.default_rng(0)
    lost = []
    for before in looks:
        count = np.count_nonzero(before.logits > 0) // 4
        hot = explain.hottest(explain.attribution(before), count)
        other = np.roll(hot, [rng.integers(side) for side in hot.shape], (0, 1, 2))
        stacks = [explain.occluded(before.stack, part) for part in (hot, other)]
        after = classify.look(stacks, network)
        lost.append([explain.malignancy_score(one) for one in after])
    assert np.mean([hot < other for hot, other in lost]) > 0.8
    assert np.mean([hot - other for hot, other in lost]) < -1


def test_the_map_changes_when_the_weights_are_shuffled(looks):
    model = networks.load(MODELS / "classifier" / "model.keras")
    rng = np.random.default_rng(0)
    model.set_weights([rng.permuted(values) for values in model.get_weights()])
    for before in looks[:4]:
        masks, _, evidence = model.predict_on_batch(before.stack.slabs())
        shuffled = replace(before, logits=masks.mean(-1), evidence=evidence.mean(-1))
        maps = [explain.attribution(one).ravel() for one in (before, shuffled)]
        assert abs(spearmanr(*maps).statistic) < 0.5


def test_own_outline_is_the_readers(shared):
    """On nodules that the members asked have never seen; the figure itself is in the card."""
    unseen = [one for one in nodules(shared) if one.fold in (0, 1)][::8]
    said = out_of_fold.look_at(unseen, MODELS / "classifier", 0)
    dices = [out_of_fold.Judged(*pair).dice for pair in zip(unseen, said, strict=True)]
    assert np.mean(dices) > 0.75


def test_a_nodule_of_a_whole_scan_is_judged_as_its_crop_is(shared):
    """No leak through the end of the crop: context beyond it must not change what is said."""
    rows = read_rows(shared / "luna16" / "annotations.csv")
    uid = read_rows(shared / "lidc_scans" / "nodules_consensus.csv")[0]["seriesuid"]
    own = next(one for one in rows if one["seriesuid"] == uid)
    centre_mm = [float(own[name]) for name in ("coordX", "coordY", "coordZ")]
    volume = read_image(shared / "lidc_scans" / "LIDC-IDRI-0001" / "dicom")
    centre = np.rint(volume.to_index(centre_mm)).astype(int)
    slices = int(float(own["diameter_mm"]) / 2 / volume.spacing_mm[0]) + 2
    reach = np.array([slices, 32, 32])
    box = Box(tuple(centre - reach), tuple(centre + reach + 1))
    network = runtime.load(MODELS / "classifier")
    (whole,) = classify.assess(volume, [volume.to_mm(centre)], network)
    (part,) = classify.assess(crop(volume, box), [volume.to_mm(centre)], network)
    assert part.malignancy == pytest.approx(whole.malignancy, abs=0.05)
    assert part.nodule == pytest.approx(whole.nodule, abs=0.05)
    assert part.diameter_mm == pytest.approx(whole.diameter_mm, rel=0.05)


@pytest.mark.parametrize("times", [2, 3])
def test_masses_are_outlined_and_rated_high(shared, times):
    """Nodules on a coarser grid: what fills the usual planes has no border there."""
    large = [one for one in nodules(shared) if one.diameter_mm > 18][:12]
    network = runtime.load(MODELS / "classifier")
    ratios, malignancies = [], []
    for one in large:
        affine = one.volume.affine.copy()
        affine[:3, :3] *= times
        mass = Volume(one.volume.hu, affine)
        size_mm = times * one.diameter_mm
        centre_mm = mass.to_mm(one.index)
        (said,) = classify.assess(mass, [centre_mm], network, diameters_mm=[size_mm])
        ratios.append(said.diameter_mm / size_mm)
        malignancies.append(said.malignancy)
    assert np.mean(np.abs(np.log(ratios)) < np.log(1.3)) > 0.9
    assert np.mean(np.array(malignancies) > 0.7) > 0.9
