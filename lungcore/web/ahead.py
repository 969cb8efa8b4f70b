"""What the browser fetches of a study before the reader opens it."""

import numpy as np

from lungcore.findings.finding import Finding
from lungcore.records.pixels import CHUNK_SLICES
from lungcore.records.studies import SeriesRecord

CHUNKS = 3  # enough for the first minute of reading; more would hold up the present study


def first_chunks(series: SeriesRecord, finding: Finding | None) -> list[int]:
    """The chunks that the viewer will ask for first: around the slice that it opens on."""
    opens_on = float(series.slices // 2)
    if finding is not None:
        affine = np.reshape(series.affine, (4, 4))
        opens_on = float(np.linalg.solve(affine, [*finding.center_mm, 1.0])[0])
    focus = (opens_on + 0.5) / CHUNK_SLICES - 0.5
    chunks = range(-(-series.slices // CHUNK_SLICES))
    return sorted(chunks, key=lambda number: (abs(number - focus), -number))[:CHUNKS]
