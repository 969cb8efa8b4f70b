"""Uploads: streamed into their own folder, no further; imported once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lungcore.errors import LungcoreError
from lungcore.jobs.client import JobsClient
from lungcore.web.services import Services
from lungcore.web.uploads import _inside


def begun(client: TestClient) -> str:
    return client.post("/api/uploads").json()["upload_id"]


def put(client: TestClient, upload: str, name: str, content: bytes):
    return client.put(f"/api/uploads/{upload}/file", params={"name": name}, content=content)


def test_a_file_arrives_as_it_was_sent(reader: TestClient, services: Services) -> None:
    upload = begun(reader)
    content = bytes(range(256)) * 1000
    assert put(reader, upload, "study/series 1/图像.dcm", content).json() == {"bytes": 256_000}
    kept = services.settings.uploads / upload / "files" / "study" / "series 1" / "图像.dcm"
    assert kept.read_bytes() == content


def test_a_finished_upload_becomes_one_import(reader: TestClient, services: Services) -> None:
    upload = begun(reader)
    put(reader, upload, "a.dcm", b"x")
    job = reader.post(f"/api/uploads/{upload}").json()["job_id"]
    assert services.jobs.status(job).kind == "import"
    assert reader.post(f"/api/uploads/{upload}").json()["job_id"] == job
    late = put(reader, upload, "b.dcm", b"x")
    assert late.status_code == 422
    assert upload in late.json()["error"]
    assert reader.delete(f"/api/uploads/{upload}").status_code == 422


def test_an_upload_that_could_not_be_queued_can_be_tried_again(
    app: Starlette, reader: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise ConnectionError

    upload = begun(reader)
    with monkeypatch.context() as broken:
        broken.setattr(JobsClient, "enqueue_import", fails)
        patient = TestClient(app, raise_server_exceptions=False, cookies=reader.cookies)
        assert patient.post(f"/api/uploads/{upload}").status_code == 500
    assert reader.post(f"/api/uploads/{upload}").status_code == 202


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("x", "/".join(["界" * 80] * 20))])
def test_a_name_that_does_not_fit_is_told(reader: TestClient, names: tuple[str, str]) -> None:
    upload = begun(reader)
    assert put(reader, upload, names[0], b"x").status_code == 201
    assert put(reader, upload, names[1], b"x").status_code == 422


def test_a_file_is_whole_or_not_there(reader: TestClient, services: Services) -> None:
    upload = begun(reader)
    put(reader, upload, "a.dcm", b"whole")
    url, long = f"/api/uploads/{upload}/file?name=a.dcm", {"content-length": "100"}
    assert reader.put(url, content=b"cut", headers=long).status_code == 422
    folder = services.settings.uploads / upload
    assert (folder / "files" / "a.dcm").read_bytes() == b"whole"
    assert not list((folder / "incoming").iterdir())


def test_a_cancelled_upload_leaves_nothing(reader: TestClient, services: Services) -> None:
    upload = begun(reader)
    put(reader, upload, "a.dcm", b"x")
    assert reader.delete(f"/api/uploads/{upload}").status_code == 204
    assert not (services.settings.uploads / upload).exists()


@pytest.mark.parametrize("upload", ["unknown", "%2e%2e", "a.b"])
def test_an_unknown_upload_is_told(reader: TestClient, upload: str) -> None:
    assert put(reader, upload, "a.dcm", b"x").status_code in (404, 422)


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/../../x", "/etc/passwd", "//etc/passwd", "\\\\etc", "a\x00b"]
)
def test_a_name_that_leads_out_is_refused(reader: TestClient, name: str) -> None:
    assert put(reader, begun(reader), name, b"x").status_code == 422


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_every_name_stays_inside_or_is_refused(name: str) -> None:
    folder = Path("/somewhere/files")
    try:
        found = _inside(folder, name)
    except LungcoreError:
        return
    assert found != folder
    assert folder in found.parents
    assert ".." not in found.parts
