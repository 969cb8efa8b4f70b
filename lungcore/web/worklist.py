"""The worklist between the browser and the records: what the reader chose to see, and the rows."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from lungcore.records.priors import Prior
from lungcore.records.studies import WorklistRow

SORTS = ("patient_name", "study_date", "verdict", "state", "findings", "malignancy", "imported_at")
STATES = ("imported", "detecting", "ready", "in_review", "signed")
VERDICTS = ("accept", "warn", "refuse")
UNSEARCHED = frozenset({"imported", "detecting", "refused"})
LONGEST_SEARCH = 200
LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class View:
    """What the reader has chosen to see."""

    search: str = ""
    states: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    sort: str = "imported_at"
    descending: bool = True
    page: int = 1

    @classmethod
    def from_browser(cls, sent: dict[str, Any]) -> "View":
        """The view that the browser sent; what is no choice on the page is left out."""
        search, sort, page = sent.get("search"), sent.get("sort"), sent.get("page")
        return cls(
            search=search[:LONGEST_SEARCH] if isinstance(search, str) else "",
            states=_chosen(sent.get("states"), STATES),
            verdicts=_chosen(sent.get("verdicts"), VERDICTS),
            sort=sort if sort in SORTS else "imported_at",
            descending=sent.get("descending") is not False,
            page=min(max(1, page), LAST_PAGE) if isinstance(page, int) else 1,
        )


def describe_row(row: WorklistRow, prior: Prior | None, language: str) -> dict[str, Any]:
    """A row as the browser shows it; no count of findings before a detection has ended."""
    return {
        "series_uid": row.series_uid,
        "patient_id": row.patient_id,
        "patient_name": row.patient_name,
        "study_date": row.study_date,
        "prior": asdict(prior) if prior else None,
        "study_description": row.study_description,
        "series_description": row.series_description,
        "slices": row.slices,
        "slice_mm": row.spacing_mm[0],
        "verdict": row.verdict,
        "reasons": [reason.text(language) for reason in row.reasons],
        "state": row.state,
        "findings": None if row.state in UNSEARCHED else row.findings,
        "malignancy": row.malignancy,
        "phantom": row.phantom,
        "imported_at": row.imported_at.isoformat(),
    }


def _chosen(sent: object, choices: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in choices if name in sent) if isinstance(sent, list) else ()
