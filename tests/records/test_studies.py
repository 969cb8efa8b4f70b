"""Series are remembered whole, once, and never under a reader's hands."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from lungcore.errors import LungcoreError
from lungcore.records import detections, readings
from lungcore.records.database import snapshot, transaction
from lungcore.records.series import SeriesHeader
from lungcore.records.studies import (
    NewInstance,
    Reason,
    add_series,
    any_series,
    instances,
    known_files,
    series,
)


def test_a_series_comes_back_as_it_was_given(engine, new_series):
    reasons = (Reason("records.series_unknown", {"series_uid": "9", "n": 2}),)
    new = new_series(verdict="warn", reasons=reasons, patient_name="王^小明", series_number=None)
    with transaction(engine) as session:
        assert not any_series(session)
        assert add_series(session, new)
        assert any_series(session)
    with snapshot(engine) as session:
        stored = series(session, new.series_uid)
        files = instances(session, new.series_uid)
    for field in fields(SeriesHeader):
        assert getattr(stored, field.name) == getattr(new, field.name), field.name
    assert tuple(files) == new.instances
    assert (stored.state, stored.findings, stored.malignancy) == ("imported", 0, None)
    assert abs(stored.imported_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert "9" in stored.reasons[0].text("zh")


def test_the_same_series_again_adds_nothing(engine, new_series):
    with transaction(engine) as session:
        assert add_series(session, new_series())
        before = series(session, "1.2.3")
        twice = new_series(instances=new_series().instances * 2)
        assert not add_series(session, twice)
        assert series(session, "1.2.3") == before
        assert len(instances(session, "1.2.3")) == 3


def test_a_file_given_twice_counts_once(engine, new_series):
    with transaction(engine) as session:
        add_series(session, new_series(instances=new_series().instances * 2))
        assert len(instances(session, "1.2.3")) == 3


def _grown(new_series):
    new = new_series(slices=4, pixel_hash="cd" * 32)
    more = NewInstance(**asdict(new.instances[0]) | {"sop_uid": "1.2.3.9", "sha256": "f" * 64})
    return replace(new, instances=(*new.instances, more))


def test_a_grown_series_takes_the_place_of_the_old(engine, new_series, readers, candidates):
    with transaction(engine) as session:
        add_series(session, new_series())
        detections.start(session, "1.2.3", "job-1", None)
        detections.finish(session, "job-1", candidates, {}, {})
        seen = readings.open_reading(session, "1.2.3", readers[0])
        assert add_series(session, _grown(new_series))
        stored = series(session, "1.2.3")
        assert (stored.slices, stored.state, stored.findings) == (4, "imported", 0)
        assert detections.latest(session, "1.2.3") is None
        assert readings.open_reading(session, "1.2.3", readers[0]).version == seen.version + 1
        assert len(instances(session, "1.2.3")) == 4


def test_a_series_that_was_read_stays(engine, new_series, readers):
    with transaction(engine) as session:
        add_series(session, new_series())
        reading = readings.open_reading(session, "1.2.3", readers[0])
        readings.append(
            session,
            reading.reading_id,
            event_uid="e1",
            kind="sign",
            payload={},
            account_id=readers[0],
            expected_version=0,
        )
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        add_series(session, _grown(new_series))
    assert refused.value.key == "records.series_differs"
    with snapshot(engine) as session:
        assert series(session, "1.2.3").slices == 3


def test_one_study_is_of_one_patient(engine, new_series):
    with transaction(engine) as session:
        add_series(session, new_series("1.2.3", study_uid="7", patient_id="P1"))
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        add_series(session, new_series("1.2.4", study_uid="7", patient_id="P2"))
    assert refused.value.key == "records.study_of_other_patient"
    with transaction(engine) as session:
        assert add_series(session, new_series("1.2.4", study_uid="7", patient_id="P1"))


def test_a_refused_series_has_its_state_and_no_pixels_to_keep(engine, new_series):
    with transaction(engine) as session:
        add_series(session, new_series("1.1"))
        add_series(session, new_series("1.2", verdict="refuse", pixel_hash=""))
        assert series(session, "1.2").state == "refused"
        known = known_files(session)
    assert known.pixel_hashes == {"1.1": new_series("1.1").pixel_hash}
    assert known.sha256s == {f"{n:064x}" for n in range(3)}


def test_an_unknown_series_is_told(engine):
    with snapshot(engine) as session, pytest.raises(LungcoreError) as refused:
        series(session, "9.9")
    assert refused.value.key == "records.series_unknown"
