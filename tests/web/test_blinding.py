"""What a blinded round hides is not sent: each route is classified, those that could tell asked."""

import re
import uuid
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lungcore.findings.finding import Candidate
from lungcore.findings.labels import Drawn, DrawnSet, Voxels
from lungcore.findings.mask import Mask, encode
from lungcore.records import (
    accounts,
    database,
    detections,
    label_files,
    label_layers,
    rounds,
    studies,
    watching,
)
from lungcore.records.label_files import LabelFile
from lungcore.records.tables import LabelLayerRow
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.routes import routes
from lungcore.web.services import Services
from tests.web.conftest import PASSWORD
from tests.web.test_comparing import AFFINE, EARLIER, LATER, OTHERS, SHAPE, add

MACHINE_MM, MARK_MM = 8.53125, 7.46875  # diameters that occur nowhere else
MARK = "2.25.7707"
KNOWN_KERNEL = "B3197f"  # of the training data
CASE = f"/api/series/{LATER}"
# What a route can tell of marks. `asked`: the tests below ask it as a blinded reader. `pixels`:
# images and where they lie alone. `work`: how far work has come, never what it found. `own`: what
# the account itself brings. `nothing`: of no series.
ROUTES = {
    "/api/series/{series_uid}": "asked",
    "/api/series/{series_uid}/ahead": "asked",
    "/api/series/{series_uid}/layers/{layer}": "asked",
    "/api/series/{series_uid}/events": "asked",
    "/api/series/{series_uid}/detection": "asked",
    "/api/series/{series_uid}/adjudication": "asked",
    "/api/series/{series_uid}/masks": "own",
    "/api/series/{series_uid}/masks/{mask}": "asked",
    "/api/series/{series_uid}/priors": "pixels",
    "/api/series/{series_uid}/priors/{prior_uid}": "asked",
    "/api/series/{series_uid}/chunks/{number:int}": "pixels",
    "/api/series/{series_uid}/originals.zip": "pixels",
    "/api/jobs/{job_id}": "work",
    **dict.fromkeys(("/login", "/set-up", "/health", "/sign-out"), "nothing"),
    "/assets/{version}/{name:path}": "nothing",
}
BRINGING = ("/api/uploads", "/api/phantom")  # files that come


def test_every_route_is_classified(services: Services) -> None:
    """A new route must be put into ROUTES, and asked below if it can tell of marks."""
    paths = {route.path for route in routes(services)}
    bringing = {path for path in paths if path.startswith(BRINGING)}
    assert paths - bringing == set(ROUTES)


@pytest.fixture
def blind(reader: TestClient, services: Services, app: Starlette) -> TestClient:
    """A second reader, for whom a blinded round hides readers and machine.

    The first reader has marked and signed the case, with an outline; the machine has searched it,
    the patient's earlier scan and another patient's.
    """
    for uid, said in (
        (LATER, {"study_date": "2026-03-01"}),
        (EARLIER, {"study_date": "2025-03-01"}),
        (OTHERS, {"study_date": "2024-03-01", "patient_id": "P2"}),
    ):
        add(services, uid, MACHINE_MM, 20, **said)
    odd = ("models.out_of_range_kernel", {"kernel": "B80f", "known": KNOWN_KERNEL})
    with database.transaction(services.engine) as session:
        watching.note_inputs(session, f"job {LATER}", {}, [odd])
    version = reader.get(CASE).json()["reading"]
    for kind, payload in (
        ("add", {"finding_uid": MARK, "center_mm": [4.0, 5.0, 6.0], "diameter_mm": MARK_MM}),
        ("sign", {}),
    ):
        version = send(reader, version, kind, payload).json()["reading"]
    with database.transaction(services.engine) as session:
        account = accounts.add_account(
            session, "blind", PASSWORD, display_name="Dr Blind", roles=("annotator", "adjudicator")
        )
        rounds.make(
            session,
            name="Blind round",
            series_uids=[LATER],
            account_ids=[account.account_id],
            blinded=True,
            machine_hidden=True,
            strategy="oldest",
            reads=1,
            made_by=account.account_id,
            now=datetime.now(UTC),
        )
        _, token = accounts.sign_in(session, "blind", PASSWORD, now=datetime.now(UTC))
    client = TestClient(app, base_url="http://testserver", follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    return client


def send(client: TestClient, reading: dict, kind: str, payload: dict, uid: str = LATER):
    body = {"event_uid": str(uuid.uuid4()), "kind": kind, "payload": payload}
    body |= {"reading_id": reading["reading_id"], "version": reading["version"]}
    return client.post(f"/api/series/{uid}/events", json=body)


def tells(answer) -> bool:
    """Whether an answer holds anything of the machine's or the other reader's marks."""
    secrets = (str(MACHINE_MM), str(MARK_MM), MARK, "Dr Reader", "job 1.2", '"detector"')
    secrets += (KNOWN_KERNEL,)
    return any(secret in answer.text for secret in secrets)


def test_the_series_tells_a_blinded_reader_nothing(reader: TestClient, blind: TestClient) -> None:
    assert tells(reader.get(CASE)), "the test would see it"
    answer = blind.get(CASE)
    assert answer.status_code == 200
    assert not tells(answer)
    told = answer.json()
    assert (told["findings"], told["layers"], told["also_read_by"]) == ([], [], [])
    assert told["detection"]["state"] == "hidden"
    assert told["reading"]["round"] == "Blind round"


def test_what_to_fetch_ahead_does_not_point_to_a_finding(
    services: Services, reader: TestClient, blind: TestClient
) -> None:
    with database.transaction(services.engine) as session:
        detections.start(session, LATER, "job 1.2 again", None)
        far = [Candidate((0.0, 0.0, 38.0), MACHINE_MM, 0.9, 0.4)]
        detections.finish(session, "job 1.2 again", far, {}, {})
    middle = blind.get(f"{CASE}/ahead").json()["chunks"]
    assert middle == [0, 1], "the middle of 20 slices lies in the first 16"
    blind.get(CASE)
    assert blind.get(f"{CASE}/ahead").json()["chunks"] == middle


def test_layers_and_the_detection_are_refused(reader: TestClient, blind: TestClient) -> None:
    [layer] = reader.get(CASE).json()["layers"]
    assert reader.get(f"{CASE}/layers/{layer['id']}").status_code == 200
    assert blind.get(f"{CASE}/layers/{layer['id']}").status_code == 422
    assert blind.get(f"{CASE}/detection").json()["state"] == "hidden"
    for ask in (blind.post, blind.delete):
        answer = ask(f"{CASE}/detection")
        assert answer.status_code in (403, 422)
        assert not tells(answer)


def test_events_answer_with_the_readers_own_marks_alone(blind: TestClient) -> None:
    own = blind.get(CASE).json()["reading"]
    mark = {"finding_uid": "2.25.1", "center_mm": [1.0, 2.0, 3.0], "diameter_mm": 5.0}
    saved = send(blind, own, "add", mark)
    assert [one["finding_uid"] for one in saved.json()["findings"]] == ["2.25.1"]
    late = send(blind, own, "sign", {})
    assert late.status_code == 409
    guessed = send(blind, saved.json()["reading"], "accept", {"finding_uid": MARK})
    assert guessed.status_code == 422
    signed = send(blind, saved.json()["reading"], "sign", {})
    assert signed.status_code == 200
    for answer in (saved, late, signed, blind.get(CASE)):
        assert not tells(answer), "signing shows nothing either: the round is still open"


def test_an_outline_is_sent_to_its_reader_only(reader: TestClient, blind: TestClient) -> None:
    def keep(client: TestClient, start: int) -> str:
        data = encode(Mask((start, 2, 2), np.ones((2, 2, 2), bool)))
        return client.post(f"{CASE}/masks", content=data).json()["mask"]

    others, own = keep(reader, 1), keep(blind, 5)
    assert reader.get(f"{CASE}/masks/{others}").status_code == 200
    assert blind.get(f"{CASE}/masks/{others}").status_code == 422
    payload = {"finding_uid": "2.25.1", "center_mm": [1.0, 2.0, 3.0], "diameter_mm": 5.0}
    reading = blind.get(CASE).json()["reading"]
    send(blind, reading, "add", payload | {"mask": own})
    assert blind.get(f"{CASE}/masks/{own}").status_code == 200


def test_the_patients_other_scans_are_shut(reader: TestClient, blind: TestClient) -> None:
    prior = f"/api/series/{EARLIER}"
    [layer] = reader.get(prior).json()["layers"]
    asked = [
        blind.get(prior),
        blind.get(f"{prior}/ahead"),
        blind.get(f"{prior}/detection"),
        blind.get(f"{prior}/layers/{layer['id']}"),
        blind.get(f"{prior}/masks/{'0a' * 32}"),
        blind.get(f"{CASE}/priors/{EARLIER}"),
        blind.get(f"{prior}/priors/{LATER}"),
        send(blind, {"reading_id": 1, "version": 0}, "sign", {}, EARLIER),
    ]
    assert [answer.status_code for answer in asked] == [422] * len(asked)
    assert not any(tells(answer) for answer in asked)
    assert tells(blind.get(f"/api/series/{OTHERS}")), "another patient's are open"


def test_who_reads_blinded_cannot_adjudicate(services: Services, blind: TestClient) -> None:
    answers = [
        ask(blind)
        for uid in (LATER, EARLIER)
        for ask in (
            lambda client, uid=uid: client.get(f"/api/series/{uid}/adjudication"),
            lambda client, uid=uid: client.post(
                f"/api/series/{uid}/adjudication", json={"seq": 0, "kind": "begin", "payload": {}}
            ),
        )
    ]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert not any(tells(answer) for answer in answers)
    assert "blinded" in answers[0].text and "blinded" in answers[2].text


def test_the_worklist_counts_nothing_of_it(services: Services, blind: TestClient) -> None:
    with database.snapshot(services.engine) as session:
        account = next(a for a in accounts.list_accounts(session) if a.username == "blind")
        rows = studies.worklist(session, reader=account.account_id).rows
    told = {row.series_uid: (row.findings, row.malignancy) for row in rows}
    assert told == {LATER: (None, None), EARLIER: (None, None), OTHERS: (1, 0.4)}


def test_closing_the_round_opens_everything(services: Services, blind: TestClient) -> None:
    blind.get(CASE)
    with database.transaction(services.engine) as session:
        [part] = rounds.progress(session)
        now = datetime.now(UTC)
        rounds.close(session, part.round.round_id, closed_by=part.account_id, now=now)
    assert tells(blind.get(CASE))
    assert blind.get(f"/api/series/{EARLIER}").status_code == 200


def test_a_round_that_shows_the_machine_still_hides_readers(
    services: Services, reader: TestClient, blind: TestClient
) -> None:
    with database.transaction(services.engine) as session:
        [part] = rounds.progress(session)
        now = datetime.now(UTC)
        rounds.close(session, part.round.round_id, closed_by=part.account_id, now=now)
        rounds.make(
            session,
            name="Second",
            series_uids=[LATER],
            account_ids=[part.account_id],
            blinded=True,
            machine_hidden=False,
            strategy="oldest",
            reads=1,
            made_by=part.account_id,
            now=now,
        )
    answer = blind.get(CASE)
    assert str(MACHINE_MM) in answer.text
    assert MARK not in answer.text and "Dr Reader" not in answer.text
    [layer] = answer.json()["layers"]
    assert blind.get(f"{CASE}/layers/{layer['id']}").status_code == 200


ANSWER_MM = 9.59375


@pytest.fixture
def answer(services: Services) -> int:
    """A layer of labels with an outline that could be the answer of a series; its id."""
    for uid, patient_id in ((LATER, "P1"), (OTHERS, "P2")):
        add(services, uid, MACHINE_MM, 20, study_date="2026-03-01", patient_id=patient_id)
    mask = np.zeros(SHAPE, bool)
    mask[3:6, 4:9, 5:10] = True
    drawn = Drawn(name=MARK, shape=Voxels(mask, AFFINE), diameter_mm=ANSWER_MM)
    file = LabelFile(sha256="0a" * 32, file_name="consensus.json", format="json")
    with database.transaction(services.engine) as session:
        label_files.keep_file(session, file, None)
        one = DrawnSet(series_uid=LATER, reader="consensus of four", marks=(drawn,))
        label_layers.add(session, file, LATER, [one], services.masks)
        return label_layers.of_series(session, LATER)[0].layer_id


@pytest.fixture
def ask(services: Services, app: Starlette, answer: int):
    """All that a reader of both series is sent, from opening to signing, in a round with `answers`.

    Without what differs between any two rounds, readings and readers: their numbers and times.
    """

    def asked(name: str, answers: list[int], machine_hidden: bool) -> dict[str, str]:
        with database.transaction(services.engine) as session:
            maker, reader = (
                accounts.add_account(session, f"{who}-{name}", PASSWORD, display_name=f"Dr {who}")
                for who in ("maker", "reader")
            )
            rounds.make(
                session,
                name=name,
                series_uids=[LATER, OTHERS],
                account_ids=[reader.account_id],
                blinded=True,
                machine_hidden=machine_hidden,
                strategy="oldest",
                reads=1,
                answers=answers,
                made_by=maker.account_id,
                now=datetime.now(UTC),
            )
            _, token = accounts.sign_in(session, f"reader-{name}", PASSWORD, now=datetime.now(UTC))
            [queue] = rounds.progress(session, reader.account_id)
            sees = studies.worklist(session, reader=reader.account_id).rows
        client = TestClient(app, base_url="http://testserver", follow_redirects=False)
        client.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
        told = {"queue": f"{queue.done} {queue.left}", "worklist": str(sees)}
        for uid in (LATER, OTHERS):
            for path in ("", "/ahead", "/detection", "/priors", "/chunks/0"):
                told[f"{uid}{path}"] = client.get(f"/api/series/{uid}{path}").text
            own = client.get(f"/api/series/{uid}").json()["reading"]
            mark = {"finding_uid": "2.25.1", "center_mm": [1.0, 2.0, 3.0], "diameter_mm": 5.0}
            saved = send(client, own, "add", mark, uid)
            told[f"{uid} add"] = saved.text
            told[f"{uid} sign"] = send(client, saved.json()["reading"], "sign", {}, uid).text
            told[f"{uid} after"] = client.get(f"/api/series/{uid}").text
            mask = mask_of_answer(services)
            told[f"{uid} mask"] = client.get(f"/api/series/{uid}/masks/{mask}").text
        with database.snapshot(services.engine) as session:
            told["worklist after"] = str(studies.worklist(session, reader=reader.account_id).rows)
        of_any = re.compile(r'"(reading_id|account_id|\w*_at|undo_target)": ?("[^"]*"|\d+|null)')
        return {key: of_any.sub("", text.replace(name, "NAME")) for key, text in told.items()}

    return asked


def mask_of_answer(services: Services) -> str:
    """The outline of the answer."""
    with database.snapshot(services.engine) as session:
        return session.scalars(select(LabelLayerRow.marks)).one()[0]["mask"]


@pytest.mark.parametrize("machine_hidden", [True, False])
def test_nothing_tells_which_cases_are_references(ask, answer: int, machine_hidden: bool) -> None:
    """What a reader is sent is the same, byte for byte, whether or not a case is a reference."""
    without = ask("round-a", [], machine_hidden)
    assert ask("round-b", [answer], machine_hidden) == without
    assert {without[f"{LATER} mask"]} == {without[f"{OTHERS} mask"]}, "refused alike"
    secrets = ("consensus", MARK, str(ANSWER_MM))
    assert not any(secret in text for secret in secrets for text in without.values())
