"""Uploads stream to disk, one file a request, and become an import job when they are complete."""

import errno
import shutil
import uuid
from pathlib import Path, PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lungcore.errors import LungcoreError
from lungcore.web.answers import BRINGERS, told_to_the_user
from lungcore.web.services import Services

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
SPARE_BYTES = 512 * 2**20  # the import writes the volume beside the upload


class Uploads:
    """The routes under `/api/uploads`, and the phantom that needs no upload."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        return [
            Route("/api/uploads", told_to_the_user(self.begin, BRINGERS), methods=["POST"]),
            Route(
                "/api/uploads/{upload_id}/file",
                told_to_the_user(self.file, BRINGERS),
                methods=["PUT"],
            ),
            Route(
                "/api/uploads/{upload_id}",
                told_to_the_user(self.finish, BRINGERS),
                methods=["POST"],
            ),
            Route(
                "/api/uploads/{upload_id}",
                told_to_the_user(self.cancel, BRINGERS),
                methods=["DELETE"],
            ),
            Route("/api/phantom", told_to_the_user(self.phantom, BRINGERS), methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Make room for an upload; answers its id."""
        upload_id = uuid.uuid4().hex
        folder = self.services.settings.uploads / upload_id
        for name in ("files", "incoming"):
            (folder / name).mkdir(parents=True)
        (folder / "account").write_text(str(request.state.account.account_id))
        return JSONResponse({"upload_id": upload_id}, 201)

    async def file(self, request: Request) -> Response:
        """Stream one file, named by the query value `name`, to disk."""
        folder = self._folder(request)
        name = request.query_params.get("name", "")
        target = _inside(folder / "files", name)
        expected = _length(request, name)
        self._check_room(expected)
        # Beside its place: a try that the browser gave up may still write when the next has ended.
        partial = folder / "incoming" / uuid.uuid4().hex
        try:
            received = await _receive(request, partial)
            if received < expected:
                raise LungcoreError(
                    "web.upload_short", name=name, received=received, expected=expected
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise self._no_room(expected) from error
            # A folder where this is a file, a path too long: the name does not fit here.
            raise LungcoreError("web.upload_name", name=name[:100]) from error
        finally:
            partial.unlink(missing_ok=True)
        return JSONResponse({"bytes": received}, 201)

    async def finish(self, request: Request) -> Response:
        """The upload is complete: import it in the background; answers the job's id.

        Asked again it answers the same, for a browser that did not get the first answer.
        """
        folder = self._own_folder(request)
        account_id = request.state.account.account_id
        done = folder / "done"
        is_first = not done.exists()
        done.touch()
        try:
            job_id = await run_in_threadpool(
                self.services.jobs.enqueue_import, folder.name, account_id
            )
        except Exception:
            if is_first:
                done.unlink()  # no job will take it: it may be handed over again, or dropped
            raise
        return JSONResponse({"job_id": job_id}, 202)

    async def cancel(self, request: Request) -> Response:
        """Drop an upload that was not finished."""
        await run_in_threadpool(shutil.rmtree, self._folder(request))
        return Response(status_code=204)

    async def phantom(self, request: Request) -> Response:
        """Make and import a phantom; answers the job's id."""
        account_id = request.state.account.account_id
        job_id = await run_in_threadpool(self.services.jobs.enqueue_phantom, account_id)
        return JSONResponse({"job_id": job_id}, 202)

    def _folder(self, request: Request) -> Path:
        """The folder of the request's upload, which must be this account's and unfinished."""
        folder = self._own_folder(request)
        if (folder / "done").exists():
            raise LungcoreError("web.upload_unknown", upload_id=folder.name)
        return folder

    def _own_folder(self, request: Request) -> Path:
        upload_id = request.path_params["upload_id"]
        folder = self.services.settings.uploads / upload_id
        owner = folder / "account"
        is_theirs = (
            upload_id.isalnum()
            and owner.is_file()
            and owner.read_text() == str(request.state.account.account_id)
        )
        if not is_theirs:
            raise LungcoreError("web.upload_unknown", upload_id=upload_id)
        return folder

    def _check_room(self, needed: int) -> None:
        if self._free() < needed + SPARE_BYTES:
            raise self._no_room(needed)

    def _free(self) -> int:
        return shutil.disk_usage(self.services.settings.uploads).free

    def _no_room(self, needed: int) -> LungcoreError:
        free = f"{self._free() / 1e9:.1f} GB"
        return LungcoreError("web.upload_no_room", free=free, needed=f"{needed / 1e9:.1f} GB")


def _length(request: Request, name: str) -> int:
    """What the request says its body holds: without it there is no telling whether it fits."""
    said = request.headers.get("content-length", "")
    if not said.isascii() or not said.isdigit():
        raise LungcoreError("web.upload_length", name=name)
    return int(said)


async def _receive(request: Request, target: Path) -> int:
    """Stream the body to `target`; returns how many bytes came."""
    received = 0
    # Blocks of the socket's size go to the page cache: no thread is worth its hand-over.
    with target.open("wb") as sink:
        async for block in request.stream():
            sink.write(block)
            received += len(block)
    return received


def _inside(folder: Path, name: str) -> Path:
    """The path of the file `name` ("folder/file.dcm") inside `folder`, or a LungcoreError."""
    path = PurePosixPath(name.replace("\\", "/"))  # whose root may be "//" too
    parts = path.parts
    is_plain = (
        bool(parts)
        and not path.is_absolute()
        and not any(part == ".." or "\x00" in part or len(part.encode()) > 255 for part in parts)
    )
    if not is_plain or len(name) > 2000:
        raise LungcoreError("web.upload_name", name=name[:100])
    return folder.joinpath(*parts)
