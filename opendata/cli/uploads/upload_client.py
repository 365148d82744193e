"""A portal's REST API from outside: files go up by tus over lines that break, and drafts are made of them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

from opendata.cli.core.failures import Failure
from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.portals import PortalConnection, UnreachableError
from opendata.cli.uploads.upload_memory import Memory, identify_file
from opendata.errors import N_, IntegrityError
from opendata.wording.work import say_stage

if TYPE_CHECKING:
    import requests

Result = TypeVar("Result")

PIECE_BYTES = 16 * 1024**2
"""What is sent at once. A proxy may hold a request back until it is whole: then no more than this is lost."""

_TUS = {"Tus-Resumable": "1.0.0"}
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0


class Portal(PortalConnection):
    """A portal and somebody's token for it. `patience` is how many seconds it may be out of reach."""

    def __init__(self, url: str, token: str, *, patience: float) -> None:
        super().__init__(url)
        self._patience = patience
        self._session.auth = _Bearer(token)

    def require_dataset(self, dataset: str) -> None:
        """Raises `Failure` where there is no such dataset or it takes no drafts of ours."""
        self._persist(lambda: self.ask("GET", _name_drafts(dataset), params={"limit": 1}))

    def send_file(self, path: Path, memory: Memory, on_bytes: Callable[[int], None]) -> str:
        """Send a file, or what is missing of it; returns the upload's id. `on_bytes` hears how much is there."""
        key, size = identify_file(path, self.url), path.stat().st_size
        upload, offset = memory.find(key), None
        if upload is not None:
            offset = self._persist(lambda: self._find_offset(str(upload)))
        if upload is None or offset is None:
            once, offset = secrets.token_hex(16), 0
            upload = self._persist(lambda: self._announce(path.name, size, once))
            memory.keep(key, upload)
        with path.open("rb") as file:
            while offset < size:
                on_bytes(offset)
                offset = self._send_on(upload, file, offset, size, on_bytes)
        on_bytes(size)
        self._compare(upload, path, lambda: memory.forget(key))
        return upload

    def create_draft(self, dataset: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A draft of finished uploads."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        ask = partial(self.ask, "POST", _name_drafts(dataset), json=body, headers=headers)
        return self.read(self._persist(ask))

    def submit(self, draft: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for the publication of a draft."""
        return self.read(self.ask("POST", f"/drafts/{draft}/submit", json=body))

    def wait(self, draft: str, on_progress: Callable[[float, str], None]) -> dict[str, Any]:
        """The draft once no more work on it is under way or due."""
        while True:
            answer = self._persist(lambda: self.ask("GET", f"/drafts/{draft}"))
            found = self.read(answer)
            pause = answer.headers.get("Retry-After")
            if pause is None:
                return found
            on_progress(found["progress"], say_stage(choose_voice(), found["stage"]))
            time.sleep(min(float(pause) if pause.isdigit() else 1.0, _LONGEST_PAUSE))

    def _announce(self, name: str, size: int, once: str) -> str:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, "Idempotency-Key": once}
        return str(self.read(self.ask("POST", "/uploads", headers=headers))["id"])

    def _find_offset(self, upload: str) -> int | None:
        """How much of it the portal has; None where it knows nothing of it."""
        answer = self.ask("HEAD", f"/uploads/{upload}", headers=_TUS, known=(404, 410))
        return int(answer.headers["Upload-Offset"]) if answer.ok else None

    def _send_on(self, upload: str, file: BinaryIO, offset: int, size: int, on_bytes: Callable[[int], None]) -> int:
        """Send a piece and return how much the portal has then, with as many tries as it takes."""
        broken = False

        def send() -> int:
            nonlocal offset, broken
            if broken:
                found = self._find_offset(upload)
                if found is None:
                    raise Failure(say(N_("The portal no longer has this upload. Run the command again")))
                if found != offset:
                    return found
            broken = True
            piece = _Piece(file, offset, min(PIECE_BYTES, size - offset), on_bytes)
            headers = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = self.ask("PATCH", f"/uploads/{upload}", data=piece, headers=headers, known=(409,))
            if not answer.ok:
                raise UnreachableError(answer.reason)
            return int(answer.headers["Upload-Offset"])

        return self._persist(send)

    def _compare(self, upload: str, path: Path, forget: Callable[[], None]) -> None:
        """Raises `IntegrityError` where the portal has other bytes than the file."""
        found = self.read(self._persist(lambda: self.ask("GET", f"/uploads/{upload}")))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if found["sha256"] != digest:
            forget()
            self.ask("DELETE", f"/uploads/{upload}", headers=_TUS, known=(404, 410))
            raise IntegrityError(N_("“%(path)s” changed while it was being sent. Run the command again"), path=path)

    def _persist(self, work: Callable[[], Result]) -> Result:
        """The result of some work, tried again with growing pauses while the portal can't be reached."""
        deadline, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        while True:
            try:
                return work()
            except UnreachableError as error:
                if time.monotonic() + pause > deadline:
                    raise Failure(
                        say(N_("Can't reach %(url)s: %(reason)s"), url=self.url, reason=str(error))
                    ) from error
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


class _Bearer:
    """Sends the token, whatever a `.netrc` says."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Piece:
    """Part of a file as the body of a request, telling how far it is read."""

    def __init__(self, file: BinaryIO, offset: int, length: int, on_bytes: Callable[[int], None]) -> None:
        file.seek(offset)
        self._file, self._at, self._end, self._on_bytes = file, offset, offset + length, on_bytes
        self._length = length

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the piece."""
        left = self._end - self._at
        data = self._file.read(left if size < 0 else min(size, left))
        if left and not data:
            raise Failure(
                say(N_("“%(path)s” changed while it was being sent. Run the command again"), path=self._file.name)
            )
        self._at += len(data)
        self._on_bytes(self._at)
        return data


def _name_drafts(dataset: str) -> str:
    return f"/datasets/{quote(dataset, safe='')}/drafts"
