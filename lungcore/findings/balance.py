"""What a dataset holds, split by split: series, patients, negatives, and nodules by kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean, median

from lungcore.findings.consensus import groups, is_voted
from lungcore.findings.dataset import SPLITS, Consensus, Split
from lungcore.findings.labels import LabelSet, Mark

# Lower ends of the bins of diameters: Fleischner's and Lung-RADS' limits among them.
SIZES_MM = (0, 4, 6, 8, 10, 15, 20, 30)
RATINGS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Nodule:
    """What the readers of a nodule say in the middle; None where none of them says anything."""

    diameter_mm: float | None
    texture: float | None
    malignancy: float | None


@dataclass(slots=True)
class Share:
    """One split. patients, series, negatives (series without nodules), nodules: how many.

    sizes: nodules by `SIZES_MM`, then those without a size. textures, malignancies: by `RATINGS`,
    a half rounded up, then those not rated.
    """

    patients: int = 0
    series: int = 0
    negatives: int = 0
    nodules: int = 0
    sizes: list[int] = field(default_factory=lambda: [0] * (len(SIZES_MM) + 1))
    textures: list[int] = field(default_factory=lambda: [0] * (len(RATINGS) + 1))
    malignancies: list[int] = field(default_factory=lambda: [0] * (len(RATINGS) + 1))

    def take(self, nodules: Sequence[Nodule]) -> None:
        """Count one more series."""
        self.series += 1
        self.negatives += not nodules
        self.nodules += len(nodules)
        for nodule in nodules:
            self.sizes[_bin(nodule.diameter_mm)] += 1
            self.textures[_step(nodule.texture)] += 1
            self.malignancies[_step(nodule.malignancy)] += 1


def balance(cases: Iterable[tuple[Split, str, Sequence[Nodule]]]) -> dict[Split, Share]:
    """Of each split what it holds. cases: split, patient and nodules of each series."""
    shares = {split: Share() for split in SPLITS}
    patients: dict[Split, set[str]] = {split: set() for split in SPLITS}
    for split, patient, nodules in cases:
        shares[split].take(nodules)
        patients[split].add(patient)
    for split, share in shares.items():
        share.patients = len(patients[split])
    return shares


def nodules(sets: Sequence[LabelSet], consensus: Consensus) -> list[Nodule]:
    """The nodules of a series: those of most of its readers, or of any; masks are not looked at."""
    if len(sets) == 1:
        return [_nodule([mark]) for mark in sets[0].nodules]
    return [
        _nodule(group)
        for group in groups(sets)
        if consensus != "vote" or is_voted(len(group), len(sets))
    ]


def _nodule(marks: Sequence[Mark]) -> Nodule:
    sizes = [mark.diameter_mm for mark in marks if mark.diameter_mm is not None]
    texture, malignancy = (
        [mark.attributes[name] for mark in marks if name in mark.attributes]
        for name in ("texture", "malignancy")
    )
    return Nodule(
        mean(sizes) if sizes else None,
        median(texture) if texture else None,
        median(malignancy) if malignancy else None,
    )


def _bin(diameter_mm: float | None) -> int:
    if diameter_mm is None:
        return len(SIZES_MM)
    return sum(diameter_mm >= low for low in SIZES_MM) - 1


def _step(rating: float | None) -> int:
    return len(RATINGS) if rating is None else int(rating + 0.5) - 1
