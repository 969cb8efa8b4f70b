"""The masks that readers draw: `storage/masks/SERIES_UID/SHA256`, named by their content.

They are kept as `lungcore.findings.mask` encodes them. A series that has events keeps its volume,
so a box stays where it is. A mask that no event names, for the browser was closed between the two,
is in nobody's way.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lungcore.errors import LungcoreError
from lungcore.findings import measurement
from lungcore.findings.mask import Mask, decode, encode
from lungcore.records.pixels import UID
from lungcore.records.series import SeriesHeader, Voxelled

SHA256 = re.compile(r"[0-9a-f]{64}")


class MaskStore:
    """The masks under `storage`."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "masks"

    def add(self, series: Voxelled, data: bytes) -> str:
        """Keep the mask that `data` encodes; returns its id. The same mask is kept once.

        Raises LungcoreError when it is no mask of a box within the volume.
        """
        content = encode(decode(data, series.shape))
        sha256 = hashlib.sha256(content).hexdigest()
        place = self._path(series.series_uid, sha256)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{uuid.uuid4().hex}")
            beside.write_bytes(content)
            beside.replace(place)
        return sha256

    def read(self, series: Voxelled, sha256: str) -> Mask:
        """The mask of that id. Raises LungcoreError when the series has none."""
        path = self._path(series.series_uid, sha256)
        try:
            return decode(path.read_bytes(), series.shape)
        except FileNotFoundError as error:
            raise _unknown(series.series_uid, sha256) from error

    def measured(self, series: SeriesHeader, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload of an event with what its shape measures, and its diameter from that.

        payload: as `lungcore.findings.reading` lists them, its fields checked. A sphere without
        calipers measures nothing but its diameter. Raises LungcoreError when the mask is not kept.
        """
        given = {name: value for name, value in payload.items() if name != "measured"}
        affine = np.array(series.affine, float).reshape(4, 4)
        if "mask" in given:
            found = measurement.of_mask(self.read(series, given["mask"]), affine)
        elif "axes_mm" in given or "calipers_mm" in given:
            axes_mm = given.get("axes_mm", (given["diameter_mm"],) * 3)
            found = measurement.of_ellipsoid(axes_mm, affine)
        else:
            return given
        if "calipers_mm" in given:
            found = measurement.by_hand(given["calipers_mm"], found.volume_mm3)
        return given | {"measured": asdict(found), "diameter_mm": found.diameter_mm}

    def _path(self, series_uid: str, sha256: str) -> Path:
        if not UID.fullmatch(series_uid) or not SHA256.fullmatch(sha256):
            raise _unknown(series_uid, sha256)
        return Path(
            f"{self._folder}/{series_uid}/{sha256}"
        )  # a join at a time takes thrice as long


def _unknown(series_uid: str, sha256: str) -> LungcoreError:
    return LungcoreError("records.mask_unknown", mask=sha256[:64], series_uid=series_uid[:64])
