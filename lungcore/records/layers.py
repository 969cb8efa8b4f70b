"""The layers of detections: their values in files under their hash, what they are in rows."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numcodecs import zstd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.imaging.layers import Layer, LayerKind, Triple
from lungcore.records.originals import SHA256
from lungcore.records.tables import DetectionRow, LayerRow, MachineFindingRow, SeriesRow

ZSTD_LEVEL = 1


class LayerStore:
    """The values of layers under `storage`: coded once, sent to the browser as they lie on disk."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "layers"

    def add(self, values: NDArray[np.uint8]) -> str:
        """Keep the values; returns the sha256, in hex, of their bytes in C order."""
        content = np.ascontiguousarray(values).reshape(-1)
        sha256 = hashlib.sha256(content.data).hexdigest()
        path = self._path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{uuid.uuid4().hex}.incoming")
            beside.write_bytes(zstd.compress(content, ZSTD_LEVEL, True))
            beside.replace(path)
        return sha256

    def coded(self, sha256: str) -> bytes:
        """The zstd-coded bytes of the values. Raises LungcoreError when they are absent."""
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise LungcoreError("records.layer_absent", layer=sha256) from error

    def values(self, layer: "LayerRecord") -> NDArray[np.uint8]:
        """The values, of the layer's shape. Raises LungcoreError when they are absent."""
        content = np.frombuffer(zstd.decompress(self.coded(layer.sha256)), np.uint8)
        return content.reshape(layer.shape)

    def clean(self, keep: set[str]) -> list[str]:
        """Remove half-written files and those outside `keep`; returns their names.

        Not while another process adds.
        """
        removed = sorted(path for path in self._folder.glob("*/*") if path.name not in keep)
        for path in removed:
            path.unlink()
        return [path.name for path in removed]

    def _path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"sha256 must be 64 lower-case hexadecimal digits, not {sha256!r}")
        return self._folder / sha256[0] / sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRecord:
    """A stored layer. sha256: names its values; the rest as in `imaging.layers.Layer`."""

    sha256: str
    kind: LayerKind
    finding_uid: str | None
    origin: Triple
    step: Triple
    shape: Triple
    top: float


def rows(
    detection_id: int, layers: Sequence[tuple[str, Layer]], ranks: Sequence[int]
) -> list[LayerRow]:
    """What is remembered of layers, each with its sha256. ranks: of the candidates, in order."""
    return [
        LayerRow(
            detection_id=detection_id,
            number=number,
            kind=layer.kind,
            rank=None if layer.candidate is None else ranks[layer.candidate],
            origin=list(layer.origin),
            step=list(layer.step),
            shape=list(layer.values.shape),
            top=layer.top,
            sha256=sha256,
        )
        for number, (sha256, layer) in enumerate(layers)
    ]


def of_detection(session: Session, detection_id: int | None) -> list[LayerRecord]:
    """The layers of a detection: the lungs', then each finding's; nothing for None."""
    found = session.execute(
        select(LayerRow, MachineFindingRow.finding_uid)
        .outerjoin(
            MachineFindingRow,
            (MachineFindingRow.detection_id == LayerRow.detection_id)
            & (MachineFindingRow.rank == LayerRow.rank),
        )
        .where(LayerRow.detection_id == detection_id)
        .order_by(LayerRow.number)
    )
    return [
        LayerRecord(
            sha256=row.sha256,
            kind=cast(LayerKind, row.kind),
            finding_uid=finding_uid,
            origin=cast(Triple, tuple(row.origin)),
            step=cast(Triple, tuple(row.step)),
            shape=cast(Triple, tuple(row.shape)),
            top=row.top,
        )
        for row, finding_uid in found
    ]


def lungs_of(session: Session, series_uid: str) -> LayerRecord | None:
    """The lungs of the series' latest detection that has them, or None."""
    detection_id = session.scalar(
        select(DetectionRow.detection_id)
        .join(SeriesRow, SeriesRow.series_id == DetectionRow.series_id)
        .join(LayerRow, LayerRow.detection_id == DetectionRow.detection_id)
        .where(SeriesRow.series_uid == series_uid, LayerRow.kind == "lungs")
        .order_by(DetectionRow.detection_id.desc())
        .limit(1)
    )
    return next((one for one in of_detection(session, detection_id) if one.kind == "lungs"), None)


def check_of_series(session: Session, series_uid: str, sha256: str) -> None:
    """Raise LungcoreError unless a detection of the series has a layer of that sha256."""
    query = (
        select(LayerRow.number)
        .join(DetectionRow, DetectionRow.detection_id == LayerRow.detection_id)
        .join(SeriesRow, SeriesRow.series_id == DetectionRow.series_id)
        .where(SeriesRow.series_uid == series_uid, LayerRow.sha256 == sha256)
    )
    if session.scalar(query.limit(1)) is None:
        raise LungcoreError("records.layer_absent", layer=sha256)
