"""The list of series of which readers disagree: which, in which order, page by page."""

import pytest

from lungcore.records import (
    adjudications,
    database,
    detections,
    disputes,
    label_sources,
    rounds,
)
from tests.records.conftest import NOON
from tests.records.test_datasets import SIGN, nodule

FAR = (-70.0, -60.0, -270.0)


@pytest.fixture
def cases(engine, readers):
    """One page of the cases, as the first account sees them."""

    def shown(account_id=None, **asked):
        with database.snapshot(engine) as session:
            found = disputes.found(session)
            return disputes.cases(session, found, account_id or readers[0], **asked)

    return shown


def uids(page):
    return [case.disputed.series_uid for case in page[0]]


@pytest.fixture
def labelled(add, label):
    """Readers agree of the first, differ in one nodule of the second, in three things of the third;
    the fourth has one reader."""
    for n in range(1, 5):
        add(f"1.{n}", patient_name=f"NAME^{n}", study_date=f"2026-01-0{n}")
    label("1.1", "ann", nodule())
    label("1.1", "bob", nodule(diameter_mm=9.0))
    label("1.2", "ann", nodule(), nodule("2", FAR))
    label("1.2", "bob", nodule())
    label("1.3", "ann", nodule(malignancy=1))
    label("1.3", "bob", nodule(diameter_mm=14.0, malignancy=4), nodule("2", FAR))
    label("1.4", "ann", nodule())


def test_those_who_agree_and_those_alone_are_not_listed(labelled, cases):
    found, total = cases()
    assert total == 2
    worst, other = found
    assert worst.disputed.disputes == {"presence": 1, "malignancy": 1, "diameter": 1}
    assert (worst.disputed.series_uid, worst.disputed.nodules, worst.patient_name) == (
        "1.3",
        2,
        "NAME^3",
    )
    assert other.disputed.disputes == {"presence": 1}


def test_newest_is_by_when_a_reader_spoke_last(labelled, cases, label):
    assert uids(cases(sort="newest")) == ["1.3", "1.2"]
    label("1.2", "cid", nodule())
    assert uids(cases(sort="newest")) == ["1.2", "1.3"]
    assert uids(cases(sort="worst")) == ["1.3", "1.2"]


def test_a_search_and_a_page_choose(labelled, cases):
    assert uids(cases(search="name^2")) == ["1.2"]
    assert [uids(cases(page=n, page_size=1)) for n in (1, 2, 3)] == [["1.3"], ["1.2"], []]
    assert cases(page=2, page_size=1)[1] == 2


def test_how_a_case_stands(engine, labelled, cases, masks, readers):
    def act(uid, *events):
        for kind, payload in events:
            with database.transaction(engine) as session:
                seq = adjudications.load(session, uid, readers[0]).state.seq
                by = {"account_id": readers[0], "expected_seq": seq, "masks": masks}
                adjudications.append(session, uid, kind=kind, payload=payload, **by)

    begin, rest = ("begin", {}), ("rest", {"method": "vote", "reason": "why"})
    act("1.2", begin)
    assert {case.standing for case in cases()[0]} == {"open"}, "to look is not to begin"
    act("1.2", rest)
    act("1.3", begin, rest, ("finish", {}))
    assert [case.standing for case in cases()[0]] == ["adjudicated", "begun"]
    assert uids(cases(standings=("begun", "open"))) == ["1.2"]
    act("1.3", ("withdraw", {"reason": "why"}))
    assert uids(cases(standings=("begun",))) == ["1.3", "1.2"]


def test_what_a_blinded_round_hides_is_not_listed(engine, labelled, cases, readers):
    with database.transaction(engine) as session:
        rounds.make(
            session,
            name="Blind",
            series_uids=["1.3"],
            account_ids=[readers[0]],
            blinded=True,
            machine_hidden=False,
            strategy="oldest",
            reads=1,
            made_by=readers[1],
            now=NOON,
        )
    assert uids(cases()) == ["1.2"]
    assert uids(cases(readers[1])) == ["1.3", "1.2"]


def test_a_reading_with_undecided_findings_disputes_nothing(
    engine, add, read, label, readers, cases, candidates
):
    add("1.1")
    label("1.1", "cid", nodule())
    with database.transaction(engine) as session:
        detections.start(session, "1.1", "job", None)
        detections.finish(session, "job", candidates, {}, {})
    mark = {"finding_uid": "2.25.1", "center_mm": FAR, "diameter_mm": 8.0}
    read(readers[0], "1.1", ("add", mark), SIGN)
    assert cases() == ([], 0)
    with database.snapshot(engine) as session:
        assert len(label_sources.by_series(session)["1.1"]) == 2
