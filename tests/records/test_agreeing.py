"""Agreement of readers over stored labels: layers and signed readings alike."""

from datetime import UTC, datetime

import pytest

from lungcore.findings.agreement import agreement_of_pairs
from lungcore.findings.labels import Drawn, DrawnSet, LabelSet, Mark
from lungcore.records import (
    agreeing,
    database,
    label_files,
    label_layers,
    label_sources,
    readings,
    rounds,
    studies,
)
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from tests.records.conftest import NOON

AFFINE = (0.0, 0.0, 0.7, -100.0, 0.0, 0.8, 0.0, -90.0, 1.25, 0.0, 0.0, -300.0, 0.0, 0.0, 0.0, 1.0)
PLACE = (-90.0, -80.0, -290.0)
UIDS = ("1.1", "1.2", "1.3")


@pytest.fixture
def masks(tmp_path):
    return MaskStore(tmp_path)


@pytest.fixture
def series(engine, new_series):
    with database.transaction(engine) as session:
        for uid in UIDS:
            given = {"slices": 40, "rows": 50, "columns": 60, "affine": AFFINE}
            studies.add_series(session, new_series(uid, patient_id=uid, **given))


@pytest.fixture
def label(engine, series, masks):
    """A file of labels of one reader."""
    count = iter(range(1, 100))

    def labelled(uid, reader, diameter_mm):
        file = LabelFile(sha256=f"{next(count):064x}", file_name="a.json", format="json")
        mark = Drawn(name="1", center=PLACE, diameter_mm=diameter_mm, attributes={"texture": 4})
        with database.transaction(engine) as session:
            label_files.keep_file(session, file, None)
            one = DrawnSet(series_uid=uid, reader=reader, marks=(mark,))
            label_layers.add(session, file, uid, [one], masks)

    return labelled


@pytest.fixture
def read(engine, series):
    """A reader marks and signs; in the shape of an egg."""

    def signed(uid, account_id, diameter_mm):
        said = [
            ("add", {"finding_uid": f"2.25.{account_id}", "center_mm": PLACE}),
            ("sign", {}),
        ]
        said[0][1].update(diameter_mm=diameter_mm, axes_mm=[diameter_mm] * 3)
        with database.transaction(engine) as session:
            reading = readings.open_reading(session, uid, account_id)
            for kind, payload in said:
                reading = readings.append(
                    session,
                    reading.reading_id,
                    event_uid=f"{uid}-{account_id}-{kind}",
                    kind=kind,
                    payload=payload,
                    account_id=account_id,
                    expected_version=reading.version,
                )

    return signed


def pairs(engine, masks, *names):
    with database.snapshot(engine) as session:
        return agreeing.agreement(session, names, masks).pairs


def test_layers_are_compared_as_the_pure_functions_compare_them(engine, label, masks):
    sizes = {"1.1": (8.0, 9.0), "1.2": (5.0, 5.5), "1.3": (12.0, 10.0)}
    sets = []
    for uid, both in sizes.items():
        for reader, diameter_mm in zip(("ann", "bob"), both, strict=True):
            label(uid, reader, diameter_mm)
            mark = Mark(
                name="1",
                kind="nodule",
                center_mm=PLACE,
                diameter_mm=diameter_mm,
                attributes={"texture": 4},
                mask=None,
            )
            sets.append(LabelSet(series_uid=uid, reader=reader, marks=(mark,)))
    label("1.1", "eve", 8.0)
    [found] = pairs(engine, masks, "ann", "bob")
    [wanted] = agreement_of_pairs(sets)
    assert (found.series, found.both, found.sized_mm) == (3, 3, wanted.sized_mm)
    assert found.diameters_mm == wanted.diameters_mm
    assert sorted(found.sized_mm) == sorted(sizes.values())


def test_readings_are_compared_with_layers_and_their_shapes_with_each_other(
    engine, label, read, readers, masks
):
    read("1.1", readers[0], 12.0)
    read("1.1", readers[1], 12.0)
    label("1.1", "ann", 11.0)
    names = [f"account-{number}" for number in readers]
    [found] = pairs(engine, masks, *names)
    assert (found.first, found.second) == tuple(names)
    assert (found.both, found.outlined, found.dice) == (1, 1, 1.0)
    [mixed] = pairs(engine, masks, names[0], "ann")
    assert (mixed.both, mixed.outlined, mixed.sized_mm) == (1, 0, [(12.0, 11.0)])


def test_readers_of_no_series_in_common_are_no_pair(engine, label, read, readers, masks):
    label("1.1", "ann", 8.0)
    label("1.2", "bob", 8.0)
    read("1.2", readers[0], 8.0)
    account = f"account-{readers[0]}"
    found = pairs(engine, masks, "ann", "bob", account)
    assert [(one.first, one.second) for one in found] == [(account, "bob")]
    with database.snapshot(engine) as session:
        assert label_sources.reader_names(session) == [account, "ann", "bob"]


def test_the_fingerprint_changes_with_what_they_say_and_with_nothing_else(
    engine, label, read, readers
):
    def fingerprint():
        with database.snapshot(engine) as session:
            return agreeing.fingerprint(session, ["ann", f"account-{readers[0]}"])

    label("1.1", "ann", 8.0)
    first = fingerprint()
    label("1.1", "eve", 8.0)
    read("1.1", readers[1], 8.0)
    assert fingerprint() == first
    label("1.1", "ann", 9.0)
    second = fingerprint()
    read("1.1", readers[0], 8.0)
    assert len({first, second, fingerprint()}) == 3


def test_what_a_round_hides_from_who_looks_is_left_out(
    engine, label, read, readers, masks, new_series
):
    with database.transaction(engine) as session:
        given = {"slices": 40, "rows": 50, "columns": 60, "affine": AFFINE}
        studies.add_series(session, new_series("1.4", patient_id="1.1", **given))
    for uid in ("1.1", "1.2", "1.4"):
        label(uid, "ann", 8.0)
        label(uid, "bob", 9.0)
    read("1.1", readers[1], 8.0)
    label("1.1", "eve", 8.0)
    names = ["ann", "bob", "eve", f"account-{readers[1]}"]

    def told(account_id):
        with database.snapshot(engine) as session:
            everybody = label_sources.reader_names(session, account_id)
            found = agreeing.agreement(session, names, masks, account_id)
            fingerprint = agreeing.fingerprint(session, names, account_id)
        series = {(one.first, one.second): one.series for one in found.pairs}
        return everybody, series, [one.reader for one in found.months], fingerprint

    before = told(readers[0])
    assert before[1]["ann", "bob"] == 3
    with database.transaction(engine) as session:
        made = rounds.make(
            session,
            name="blind",
            series_uids=["1.1"],
            account_ids=readers[:1],
            blinded=True,
            machine_hidden=False,
            strategy="random",
            reads=1,
            made_by=readers[1],
            now=NOON,
        )
    assert told(readers[1]) == before
    everybody, series, months, fingerprint = told(readers[0])
    assert (everybody, series, months) == (["ann", "bob"], {("ann", "bob"): 1}, [])
    assert fingerprint != before[3], "what is kept of one account is not shown to another"
    label("1.1", "eve", 9.0)
    assert told(readers[0])[3] == fingerprint, "not even that something changed is told"
    with database.transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=readers[1], now=NOON)
    assert told(readers[0])[:3] == before[:3]


def test_months_are_those_of_signatures(engine, label, read, readers, masks):
    label("1.1", "ann", 8.0)
    before = datetime.now(UTC)
    read("1.1", readers[0], 8.0)
    with database.snapshot(engine) as session:
        names = ["ann", f"account-{readers[0]}"]
        [month] = agreeing.agreement(session, names, masks).months
    assert (month.reader, month.both, month.alone) == (names[1], 1, 0)
    assert month.month in {f"{at:%Y-%m}" for at in (before, datetime.now(UTC))}
