"""What the viewer gets and sends: pixels bit for bit; events once, in order, a reader's own."""

import gzip
import hashlib
import io
import uuid
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from numcodecs import Zstd
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lungcore.findings.finding import Candidate
from lungcore.findings.mask import Mask, encode
from lungcore.imaging.layers import Layer
from lungcore.imaging.volume import Volume
from lungcore.records import accounts, database, detections, studies, watching
from lungcore.records.studies import NewInstance, NewSeries, Reason
from lungcore.records.tables import AuditRow, ReadingRow
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.services import Services
from tests.web.conftest import PASSWORD

UID = "1.2.826.0.1.3680043.8.498.1"
SHAPE = (20, 24, 32)
FILES = [b"first file", b"second file"]
RANDOM = np.random.default_rng(2)
LAYERS = [
    Layer("lungs", RANDOM.integers(0, 2, (4, 5, 6), np.uint8), (3, 4, 6), (1, 2, 2)),
    Layer("nodule", RANDOM.integers(0, 2, (2, 3, 3), np.uint8), (4, 5, 7), candidate=0),
    Layer(
        "attribution", RANDOM.integers(0, 256, (3, 7, 2), np.uint8), (4, 4, 7), (1, 1, 1), 0, 0.25
    ),
]


@pytest.fixture
def hu() -> np.ndarray:
    return np.random.default_rng(1).integers(-1024, 3071, SHAPE).astype(np.int16)


@pytest.fixture
def stored(services: Services, hu: np.ndarray, tmp_path) -> str:
    """A series of noise with one finding of the machine; returns its UID."""
    affine = np.diag([2.0, 0.7, 0.7, 1.0])[[2, 1, 0, 3]]
    pixel_hash = services.pixels.write(UID, Volume(hu, affine))
    instances = []
    for number, content in enumerate(FILES):
        path = tmp_path / f"file{number}"
        path.write_bytes(content)
        sha256 = services.originals.add(path, move=False)
        assert sha256 == hashlib.sha256(content).hexdigest()
        instances.append(
            NewInstance(
                sop_uid=f"{UID}.{number}",
                sha256=sha256,
                size_bytes=len(content),
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                file_name=f"file{number}",
            )
        )
    unsaid = ("patient_birth_date", "patient_sex", "study_time", "study_description")
    unsaid += ("accession_number", "series_description", "manufacturer", "body_part")
    new = NewSeries(
        series_uid=UID,
        study_uid="1.2.3",
        patient_id="P1",
        patient_name="Doe^Jane",
        study_date="2026-01-02",
        series_number=1,
        convolution_kernel="B30f",
        slice_thickness_mm=2.0,
        verdict="warn",
        reasons=(Reason("importing.step_reading", {}),),
        slices=SHAPE[0],
        rows=SHAPE[1],
        columns=SHAPE[2],
        spacing_mm=(2.0, 0.7, 0.7),
        affine=tuple(affine.ravel()),
        frame_of_reference_uid="1.2.4",
        pixel_hash=pixel_hash,
        phantom=False,
        instances=tuple(instances),
        **dict.fromkeys(unsaid, ""),
    )
    with database.transaction(services.engine) as session:
        studies.add_series(session, new)
        detections.start(session, UID, "job-1", None)
        found = [Candidate((1.0, 2.0, 3.0), 8.0, 0.9, 0.4)]
        shown = [(services.layers.add(layer.values), layer) for layer in LAYERS]
        detections.finish(session, "job-1", found, {"detector": "1"}, {"total": 1.0}, shown)
    return UID


def opened(client: TestClient) -> dict:
    answer = client.get(f"/api/series/{UID}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def event(version: int, kind: str, **payload: object) -> dict:
    return {"event_uid": str(uuid.uuid4()), "version": version, "kind": kind, "payload": payload}


def send(client: TestClient, sent: dict):
    reading_id = opened(client)["reading"]["reading_id"]
    return client.post(f"/api/series/{UID}/events", json={"reading_id": reading_id} | sent)


def pixel_hash(hu: np.ndarray) -> str:
    """As records.pixels defines it: SHA-256 over shape and little-endian HU."""
    return hashlib.sha256(
        np.array(hu.shape, "<i8").tobytes() + hu.astype("<i2").tobytes()
    ).hexdigest()


def test_the_series_is_described(reader: TestClient, stored: str, hu: np.ndarray) -> None:
    answer = opened(reader)
    assert answer["series"]["patient_name"] == "Doe^Jane"
    assert answer["series"]["affine"][:4] == [0.0, 0.0, 0.7, 0.0]
    assert answer["pixels"] == {"chunks": 2, "chunk_slices": 16, "volume": pixel_hash(hu)}
    assert answer["reading"]["reader"] == "Dr Reader"
    assert answer["reading"]["signed"] is False
    [finding] = answer["findings"]
    assert finding["center_mm"] == [1.0, 2.0, 3.0]
    assert finding["state"] == "machine"
    assert answer["detection"]["state"] == "done"
    assert answer["detection"]["models"] == {"detector": "1"}


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_a_chunk_decodes_to_the_same_voxels(
    reader: TestClient, stored: str, hu: np.ndarray, encoding: str
) -> None:
    found = []
    for number in range(2):
        path = f"/api/series/{UID}/chunks/{number}"
        with reader.stream("GET", path, headers={"accept-encoding": encoding}) as answer:
            assert answer.headers["content-encoding"] == encoding
            assert answer.headers["cache-control"].startswith("private")
            coded = b"".join(answer.iter_raw())
        shuffled = gzip.decompress(coded) if encoding == "gzip" else Zstd().decode(coded)
        planes = np.frombuffer(shuffled, np.uint8).reshape(2, -1).astype(np.uint16)
        deltas = (planes[0] + (planes[1] << 8)).astype(np.uint16)
        found.append(np.cumsum(deltas, dtype=np.uint16).view(np.int16).reshape(16, *SHAPE[1:]))
    np.testing.assert_array_equal(np.concatenate(found)[: SHAPE[0]], hu)


def test_a_chunk_is_of_the_volume_that_was_asked_for(reader: TestClient, stored: str) -> None:
    path = f"/api/series/{UID}/chunks/0"
    volume = opened(reader)["pixels"]["volume"]
    named = reader.get(path, params={"volume": volume})
    assert "immutable" in named.headers["cache-control"]
    assert reader.get(path, params={"volume": "0" * 64}).status_code == 422


def test_a_chunk_that_is_not_there_is_told(reader: TestClient, stored: str) -> None:
    answer = reader.get(f"/api/series/{UID}/chunks/2")
    assert answer.status_code == 422
    assert UID in answer.json()["error"]


def test_a_chunk_of_what_is_no_series_is_told(reader: TestClient) -> None:
    answer = reader.get("/api/series/no-uid/chunks/0")
    assert answer.status_code == 422
    assert "no-uid" in answer.json()["error"]


def test_layers_are_described_and_decode_to_the_same_values(
    reader: TestClient, stored: str
) -> None:
    answer = opened(reader)
    [finding] = answer["findings"]
    owners = [None, finding["finding_uid"], finding["finding_uid"]]
    for told, layer, owner in zip(answer["layers"], LAYERS, owners, strict=True):
        assert told == {
            "id": hashlib.sha256(layer.values.tobytes()).hexdigest(),
            "kind": layer.kind,
            "finding_uid": owner,
            "origin": list(layer.origin),
            "step": list(layer.step),
            "shape": list(layer.values.shape),
            "top": layer.top,
        }
        path = f"/api/series/{UID}/layers/{told['id']}"
        for encoding, decode in (("zstd", Zstd().decode), ("gzip", gzip.decompress)):
            with reader.stream("GET", path, headers={"accept-encoding": encoding}) as sent:
                assert sent.headers["content-encoding"] == encoding
                assert sent.headers["cache-control"] == "private, max-age=86400, immutable"
                content = decode(b"".join(sent.iter_raw()))
            values = np.frombuffer(content, np.uint8).reshape(told["shape"])
            np.testing.assert_array_equal(values, layer.values)


def test_layers_are_those_of_the_findings_that_the_reader_sees(
    reader: TestClient, services: Services, stored: str
) -> None:
    before = opened(reader)
    uid = before["findings"][0]["finding_uid"]
    send(reader, event(before["reading"]["version"], "accept", finding_uid=uid))
    with database.transaction(services.engine) as session:
        detections.start(session, UID, "job-2", None)
        detections.finish(session, "job-2", [], {}, {})
    assert opened(reader)["layers"] == before["layers"]


def test_a_detection_of_before_has_no_layers(
    reader: TestClient, services: Services, stored: str
) -> None:
    with database.transaction(services.engine) as session:
        detections.start(session, UID, "job-2", None)
        detections.finish(session, "job-2", [], {}, {})
    assert opened(reader)["layers"] == []


def test_a_layer_is_given_only_to_who_signed_in_and_as_part_of_its_series(
    reader: TestClient, anybody: TestClient, services: Services, stored: str
) -> None:
    layer = opened(reader)["layers"][0]["id"]
    assert anybody.get(f"/api/series/{UID}/layers/{layer}").status_code == 401
    assert reader.get(f"/api/series/{UID}.1/layers/{layer}").status_code == 422
    of_no_series = services.layers.add(np.ones((1, 1, 1), np.uint8))
    for name in (of_no_series, "0" * 64, "no-hash"):
        answer = reader.get(f"/api/series/{UID}/layers/{name}")
        assert answer.status_code == 422
        assert name in answer.json()["error"]


def test_an_event_is_saved_and_survives_a_reload(reader: TestClient, stored: str) -> None:
    before = opened(reader)
    uid = before["findings"][0]["finding_uid"]
    answer = send(reader, event(before["reading"]["version"], "accept", finding_uid=uid))
    assert answer.status_code == 200
    after = opened(reader)
    assert after["findings"][0]["state"] == "accepted"
    assert after["findings"] == answer.json()["findings"]
    assert after["can_undo"] is True


def test_the_same_event_sent_twice_counts_once(reader: TestClient, stored: str) -> None:
    before = opened(reader)
    sent = event(0, "reject", finding_uid=before["findings"][0]["finding_uid"], reason="vessel")
    sent["version"] = before["reading"]["version"]
    first, second = send(reader, sent), send(reader, sent)
    assert first.json() == second.json()


def test_an_event_made_against_an_older_version_is_told(reader: TestClient, stored: str) -> None:
    before = opened(reader)
    uid, version = before["findings"][0]["finding_uid"], before["reading"]["version"]
    assert send(reader, event(version, "accept", finding_uid=uid)).status_code == 200
    late = send(reader, event(version, "reject", finding_uid=uid, reason="scar"))
    assert late.status_code == 409
    assert late.json()["findings"][0]["state"] == "accepted"
    assert late.json()["error"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"{}",
        b'{"event_uid": 1, "reading_id": 1, "version": "x", "kind": [], "payload": 3}',
        b'{"event_uid": "e", "reading_id": 1, "version": 0, "kind": "accept", "payload": {"x": 1}}',
        b'{"event_uid": "e", "reading_id": 1, "version": 0, "kind": "dance", "payload": {}}',
        b'{"event_uid": "e", "reading_id": 1, "version": 0, "kind": "reopen", "payload": {}}',
        b'{"event_uid": "e", "reading_id": 1, "version": 0, "kind": "\\ud800", "payload": {}}',
        b"[" * 50_000,
        b"{" + b" " * 100_000,
    ],
)
def test_what_is_no_event_is_refused_and_changes_nothing(
    reader: TestClient, stored: str, sent: bytes
) -> None:
    before = opened(reader)
    assert reader.post(f"/api/series/{UID}/events", content=sent).status_code in (409, 422)
    assert opened(reader)["findings"] == before["findings"]


def test_a_signed_reading_takes_no_mark_until_it_is_reopened(
    reader: TestClient, stored: str
) -> None:
    version = opened(reader)["reading"]["version"]
    signed = send(reader, event(version, "sign")).json()
    assert signed["reading"]["signed"] is True
    uid = signed["findings"][0]["finding_uid"]
    version = signed["reading"]["version"]
    assert send(reader, event(version, "accept", finding_uid=uid)).status_code == 422
    reopened = send(reader, event(version, "reopen", reason="second look")).json()
    assert reopened["reading"]["signed"] is False


def test_another_reader_has_a_reading_of_their_own(
    reader: TestClient, app: Starlette, services: Services, stored: str
) -> None:
    version = opened(reader)["reading"]["version"]
    uid = opened(reader)["findings"][0]["finding_uid"]
    send(reader, event(version, "reject", finding_uid=uid, reason="vessel"))
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "second", PASSWORD, display_name="Dr Second")
        _, token = accounts.sign_in(session, "second", PASSWORD, now=datetime.now(UTC))
    second = TestClient(app, base_url="http://testserver")
    second.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    answer = opened(second)
    assert answer["findings"][0]["state"] == "machine"
    assert [other["reader"] for other in answer["also_read_by"]] == ["Dr Reader"]


def test_others_marks_are_sent_once_both_have_signed(
    reader: TestClient, app: Starlette, services: Services, stored: str
) -> None:
    added = {"finding_uid": "2.25.77", "center_mm": [4.0, 5.0, 6.0], "diameter_mm": 7.0}
    version = send(reader, event(0, "add", **added)).json()["reading"]["version"]
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "second", PASSWORD, display_name="Dr Second")
        _, token = accounts.sign_in(session, "second", PASSWORD, now=datetime.now(UTC))
    second = TestClient(app, base_url="http://testserver")
    second.cookies.set(SESSION_COOKIE, services.cookies.signed(token))

    def seen() -> str:
        return second.get(f"/api/series/{UID}").text

    assert "2.25.77" not in seen()
    send(reader, event(version, "sign"))
    assert "2.25.77" not in seen()  # the reader has signed, the second one has not
    send(second, event(opened(second)["reading"]["version"], "sign"))
    [other] = opened(second)["also_read_by"]
    assert [one["finding_uid"] for one in other["findings"] if one["state"] == "added"] == [
        "2.25.77"
    ]
    reopened = event(opened(second)["reading"]["version"], "reopen", reason="again")
    send(second, reopened)
    assert "2.25.77" not in seen()


def test_an_event_made_on_another_accounts_page_is_not_theirs(
    reader: TestClient, services: Services, stored: str
) -> None:
    before = opened(reader)
    uid, version = before["findings"][0]["finding_uid"], before["reading"]["version"]
    made = event(version, "accept", finding_uid=uid)
    made["reading_id"] = before["reading"]["reading_id"]
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "second", PASSWORD)
        _, token = accounts.sign_in(session, "second", PASSWORD, now=datetime.now(UTC))
    reader.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    answer = send(reader, made)
    assert answer.status_code == 409
    assert answer.json()["findings"][0]["state"] == "machine"
    assert opened(reader)["findings"][0]["state"] == "machine"


def test_the_original_files_come_back_byte_for_byte(reader: TestClient, stored: str) -> None:
    answer = reader.get(f"/api/series/{UID}/originals.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.read(name) for name in archive.namelist()) == sorted(FILES)
        assert {name.split("_")[1] for name in archive.namelist()} == {
            f"{UID}.0.dcm",
            f"{UID}.1.dcm",
        }


def test_roles_decide_who_brings_marks_and_steers(
    app: Starlette, services: Services, stored: str
) -> None:
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "owner", PASSWORD, roles=("model_owner",))
        _, token = accounts.sign_in(session, "owner", PASSWORD, now=datetime.now(UTC))
    owner = TestClient(app, base_url="http://testserver")
    owner.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    version = opened(owner)["reading"]["version"]
    refused = [
        send(owner, event(version, "sign")),
        owner.post(f"/api/series/{UID}/masks", content=drawn()),
        owner.post(f"/api/series/{UID}/detection"),
        owner.delete(f"/api/series/{UID}/detection"),
        owner.post("/api/uploads"),
        owner.post("/api/phantom"),
        owner.delete("/api/jobs/job-1"),
    ]
    assert [answer.status_code for answer in refused] == [422] * len(refused)
    assert all("clinician" in answer.json()["error"] for answer in refused)


def test_what_to_fetch_ahead_is_told_and_opens_nothing(
    reader: TestClient, services: Services, stored: str
) -> None:
    def kept() -> int:
        with database.snapshot(services.engine) as session:
            rows = (AuditRow, ReadingRow)
            return sum(session.scalar(select(func.count()).select_from(row)) for row in rows)

    before = kept()
    answer = reader.get(f"/api/series/{UID}/ahead").json()
    assert kept() == before, "no reading is made and no opening audited"
    assert answer["volume"] == opened(reader)["pixels"]["volume"]
    assert answer["chunks"] == [0, 1], "the finding lies 3 mm up, on the second slice of 2 mm"
    [finding] = opened(reader)["findings"]
    place = {"center_mm": [1.0, 2.0, 2.0 * (SHAPE[0] - 1)], "diameter_mm": 8.0}
    version = opened(reader)["reading"]["version"]
    send(reader, event(version, "edit", finding_uid=finding["finding_uid"], **place))
    assert reader.get(f"/api/series/{UID}/ahead").json()["chunks"] == [1, 0]


def test_a_study_unlike_the_training_data_is_told_with_the_warnings(
    reader: TestClient, services: Services, stored: str
) -> None:
    odd = {"kernel": "B80f", "known": "B30f"}
    before = reader.get(f"/api/series/{stored}").json()["series"]["reasons"]
    with database.transaction(services.engine) as session:
        detections.start(session, stored, "odd-job", None)
        detections.finish(session, "odd-job", [], {"detector": "1"}, {})
        watching.note_inputs(session, "odd-job", {}, [("models.out_of_range_kernel", odd)])
    told = reader.get(f"/api/series/{stored}").json()["series"]["reasons"]
    assert told[:-1] == before
    assert "B80f" in told[-1]


def test_an_unknown_series_is_told(reader: TestClient) -> None:
    answer = reader.get("/api/series/9.9.9")
    assert answer.status_code == 422
    assert "9.9.9" in answer.json()["error"]


def test_a_detection_is_queued_and_cancelled(reader: TestClient, stored: str) -> None:
    started = reader.post(f"/api/series/{UID}/detection").json()
    assert started["state"] == "queued"
    again = reader.post(f"/api/series/{UID}/detection").json()
    assert again["job_id"] == started["job_id"]
    cancelled = reader.delete(f"/api/series/{UID}/detection").json()
    assert cancelled["state"] == "cancelled"


def test_a_series_opens_though_its_detection_is_lost(
    reader: TestClient, services: Services, stored: str
) -> None:
    with database.transaction(services.engine) as session:
        detections.start(session, UID, "a job of a queue that was removed", None)
    detection = opened(reader)["detection"]
    assert detection["state"] == "failed"
    assert detection["error"]


def drawn() -> bytes:
    """A block of 3x10x8 voxels in a box that is larger."""
    voxels = np.zeros((5, 12, 12), bool)
    voxels[1:4, 1:11, 2:10] = True
    return encode(Mask((6, 4, 8), voxels))


def test_a_mask_is_kept_measured_and_read_back(reader: TestClient, stored: str) -> None:
    kept = reader.post(f"/api/series/{UID}/masks", content=drawn())
    assert kept.status_code == 201
    mask, before = kept.json()["mask"], opened(reader)
    finding = {"finding_uid": before["findings"][0]["finding_uid"], "center_mm": [1, 2, 3]}
    sent = event(before["reading"]["version"], "edit", **finding, diameter_mm=99, mask=mask)
    [edited] = send(reader, sent).json()["findings"]
    assert edited["mask"] == mask
    assert edited["measured"]["volume_mm3"] == pytest.approx(240 * 2.0 * 0.7 * 0.7, abs=0.05)
    assert 6 < edited["diameter_mm"] < 8, "measured here, whatever the browser says"
    assert opened(reader)["findings"] == [edited]
    read = reader.get(f"/api/series/{UID}/masks/{mask}")
    assert read.content == drawn()
    assert read.headers["cache-control"] == "private, no-cache"
    named = reader.get(f"/api/series/{UID}/masks/{mask}", params={"volume": "any"})
    assert "immutable" in named.headers["cache-control"]


def test_undo_and_redo_survive_a_reload(reader: TestClient, stored: str) -> None:
    before = opened(reader)
    uid, version = before["findings"][0]["finding_uid"], before["reading"]["version"]
    axes = event(version, "edit", finding_uid=uid, center_mm=[1, 2, 3], diameter_mm=8)
    axes["payload"]["axes_mm"] = [6, 8, 10]
    edited = send(reader, axes).json()
    assert (edited["can_undo"], edited["can_redo"]) == (True, False)
    undone = send(reader, event(version + 1, "undo", event_uid=edited["undo_target"])).json()
    assert undone["findings"][0]["axes_mm"] is None
    target = opened(reader)["redo_target"]
    redone = send(reader, event(version + 2, "redo", event_uid=target)).json()
    assert redone["findings"] == edited["findings"]
    assert redone["findings"][0]["axes_mm"] == [6, 8, 10]
    assert redone["can_redo"] is False


@pytest.mark.parametrize("data", [b"", drawn()[:-1], drawn() + b"\0", bytes(24), b"\xff" * 30])
def test_what_is_no_mask_is_told(reader: TestClient, stored: str, data: bytes) -> None:
    answer = reader.post(f"/api/series/{UID}/masks", content=data)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_mask_too_large_is_not_even_read(reader: TestClient, stored: str) -> None:
    answer = reader.post(f"/api/series/{UID}/masks", content=bytes(5 * 2**20))
    assert answer.status_code == 422
    assert "4096 KB" in answer.json()["error"]


def test_an_event_names_a_mask_that_is_kept(reader: TestClient, stored: str) -> None:
    before = opened(reader)
    finding = {"finding_uid": "2.25.7", "center_mm": [1, 2, 3], "diameter_mm": 5}
    made = event(before["reading"]["version"], "add", **finding, mask="0" * 64)
    assert send(reader, made).status_code == 422
    assert opened(reader)["findings"] == before["findings"]
    assert reader.get(f"/api/series/{UID}/masks/{'0' * 64}").status_code == 422
    assert reader.get(f"/api/series/{UID}/masks/secret").status_code == 422


def test_masks_are_behind_the_door(anybody: TestClient, stored: str) -> None:
    for answer in (
        anybody.post(f"/api/series/{UID}/masks", content=drawn()),
        anybody.get(f"/api/series/{UID}/masks/{'0' * 64}"),
    ):
        assert answer.status_code == 401
