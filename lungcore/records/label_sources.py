"""All that readers say of all series, by series: places, sizes and ratings, and no voxels.

One reader has one say on a series: a signed reading before a layer of the same name, and of layers
the one that was added last.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lungcore.findings.dataset import Labels, Source
from lungcore.findings.labels import LabelSet
from lungcore.records import label_layers, signed
from lungcore.records.tables import LabelLayerRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one reader says of a series. labels: how a dataset names it.

    is_whole: not where a reading was signed with findings of the machine undecided.
    """

    labels: Labels
    marks: LabelSet
    is_whole: bool


def by_series(
    session: Session,
    sources: Collection[Source],
    readers: Sequence[str] = (),
    *where: ColumnElement[bool],
) -> dict[str, list[Said]]:
    """What readers say, of each series_uid. readers: of these alone; none for all.

    where: of `SeriesRow`.
    """
    found: dict[str, dict[str, Said]] = {}
    if "layers" in sources:
        named = [LabelLayerRow.reader.in_(readers)] if readers else []
        for one in _layers(session, *where, *named):
            found.setdefault(one.marks.series_uid, {})[one.labels.reader] = one
    if "readings" in sources:
        for reading in signed.signed(session, *where):
            if not readers or reading.reader in readers:
                said = Said(
                    labels=Labels(
                        reader=reading.reader,
                        sha256=reading.sha256,
                        last_event=reading.last_event,
                    ),
                    marks=reading.labels(),
                    is_whole=reading.is_decided,
                )
                found.setdefault(reading.series_uid, {})[reading.reader] = said
    return {uid: list(of_series.values()) for uid, of_series in found.items()}


def reader_names(session: Session) -> list[str]:
    """Everybody who labelled anything: readers of layers and of signed readings."""
    layers = set(session.scalars(select(LabelLayerRow.reader).distinct()))
    return sorted(layers | set(signed.readers(session)))


def _layers(session: Session, *where: ColumnElement[bool]) -> list[Said]:
    rows = session.execute(
        select(SeriesRow.series_uid, LabelLayerRow.reader, LabelLayerRow.content_sha256)
        .add_columns(LabelLayerRow.marks)
        .join(SeriesRow, SeriesRow.series_id == LabelLayerRow.series_id)
        .where(*where)
        .order_by(LabelLayerRow.label_layer_id)
    )
    return [
        Said(
            labels=Labels(reader=reader, sha256=sha256),
            marks=LabelSet(
                series_uid=series_uid,
                reader=reader,
                marks=tuple(label_layers.place_of(mark) for mark in marks),
            ),
            is_whole=True,
        )
        for series_uid, reader, sha256, marks in rows
    ]
