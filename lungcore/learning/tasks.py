"""What is looked for and how: a Task names labels, window, grids and networks. The lungs' ships.

Another organ is another Task, written as a file, and data of its own. The weights have the task
that they were trained for beside them, and run by it. Loads nothing heavy.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES

FILE = "task.json"
REGIONS = ("lungs", "body")  # functions of `regions`
DATA = ("pasted", "scans")  # modules `data` and `scans` say how their folders are laid out
# Every task rates malignancy as LIDC does. The network scores the mean rating, and the readers that
# rate it above 1, 2, 3 and 4 (ordinal: Frank and Hall, ECML 2001).
HIGHEST = SCALES["malignancy"]
ABOVE = tuple(f"malignancy_above_{value}" for value in range(1, HIGHEST))
MALIGNANCY = ("malignancy", *ABOVE)
MALIGNANCY_SCORES = slice(1, 1 + len(MALIGNANCY))  # of `Task.targets`
ABOVE_3 = 1 + MALIGNANCY.index(ABOVE[2])


@dataclass(frozen=True, slots=True)
class Crop:
    """The axial planes that the classifier sees of a place.

    side: pixels. spacing_mm: from pixel to pixel, step_mm: from plane to plane. neighbours: the
    planes of a slab, counted from its middle one, which is 0.
    """

    side: int
    spacing_mm: float
    step_mm: float
    neighbours: tuple[int, ...]

    @property
    def field_mm(self) -> float:
        """What a plane shows."""
        return self.side * self.spacing_mm


@dataclass(frozen=True, slots=True)
class Preset:
    """One network of a task. widths: its filters, level by level. The rest is for its card."""

    widths: tuple[int, ...]
    steps: int
    version: str
    trained_on: str
    split: str
    limits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is looked for, and all that detecting, classifying and training need to know of it.

    label: what a candidate may be. attributes: what readers rate besides malignancy, each from 1 to
    its highest value. region: of `REGIONS`, where it is looked for, and `margin_mm` around; a
    candidate reaches at least within `near_mm` of it. window_hu: what the networks see; what is
    beyond is clipped. spacing_mm: of the detector's grid. crop: what the classifier sees.
    data: of `DATA`, what is learnt from. folds: of the patients; the last one tells when the
    detector's training stops, and each of the `members` of the classifier leaves as many out.
    patches: how many a step and their side in voxels, the usual ones and the large ones.
    The detector learns log diameters in mm, and offsets in cells of 4 voxels.

    Raises ValueError naming the field that has no usable value.
    """

    name: str
    label: str
    attributes: Mapping[str, int] = field(hash=False)
    region: str
    margin_mm: float
    near_mm: float
    window_hu: tuple[int, int]
    spacing_mm: float
    crop: Crop
    data: str
    folds: int
    members: int
    patches: tuple[tuple[int, int], tuple[int, int]]
    detector: Preset
    classifier: Preset

    def __post_init__(self) -> None:
        halved = 2 ** (len(self.classifier.widths) - 1)
        checks = {
            "region": self.region in REGIONS,
            "data": self.data in DATA,
            "window_hu": self.window_hu[0] < self.window_hu[1],
            "members": self.members > 1 and self.folds % self.members == 0,
            "crop.side": self.crop.side % halved == 0,
            "crop.neighbours": 0 in self.crop.neighbours,
            "patches": all(side % 16 == 0 for _, side in self.patches),
            "detector.widths": len(self.detector.widths) == 3,
        }
        for name, is_usable in checks.items():
            if not is_usable:
                raise ValueError(name)

    @property
    def targets(self) -> tuple[str, ...]:
        """What the classifier scores, each a share from 0 to 1."""
        return (self.label, *MALIGNANCY, *self.attributes)

    @property
    def contrast(self) -> float:
        """How wide the window is, measured by that of the lungs."""
        return (self.window_hu[1] - self.window_hu[0]) / 1400

    @property
    def training_folds(self) -> frozenset[int]:
        """Of the detector."""
        return frozenset(range(self.folds - 1))

    @property
    def validation_folds(self) -> frozenset[int]:
        """Of the detector."""
        return frozenset({self.folds - 1})

    def left_out(self, member: int) -> tuple[int, ...]:
        """The folds that this member of the classifier never sees."""
        count = self.folds // self.members
        return tuple(range(member * count, (member + 1) * count))


LUNGS = Task(
    name="lungs",
    label="nodule",
    attributes={name: highest for name, highest in SCALES.items() if name != "malignancy"},
    region="lungs",
    margin_mm=12.0,
    near_mm=3.0,
    window_hu=(-1000, 400),
    spacing_mm=1.0,
    crop=Crop(side=48, spacing_mm=2 / 3, step_mm=1.0, neighbours=(-4, -2, 0, 2, 4)),
    data="pasted",
    folds=8,
    members=4,
    patches=((6, 64), (2, 96)),  # masses need room
    # With PyTorch on two free cores about 75 minutes for the detector, 17 for the classifier.
    detector=Preset(
        widths=(16, 40, 80),
        steps=4800,
        version="0.2.0",
        trained_on="lidc_nodule_voi3d (LIDC-IDRI, LUNA16) nodules blended into the lungs of "
        "unlabelled/ and LCTSC, suspected lesions left out",
        split="by patient: folds 0-6 train; fold 7 in the lungs of LIDC-IDRI-0001 and -0023 tells "
        "when to stop; the LIDC-IDRI-0001, -0003 and -0023 patients' nodules were held out",
        limits="Trained on nodules of 393 patients blended into five lungs, not on whole labelled "
        "scans. Masses above 33 mm are enlarged smaller nodules. No paediatric scans, no control "
        "of contrast phase. For research and quality work; not a certified medical device.",
    ),
    classifier=Preset(
        widths=(16, 32, 64, 96),
        steps=1200,
        version="0.3.0",
        trained_on="lidc_nodule_voi3d and lidc_nodule2d (LIDC-IDRI, LUNA16), every reader's "
        "ratings; blobs of unlabelled/ and LCTSC as places that are no nodule",
        split="by patient: of folds 0-7, each pair is left out by one of the four members; the "
        "LIDC-IDRI-0001, -0003 and -0023 patients were held out from all",
        limits="Radiologists' opinion, not pathology. Trained on nodules of LIDC-IDRI patients, 3 "
        "to 38 mm, nineteen of twenty below 22 mm. Nodules above 32 mm are measured at a coarser "
        "scale that it was not trained at. No paediatric scans, no control of contrast phase. For "
        "research and quality work; not a certified medical device.",
    ),
)


def read(path: Path) -> Task:
    """The task in a file; LungcoreError when it is absent or none."""
    if not path.is_file():
        raise LungcoreError("learning.task_absent", path=path)
    try:
        return of_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, LookupError) as error:
        raise LungcoreError("learning.task_unreadable", path=path, problem=error) from error


def of_json(content: Mapping[str, Any]) -> Task:
    """The task of what JSON gave; ValueError, TypeError or LookupError when it is none."""
    fields = _tuples(dict(content))
    fields["crop"] = Crop(**fields["crop"])
    for name in ("detector", "classifier"):
        fields[name] = Preset(**fields[name])
    return Task(**fields)


def write(path: Path, task: Task) -> None:
    """Write `task` into a file."""
    text = json.dumps(asdict(task), indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _tuples(value: Any) -> Any:
    """What JSON gave, with tuples for lists."""
    if isinstance(value, dict):
        return {name: _tuples(one) for name, one in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
