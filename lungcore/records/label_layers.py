"""Layers of labels: what one reader says of one series, only ever added.

Masks are in the store of masks, by their content. Layers are of files, or of adjudications.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lungcore.findings.labels import DrawnSet, LabelSet, Mark
from lungcore.findings.mask import LARGEST_VOXELS, Mask, encode
from lungcore.findings.placing import Placed, place
from lungcore.records import adjudication_tables, label_files
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from lungcore.records.series import SeriesHeader, SeriesRecord, Voxelled, find_series
from lungcore.records.studies import series as series_record
from lungcore.records.tables import LabelFileRow, LabelLayerRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRecord:
    """That a reader labelled a series.

    file: where it comes from; None of an adjudication. nodules: of 3 mm or more. outside: marks
        that the file has and that lie outside the stored images; where there are any, the layer
        does not tell all.
    content_sha256: of all that it says.
    """

    layer_id: int
    series_uid: str
    reader: str
    source: str
    file: LabelFile | None
    nodules: int
    outside: tuple[str, ...]
    content_sha256: str
    created_at: datetime


def add(
    session: Session, file: LabelFile, series_uid: str, sets: Sequence[DrawnSet], masks: MaskStore
) -> list[Placed] | None:
    """Place what a kept file says of a series: a layer a reader, none twice.

    None, and the file waits, when the series is not here or has no volume. No layer is added when
    there are marks and none of them lies in the series. Raises LungcoreError when a nodule's mask
    is too large.
    """
    series = session.scalar(
        select(SeriesRow).where(SeriesRow.series_uid == series_uid).with_for_update()
    )
    if series is None or series.verdict == "refuse":
        label_files.wait(session, file.sha256, series_uid)
        return None
    header = SeriesRecord.of_row(series)
    placed = [place(labels, header.grid) for labels in sets]
    if are_outside(placed):
        return placed
    row = label_files.known(session, file.sha256)
    known = _readers_of(session, series, row)
    session.add_all(
        _layer(series, header, one, masks, label_file_id=row.label_file_id)
        for one in placed
        if one.labels.reader not in known
    )
    label_files.place(session, file.sha256, series_uid)
    session.flush()
    return placed


def add_adjudicated(
    session: Session, series: SeriesRow, labels: LabelSet, masks: MaskStore
) -> LayerRecord:
    """Add what an adjudicator decided of a series; for this package.

    Raises LungcoreError when a nodule's mask is too large.
    """
    source = adjudication_tables.SOURCE
    row = _layer(series, SeriesRecord.of_row(series), Placed(labels, ()), masks, source=source)
    session.add(row)
    session.flush()
    return _record(row, series.series_uid, None)


def are_outside(placed: Sequence[Placed]) -> bool:
    """Whether there are marks, but none of them in the series."""
    return any(one.outside for one in placed) and not any(one.labels.marks for one in placed)


def of_series(session: Session, series_uid: str) -> list[LayerRecord]:
    """The layers of a series, oldest first. Raises LungcoreError when it is unknown."""
    return [_record(row, series_uid, file) for row, file in _rows(session, series_uid)]


def label_sets(
    session: Session, series_uid: str, masks: MaskStore, named: Collection[str] = ()
) -> list[LabelSet]:
    """What the layers of a series say, masks included, oldest first.

    named: of adjudications, those that count and are of these. Raises LungcoreError when the
    series or a mask is unknown.
    """
    header = series_record(session, series_uid)
    own = and_(adjudication_tables.counts(), LabelLayerRow.reader.in_(named))
    rows = _rows(session, series_uid, or_(adjudication_tables.is_of_file(), own))
    return [_labels(row, header, masks) for row, _ in rows]


def of_content(session: Session, series_uid: str, sha256: str, masks: MaskStore) -> LabelSet | None:
    """What a layer of the series says, by the hash of its content; None when there is none."""
    header = series_record(session, series_uid)
    of_series = SeriesRow.series_uid == series_uid
    row = session.scalar(
        select(LabelLayerRow)
        .join(SeriesRow, SeriesRow.series_id == LabelLayerRow.series_id)
        .where(of_series, LabelLayerRow.content_sha256 == sha256)
        .limit(1)
    )
    return None if row is None else _labels(row, header, masks)


def _labels(row: LabelLayerRow, header: SeriesHeader, masks: MaskStore) -> LabelSet:
    return LabelSet(
        series_uid=header.series_uid,
        reader=row.reader,
        marks=tuple(mark_of(mark, header, masks) for mark in row.marks),
    )


def _rows(
    session: Session, series_uid: str, *where: ColumnElement[bool]
) -> list[tuple[LabelLayerRow, LabelFile | None]]:
    series = find_series(session, series_uid)
    found = session.execute(
        select(LabelLayerRow, LabelFileRow)
        .outerjoin(LabelFileRow)
        .where(LabelLayerRow.series_id == series.series_id, *where)
        .order_by(LabelLayerRow.label_layer_id)
    )
    return [(layer, None if file is None else label_files.of_row(file)) for layer, file in found]


def _readers_of(session: Session, series: SeriesRow, file: LabelFileRow) -> set[str]:
    of_both = (
        LabelLayerRow.series_id == series.series_id,
        LabelLayerRow.label_file_id == file.label_file_id,
    )
    return set(session.scalars(select(LabelLayerRow.reader).where(*of_both)))


def _layer(
    series: SeriesRow,
    header: SeriesHeader,
    placed: Placed,
    masks: MaskStore,
    *,
    label_file_id: int | None = None,
    source: str = "imported",
) -> LabelLayerRow:
    labels, outside = placed.labels, list(placed.outside)
    marks = [stored(mark, header, masks) for mark in labels.marks]
    content = {"reader": labels.reader, "marks": marks, "outside": outside}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return LabelLayerRow(
        series_id=series.series_id,
        label_file_id=label_file_id,
        reader=labels.reader,
        source=source,
        nodules=len(labels.nodules),
        marks=marks,
        outside=outside,
        content_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        created_at=datetime.now(UTC),
    )


def stored(mark: Mark, header: SeriesHeader, masks: MaskStore) -> dict[str, Any]:
    """A mark as its column holds it; its mask goes to the store."""
    return {
        "name": mark.name,
        "kind": mark.kind,
        "center_mm": list(mark.center_mm),
        "diameter_mm": mark.diameter_mm,
        "attributes": dict(mark.attributes),
        "mask": masks.add(header, encode(mark.mask)) if mark.mask and _is_kept(mark) else None,
    }


def _is_kept(mark: Mark) -> bool:
    """Whether its mask is kept: of a structure larger than masks may be, place and size are."""
    is_large = mark.mask is not None and mark.mask.voxels.size > LARGEST_VOXELS
    return not (is_large and mark.kind == "structure")


def mark_of(column: dict[str, Any], series: Voxelled, masks: MaskStore) -> Mark:
    """A mark from its column, with its voxels. Raises LungcoreError when its mask is unknown."""
    mask = column["mask"]
    return place_of(column, None if mask is None else masks.read(series, mask))


def place_of(column: dict[str, Any], mask: Mask | None = None) -> Mark:
    """A mark from its column; without its voxels, where they are not given."""
    return Mark(
        name=column["name"],
        kind=column["kind"],
        center_mm=tuple(column["center_mm"]),
        diameter_mm=column["diameter_mm"],
        attributes=column["attributes"],
        mask=mask,
    )


def _record(row: LabelLayerRow, series_uid: str, file: LabelFile | None) -> LayerRecord:
    return LayerRecord(
        layer_id=row.label_layer_id,
        series_uid=series_uid,
        reader=row.reader,
        source=row.source,
        file=file,
        nodules=row.nodules,
        outside=tuple(row.outside),
        content_sha256=row.content_sha256,
        created_at=row.created_at,
    )
