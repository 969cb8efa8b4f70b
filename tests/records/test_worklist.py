"""The worklist against the same thing done with plain Python lists."""

import itertools
import random

import pytest

from lungcore.records.database import snapshot, transaction
from lungcore.records.studies import add_series, worklist
from lungcore.records.tables import SeriesRow
from lungcore.records.worklist import SORT_KEYS, STATES, VERDICTS

NAMES = ["DOE^JANE", "Müller^Jürgen", "王^小明", "O'NEIL^100%", "a_b^c"]


@pytest.fixture
def filled(engine, new_series):
    chance = random.Random(1)
    with transaction(engine) as session:
        for n in range(60):
            new = new_series(
                f"1.2.{n}",
                patient_id=f"P{chance.randrange(20)}",
                patient_name=chance.choice(NAMES),
                study_date=chance.choice(["2024-01-02", "2023-11-30", ""]),
                verdict=chance.choice(["accept", "warn"]),
                accession_number=f"ACC{n}",
                series_description=chance.choice(["Lung", "Mediastinum"]),
            )
            add_series(session, new)
        for row in session.query(SeriesRow):
            row.state = chance.choice(STATES)
            row.findings = chance.randrange(5)
            row.malignancy = chance.choice([None, 0.1, 0.5, 0.9])
    with snapshot(engine) as session:
        yield session


def _everything(session):
    return list(worklist(session, sort="imported_at", descending=False, page_size=500).rows)


def _rank(row, sort):
    value = getattr(row, sort)
    if sort == "state":
        return STATES.index(value)
    return VERDICTS.index(value) if sort == "verdict" else value


def test_the_id_stands_for_a_name_that_is_not_there(filled):
    rows = worklist(filled, sort="patient_name", descending=False, page_size=500).rows
    names = [(row.patient_name, row.patient_id) for row in rows]
    assert names == sorted(names)


@pytest.mark.parametrize("descending", [True, False])
def test_sorts_by_every_key_with_unknown_values_last(filled, descending):
    rows = _everything(filled)
    for sort in SORT_KEYS:
        page = worklist(filled, sort=sort, descending=descending, page_size=50)
        every = [_rank(row, sort) for row in rows]
        known = sorted((value for value in every if value is not None), reverse=descending)
        expected = known + [None] * every.count(None)
        assert [_rank(row, sort) for row in page.rows] == expected[:50], sort


def test_pages_cut_the_list_without_gaps_or_repeats(filled):
    every = {row.series_uid for row in _everything(filled)}
    for sort in SORT_KEYS:
        pages = [worklist(filled, sort=sort, page=n, page_size=7) for n in range(1, 11)]
        assert {page.total for page in pages} == {60}
        uids = [row.series_uid for page in pages for row in page.rows]
        assert len(uids) == 60
        assert set(uids) == every
        assert pages[-1].rows == ()


@pytest.mark.parametrize(
    "search",
    ["jane", "MÜLLER", "小明", "o'neil 100%", "%", "a_b", "acc7", "1.2.33", "lung P1", "nobody"],
)
def test_search_finds_series_that_hold_every_word(filled, search):
    def holds(row, number):
        texts = (row.patient_id, row.patient_name, row.series_uid, row.series_description)
        text = " ".join([*texts, row.study_description, f"ACC{number}"]).casefold()
        return all(word in text for word in search.casefold().split())

    expected = {
        row.series_uid
        for row in _everything(filled)
        if holds(row, int(row.series_uid.rpartition(".")[2]))
    }
    found = worklist(filled, search=search, page_size=500)
    assert {row.series_uid for row in found.rows} == expected
    assert found.total == len(expected)


def test_filters_narrow_together(filled):
    choices = itertools.product([(), ("ready",), ("ready", "signed")], [(), ("warn",)], ["", "p1"])
    for states, verdicts, search in choices:
        expected = {
            row.series_uid
            for row in _everything(filled)
            if (not states or row.state in states)
            and (not verdicts or row.verdict in verdicts)
            and (not search or search in (row.patient_id + row.series_uid).casefold())
        }
        page = worklist(
            filled, search=search, states=states, verdicts=verdicts, sort="state", page_size=500
        )
        assert {row.series_uid for row in page.rows} == expected
        assert page.total == len(expected)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "affine"},
        {"page": 0},
        {"page_size": 0},
        {"page_size": 501},
        {"states": ["open"]},
        {"verdicts": ["maybe"]},
    ],
)
def test_names_the_argument_that_cannot_be(engine, wrong):
    with snapshot(engine) as session, pytest.raises(ValueError, match=next(iter(wrong))):
        worklist(session, **wrong)
