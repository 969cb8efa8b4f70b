"""A dataset version: a manifest of what is learnt from, which never changes, and its id.

The id is the SHA-256 of the manifest in its one canonical form: the same content, the same id,
wherever and whenever it is frozen. Who froze it and when is no part of it. A patient's id is no
part of it either: series of one patient share the lowest of their SeriesInstanceUIDs.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

FORMAT, VERSION = "lungcore.dataset", 1
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Source = Literal["readings", "layers"]
SOURCES: tuple[Source, ...] = ("readings", "layers")
Shares = tuple[int, int, int]
Consensus = Literal["vote", "each", "adjudicated"]
CONSENSUS: tuple[Consensus, ...] = ("vote", "each", "adjudicated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What goes into a version, and where its labels come from.

    sources: signed readings, layers of imported files. readers: of these alone; none for all.
    consensus: `vote`, the nodules that more than half of a series' readers marked, `each` reader's
        labels by themselves, or `adjudicated`, what an adjudicator decided; a series of which
        none has decided is then left out. The other rules choose the series all the same.
    least_readers: fewer, and a series is left out. thickest_mm: distance of its slices at most.
    phantoms: whether series of no patient count. without: series that are left out.
    shares: train, validation and test of 100 patients, by chance that `seed` and the patient
        decide alone, so that a patient stays in a split as sets grow; None where splits were given.
    Raises ValueError for what cannot be.
    """

    sources: tuple[Source, ...] = SOURCES
    readers: tuple[str, ...] = ()
    consensus: Consensus = "vote"
    least_readers: int = 1
    thickest_mm: float | None = None
    phantoms: bool = False
    without: tuple[str, ...] = ()
    shares: Shares | None = (70, 15, 15)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("sources", "readers", "without"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        if self.shares is not None:
            object.__setattr__(self, "shares", tuple(self.shares))
        if self.thickest_mm is not None:
            object.__setattr__(
                self, "thickest_mm", float(self.thickest_mm)
            )  # 2 is 2.0, also in JSON
        if not self.sources or not set(self.sources) <= set(SOURCES):
            raise ValueError(f"sources cannot be {self.sources}; known: {', '.join(SOURCES)}")
        if self.consensus not in CONSENSUS:
            raise ValueError(f"consensus cannot be {self.consensus}; known: {', '.join(CONSENSUS)}")
        if self.least_readers < 1:
            raise ValueError(f"least_readers must be at least 1, not {self.least_readers}")
        if self.shares is not None and (min(self.shares) < 0 or sum(self.shares) != 100):
            raise ValueError(f"shares must be none negative and 100 in all, not {self.shares}")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Labels:
    """What one reader says of a series.

    sha256: of the content of a label layer, or of the events of a reading. last_event: of a
    reading, the event that it was frozen at; "" for a layer.
    """

    reader: str
    sha256: str
    last_event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A series of a version. patient: the lowest series_uid that the patient has in it."""

    series_uid: str
    patient: str
    pixel_hash: str
    split: Split
    labels: tuple[Labels, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a version says; entries in the order of their series, labels of their readers."""

    rules: Rules
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, rules: Rules, entries: Iterable[Entry]) -> Self:
        """The manifest of entries in whatever order. Raises ValueError for a series twice."""
        found = list(entries)
        if len({entry.series_uid for entry in found}) != len(found):
            raise ValueError("entries must hold each series once")
        lowest: dict[str, str] = {}
        for entry in found:
            known = lowest.get(entry.patient, entry.series_uid)
            lowest[entry.patient] = min(known, entry.series_uid)
        ordered = [
            replace(one, patient=lowest[one.patient], labels=tuple(sorted(one.labels)))
            for one in sorted(found, key=lambda entry: entry.series_uid)
        ]
        return cls(rules=rules, entries=tuple(ordered))

    @property
    def dataset_id(self) -> str:
        """The SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """The manifest as JSON: names in order, no spaces."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "rules": asdict(self.rules),
            "series": [asdict(entry) for entry in self.entries],
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def parse(cls, canonical: str) -> Self:
        """The manifest of its JSON. Raises ValueError when it is of another format."""
        content = json.loads(canonical)
        if (content["format"], content["version"]) != (FORMAT, VERSION):
            raise ValueError(f"format {content['format']} version {content['version']}")
        return cls(
            rules=Rules(**content["rules"]),
            entries=tuple(_entry(given) for given in content["series"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a later version has otherwise, as SeriesInstanceUIDs in order; `rules`: their names."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    relabelled: tuple[str, ...]
    moved: Mapping[str, tuple[Split, Split]]
    other_pixels: tuple[str, ...]
    rules: tuple[str, ...]


def difference(first: Manifest, second: Manifest) -> Difference:
    """What `second` has otherwise than `first`."""
    one, other = ({e.series_uid: e for e in manifest.entries} for manifest in (first, second))
    both = [(entry, other[uid]) for uid, entry in one.items() if uid in other]
    return Difference(
        added=tuple(uid for uid in other if uid not in one),
        removed=tuple(uid for uid in one if uid not in other),
        relabelled=tuple(a.series_uid for a, b in both if a.labels != b.labels),
        moved={a.series_uid: (a.split, b.split) for a, b in both if a.split != b.split},
        other_pixels=tuple(a.series_uid for a, b in both if a.pixel_hash != b.pixel_hash),
        rules=tuple(
            field.name
            for field in fields(Rules)
            if getattr(first.rules, field.name) != getattr(second.rules, field.name)
        ),
    )


def split_of(patient_id: str, shares: Shares, seed: int) -> Split:
    """The split of a patient, by a hash of seed and id: the same in every set that holds them."""
    drawn = hashlib.sha256(f"{seed}:{patient_id}".encode()).digest()
    place = int.from_bytes(drawn[:8], "big") / 2**64 * 100
    train, validation, _ = shares
    if place < train:
        return "train"
    return "validation" if place < train + validation else "test"


def _entry(given: Mapping[str, Any]) -> Entry:
    return Entry(**{**given, "labels": tuple(Labels(**labels) for labels in given["labels"])})
