"""What the shipped classifier is worth on patients its members never saw, and beside a diameter.

    python -m benchmarks.classifier [--data ../shared/data] [--models models] [--record]

Every 3D nodule of lidc_nodule_voi3d (folds 0-7) is judged by the members of the ensemble that never
saw its patient; the calibration is fitted to the nodules of all other folds. `--record` writes the
figures into the classifier's card.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

from benchmarks.measuring import parser
from lungcore.imaging.resampling import Box, crop
from lungcore.imaging.volume import Volume
from lungcore.learning import (
    classify,
    explain,
    networks,
    out_of_fold,
    plans,
    roc,
    runtime,
    seed_cnn,
    weights,
)
from lungcore.learning.classify import Assessment
from lungcore.learning.crops import stack_at
from lungcore.learning.data import read_labelled_cases
from lungcore.learning.out_of_fold import Judged
from lungcore.learning.peaks import sigmoid
from lungcore.learning.places import places
from lungcore.learning.rated import Rated, read_rated
from lungcore.learning.tasks import LUNGS
from lungcore.learning.windowing import normalise

MOST_BLOBS = 500  # of a held-out scan
SLAB = "LIDC-IDRI-0003_slab11"  # eleven slices: too thin to look for blobs
RATES = (0.01, 0.02, 0.05)
THRESHOLD = 0.5
RESAMPLES = 1000
EXPLAINED_EVERY = 2
OCCLUDED_SHARE = 0.25  # of the nodule's voxels
RANDOM_PARTS = 5
LARGE_MM = 18.0
Figures = dict[str, dict]


def main() -> None:
    taken = parser(__doc__)
    taken.add_argument("--record", action="store_true")
    arguments = taken.parse_args()
    folder = arguments.models / "classifier"
    judged = out_of_fold.judge(LUNGS, arguments.data, folder)
    scores = out_of_fold.cross_fitted(judged)
    figures = segmentation(judged) | malignancy(judged, scores) | calibration(judged, scores)
    figures |= attributes(judged) | candidates(arguments.data, folder, judged)
    figures |= masses(folder, judged)
    figures |= explanation(folder, judged) | baseline(arguments.data, judged)
    if arguments.record:
        weights.write_card(folder, replace(weights.read_card(folder), figures=figures))


def segmentation(judged: Sequence[Judged]) -> Figures:
    """Dice of own and readers' masks, as a whole and by size."""
    dices = np.array([one.dice for one in judged])
    sizes = np.array([one.rated.diameter_mm for one in judged])
    print("\nOwn segmentation against the readers' masks (Dice), out of fold")
    about = f"out of fold, {len(judged)} nodules of folds 0-7"
    figures = {"dice": _mean_of(dices, [one.rated.patient_id for one in judged], about)}
    _tell("dice", figures["dice"])
    for name, low, high in (("below 6 mm", 0, 6), ("6 to 10 mm", 6, 10), ("10 mm on", 10, 99)):
        here = (sizes >= low) & (sizes < high)
        figures[f"dice, {name}"] = {
            "value": float(dices[here].mean()),
            "set": f"{here.sum()} nodules",
        }
        print(f"  {name}: {dices[here].mean():.3f} of {here.sum()}")
    return figures


def malignancy(judged: Sequence[Judged], scores: NDArray) -> Figures:
    """AUC with DeLong's intervals, and the gain over the diameter alone."""
    votes = np.array([one.rated.vote for one in judged])
    means = np.array([one.rated.mean for one in judged])
    sets = {
        "by vote 4-5 against 1-2": (votes >= 4, votes <= 2),
        "by reader mean >= 3.5 against <= 2.5": (means >= 3.5, means <= 2.5),
    }
    print("\nMalignancy (radiologists' opinion, not pathology), out of fold, from the image alone")
    figures = {}
    for name, (high, low) in sets.items():
        clear = high | low
        about = f"out of fold, {clear.sum()} nodules of folds 0-7 {name}"
        figures |= _against_diameter(judged, scores, clear, high[clear], name, about)
    return figures


def _against_diameter(
    judged: Sequence[Judged], scores: NDArray, clear: NDArray, high: NDArray, name: str, about: str
) -> Figures:
    sizes = np.array([one.rated.diameter_mm for one in judged])
    both = np.stack([scores, sizes])[:, clear]
    (own, size), covariance = roc.delong(both, high)
    gain = np.array([1.0, -1.0])
    spread = {
        f"auc {name}": (own, covariance[0, 0]),
        f"auc of the diameter alone {name}": (size, covariance[1, 1]),
        f"gain over the diameter alone {name}": (own - size, gain @ covariance @ gain),
    }
    figures = {}
    for key, (value, variance) in spread.items():
        half = 1.96 * float(np.sqrt(variance))
        figures[key] = {
            "value": float(value),
            "interval": [value - half, value + half],
            "set": about,
        }
        _tell(key, figures[key])
    p = 2 * norm.sf(abs(own - size) / np.sqrt(gain @ covariance @ gain))
    patients = np.array([one.rated.patient_id for one in judged])[clear]
    drawn = [
        roc.auc(both[0, rows], high[rows]) - roc.auc(both[1, rows], high[rows])
        for rows in _resampled(patients)
    ]
    low, top = np.percentile(drawn, [2.5, 97.5])
    print(f"  the gain's p by DeLong {p:.2g}; its interval by patients {low:.3f} to {top:.3f}")
    counts = roc.confusion(scores[clear], high, THRESHOLD)
    print(f"  at {THRESHOLD}: {counts}")
    figures[f"confusion at {THRESHOLD} {name}"] = {"value": counts, "set": about}
    return figures


def calibration(judged: Sequence[Judged], scores: NDArray) -> Figures:
    """Expected calibration error and reliability against the share of readers above 3."""
    shares = np.array([one.share_above_3 for one in judged])
    patients = np.array([one.rated.patient_id for one in judged])
    samples = [roc.calibration_error(scores[rows], shares[rows]) for rows in _resampled(patients)]
    about = f"out of fold, all {len(judged)} nodules of folds 0-7, share of readers above 3"
    figure = _figure(roc.calibration_error(scores, shares), samples, about)
    print("\nCalibration of the malignancy, out of fold")
    _tell("expected calibration error, 10 bins", figure)
    curve = roc.reliability(scores, shares)
    for said, seen, count in curve:
        print(f"  said {said:.2f}, readers {seen:.2f}, of {count}")
    return {"ece": figure, "reliability": {"value": curve, "set": about}}


def attributes(judged: Sequence[Judged]) -> Figures:
    """Rank correlation of each attribute with the readers' mean."""
    print("\nAttributes, rank correlation with the readers' mean, out of fold")
    figures = {}
    for name in LUNGS.attributes:
        own = [one.said.attributes[name] for one in judged]
        theirs = [one.rated.targets[LUNGS.targets.index(name)] for one in judged]
        value = float(spearmanr(own, theirs).statistic)
        figures[f"rank correlation of {name}"] = {"value": value, "set": f"{len(own)} nodules"}
        print(f"  {name}: {value:.3f}")
    return figures


def candidates(data: Path, folder: Path, judged: Sequence[Judged]) -> Figures:
    """Nodules against the blobs of held-out scans, both cut to one slice more than they span."""
    cases = [case for case in read_labelled_cases(data) if case.name != SLAB]
    blobs = [_cut(place) for case in cases for place in places(case, MOST_BLOBS, LUNGS)]
    about = (
        f"{len(judged)} nodules out of fold against {len(blobs)} blobs of {len(cases)} scans that "
        "no member has seen"
    )
    print(f"\nCandidate stage: {about}")
    found = dict.fromkeys(RATES, 0)
    for part in range(LUNGS.members):
        none = np.array(
            [_nodule(blob, _network(folder, LUNGS.left_out(part)[0])) for blob in blobs]
        )
        nodules = np.array(
            [one.said.nodule for one in judged if one.rated.fold in LUNGS.left_out(part)]
        )
        for rate in RATES:
            found[rate] += int((nodules > np.quantile(none, 1 - rate)).sum())
    figures = {}
    for rate, count in found.items():
        key = f"sensitivity at a false-positive rate of {rate:.0%}"
        share = count / len(judged)
        half = 1.96 * np.sqrt(share * (1 - share) / len(judged))
        figures[key] = {"value": share, "interval": [share - half, share + half], "set": about}
        _tell(key, figures[key])
    return figures


def explanation(folder: Path, judged: Sequence[Judged]) -> Figures:
    """Whether the attribution maps depend on the weights, and tell what the score rests on."""
    chosen = [one for one in judged if one.said.malignancy > THRESHOLD][::EXPLAINED_EVERY]
    about = f"out of fold, {len(chosen)} nodules with a malignancy above {THRESHOLD}"
    print(f"\nAttribution maps: {about}")
    patients = [one.rated.patient_id for one in chosen]
    drops = np.array([_drops(one, folder) for one in chosen])
    more = (drops[:, 0] > drops[:, 1]).astype(float)
    figures = {
        "score lost, hottest part occluded": _mean_of(drops[:, 0], patients, about),
        "score lost, a random part occluded": _mean_of(drops[:, 1], patients, about),
        "share of nodules that lose more by the hottest part": _mean_of(more, patients, about),
        "correlation with the maps of shuffled weights": _mean_of(
            np.array(_shuffled_correlations(chosen, folder)), patients, about
        ),
    }
    for name, figure in figures.items():
        _tell(name, figure)
    return figures


def _mean_of(values: NDArray, patients: Sequence[str], about: str) -> dict:
    samples = [values[rows].mean() for rows in _resampled(np.array(patients))]
    return _figure(values.mean(), samples, about)


def _drops(one: Judged, folder: Path) -> tuple[float, float]:
    """What the score of malignancy loses by the hottest part, and by one of its form elsewhere."""
    network = _network(folder, one.rated.fold)
    stack = one.said.look.stack
    count = int(one.said.mask.sum() * OCCLUDED_SHARE)
    hot = explain.hottest(explain.attribution(one.said.look), count)
    rng = np.random.default_rng(0)
    shifts = [[rng.integers(side) for side in hot.shape] for _ in range(RANDOM_PARTS)]
    parts = [hot, *(np.roll(hot, shift, (0, 1, 2)) for shift in shifts)]
    looks = classify.look(
        [explain.occluded(stack, part) for part in parts], network, out_of_fold.VIEWS
    )
    before = explain.malignancy_score(one.said.look)
    first, *others = (before - explain.malignancy_score(look) for look in looks)
    return first, float(np.mean(others))


@cache
def _network(folder: Path, fold: int) -> runtime.Network:
    """The member that never saw the fold."""
    part = next(part for part in range(LUNGS.members) if fold in LUNGS.left_out(part))
    return runtime.load(folder, members=[part])


def _shuffled_correlations(chosen: Sequence[Judged], folder: Path) -> list[float]:
    """Rank correlation of each map with that of the same networks with shuffled weights."""
    model = networks.load(folder / "model.keras")
    rng = np.random.default_rng(0)
    model.set_weights([rng.permuted(weights) for weights in model.get_weights()])
    found = []
    for one in chosen:
        masks, _, evidence = model.predict_on_batch(one.said.look.stack.slabs())
        other = replace(one.said.look, logits=masks.mean(-1), evidence=evidence.mean(-1))
        maps = explain.attribution(one.said.look), explain.attribution(other)
        found.append(float(spearmanr(*(values.ravel() for values in maps)).statistic))
    return found


def baseline(data: Path, judged: Sequence[Judged]) -> Figures:
    """The network that the project began with, on the same folds and nodules."""
    planes = [
        one for one in read_rated(data, LUNGS) if one.kind == "plane" and not 2.5 < one.mean < 3.5
    ]
    scores = np.empty(len(judged))
    for part in range(LUNGS.members):
        learnt = [one for one in planes if one.fold not in LUNGS.left_out(part)]
        labels = np.array([one.mean > 3 for one in learnt], np.float32)
        recipe = replace(plans.defaults(plans.SEED_CNN), seed=part)
        with TemporaryDirectory() as folder:
            trained = seed_cnn.train(_images(learnt), labels, recipe, Path(folder))
        if trained is None:
            raise RuntimeError("nobody asked the training to stop")
        model = trained.model
        rows = [i for i, one in enumerate(judged) if one.rated.fold in LUNGS.left_out(part)]
        images = _images([judged[i].rated for i in rows])
        scores[rows] = model.predict(images, verbose=0)[:, 0]
    votes = np.array([one.rated.vote for one in judged])
    means = np.array([one.rated.mean for one in judged])
    print("\nseed_cnn on the same nodules, out of fold")
    figures = {}
    for name, high, low in (("vote", votes >= 4, votes <= 2), ("mean", means >= 3.5, means <= 2.5)):
        [value], covariance = roc.delong(scores[high | low], high[high | low])
        half = 1.96 * float(np.sqrt(covariance[0, 0]))
        about = f"out of fold, {(high | low).sum()} nodules, by {name} as above"
        figure = {"value": float(value), "interval": [value - half, value + half], "set": about}
        figures[f"auc of seed_cnn by {name}"] = figure
        _tell(f"auc by {name}", figure)
    return figures


def _images(rated: Sequence[Rated]) -> NDArray[np.float32]:
    """The plane through the centre, 32 mm, as the seed's network takes images."""
    side = seed_cnn.SIDE
    stacks = (stack_at(one.volume, one.index, 0.0, LUNGS) for one in rated)
    planes = [
        cv2.resize(normalise(stack.hu[stack.before], LUNGS.window_hu), (side, side))
        for stack in stacks
    ]
    return np.stack(planes)[..., None]


def masses(folder: Path, judged: Sequence[Judged]) -> Figures:
    """Large nodules on a grid two and three times as coarse, with their size told."""
    large = [one.rated for one in judged if one.rated.diameter_mm >= LARGE_MM]
    said = [
        (times * one.diameter_mm, _mass(one, times, folder)) for one in large for times in (2, 3)
    ]
    sizes = np.array([size_mm for size_mm, _ in said])
    own = np.array([found.diameter_mm for _, found in said])
    found = {
        "masses, outlined within a third of the diameter": np.abs(own / sizes - 1) < 1 / 3,
        "masses, malignancy above 0.5": np.array([one.malignancy > THRESHOLD for _, one in said]),
    }
    about = (
        f"semi-synthetic, out of fold: {len(large)} nodules enlarged to {sizes.min():.0f} to "
        f"{sizes.max():.0f} mm"
    )
    print(f"\nMasses: {about}")
    patients = [one.patient_id for one in large for _ in (2, 3)]
    figures = {name: _mean_of(hit.astype(float), patients, about) for name, hit in found.items()}
    for name, figure in figures.items():
        _tell(name, figure)
    return figures


def _mass(one: Rated, times: float, folder: Path) -> Assessment:
    affine = one.volume.affine.copy()
    affine[:3, :3] *= times
    mass = Volume(one.volume.hu, affine)
    network = _network(folder, one.fold)
    sizes = [times * one.diameter_mm]
    return classify.assess(mass, [mass.to_mm(one.index)], network, diameters_mm=sizes)[0]


def _nodule(place: Rated, network: runtime.Network) -> float:
    """As `classify.assess` has it, without the outline at coarser scales, which takes no part."""
    stack = stack_at(place.volume, place.index, LUNGS.crop.field_mm / 2, LUNGS)
    [seen] = classify.look([stack], network, out_of_fold.VIEWS)
    return float(sigmoid(classify.pooled(seen)[LUNGS.targets.index("nodule")]))


def _cut(place: Rated) -> Rated:
    """As lidc_nodule_voi3d cuts its nodules, so that the end of the planes tells nothing."""
    slice_mm = place.volume.spacing_mm[0]
    reach = place.diameter_mm / 2 / slice_mm + 1
    low = max(0, int(np.floor(place.index[0] - reach)))
    high = min(place.volume.shape[0], int(np.ceil(place.index[0] + reach)) + 1)
    _, rows, columns = place.volume.shape
    volume = crop(place.volume, Box((low, 0, 0), (high, rows, columns)))
    return replace(place, volume=volume, index=place.index - [low, 0, 0])


def _resampled(patients: NDArray) -> list[NDArray]:
    """Row numbers of patients drawn anew, with replacement."""
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(patients == name) for name in np.unique(patients)]
    drawn = rng.integers(len(rows), size=(RESAMPLES, len(rows)))
    return [np.concatenate([rows[i] for i in one]) for one in drawn]


def _figure(value: float, samples: Sequence[float], about: str) -> dict:
    interval = np.percentile(samples, [2.5, 97.5]).tolist()
    return {"value": float(value), "interval": interval, "set": about}


def _tell(name: str, figure: dict) -> None:
    low, high = figure["interval"]
    print(f"  {name}: {figure['value']:.3f} (95 % {low:.3f} to {high:.3f}), {figure['set']}")


if __name__ == "__main__":
    main()
