"""What the strategies of rounds order cases by, read from the database for many series at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.findings.ordering import Case, disagreement, uncertainty
from lungcore.findings.reading import SAID
from lungcore.records import readings
from lungcore.records.tables import DetectionRow, MachineFindingRow, ReadingRow, SeriesRow


def cases(session: Session, series_ids: Sequence[int], strategy: str) -> list[Case]:
    """The series as cases, with what the strategy asks for."""
    wanted = set(series_ids)
    sure = _uncertainties(session, wanted) if strategy == "uncertainty" else {}
    apart = _disagreements(session, wanted) if strategy == "disagreement" else {}
    return [
        Case(
            number=row.series_id,
            study_date=row.study_date,
            uncertainty=sure.get(row.series_id),
            disagreement=apart.get(row.series_id),
            stratum=_stratum(row),
        )
        for row in _series(session, wanted)
    ]


def _series(session: Session, wanted: set[int]) -> Iterator[SeriesRow]:
    rows = session.execute(
        select(
            SeriesRow.series_id,
            SeriesRow.study_date,
            SeriesRow.manufacturer,
            SeriesRow.convolution_kernel,
            SeriesRow.slice_thickness_mm,
            SeriesRow.findings,
            SeriesRow.malignancy,
        )
    )
    return (row for row in rows if row.series_id in wanted)  # type: ignore[misc]


def _stratum(row: SeriesRow) -> tuple[object, ...]:
    """How it was made, how many findings it has, how malignant the worst looks."""
    thickness = None if row.slice_thickness_mm is None else round(row.slice_thickness_mm)
    worst = None if row.malignancy is None else int(row.malignancy * 3)
    return row.manufacturer, row.convolution_kernel, thickness, min(row.findings, 3), worst


def _uncertainties(session: Session, wanted: set[int]) -> dict[int, float | None]:
    """By series, from its latest detection done."""
    latest = {
        series_id: detection_id
        for series_id, detection_id in session.execute(
            select(DetectionRow.series_id, DetectionRow.detection_id)
            .where(DetectionRow.state == "done")
            .order_by(DetectionRow.finished_at, DetectionRow.detection_id)
        )
        if series_id in wanted
    }
    probabilities: dict[int, list[float]] = defaultdict(list)
    for detection_id, probability in session.execute(
        select(MachineFindingRow.detection_id, MachineFindingRow.probability)
    ):
        probabilities[detection_id].append(probability)
    return {one: uncertainty(probabilities[detection]) for one, detection in latest.items()}


def _disagreements(session: Session, wanted: set[int]) -> dict[int, float | None]:
    """By series, of the signed readings of all readers and rounds; excluded scans say nothing."""
    signed = session.execute(
        select(ReadingRow.series_id, ReadingRow.reading_id).where(ReadingRow.signed_at.is_not(None))
    )
    by_series: dict[int, list[int]] = defaultdict(list)
    for series_id, reading_id in signed:
        if series_id in wanted:
            by_series[series_id].append(reading_id)
    return {
        series_id: disagreement(
            [
                [finding for finding in state.findings if finding.state in SAID]
                for state in (readings.load(session, one).state for one in ids)
                if not state.scan.excluded
            ]
        )
        for series_id, ids in by_series.items()
        if len(ids) > 1
    }
