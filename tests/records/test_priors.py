"""Which series of a patient come before which."""

import pytest

from lungcore.errors import LungcoreError
from lungcore.records import priors
from lungcore.records.database import snapshot, transaction
from lungcore.records.priors import Prior
from lungcore.records.studies import add_series

ONE = {"patient_id": "A", "patient_birth_date": "1960-01-01"}


@pytest.fixture
def add(engine, new_series):
    """Stores a series of patient A, unless told otherwise."""

    def store(uid: str, study_date: str, **said) -> None:
        new = new_series(
            series_uid=uid, study_uid=f"{uid}.1", study_date=study_date, **{**ONE, **said}
        )
        with transaction(engine) as session:
            add_series(session, new)

    return store


@pytest.fixture
def prior_of(engine):
    def ask(uid: str) -> Prior | None:
        with snapshot(engine) as session:
            return priors.latest(session, ["9.9", uid]).get(uid)

    return ask


def test_the_prior_is_of_the_latest_earlier_study(add, prior_of) -> None:
    for n, day in enumerate(("2023-05-01", "2025-05-01", "2024-05-01", "2026-05-01")):
        add(f"1.{n}", day)
    assert prior_of("1.1") == Prior("1.2", "2024-05-01")
    assert prior_of("1.3") == Prior("1.1", "2025-05-01")
    assert prior_of("1.0") is None


def test_of_one_study_the_series_with_most_slices_is_the_prior(add, prior_of) -> None:
    add("1.0", "2026-05-01")
    for uid, slices in (("1.1", 60), ("1.2", 300), ("1.3", 100)):
        add(uid, "2025-05-01", slices=slices)
    assert prior_of("1.0") == Prior("1.2", "2025-05-01")


@pytest.mark.parametrize(
    "said",
    [
        {"patient_birth_date": "1961-01-01"},
        {"patient_id": "B"},
        {"verdict": "refuse"},
        {"study_date": ""},
        {"study_date": "2026-05-01"},
    ],
)
def test_what_is_no_prior(add, prior_of, said) -> None:
    add("1.0", "2026-05-01")
    add("1.1", **{"study_date": "2025-05-01", **said})
    assert prior_of("1.0") is None


def test_no_patient_id_is_no_patient(engine, add, prior_of) -> None:
    add("1.0", "2026-05-01", patient_id="")
    add("1.1", "2025-05-01", patient_id="")
    assert prior_of("1.0") is None
    with snapshot(engine) as session:
        assert priors.of_patient(session, "1.0") == []


def test_a_patients_series_are_told_latest_first(engine, add) -> None:
    add("1.0", "2024-05-01")
    add("1.1", "2026-05-01")
    add("1.2", "2025-05-01", verdict="refuse")
    with snapshot(engine) as session:
        found = priors.of_patient(session, "1.0")
        assert [one.series_uid for one in found] == ["1.1", "1.0"]
        with pytest.raises(LungcoreError, match=r"9\.9"):
            priors.of_patient(session, "9.9")
