"""How near an outline grown from one click is to the readers', on the crops of lidc_nodule_voi3d.

    python -m benchmarks.growing [--data ../shared/data]

Each nodule is clicked in its middle, and at a voxel of it at random. A crop ends 17 to 20 pixels
beyond the nodule and one slice above and below: a whole scan gives the growing more to see, so this
says how well the outline fits, not how it leaks.
"""

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import ROOT, parser
from lungcore.findings import measurement
from lungcore.findings.mask import Mask, decode
from lungcore.learning.data import Nodule, read_nodules

SOLID = 5
SCRIPT = ROOT / "benchmarks" / "growing.mjs"


def main() -> None:
    arguments = parser(__doc__).parse_args()
    nodules = read_nodules(arguments.data, frozenset(range(8)))
    rng = np.random.default_rng(0)
    print(f"{len(nodules)} nodules")
    for name, click in (("in the middle", middle), ("anywhere in it", lambda n: anywhere(n, rng))):
        grown, ms = grow(nodules, [click(nodule) for nodule in nodules])
        print(f"clicked {name}: p50 {np.median(ms):.0f} ms, p95 {np.percentile(ms, 95):.0f} ms")
        tell("all", nodules, grown)
        for what, is_solid in (("solid", True), ("part-solid and ground glass", False)):
            chosen = [i for i, one in enumerate(nodules) if (one.texture == SOLID) == is_solid]
            tell(what, [nodules[i] for i in chosen], [grown[i] for i in chosen])


def middle(nodule: Nodule) -> list[int]:
    """The voxel of the readers' mask nearest to its middle."""
    voxels = np.argwhere(nodule.mask)
    off_mm = (voxels - voxels.mean(axis=0)) * nodule.volume.spacing_mm
    return voxels[(off_mm**2).sum(axis=1).argmin()].tolist()


def anywhere(nodule: Nodule, rng: np.random.Generator) -> list[int]:
    """Any voxel of the readers' mask."""
    return rng.choice(np.argwhere(nodule.mask)).tolist()


def grow(
    nodules: Sequence[Nodule], clicks: Sequence[list[int]]
) -> tuple[list[Mask | None], list[float]]:
    """What the viewer's script grows, and in how many ms."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            _line(nodule, click, Path(folder) / f"{number}.raw")
            for number, (nodule, click) in enumerate(zip(nodules, clicks, strict=True))
        ]
        done = subprocess.run(
            [Path(sys.executable).with_name("node"), SCRIPT],
            input="".join(lines),
            capture_output=True,
            text=True,
            check=True,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    masks = [
        answer["data"] and decode(base64.b64decode(answer["data"]), nodule.volume.shape)
        for answer, nodule in zip(answers, nodules, strict=True)
    ]
    return masks, [answer["ms"] for answer in answers]


def _line(nodule: Nodule, click: list[int], file: Path) -> str:
    nodule.volume.hu.astype("<i2").tofile(file)
    told = {
        "file": str(file),
        "shape": nodule.volume.shape,
        "spacing": nodule.volume.spacing_mm,
        "click": click,
    }
    return json.dumps(told) + "\n"


def tell(what: str, nodules: Sequence[Nodule], grown: Sequence[Mask | None]) -> None:
    """Print how well the masks grown agree with the readers'."""
    dice = [_dice(one.mask, mask) for one, mask in zip(nodules, grown, strict=True)]
    off = [
        _diameter(mask, one) - _diameter(Mask((0, 0, 0), one.mask), one)
        for one, mask in zip(nodules, grown, strict=True)
        if mask is not None
    ]
    low, high = np.percentile(off, (2.5, 97.5))
    print(
        f"  {what} ({len(nodules)}): Dice mean {np.mean(dice):.3f}, median {np.median(dice):.3f}, "
        f"at least 0.7 in {np.mean(np.greater_equal(dice, 0.7)):.2f}, "
        f"none in {sum(mask is None for mask in grown)}; "
        f"diameter off by {np.median(off):+.1f} mm (95 % from {low:+.1f} to {high:+.1f})"
    )


def _dice(readers: NDArray[np.bool_], grown: Mask | None) -> float:
    if grown is None:
        return 0.0
    whole = np.zeros_like(readers)
    box = tuple(
        slice(first, first + length)
        for first, length in zip(grown.origin, grown.voxels.shape, strict=True)
    )
    whole[box] = grown.voxels
    return float(2 * (whole & readers).sum() / (whole.sum() + readers.sum()))


def _diameter(mask: Mask, nodule: Nodule) -> float:
    return measurement.of_mask(mask, nodule.volume.affine).diameter_mm


if __name__ == "__main__":
    main()
