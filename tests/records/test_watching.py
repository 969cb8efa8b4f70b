"""What readers made of each model's findings, and studies outside of the training data."""

from datetime import UTC, datetime

import pytest

from lungcore.records import detections, readings, rounds, watching
from lungcore.records.database import transaction

ADD = {"finding_uid": "2.25.5", "center_mm": [1, 2, 3], "diameter_mm": 6}
ODD = ("models.out_of_range_kernel", {"kernel": "B80f", "known": "B30f"})


@pytest.fixture
def detect(engine, stored_series, candidates):
    """A detection by a model, with what the study looked like to it."""

    def run(model, reasons=()):
        with transaction(engine) as session:
            detections.start(session, stored_series, f"job-{model}", None)
            detections.finish(session, f"job-{model}", candidates, {"detector": model}, {})
            watching.note_inputs(session, f"job-{model}", {"slice_mm": 1.0}, reasons)
            watching.note_inputs(session, f"job-{model}", {"slice_mm": 9.0}, ())

    return run


@pytest.fixture
def read(engine, stored_series):
    """A reader's decisions on the findings by rank, signed or not."""

    def done(reader, decisions, *, sign=True):
        with transaction(engine) as session:
            reading = readings.open_reading(session, stored_series, reader)
            found = [finding.finding_uid for finding in reading.state.findings]
            acts = [(kind, payload | {"finding_uid": found[n]}) for n, kind, payload in decisions]
            acts += [("add", ADD | {"finding_uid": f"2.25.{reader}"})]
            acts += [("sign", {})] if sign else []
            for number, (kind, payload) in enumerate(acts):
                reading = readings.append(
                    session,
                    reading.reading_id,
                    event_uid=f"{reader}.{number}",
                    kind=kind,
                    payload=payload,
                    account_id=reader,
                    expected_version=reading.version,
                )

    return done


EDIT = {"center_mm": [1, 2, 3], "diameter_mm": 9}


def test_signed_readings_are_counted_by_model_and_month(engine, readers, detect, read):
    detect("old")
    read(readers[0], [(0, "accept", {}), (1, "edit", EDIT), (2, "reject", {})])
    detect("new")
    read(readers[1], [(0, "reject", {"reason": "vessel"})])
    with transaction(engine) as session:
        found = {one.model: one for one in watching.verdicts(session)}
    old, new = found["old"], found["new"]
    assert (old.readings, old.findings, old.accepted, old.edited) == (1, 3, 1, 1)
    assert (old.rejected, old.undecided, old.added) == (1, 0, 1)
    assert old.acceptance == pytest.approx(2 / 3)
    assert (new.rejected, new.undecided, new.added, new.acceptance) == (1, 2, 1, 0)
    assert len(old.month) == 7


def test_readings_that_a_round_hides_are_not_counted(engine, stored_series, readers, detect, read):
    detect("old", [ODD])
    read(readers[0], [(0, "accept", {})])
    with transaction(engine) as session:
        rounds.make(
            session,
            name="blind",
            series_uids=[stored_series],
            account_ids=[readers[1]],
            blinded=True,
            machine_hidden=True,
            strategy="oldest",
            reads=1,
            made_by=readers[0],
            now=datetime.now(UTC),
        )
        assert watching.verdicts(session, shown_to=readers[1]) == []
        assert watching.inputs(session, readers[1]) == []
        assert len(watching.verdicts(session, shown_to=readers[0])) == 1


def test_unsigned_readings_say_nothing_yet(engine, readers, detect, read):
    detect("old")
    read(readers[0], [(0, "accept", {})], sign=False)
    with transaction(engine) as session:
        assert watching.verdicts(session) == []


def test_what_a_study_looked_like_is_kept_once_and_the_last_run_tells(
    engine, stored_series, detect
):
    detect("old", [ODD])
    with transaction(engine) as session:
        [reason] = watching.out_of_range(session, stored_series)
        [seen] = watching.inputs(session)
    assert "B80f" in reason.text("zh")
    assert (seen.profile, seen.model) == ({"slice_mm": 1.0}, "old")
    detect("new")
    with transaction(engine) as session:
        assert watching.out_of_range(session, stored_series) == ()
        assert [one.model for one in watching.inputs(session)] == ["new", "old"]
        assert watching.out_of_range(session, "9.9.9") == ()
