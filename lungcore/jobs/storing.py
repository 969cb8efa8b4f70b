"""One series: judged, decoded, stored and remembered in one transaction."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from lungcore.dicom.geometry import Stack
from lungcore.dicom.header import Header, Slice
from lungcore.dicom.pixels import read_hu, read_stored
from lungcore.dicom.problems import FileError
from lungcore.dicom.verdict import content_remarks, judge
from lungcore.errors import LungcoreError
from lungcore.imaging.volume import Volume
from lungcore.jobs.gathering import DISK_FULL, Advance, FileProblem, Kept
from lungcore.jobs.results import SeriesResult, new_series, refused, result_of
from lungcore.jobs.stored import Stored, find_stored, stored_files, without_damaged, without_known
from lungcore.records import database, studies
from lungcore.records.encoding import CHUNK_SLICES, VolumeWriter
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.records.studies import NewSeries, Reason

SAMPLE_STEP_MM = 5.0  # between the slices that the content is judged by


class SeriesStore:
    """Stores series, each whole or not at all. `advance` is told how many slices were decoded."""

    def __init__(
        self, engine: Engine, originals: OriginalStore, pixels: PixelStore, advance: Advance
    ) -> None:
        self._engine = engine
        self._originals = originals
        self._pixels = pixels
        self._advance = advance
        self._problems: list[FileProblem] = []

    def store(self, files: Sequence[Kept]) -> SeriesResult:
        """Store the series that `files`, and those stored of it before, make up.

        Raises OSError when the disk is full; any other problem refuses this series alone.
        """
        uid = files[0].header.series_uid
        try:
            return self._add(files, find_stored(self._engine, uid))
        except LungcoreError as error:
            return refused(uid, (Reason(error.key, error.values),), len(files))
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            values = {"file": error.filename or uid, "problem": error.strerror or str(error)}
            return refused(uid, (Reason("importing.unreadable", values),), len(files))

    def take_problems(self) -> list[FileProblem]:
        """The files that could not be used since this was last asked."""
        problems, self._problems = self._problems, []
        return problems

    def _add(self, given: Sequence[Kept], before: Stored | None) -> SeriesResult:
        before = without_damaged(before, self._replaceable(given, before))
        fresh, problems = without_known(given, before)
        self._problems += problems
        if before and not fresh and self._is_intact(before):
            return result_of(before.series, new=False)
        files = [*stored_files(before, self._originals), *fresh]
        try:
            return self._judge_and_store(files, before)
        except FileError:
            # Rarely needed, so only now: decode each file by itself to name all damaged ones.
            sound = [file for file in files if self._is_sound(file.header)]
            if not sound:
                raise
            return self._judge_and_store(sound, before)

    def _replaceable(self, given: Sequence[Kept], before: Stored | None) -> set[str]:
        """Stored images that cannot be decoded and that come again with other content."""
        known = {one.sop_uid: one.sha256 for one in before.instances} if before else {}
        again = {
            file.header.sop_uid
            for file in given
            if known.get(file.header.sop_uid, file.sha256) != file.sha256
        }
        if not again:
            return set()
        stored = [f for f in stored_files(before, self._originals) if f.header.sop_uid in again]
        return {file.header.sop_uid for file in stored if _damage(file.header)}

    def _judge_and_store(self, files: Sequence[Kept], before: Stored | None) -> SeriesResult:
        slices = [Slice(file.header, frame) for file in files for frame in file.header.frames]
        judgement = judge(slices, _same_pixels)
        if judgement.verdict == "refuse" or judgement.stack is None:
            return self._remember(new_series(files, judgement), None, before)
        stack = judgement.stack
        first = files[0].header
        shape = (len(stack.slices), *stack.matrix)
        with self._pixels.begin(
            first.series_uid, shape, stack.affine, first.frame_of_reference_uid
        ) as writer:
            judgement = judgement.with_remarks(content_remarks(self._write(stack, writer)))
            if judgement.verdict == "refuse":
                return self._remember(new_series(files, judgement), None, before)
            return self._remember(new_series(files, judgement, writer.finish()), writer, before)

    def _write(self, stack: Stack, writer: VolumeWriter) -> Volume:
        """Decode and write the volume slab by slab; returns some of its slices, evenly spaced."""
        every = max(1, round(SAMPLE_STEP_MM / stack.spacing_mm[0]))
        rows, columns = stack.matrix
        sample: list[NDArray[np.int16]] = []
        for first in range(0, len(stack.slices), CHUNK_SLICES):
            images = stack.slices[first : first + CHUNK_SLICES]
            slab = np.empty((len(images), rows, columns), np.int16)
            for target, image in zip(slab, images, strict=True):
                target[:] = read_hu(image)
            writer.append(slab)
            sample.extend(slab[-first % every :: every].copy())
            self._advance(len(images))
        return Volume(np.stack(sample), stack.affine @ np.diag((every, 1.0, 1.0, 1.0)))

    def _remember(
        self, series: NewSeries, writer: VolumeWriter | None, before: Stored | None
    ) -> SeriesResult:
        if series.verdict == "refuse" and before and before.series.verdict != "refuse":
            kept = Reason("importing.stored_stays", {})
            return refused(series.series_uid, (*series.reasons, kept), series.slices)
        with database.transaction(self._engine) as session:
            added = studies.add_series(session, series)
            if writer is not None:
                # Last before the commit: what a crash in between leaves, `clean` puts right.
                writer.put_in_place()
        return result_of(series, new=added)

    def _is_intact(self, before: Stored) -> bool:
        """Whether the stored volume can be read; if not, importing again mends it."""
        if before.series.verdict == "refuse":
            return True
        try:
            self._pixels.read(before.series.series_uid)
        except LungcoreError:
            return False
        return True

    def _is_sound(self, header: Header) -> bool:
        damage = _damage(header)
        if damage is not None:
            self._problems.append(FileProblem(header.file_name, damage.key, damage.values))
        return damage is None


def _damage(header: Header) -> FileError | None:
    """Why the pixels of a file cannot be decoded, if they cannot."""
    try:
        for frame in header.frames:
            read_stored(header, frame.index)
    except FileError as error:
        return error
    return None


def _same_pixels(one: Slice, other: Slice) -> bool:
    return np.array_equal(read_hu(one), read_hu(other))
