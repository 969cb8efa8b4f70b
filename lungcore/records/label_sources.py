"""All that readers say of all series, by series; with voxels only where they are asked for.

One reader has one say on a series: a signed reading before a layer of the same name, and of layers
the one that was added last. An adjudication says what came of what readers said: it is one of them
only where it is named, and only while it counts.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import numpy as np
from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from lungcore.findings.dataset import SOURCES, Labels, Source
from lungcore.findings.labels import Grid, LabelSet
from lungcore.findings.mask import Index
from lungcore.records import blinding, label_layers, signed
from lungcore.records.adjudication_tables import counts, is_of_file
from lungcore.records.masks import MaskStore
from lungcore.records.signed import SignedReading
from lungcore.records.tables import LabelLayerRow, ReadingRow, SeriesRow

PLACE = (SeriesRow.series_uid, SeriesRow.slices, SeriesRow.rows, SeriesRow.columns)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one reader says of a series.

    is_whole: not where a reading was signed with findings of the machine undecided.
    origin: the reading, or the hash of the layer's content.
    """

    marks: LabelSet
    is_whole: bool
    origin: SignedReading | str

    @property
    def month(self) -> str:
        """When it was signed, as 2026-03; files do not tell."""
        return "" if isinstance(self.origin, str) else f"{self.origin.signed_at:%Y-%m}"

    @cached_property
    def labels(self) -> Labels:
        """How a dataset names it."""
        reader, origin = self.marks.reader, self.origin
        if isinstance(origin, str):
            return Labels(reader=reader, sha256=origin)
        return Labels(reader=reader, sha256=origin.sha256, last_event=origin.last_event)


@dataclass(frozen=True)
class _Place:
    """A series as far as masks need it; `affine` as far as ellipsoids do."""

    series_uid: str
    slices: int
    rows: int
    columns: int
    affine: Sequence[float] = ()

    @property
    def shape(self) -> Index:
        return self.slices, self.rows, self.columns

    @property
    def grid(self) -> Grid:
        return Grid(self.shape, np.array(self.affine, float).reshape(4, 4))


def by_series(
    session: Session,
    sources: Collection[Source] = SOURCES,
    readers: Sequence[str] = (),
    masks: MaskStore | None = None,
    series_uid: str = "",
    shown_to: int | None = None,
) -> dict[str, list[Said]]:
    """What readers say, of each series_uid. readers: of these alone; none for all.

    masks: where voxels are wanted. series_uid: of this series alone; "" for all. shown_to: the
    account from which rounds may hide series.
    Raises LungcoreError when a mask is unknown.
    """
    only = [SeriesRow.series_uid == series_uid] if series_uid else []
    found: dict[str, dict[str, Said]] = {}
    of_layers = [_are_of(readers), *only, *_layers_shown(session, shown_to)]
    of_readings = [*_are_by(readers), *only, *_readings_shown(session, shown_to)]
    if "layers" in sources:
        for one in _layers(session, *of_layers, masks=masks):
            found.setdefault(one.marks.series_uid, {})[one.marks.reader] = one
    if "readings" in sources:
        for one in _readings(session, *of_readings, masks=masks):
            found.setdefault(one.marks.series_uid, {})[one.marks.reader] = one
    return {uid: list(of_series.values()) for uid, of_series in found.items()}


def adjudicated(session: Session, shown_to: int | None = None) -> dict[str, Said]:
    """What adjudicators decided, of each series_uid that has an adjudication that counts."""
    found = _layers(session, counts(), *_layers_shown(session, shown_to))
    return {one.marks.series_uid: one for one in found}


def reader_names(session: Session, shown_to: int | None = None) -> list[str]:
    """Everybody who labelled anything: readers of files and of signed readings."""
    of_files = select(LabelLayerRow.reader).where(is_of_file(), *_layers_shown(session, shown_to))
    of_readings = signed.readers(session, *_readings_shown(session, shown_to))
    return sorted(set(session.scalars(of_files.distinct())) | set(of_readings))


def adjudicator_names(session: Session, shown_to: int | None = None) -> list[str]:
    """The readers of the adjudications that count."""
    names = select(LabelLayerRow.reader).where(counts(), *_layers_shown(session, shown_to))
    return sorted(session.scalars(names.distinct()))


def versions(
    session: Session, readers: Sequence[str] = (), shown_to: int | None = None
) -> list[tuple[object, ...]]:
    """Which layers and which signed readings, as they stand, the readers have; none for all."""
    layers = session.execute(
        select(LabelLayerRow.label_layer_id, LabelLayerRow.content_sha256).where(
            _are_of(readers), *_layers_shown(session, shown_to)
        )
    )
    readings = session.execute(
        select(ReadingRow.reading_id, ReadingRow.version).where(
            ReadingRow.signed_at.is_not(None),
            *_are_by(readers),
            *_readings_shown(session, shown_to),
        )
    )
    return [*sorted(map(tuple, layers)), (), *sorted(map(tuple, readings))]


def _are_of(readers: Sequence[str]) -> ColumnElement[bool]:
    """Whether a layer is of a file or, of readers who are named, one of theirs."""
    if not readers:
        return is_of_file()
    return and_(LabelLayerRow.reader.in_(readers), or_(is_of_file(), counts()))


def _are_by(readers: Sequence[str]) -> list[ColumnElement[bool]]:
    """Whether a reading is by one of the readers: of the account, in the round of the name."""
    if not readers:
        return []
    found = [known for reader in readers if (known := signed.account_of(reader))]
    return [tuple_(ReadingRow.account_id, ReadingRow.round).in_(found)]


def _layers_shown(session: Session, account_id: int | None) -> list[ColumnElement[bool]]:
    return blinding.shown(session, LabelLayerRow.series_id, account_id)


def _readings_shown(session: Session, account_id: int | None) -> list[ColumnElement[bool]]:
    return blinding.shown(session, ReadingRow.series_id, account_id)


def _layers(
    session: Session, *where: ColumnElement[bool], masks: MaskStore | None = None
) -> Iterator[Said]:
    rows = session.execute(
        select(LabelLayerRow.label_layer_id, LabelLayerRow.reader, LabelLayerRow.content_sha256)
        .add_columns(LabelLayerRow.marks, *PLACE)
        .join(SeriesRow, SeriesRow.series_id == LabelLayerRow.series_id)
        .where(*where)
    )
    # Ordered here: asked to, SQLite walks through all layers to find those of the readers in order.
    for _, reader, sha256, stored, *columns in sorted(rows, key=itemgetter(0)):
        place = _Place(*columns)
        marks = (
            label_layers.place_of(one) if masks is None else label_layers.mark_of(one, place, masks)
            for one in stored
        )
        yield Said(
            origin=sha256,
            marks=LabelSet(series_uid=place.series_uid, reader=reader, marks=tuple(marks)),
            is_whole=True,
        )


def _readings(
    session: Session, *where: ColumnElement[bool], masks: MaskStore | None = None
) -> Iterator[Said]:
    places = _places(session, *where) if masks is not None else {}
    for reading in signed.signed(session, *where):
        yield Said(
            origin=reading,
            marks=reading.labels(places.get(reading.series_uid), masks),
            is_whole=reading.is_decided,
        )


def _places(session: Session, *where: ColumnElement[bool]) -> dict[str, _Place]:
    """The series that a signed reading is of. where: of `SeriesRow` and `ReadingRow`."""
    read = (
        select(ReadingRow.series_id)
        .join(SeriesRow, SeriesRow.series_id == ReadingRow.series_id)
        .where(ReadingRow.signed_at.is_not(None), *where)
    )
    rows = session.execute(select(*PLACE, SeriesRow.affine).where(SeriesRow.series_id.in_(read)))
    return {row.series_uid: _Place(*row) for row in rows}
