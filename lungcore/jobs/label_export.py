"""Labels out: what readers say of a stored series, in other programs' formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lungcore.dicom.read import read_header
from lungcore.errors import LungcoreError
from lungcore.findings.consensus import vote
from lungcore.findings.finding import Finding
from lungcore.findings.labels import LabelSet, Mark
from lungcore.findings.reading import SAID
from lungcore.findings.voxels import ellipsoid, to_index
from lungcore.formats import coco, images, label_images, label_json, mark_tables, training_folder
from lungcore.records import audit, database, label_layers, readings, studies
from lungcore.records.identity import actor_name
from lungcore.records.masks import MaskStore
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.records.series import SeriesHeader
from lungcore.records.studies import InstanceRecord
from lungcore.settings import Settings


@dataclass(frozen=True, slots=True)
class Labelled:
    """A stored series, its files, and what its readers say of it."""

    series: SeriesHeader
    instances: Sequence[InstanceRecord]
    sets: Sequence[LabelSet]

    def agreed(self) -> LabelSet:
        """One set: the nodules that more than half of the readers marked."""
        return vote(self.sets, self.series.grid)


def labelled(engine: Engine, series_uid: str, storage: Path) -> Labelled:
    """What readers say of a series: layers of files, and the readings that are signed.

    A reading's reader is called by the number of the account, and of the round if it is of one. A
    reading that excludes the scan says nothing of it. Raises LungcoreError when the series
    is unknown or was refused.
    """
    masks = MaskStore(storage)
    with database.snapshot(engine) as session:
        series = studies.series(session, series_uid)
        if series.verdict == "refuse":
            raise LungcoreError("records.series_refused", series_uid=series_uid)
        signed = [
            readings.load(session, one.reading_id)
            for one in readings.of_series(session, series_uid)
            if one.signed_at is not None
        ]
        sets = [
            *label_layers.label_sets(session, series_uid, masks),
            *(_reading(one, series, masks) for one in signed if not one.state.scan.excluded),
        ]
        return Labelled(series, studies.instances(session, series_uid), sets)


def export(
    settings: Settings,
    series_uid: str,
    format_name: str,
    out: Path,
    *,
    readers: Sequence[str] = (),
    account_id: int | None = None,
) -> list[Path]:
    """Write the labels of a series, of all its readers or of some; returns what was written.

    format_name: one of FORMATS. Raises LungcoreError when there are no labels or `out` cannot be.
    """
    engine = database.connect(settings.database_url)
    try:
        found = _of_readers(labelled(engine, series_uid, settings.storage), readers)
        written = FORMATS[format_name](found, out, settings)
        _tell_audit(engine, found, format_name, account_id)
    finally:
        engine.dispose()
    return written


def _of_readers(found: Labelled, readers: Sequence[str]) -> Labelled:
    uid = found.series.series_uid
    if not found.sets:
        raise LungcoreError("labels.none", series_uid=uid)
    known = sorted({labels.reader for labels in found.sets})
    for reader in readers:
        if reader not in known:
            names = ", ".join(known)
            raise LungcoreError(
                "labels.reader_unknown", reader=reader, series_uid=uid, readers=names
            )
    chosen = [labels for labels in found.sets if not readers or labels.reader in readers]
    return Labelled(found.series, found.instances, chosen)


def _tell_audit(engine: Engine, found: Labelled, format_name: str, account_id: int | None) -> None:
    with database.transaction(engine) as session:
        audit.append(
            session,
            actor=actor_name(session, account_id),
            action="labels.exported",
            subject=found.series.series_uid,
            detail={"format": format_name, "readers": [labels.reader for labels in found.sets]},
        )


def _reading(reading: readings.ReadingRecord, series: SeriesHeader, masks: MaskStore) -> LabelSet:
    marks = [
        mark_of(finding, series, masks)
        for finding in reading.state.findings
        if finding.state in SAID
    ]
    name = f"account-{reading.account_id}"
    if reading.round is not None:
        name += f"-round-{reading.round.round_id}"
    return LabelSet(series_uid=series.series_uid, reader=name, marks=tuple(marks))


def mark_of(finding: Finding, series: SeriesHeader, masks: MaskStore) -> Mark:
    """The finding as a mark, rated as its reader did: the machine's attributes are no ratings."""
    mask = None
    if finding.mask is not None:
        mask = masks.read(series, finding.mask)
    elif finding.axes_mm is not None:
        mask = ellipsoid(finding.center_mm, finding.axes_mm, series.grid)
    return Mark(
        name=finding.finding_uid,
        kind="nodule",
        center_mm=finding.center_mm,
        diameter_mm=finding.diameter_mm,
        attributes=dict(finding.label.attributes) if finding.label else {},
        mask=mask,
    )


def _luna16(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    mark_tables.write_annotations([found.agreed()], out)
    return [out]


def _marks(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    mark_tables.write_marks(found.sets, out)
    return [out]


def _coco(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    coco.write([(labels, found.series.grid) for labels in found.sets], out)
    return [out]


def _json(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    label_json.write([(labels, found.series.grid) for labels in found.sets], out)
    return [out]


def _nifti(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    """One file a reader: `out` itself for one, else with the reader's name in it."""
    if not images.is_image(out):
        suffixes = ", ".join(images.SUFFIXES)
        raise LungcoreError("labels.image_suffix", path=out, suffixes=suffixes)
    written = []
    for labels in found.sets:
        path = out if len(found.sets) == 1 else _beside(out, labels.reader)
        numbers = label_images.label_map(labels.nodules, found.series.grid)
        images.write(numbers, found.series.grid.affine, path)
        written.append(path)
    return written


def _beside(out: Path, reader: str) -> Path:
    stem = images.stem(out)
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in reader)
    return out.with_name(f"{stem}-{safe}{out.name[len(stem) :]}")


def _seg(found: Labelled, out: Path, settings: Settings) -> list[Path]:
    from lungcore.dicom.write_segmentation import write_segmentation  # half a second to load

    write_segmentation(found.sets, found.series.grid, _sources(found, settings), out)
    return [out]


def _sources(found: Labelled, settings: Settings) -> Mapping[int, Path]:
    """The original file of each slice. Raises LungcoreError when one is missing."""
    originals, grid = OriginalStore(settings.storage), found.series.grid
    sources = {}
    for instance in found.instances:
        path = originals.path(instance.sha256)
        header = read_header(path, instance.file_name)
        for frame in header.frames if header else ():
            if frame.position_mm is not None:
                sources[round(float(to_index(grid, frame.position_mm)[0]))] = path
    for number in range(grid.shape[0]):
        if number not in sources:
            raise LungcoreError("labels.seg_slice", number=number + 1)
    return sources


def _training(found: Labelled, out: Path, settings: Settings) -> list[Path]:
    volume = PixelStore(settings.storage).read(found.series.series_uid)
    training_folder.write([(found.agreed(), volume)], out)
    return [out]


FORMATS: Mapping[str, Callable[[Labelled, Path, Settings], list[Path]]] = {
    "luna16": _luna16,
    "marks": _marks,
    "coco": _coco,
    "nifti": _nifti,
    "seg": _seg,
    "json": _json,
    "training": _training,
}
