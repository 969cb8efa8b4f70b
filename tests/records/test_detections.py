"""A detection is started, ends once, and leaves its findings and the series' state behind."""

import re

import pytest

from lungcore.errors import LungcoreError
from lungcore.records import audit, detections, readings
from lungcore.records.database import snapshot, transaction
from lungcore.records.studies import add_series, series
from lungcore.records.tables import AuditRow


def _findings(session, series_uid, account_id):
    return readings.open_reading(session, series_uid, account_id).state.findings


def test_start_and_finish(engine, stored_series, readers, candidates):
    with transaction(engine) as session:
        assert detections.latest(session, stored_series) is None
        started = detections.start(session, stored_series, "job-1", readers[0])
        assert (started.state, started.series_uid) == ("running", stored_series)
        assert series(session, stored_series).state == "detecting"
        assert detections.running(session) == [started]
    with transaction(engine) as session:
        detections.finish(session, "job-1", candidates, {"detector": "1"}, {"load": 0.5})
    with transaction(engine) as session:
        done = detections.latest(session, stored_series)
        assert (done.state, done.models, done.seconds) == ("done", {"detector": "1"}, {"load": 0.5})
        assert done.finished_at > done.started_at
        assert detections.running(session) == []
        stored = series(session, stored_series)
        assert (stored.state, stored.findings, stored.malignancy) == ("ready", 3, 0.9)
        found = _findings(session, stored_series, readers[0])
    ranked = sorted(candidates, key=lambda c: -c.probability)
    for finding, candidate in zip(found, ranked, strict=True):
        assert finding.center_mm == candidate.center_mm
        assert finding.diameter_mm == candidate.diameter_mm
        assert finding.probability == candidate.probability
        assert finding.malignancy == candidate.malignancy
        assert finding.attributes == candidate.attributes
        assert re.fullmatch(r"2\.25\.[1-9]\d{0,38}", finding.finding_uid)


def test_finish_is_done_once_with_the_same_uids(engine, stored_series, readers, candidates):
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", None)
        detections.finish(session, "job-1", candidates, {}, {})
        first = _findings(session, stored_series, readers[0])
        detections.finish(session, "job-1", candidates[:1], {}, {})
        assert _findings(session, stored_series, readers[0]) == first
        # The uid is a version 5 UUID (RFC 9562 5.5) of job and rank alone.
        assert first[0].finding_uid == "2.25.82130764560822104891753922470335101051"


def test_a_job_that_failed_can_run_again(engine, stored_series, candidates):
    error = ("records.series_unknown", {"series_uid": "1"})
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", None)
        detections.end(session, "job-1", "failed", error)
        failed = detections.latest(session, stored_series)
        assert (failed.state, failed.error) == ("failed", error)
        assert series(session, stored_series).state == "imported"
        again = detections.start(session, stored_series, "job-1", None)
        assert (again.state, again.error, again.finished_at) == ("running", None, None)
        detections.finish(session, "job-1", candidates, {}, {})
        detections.end(session, "job-1", "cancelled", None)
        assert detections.latest(session, stored_series).state == "done"


def test_a_cancelled_job_leaves_what_an_earlier_one_found(engine, stored_series, candidates):
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", None)
        detections.finish(session, "job-1", candidates, {}, {})
        detections.start(session, stored_series, "job-2", None)
        assert series(session, stored_series).state == "detecting"
        detections.end(session, "job-2", "cancelled", None)
        detections.finish(session, "job-2", candidates[:1], {}, {})
        assert detections.latest(session, stored_series).state == "cancelled"
        stored = series(session, stored_series)
        assert (stored.state, stored.findings) == ("ready", 3)


def test_starting_is_audited_with_who_did_it(engine, stored_series, readers):
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", readers[1])
        detections.start(session, stored_series, "job-2", None)
    with snapshot(engine) as session:
        assert audit.verify(session) == 2
        lines = [(row.actor, row.action, row.subject) for row in session.query(AuditRow)]
    assert lines == [(who, "detection.started", stored_series) for who in ("bob", "system")]


def test_what_is_unknown_or_refused_is_told(engine, new_series):
    with transaction(engine) as session:
        add_series(session, new_series("1.5", verdict="refuse", pixel_hash=""))
        for act, key in (
            (lambda: detections.start(session, "9", "j", None), "records.series_unknown"),
            (lambda: detections.start(session, "1.5", "j", None), "records.series_refused"),
            (lambda: detections.finish(session, "j", [], {}, {}), "records.detection_unknown"),
            (lambda: detections.end(session, "j", "failed", None), "records.detection_unknown"),
        ):
            with pytest.raises(LungcoreError) as refused:
                act()
            assert refused.value.key == key
