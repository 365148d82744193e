"""Where a Data Package lies: a file, a folder or a web address; all else is fetched from beside its descriptor."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from opendata.errors import N_, InvalidPackageError
from opendata.metadata.package import (
    DESCRIPTOR_NAMES,
    MAX_DESCRIPTOR_BYTES,
    find_path_fault,
    parse_document,
)
from opendata.metadata.text import is_web_address

_TIMEOUT_SECONDS = 60
_CHUNK = 1 << 20
MAX_REMOTE_BYTES = 4 * 1024**3


class _Files(Protocol):
    descriptor_name: str

    def read_descriptor(self) -> bytes: ...

    def fetch(self, path: str, target: Path) -> Path: ...


class PackageSource:
    """The files of one package."""

    def __init__(self, files: _Files) -> None:
        self._files = files
        self.descriptor_name = files.descriptor_name

    def read_descriptor(self) -> bytes:
        """The descriptor's bytes."""
        return self._files.read_descriptor()

    def fetch(self, path: str, target: Path) -> Path:
        """A file of the package on the local disk: where it lies, or copied to `target`.

        Raises `InvalidPackageError` where it is missing or would lead out of the package.
        """
        wrong = find_path_fault("", path)
        if wrong:
            raise InvalidPackageError.from_fault(wrong)
        return self._files.fetch(path, target)

    def read_part(self, part: Mapping[str, Any] | str, what: str) -> Mapping[str, Any]:
        """A schema or dialect: given in full, or as the name of a file of the package."""
        if isinstance(part, Mapping):
            return part
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            path = self.fetch(part, Path(folder) / "part")
            if path.stat().st_size > MAX_DESCRIPTOR_BYTES:
                raise InvalidPackageError(N_("“%(path)s” is too large for a %(what)s"), path=part, what=what)
            found = parse_document(path.read_bytes(), part)
        if not isinstance(found, Mapping):
            raise InvalidPackageError(N_("“%(path)s” doesn't contain a %(what)s"), path=part, what=what)
        return found


@contextmanager
def open_source(source: str) -> Iterator[PackageSource]:
    """Open a package by file, folder or http(s) address. Raises `InvalidPackageError` if there is no package."""
    if source.lower().startswith(("http://", "https://")):
        if not is_web_address(source):
            raise InvalidPackageError(N_("“%(value)s” isn't a web address (http or https)"), value=source)
        yield PackageSource(_RemoteFiles(source))
    else:
        yield PackageSource(_LocalFiles(Path(source)))


class _LocalFiles:
    def __init__(self, source: Path) -> None:
        if source.is_dir():
            found = [source / name for name in DESCRIPTOR_NAMES if (source / name).is_file()]
            if not found:
                names = ", ".join(DESCRIPTOR_NAMES)
                raise InvalidPackageError(
                    N_("The folder “%(folder)s” doesn't contain any of %(names)s"), folder=source, names=names
                )
            source = found[0]
        if not source.is_file():
            raise InvalidPackageError(N_("There is no file “%(path)s”"), path=source)
        self._descriptor = source
        self._root = source.parent.resolve()
        self.descriptor_name = source.name

    def read_descriptor(self) -> bytes:
        if self._descriptor.stat().st_size > MAX_DESCRIPTOR_BYTES:
            raise InvalidPackageError(N_("“%(path)s” is too large for a descriptor"), path=self._descriptor)
        return self._descriptor.read_bytes()

    def fetch(self, path: str, target: Path) -> Path:  # noqa: ARG002 - a local file stays where it is
        try:
            found = (self._root / path).resolve()
            inside, present = found.is_relative_to(self._root), found.is_file()
        except (OSError, RuntimeError):  # a name too long for the system, links in a circle
            inside, present = True, False
        if not inside:
            raise InvalidPackageError(
                N_("“%(path)s” points outside the package. Use a path inside the descriptor's folder"), path=path
            )
        if not present:
            raise InvalidPackageError(N_("The file “%(path)s” is missing from the package"), path=path)
        return found


class _SameHostRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.netloc != old.netloc or new.scheme not in ("http", "https"):
            raise URLError("redirected to another host")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _RemoteFiles:
    """A package on the web. Only its own host is asked, and only addresses below its descriptor's."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.descriptor_name = urlsplit(address).path.rsplit("/", 1)[-1] or "datapackage.json"
        self._opener = build_opener(_SameHostRedirects)

    def read_descriptor(self) -> bytes:
        target = io.BytesIO()
        # The files beside the descriptor are beside the target of a redirect, as from `latest`.
        self._address = self._copy(self._address, target, MAX_DESCRIPTOR_BYTES)
        return target.getvalue()

    def fetch(self, path: str, target: Path) -> Path:
        with target.open("wb") as file:
            self._copy(urljoin(self._address, quote(path)), file, MAX_REMOTE_BYTES)
        return target

    def _copy(self, address: str, target: BinaryIO, limit: int) -> str:
        """Write what is at an address, whole and at most `limit` bytes; return where it was found in the end."""
        request = Request(address, headers={"User-Agent": "opendata", "Accept": "application/json, */*"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                count = 0
                while data := response.read(_CHUNK):
                    count += len(data)
                    if count > limit:
                        raise ValueError(f"it is larger than {limit} bytes")
                    target.write(data)
                if response.length:
                    raise ValueError(f"it ended {response.length} bytes early")
                found: str = response.url
                return found
        except (HTTPException, OSError, ValueError) as error:  # OSError: URLError, timeouts, broken connections
            reason = getattr(error, "reason", error)
            raise InvalidPackageError(
                N_("“%(address)s” can't be fetched: %(reason)s"), address=address, reason=str(reason)
            ) from None
