"""What readers said of a series when it was laid before an adjudicator, as a begin keeps it.

Each reader is a mapping: how a dataset names what was said (reader, sha256, last_event), and marks,
the nodules as a layer's column holds them, with the type where the reader chose one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.adjudication import lettered
from lungcore.findings.consensus import Member, members
from lungcore.findings.dataset import Labels
from lungcore.findings.disagreement import disputes
from lungcore.findings.labels import LabelSet, Mark
from lungcore.records import label_layers, label_sources
from lungcore.records.label_sources import Said
from lungcore.records.masks import MaskStore
from lungcore.records.series import SeriesRecord

LaidOut = Sequence[Mapping[str, Any]]


def lay_out(session: Session, series: SeriesRecord, masks: MaskStore) -> dict[str, Any]:
    """The payload of a begin: readers in an order by chance, and groups, the disputed ones first.

    Shapes are stored as masks. Raises LungcoreError when fewer than two readers told all.
    """
    uid = series.series_uid
    by_reader = {one.marks.reader: one for one in whole(session, uid, masks)}
    if len(by_reader) < 2:
        raise LungcoreError("adjudication.one_reader")
    said = [by_reader[reader] for reader in lettered(uid, list(by_reader))]
    sets = [_set(uid, one.marks.reader, one.marks.nodules) for one in said]

    def order(group: Sequence[Member]) -> tuple[bool, float]:
        marks = [sets[member.reader].marks[member.nodule] for member in group]
        return not disputes(marks, len(sets)), -marks[0].center_mm[2]

    return {
        "readers": [
            _reader(one, labels, series, masks) for one, labels in zip(said, sets, strict=True)
        ],
        "groups": [
            [list(member) for member in group] for group in sorted(members(sets), key=order)
        ],
    }


def whole(session: Session, series_uid: str, masks: MaskStore | None = None) -> list[Said]:
    """What the readers say who told all, between whom an adjudication is."""
    found = label_sources.by_series(session, series_uid=series_uid, masks=masks)
    return [one for one in found.get(series_uid, []) if one.is_whole]


def sources(laid_out: LaidOut) -> list[Labels]:
    """What it was made of, as a dataset would name it."""
    names = ("reader", "sha256", "last_event")
    return sorted(Labels(**{name: reader[name] for name in names}) for reader in laid_out)


def sets(laid_out: LaidOut, series: SeriesRecord, masks: MaskStore | None = None) -> list[LabelSet]:
    """The readers' nodules as decisions number them; with voxels where masks are given."""

    def mark(column: dict[str, Any]) -> Mark:
        if masks is None:
            return label_layers.place_of(column)
        return label_layers.mark_of(column, series, masks)

    uid = series.series_uid
    return [_set(uid, reader["reader"], map(mark, reader["marks"])) for reader in laid_out]


def _set(series_uid: str, reader: str, marks: Iterable[Mark]) -> LabelSet:
    return LabelSet(series_uid=series_uid, reader=reader, marks=tuple(marks))


def _reader(said: Said, labels: LabelSet, series: SeriesRecord, masks: MaskStore) -> dict[str, Any]:
    marks = [
        label_layers.stored(mark, series, masks) | {"nodule_type": _type(said, mark.name)}
        for mark in labels.marks
    ]
    return {**asdict(said.labels), "marks": marks}


def _type(said: Said, name: str) -> str:
    """The type of nodule that a reader chose in a reading; "" where none."""
    finding = None if isinstance(said.origin, str) else said.origin.state.finding(name)
    return finding.label.nodule_type if finding and finding.label else ""
