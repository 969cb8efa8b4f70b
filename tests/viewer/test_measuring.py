"""The browser measures a mask as the server does, to the last digit."""

import base64
import json
import subprocess
from dataclasses import asdict

import numpy as np
import pytest
from scipy import ndimage

from lungcore.findings.mask import Mask, encode
from lungcore.findings.measurement import calipers, of_mask
from tests.viewer.test_viewer_scripts import NODE, ROOT

SPACINGS = ((2.5, 0.7, 0.7), (1.25, 0.8, 0.6), (0.625, 0.9765625, 0.9765625))


def _masks(count: int) -> list[tuple[Mask, tuple[float, float, float]]]:
    """Blobs of many sizes, some in pieces, some of one voxel."""
    rng = np.random.default_rng(5)
    found = []
    for number in range(count):
        shape = tuple(int(n) for n in rng.integers(1, (8, 30, 30)))
        smooth = ndimage.gaussian_filter(rng.standard_normal(shape), rng.uniform(0, 2))
        voxels = smooth >= np.quantile(smooth, rng.uniform(0, 0.95))
        found.append((Mask((3, 5, 7), voxels), SPACINGS[number % len(SPACINGS)]))
    return found


@pytest.fixture(scope="module")
def masks() -> list[tuple[Mask, tuple[float, float, float]]]:
    return _masks(150)


@pytest.fixture(scope="module")
def in_browser(masks) -> list[dict]:
    sent = [
        {"mask": base64.b64encode(encode(mask)).decode(), "spacing": spacing}
        for mask, spacing in masks
    ]
    script = ROOT / "tests" / "viewer" / "measuring.mjs"
    done = subprocess.run(
        [NODE, script], input=json.dumps(sent), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_figures_are_the_servers(masks, in_browser) -> None:
    for (mask, spacing), found in zip(masks, in_browser, strict=True):
        affine = np.diag([*spacing[::-1], 1.0])[:, [2, 1, 0, 3]]
        assert found["measured"] == asdict(of_mask(mask, affine))


def test_the_axes_lie_where_the_servers_do(masks, in_browser) -> None:
    for (mask, spacing), found in zip(masks, in_browser, strict=True):
        number = int(mask.voxels.sum(axis=(1, 2)).argmax())
        assert found["calipers"]["slice"] == mask.origin[0] + number
        axes = calipers(mask.voxels[number], spacing[1], spacing[2])
        _, row, column = np.multiply(mask.origin, spacing)
        for name, axis in zip(("long", "short"), axes, strict=True):
            there = np.sort(np.subtract(found["calipers"][name], (column, row)), axis=0)
            np.testing.assert_allclose(there, np.sort(axis, axis=0), atol=1e-6)
