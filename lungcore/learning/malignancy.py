"""How malignant radiologists would rate a candidate, from one axial crop and its size."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.finding import Candidate
from lungcore.imaging.volume import Volume
from lungcore.learning.crops import SIDE, crop_at
from lungcore.learning.peaks import sigmoid
from lungcore.learning.runtime import Network


def rate(volume: Volume, candidates: Sequence[Candidate], network: Network) -> NDArray[np.float64]:
    """For each candidate the probability, 0 to 1, that a radiologist rates it above 3 of 5."""
    if not candidates:
        return np.empty(0)
    crops = np.stack([crop_at(volume, candidate.center_mm) for candidate in candidates])
    views = [network(np.ascontiguousarray(view)) for view in eight_views(crops[..., None])]
    diameters_mm = np.array([candidate.diameter_mm for candidate in candidates])
    return calibrate(np.mean(views, axis=0)[:, 0], diameters_mm, network.card.settings)


def eight_views(crops: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """`crops` (n, SIDE, SIDE, 1) mirrored and transposed in all ways; scores are averaged."""
    if crops.shape[1:] != (SIDE, SIDE, 1):
        raise ValueError(f"crops must be (n, {SIDE}, {SIDE}, 1), not {crops.shape}")
    mirrored = [crops[:, ::rows, ::columns] for rows in (1, -1) for columns in (1, -1)]
    return mirrored + [view.transpose(0, 2, 1, 3) for view in mirrored]


def calibrate(
    logits: NDArray, diameters_mm: NDArray, settings: Mapping[str, float]
) -> NDArray[np.float64]:
    """Probabilities from the network's logits and the diameters, by the card's logistic model."""
    linear = (
        settings["intercept"]
        + settings["slope"] * np.asarray(logits, float)
        + settings["log_diameter"] * np.log(diameters_mm)
    )
    return sigmoid(linear)
