"""All that readers say of all series, by series; with voxels only where they are asked for.

One reader has one say on a series: a signed reading before a layer of the same name, and of layers
the one that was added last.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.findings.dataset import SOURCES, Labels, Source
from lungcore.findings.labels import Grid, LabelSet
from lungcore.records import label_layers, signed
from lungcore.records.masks import MaskStore
from lungcore.records.tables import LabelLayerRow, ReadingRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one reader says of a series. labels: how a dataset names it.

    is_whole: not where a reading was signed with findings of the machine undecided.
    """

    labels: Labels
    marks: LabelSet
    is_whole: bool


@dataclass(frozen=True)
class _Place:
    """A series as far as masks need it."""

    series_uid: str
    slices: int
    rows: int
    columns: int
    affine: Sequence[float]

    @cached_property
    def grid(self) -> Grid:
        affine = np.array(self.affine, float).reshape(4, 4)
        return Grid((self.slices, self.rows, self.columns), affine)


def by_series(
    session: Session,
    sources: Collection[Source] = SOURCES,
    readers: Sequence[str] = (),
    masks: MaskStore | None = None,
) -> dict[str, list[Said]]:
    """What readers say, of each series_uid. readers: of these alone; none for all.

    masks: where voxels are wanted. Raises LungcoreError when a mask is unknown.
    """
    found: dict[str, dict[str, Said]] = {}
    for source, read in (("layers", _layers), ("readings", _readings)):
        for one in read(session, readers, masks) if source in sources else ():
            found.setdefault(one.marks.series_uid, {})[one.labels.reader] = one
    return {uid: list(of_series.values()) for uid, of_series in found.items()}


def reader_names(session: Session) -> list[str]:
    """Everybody who labelled anything: readers of layers and of signed readings."""
    layers = set(session.scalars(select(LabelLayerRow.reader).distinct()))
    return sorted(layers | set(signed.readers(session)))


def _layers(session: Session, readers: Sequence[str], masks: MaskStore | None) -> Iterator[Said]:
    rows = session.execute(
        select(LabelLayerRow.reader, LabelLayerRow.content_sha256, LabelLayerRow.marks)
        .add_columns(*_place_columns())
        .join(SeriesRow, SeriesRow.series_id == LabelLayerRow.series_id)
        .where(*([LabelLayerRow.reader.in_(readers)] if readers else []))
        .order_by(LabelLayerRow.label_layer_id)
    )
    for reader, sha256, stored, *columns in rows:
        place = _Place(*columns)
        marks = (
            label_layers.place_of(one) if masks is None else label_layers.mark_of(one, place, masks)
            for one in stored
        )
        yield Said(
            labels=Labels(reader=reader, sha256=sha256),
            marks=LabelSet(series_uid=place.series_uid, reader=reader, marks=tuple(marks)),
            is_whole=True,
        )


def _readings(session: Session, readers: Sequence[str], masks: MaskStore | None) -> Iterator[Said]:
    accounts = [account for reader in readers if (account := signed.account_of(reader))]
    if readers and not accounts:
        return
    where = [ReadingRow.account_id.in_(accounts)] if readers else []
    places = _places(session) if masks is not None else {}
    for reading in signed.signed(session, *where):
        yield Said(
            labels=Labels(
                reader=reading.reader, sha256=reading.sha256, last_event=reading.last_event
            ),
            marks=reading.labels(places.get(reading.series_uid), masks),
            is_whole=reading.is_decided,
        )


def _places(session: Session) -> dict[str, _Place]:
    """The series that a signed reading is of."""
    read = select(ReadingRow.series_id).where(ReadingRow.signed_at.is_not(None))
    rows = session.execute(select(*_place_columns()).where(SeriesRow.series_id.in_(read)))
    return {row.series_uid: _Place(*row) for row in rows}


def _place_columns() -> tuple:
    series = SeriesRow
    return series.series_uid, series.slices, series.rows, series.columns, series.affine
