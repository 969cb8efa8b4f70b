"""Dataset versions: drafted by rules, looked at, frozen once and for all, and read again."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.balance import Nodule, Share, balance, nodules
from lungcore.findings.dataset import Entry, Labels, Manifest, Rules, Shares, Split, split_of
from lungcore.findings.labels import LabelSet
from lungcore.findings.leaks import Ancestor, leaks, learnt
from lungcore.records import audit, label_layers, label_sources, signed
from lungcore.records.dataset_tables import DatasetRow
from lungcore.records.identity import actor_name
from lungcore.records.label_sources import Said
from lungcore.records.masks import MaskStore
from lungcore.records.studies import series as series_record
from lungcore.records.tables import AccountRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What would be frozen. left_out: labelled series by why not. leaks: none, or it cannot be."""

    manifest: Manifest
    balance: Mapping[Split, Share]
    left_out: Mapping[str, int]
    leaks: Sequence[LungcoreError]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    """A frozen version. frozen_by: the account's name; "" for the command line."""

    dataset_id: str
    name: str
    frozen_by: str
    frozen_at: datetime
    balance: Mapping[Split, Share]

    @property
    def short_id(self) -> str:
        """As much of the id as people read."""
        return self.dataset_id[:12]

    @property
    def short_name(self) -> str:
        """What people call it: its name, if any, and the beginning of its id."""
        return f"{self.name} {self.short_id}".strip()


def draft(
    session: Session,
    rules: Rules,
    ancestors: Iterable[Ancestor] = (),
    given: Mapping[str, Split] | None = None,
    shown_to: int | None = None,
) -> Draft:
    """What the rules make of the labels that there are now.

    given: the split of each series, where `rules.shares` is None; series that it does not name are
    left out. shown_to: the account from which rounds may hide series: these are no part. Raises
    LungcoreError when nothing is left, and ValueError when `given` and shares are both there, or
    neither.
    """
    if (given is None) == (rules.shares is None):
        raise ValueError("given must be there when rules.shares is None, and only then")
    rows = _series(session)
    said = label_sources.by_series(session, rules.sources, rules.readers, shown_to=shown_to)
    taken = _taken(session, rules, said, shown_to)
    chosen: list[tuple[Entry, list[Nodule]]] = []
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.series_uid not in said:
            continue
        own = taken.get(row.series_uid, [])
        why = _why_not(row, rules, said[row.series_uid], own, given)
        if why:
            left_out[why] += 1
        else:
            sets = [one.marks for one in own]
            entry = _entry(row, _split(row, rules, given), [one.labels for one in own])
            chosen.append((entry, nodules(sets, rules.consensus)))
    if not chosen:
        raise LungcoreError("datasets.empty", n=sum(left_out.values()))
    entries = [entry for entry, _ in chosen]
    series_of = _series_of(rows)
    return Draft(
        manifest=Manifest.of(rules, entries),
        balance=balance((entry.split, entry.patient, found) for entry, found in chosen),
        left_out=left_out,
        leaks=leaks(entries, series_of, ancestors),
    )


def freeze(
    session: Session, draft: Draft, *, name: str = "", account_id: int | None = None
) -> tuple[str, bool]:
    """Keep a draft for good: its id, and whether it is new. The same content is kept once.

    Raises the first leak when there is any.
    """
    if draft.leaks:
        raise draft.leaks[0]
    dataset_id = draft.manifest.dataset_id
    if session.get(DatasetRow, dataset_id) is not None:
        return dataset_id, False
    session.add(
        DatasetRow(
            dataset_id=dataset_id,
            manifest=draft.manifest.canonical(),
            balance={split: asdict(share) for split, share in draft.balance.items()},
            name=name.strip(),
            account_id=account_id,
            frozen_at=datetime.now(UTC),
        )
    )
    session.flush()
    audit.append(
        session,
        actor=actor_name(session, account_id),
        action="dataset.frozen",
        subject=dataset_id,
        detail={"name": name.strip(), "series": len(draft.manifest.entries)},
    )
    return dataset_id, True


def learnt_since(
    session: Session, manifest: Manifest, ancestors: Iterable[Ancestor]
) -> list[LungcoreError]:
    """What the models have learnt of the test split of a frozen version."""
    rows = _series(session)
    series_of, patients = _series_of(rows), {row.series_uid: _patient(row) for row in rows}
    known = {
        entry.patient: series_of.get(patients.get(entry.series_uid, ""), [entry.series_uid])
        for entry in manifest.entries
    }
    return learnt(manifest.entries, known, ancestors)


def list_datasets(session: Session) -> list[DatasetRecord]:
    """All versions, the newest first."""
    rows = session.execute(
        select(DatasetRow, AccountRow.display_name)
        .outerjoin(AccountRow, AccountRow.account_id == DatasetRow.account_id)
        .order_by(DatasetRow.frozen_at.desc(), DatasetRow.dataset_id)
    )
    return [
        DatasetRecord(
            dataset_id=row.dataset_id,
            name=row.name,
            frozen_by=display_name or "",
            frozen_at=row.frozen_at,
            balance=_balance(row.balance),
        )
        for row, display_name in rows
    ]


def find(session: Session, dataset_id: str) -> Manifest:
    """The manifest of that id. Raises LungcoreError when there is none, or not as it was."""
    query = select(DatasetRow.manifest).where(DatasetRow.dataset_id == dataset_id)
    canonical = session.scalar(query)
    if canonical is None:
        raise LungcoreError("datasets.unknown", dataset_id=dataset_id[:64])
    if hashlib.sha256(canonical.encode()).hexdigest() != dataset_id:
        raise LungcoreError("datasets.changed", dataset_id=dataset_id)
    return Manifest.parse(canonical)


def resolve(session: Session, given: str) -> str:
    """The whole id of which `given` is the beginning. Raises LungcoreError unless there is one."""
    query = select(DatasetRow.dataset_id).where(
        DatasetRow.dataset_id.startswith(given, autoescape=True)
    )
    found = session.scalars(query.limit(2)).all()
    if len(found) != 1:
        key = "datasets.ambiguous" if found else "datasets.unknown"
        raise LungcoreError(key, dataset_id=given[:64])
    return found[0]


def labels_of(session: Session, entry: Entry, masks: MaskStore) -> list[LabelSet]:
    """What the readers of a series said when it was frozen, voxels included.

    Raises LungcoreError when the pixels or the labels are no longer what they were.
    """
    header = series_record(session, entry.series_uid)
    if header.pixel_hash != entry.pixel_hash:
        raise LungcoreError("datasets.pixels_changed", series_uid=entry.series_uid)
    sets = []
    for labels in entry.labels:
        found = None
        if not labels.last_event:
            found = label_layers.of_content(session, entry.series_uid, labels.sha256, masks)
        elif (reading := signed.as_of(session, labels.last_event)) is not None:
            found = reading.labels(header, masks) if reading.sha256 == labels.sha256 else None
        if found is None:
            told = {"series_uid": entry.series_uid, "reader": labels.reader}
            raise LungcoreError("datasets.labels_gone", **told)
        sets.append(found)
    return sets


def _series(session: Session) -> Sequence[Row[Any]]:
    return session.execute(
        select(SeriesRow.series_uid, SeriesRow.patient_id, SeriesRow.study_uid)
        .add_columns(SeriesRow.pixel_hash, SeriesRow.spacing_mm, SeriesRow.phantom)
        .where(SeriesRow.verdict != "refuse")
    ).all()


def _series_of(rows: Iterable[Row[Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(_patient(row), []).append(row.series_uid)
    return found


def _patient(row: Row[Any]) -> str:
    """Whose series it is; of a study without a patient's id, the study stands for the patient."""
    return str(row.patient_id or row.study_uid)


def _taken(
    session: Session, rules: Rules, said: Mapping[str, Sequence[Said]], shown_to: int | None
) -> dict[str, list[Said]]:
    """Whose labels are taken, by series: an adjudicator's, or the readers' who told all."""
    if rules.consensus == "adjudicated":
        found = label_sources.adjudicated(session, shown_to)
        return {uid: [one] for uid, one in found.items()}
    return {uid: [one for one in own if one.is_whole] for uid, own in said.items()}


def _why_not(
    row: Row[Any],
    rules: Rules,
    said: Sequence[Said],
    taken: Sequence[Said],
    given: Mapping[str, Split] | None,
) -> str:
    """Why a labelled series is left out; "" when it is not."""
    whole = [one for one in said if one.is_whole]
    if row.series_uid in rules.without:
        return "without"
    if given is not None and row.series_uid not in given:
        return "not_given"
    if row.phantom and not rules.phantoms:
        return "phantom"
    if rules.thickest_mm is not None and row.spacing_mm[0] > rules.thickest_mm:
        return "thick"
    if len(whole) < rules.least_readers:
        return "few" if len(whole) == len(said) else "undecided"
    return "" if taken else "unadjudicated"


def _split(row: Row[Any], rules: Rules, given: Mapping[str, Split] | None) -> Split:
    if given is not None:
        return given[row.series_uid]
    return split_of(_patient(row), cast(Shares, rules.shares), rules.seed)


def _entry(row: Row[Any], split: Split, labels: Sequence[Labels]) -> Entry:
    return Entry(
        series_uid=row.series_uid,
        patient=_patient(row),
        pixel_hash=row.pixel_hash,
        split=split,
        labels=tuple(labels),
    )


def _balance(stored: Mapping[Any, Mapping[str, Any]]) -> dict[Split, Share]:
    return {split: Share(**share) for split, share in stored.items()}
