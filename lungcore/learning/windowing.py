"""HU as the networks see them."""

import numpy as np
from numpy.typing import NDArray


def normalise(hu: NDArray, window_hu: tuple[int, int]) -> NDArray[np.float32]:
    """HU to a network's input: the window from -1 to 1, clipped."""
    lowest, highest = window_hu
    values = np.clip(hu, lowest, highest).astype(np.float32)
    values -= (highest + lowest) / 2
    values /= (highest - lowest) / 2
    return values
