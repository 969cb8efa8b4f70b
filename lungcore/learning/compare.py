"""A candidate against the model in use on the same scans: pure, and JSON in the end.

Everything is paired: the same scans, the same nodules, the same draws of the bootstrap.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lungcore.findings.finding import Candidate
from lungcore.learning import froc, roc
from lungcore.learning.froc import ScanResult, Sphere

IN_USE, CANDIDATE = "in_use", "candidate"
SIDES = (IN_USE, CANDIDATE)
OPERATING_RATE = 1.0  # false positives a scan, where a gain or a loss is counted
MARGIN = 0.05  # of sensitivity there, that a candidate may at worst be behind
CALIBRATED, CALIBRATION_MARGIN = 0.10, 0.03  # expected calibration error
BAND_RATES = tuple(np.round(np.geomspace(1 / 16, 16, 25), 4))
ROUNDS = 1000
APART_MM = 5.0  # false positives nearer than this, or than a radius, are one place
SIZES_MM = ((0, 6), (6, 8), (8, 15), (15, 30), (30, math.inf))
SLICES_MM = ((0, 1.5), (1.5, 3), (3, math.inf))
TEXTURES = {"ground_glass": (1, 2.5), "part_solid": (2.5, 3.5), "solid": (3.5, 5.1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodule:
    """Of the reference standard. texture, malignancy: 1 to 5, None where nobody rated.

    scores: of the candidate's and the other's malignancy there, by side; empty when not asked.
    """

    sphere: Sphere
    texture: float | None = None
    malignancy: float | None = None
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One scan of the test set and the candidates of each side, down to a low probability."""

    series_uid: str
    slice_mm: float
    kernel: str
    nodules: Sequence[Nodule]
    candidates: Mapping[str, Sequence[Candidate]]


def compare(scans: Sequence[Scan], *, rounds: int = ROUNDS, seed: int = 0) -> dict[str, Any]:
    """All figures of both sides and of their difference, as JSON holds them.

    Raises ValueError when there is no nodule at all.
    """
    if not any(scan.nodules for scan in scans):
        raise ValueError("scans hold no nodule")
    judged = {side: [_judged(scan, side) for scan in scans] for side in SIDES}
    curves = {side: froc.curve(judged[side]) for side in SIDES}
    drawn = {side: froc.resampled(judged[side], rounds, seed, BAND_RATES) for side in SIDES}
    at = {side: froc.resampled(judged[side], rounds, seed) for side in SIDES}
    thresholds = {side: froc.threshold_at(judged[side], OPERATING_RATE) for side in SIDES}
    hits = {side: _hits(judged[side], thresholds[side]) for side in SIDES}
    scores = {name: _scores(scans, name) for name in ("nodule", "malignancy")}
    one = froc.RATES.index(OPERATING_RATE)
    values = {side: froc.at_rates(curves[side]) for side in SIDES}
    return {
        "scans": len(scans),
        "nodules": sum(len(scan.nodules) for scan in scans),
        "operating_rate": OPERATING_RATE,
        "rates": list(BAND_RATES),
        "sides": {
            side: {
                "sensitivity": _list(froc.at_rates(curves[side], BAND_RATES)),
                "low": _list(np.percentile(drawn[side], 2.5, axis=0)),
                "high": _list(np.percentile(drawn[side], 97.5, axis=0)),
                "cpm": _interval(float(values[side].mean()), at[side].mean(axis=1)),
                "operating": _interval(float(values[side][one]), at[side][:, one]),
                "threshold": _finite(thresholds[side]),
                "calibration": _calibration(scans, judged[side], side),
                **_roc(scores, side),
            }
            for side in SIDES
        },
        "difference": {
            "cpm": _interval(
                float(values[CANDIDATE].mean() - values[IN_USE].mean()),
                at[CANDIDATE].mean(axis=1) - at[IN_USE].mean(axis=1),
            ),
            "operating": _interval(
                float(values[CANDIDATE][one] - values[IN_USE][one]),
                at[CANDIDATE][:, one] - at[IN_USE][:, one],
            ),
        },
        "delong": {name: _delong(*scores[name]) for name in scores},
        "strata": _strata(scans, hits),
        "gained": _changed(scans, hits, CANDIDATE),
        "lost": _changed(scans, hits, IN_USE),
    }


def failed_checks(result: Mapping[str, Any] | None, probe: Mapping[str, Any] | None) -> list[str]:
    """The checks of the gate that a candidate does not pass, by name.

    not_worse: with 95 % confidence no more than `MARGIN` behind at the operating point, and where
    malignancy was rated, its AUC neither. calibrated: no worse than the other, or well. probe: it
    runs on the phantom. compared: it was looked at at all beside what is in use now.
    """
    failed = [] if probe is not None and probe.get("ok") else ["probe"]
    if result is None:
        return ["compared", "not_worse", "calibrated", *failed]
    behind = [result["difference"]["operating"][1]]
    if (told := result["delong"].get("malignancy")) is not None:
        behind.append(told["difference"][1])
    if min(behind) < -MARGIN:
        failed.insert(0, "not_worse")
    errors = {side: result["sides"][side]["calibration"]["error"] for side in SIDES}
    if errors[CANDIDATE] is not None:
        allowed = max(CALIBRATED, (errors[IN_USE] or 0.0) + CALIBRATION_MARGIN)
        if errors[CANDIDATE] > allowed:
            failed.insert(0, "calibrated")
    return failed


def _judged(scan: Scan, side: str) -> ScanResult:
    return froc.judge(scan.candidates[side], [one.sphere for one in scan.nodules])


def _hits(results: Sequence[ScanResult], threshold: float) -> list[list[bool]]:
    """For each scan, which nodules are found from the threshold on."""
    return [[hit > -math.inf and hit >= threshold for hit in one.hits] for one in results]


def _calibration(scans: Sequence[Scan], judged: Sequence[ScanResult], side: str) -> dict[str, Any]:
    """How far probabilities are shares of hits: of candidates, the first on each nodule."""
    hits = [hit for one in judged for hit in one.hits if hit > -math.inf]
    false = [probability for one in judged for probability in one.false_positives]
    scores = np.array([*hits, *false])
    if not len(scores):
        return {"error": None, "bins": []}
    shares = np.array([1.0] * len(hits) + [0.0] * len(false))
    bins = [[_r(said), _r(seen), count] for said, seen, count in roc.reliability(scores, shares)]
    return {"error": _r(roc.calibration_error(scores, shares)), "bins": bins}


def _roc(given: Mapping[str, tuple[NDArray, NDArray]], side: str) -> dict[str, Any]:
    """ROC of telling nodules from other places, and high from low malignancy, by `_scores`."""
    found: dict[str, Any] = {}
    number = SIDES.index(side)
    for name, (scores, high) in given.items():
        if 0 < high.sum() < len(high):
            [value], covariance = roc.delong(scores[number], high)
            variance = float(covariance[0, 0])
            half = 1.0 if math.isnan(variance) else 1.96 * math.sqrt(max(variance, 0.0))
            found[f"auc_{name}"] = [_r(value), _r(max(0, value - half)), _r(min(1, value + half))]
            found[f"roc_{name}"] = _roc_points(scores[number], high)
    return found


def _roc_points(scores: NDArray, high: NDArray) -> list[list[float]]:
    """False positive and true positive rate at falling thresholds; ties pass together."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    true = np.cumsum(high[order])[last] / high.sum()
    false = np.cumsum(~high[order])[last] / (~high).sum()
    return [[0.0, 0.0], *([_r(x), _r(y)] for x, y in zip(false, true, strict=True))]


def _scores(scans: Sequence[Scan], name: str) -> tuple[NDArray, NDArray]:
    """Scores (sides, cases) of the same cases, and which of these are positive."""
    if name == "malignancy":
        rated = [
            one
            for scan in scans
            for one in scan.nodules
            if one.scores and one.malignancy is not None and not 2 < one.malignancy < 4
        ]
        values = [[one.scores[side] for one in rated if one.scores] for side in SIDES]
        return np.array(values), np.array([(one.malignancy or 0) >= 4 for one in rated], bool)
    columns: list[list[float]] = []
    high: list[bool] = []
    for scan in scans:
        places = [(one.sphere, True) for one in scan.nodules]
        places += [(place, False) for place in _false_places(scan)]
        for place, is_nodule in places:
            columns.append([_best(scan.candidates[side], place) for side in SIDES])
            high.append(is_nodule)
    return np.array(columns).T.reshape(2, -1), np.array(high, bool)


def _false_places(scan: Scan) -> list[Sphere]:
    """Where either side sees a nodule and there is none, each place once."""
    spheres = [one.sphere for one in scan.nodules]
    places: list[Sphere] = []
    for side in SIDES:
        for one in scan.candidates[side]:
            size_mm = max(one.diameter_mm, 2 * APART_MM)
            known = any(froc.lies_in(one, place) for place in (*spheres, *places))
            if not known:
                places.append(Sphere(one.center_mm, size_mm))
    return places


def _best(candidates: Sequence[Candidate], place: Sphere) -> float:
    return max((one.probability for one in candidates if froc.lies_in(one, place)), default=0.0)


def _delong(scores: NDArray, high: NDArray) -> dict[str, Any] | None:
    """Difference of the AUCs with its interval, and the p of there being none."""
    if not 0 < high.sum() < len(high):
        return None
    values, covariance = roc.delong(scores, high)
    difference = float(values[1] - values[0])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # Of one case of a kind nothing tells how far chance goes: anything can be.
    is_alone = min(high.sum(), len(high) - high.sum()) < 2
    error = math.inf if is_alone else math.sqrt(max(variance, 0.0))
    if error == 0:
        p = 1.0 if difference == 0 else 0.0
    else:
        p = float(2 * stats.norm.sf(abs(difference) / error))
    ends = (max(-1.0, difference - 1.96 * error), min(1.0, difference + 1.96 * error))
    interval = [_r(difference), *map(_r, ends)]
    return {"difference": interval, "p": _r(p), "cases": len(high), "positive": int(high.sum())}


def _strata(scans: Sequence[Scan], hits: Mapping[str, list[list[bool]]]) -> list[dict[str, Any]]:
    """Sensitivity at the operating point by size, texture, slice thickness and kernel."""
    groups: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for number, scan in enumerate(scans):
        for row, one in enumerate(scan.nodules):
            pair = (hits[IN_USE][number][row], hits[CANDIDATE][number][row])
            for by, name in _groups_of(scan, one).items():
                groups.setdefault((by, name), []).append(pair)
    found = []
    for (by, name), pairs in sorted(groups.items(), key=lambda group: _rank(*group[0])):
        counts = {side: sum(pair[i] for pair in pairs) for i, side in enumerate(SIDES)}
        told = {side: _share(counts[side], len(pairs)) for side in SIDES}
        found.append({"by": by, "name": name, "nodules": len(pairs), **told})
    return found


def _rank(by: str, name: str) -> tuple[int, float, str]:
    """Groups in the order of `GROUPS`, ranges by where they begin, names by the alphabet."""
    digits = name.rstrip("+").split("-")[0]
    start = float(digits) if digits.replace(".", "").isdigit() else math.inf
    return list(GROUPS).index(by), start, name


def _groups_of(scan: Scan, one: Nodule) -> dict[str, str]:
    return {by: group(scan, one) for by, group in GROUPS.items()}


def _of_texture(_scan: Scan, one: Nodule) -> str:
    if one.texture is None:
        return "not_rated"
    rating = one.texture
    return next(name for name, (low, high) in TEXTURES.items() if low <= rating < high)


def _within(value: float, bins: Sequence[tuple[float, float]]) -> str:
    low, high = next(ends for ends in bins if ends[0] <= value < ends[1])
    return f"{low:g}-{high:g}" if high < math.inf else f"{low:g}+"


GROUPS: dict[str, Callable[[Scan, Nodule], str]] = {
    "size_mm": lambda scan, one: _within(one.sphere.diameter_mm, SIZES_MM),
    "texture": _of_texture,
    "slice_mm": lambda scan, one: _within(scan.slice_mm, SLICES_MM),
    "kernel": lambda scan, one: scan.kernel or "not_told",
}


def _changed(
    scans: Sequence[Scan], hits: Mapping[str, list[list[bool]]], found_by: str
) -> list[dict[str, Any]]:
    """The nodules that this side finds at the operating point and the other does not."""
    other = SIDES[1 - SIDES.index(found_by)]
    return [
        {
            "series_uid": scan.series_uid,
            "center_mm": [_r(mm) for mm in one.sphere.center_mm],
            "diameter_mm": _r(one.sphere.diameter_mm),
            "probability": {side: _r(_best(scan.candidates[side], one.sphere)) for side in SIDES},
        }
        for number, scan in enumerate(scans)
        for row, one in enumerate(scan.nodules)
        if hits[found_by][number][row] and not hits[other][number][row]
    ]


def _share(count: int, total: int) -> list[float]:
    interval = stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
    return [_r(count / total), _r(interval.low), _r(interval.high)]


def _interval(value: float, drawn: NDArray) -> list[float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return [_r(value), _r(low), _r(high)]


def _list(values: NDArray) -> list[float]:
    return [_r(value) for value in values]


def _finite(value: float) -> float | None:
    return _r(value) if math.isfinite(value) else None


def _r(value: float) -> float:
    return round(float(value), 4)
