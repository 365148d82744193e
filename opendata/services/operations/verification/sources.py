"""Where published versions are checked: a portal over HTTP, a store or a backup in a folder, an exported package."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from opendata.domain.disclosure import Disclosure
from opendata.domain.parts import StoredFile
from opendata.errors import N_, BackendError, InputError, NotFoundError
from opendata.metadata.versions import parse_version
from opendata.services.core.records import RECORDS, count_editions, read_key_records
from opendata.services.operations.verification.hashing import Hashed, hash_joined, read_blocks
from opendata.storage.joined import open_pieces
from opendata.storage.local import LocalStore
from opendata.storage.store import Store, alias_key, manifest_key, signature_key, suspension_key, tombstone_key

Signed = tuple[bytes, bytes]
"""A record and its detached signature; the signature is empty if it is missing."""

_SECONDS, _PIECE = 60, 1 << 20
_MOST_BYTES = 64 << 20
"""At most this many bytes of a document are read: anything larger isn't a manifest."""


class Source(Protocol):
    """What verification asks for. None means: it is not there. Raises `BackendError` where nothing answers."""

    name: str
    is_whole: bool
    """Whether it has all datasets, so that one which was there before is missed."""
    is_alone: bool
    """Whether it is one version without those before it."""

    def read_keys(self) -> Sequence[tuple[Mapping[str, Any], bytes]]:
        """The records of the signing keys, oldest first, each with the signature of the one before."""
        ...

    def list_datasets(self) -> Iterator[str]:
        """The ids of all datasets, or of the one in question."""
        ...

    def is_open(self, dataset: str) -> bool:
        """Whether anybody may have its files: those of a dataset that isn't open are not looked for."""
        ...

    def list_versions(self, dataset: str) -> Sequence[str]:
        """The numbers of its versions, lowest first, withdrawn ones too."""
        ...

    def read_manifest(self, dataset: str, version: str) -> Signed | None:
        """The manifest of a version, None if it is missing."""
        ...

    def read_tombstone(self, dataset: str, version: str) -> Signed | None:
        """The tombstone of a version that was withdrawn."""
        ...

    def read_suspension(self, dataset: str, version: str) -> Signed | None:
        """The newest record of a version's stops, None if it was never stopped."""
        ...

    def leads_to(self, old: str, dataset: str) -> bool:
        """Whether what was called `old` is this dataset now."""
        ...

    def hash_file(self, dataset: str, version: str, path: str, wanted: StoredFile) -> Hashed | None:
        """Digest and size of a file that a manifest names, and of its parts."""
        ...

    def list_records(self) -> Iterator[tuple[str, Signed]]:
        """The small records beside versions that can be read here, by their keys."""
        ...


def open_source(target: str) -> Source:
    """The source at a web address or in a folder. Raises `InputError` where it is none."""
    if target.startswith(("http://", "https://")):
        return WebSource(target)
    if (Path(target) / "datapackage.json").is_file():
        return PackageSource(Path(target))
    folder = find_store(Path(target))
    return StoreSource(LocalStore(folder, writes=False), str(folder.resolve()))


def find_store(folder: Path) -> Path:
    """The public store in a folder: a store, or a backup with one. Raises `InputError` if there isn't one."""
    found = folder / "public" if (folder / "backup.json").is_file() else folder
    if (found / "datasets").is_dir():
        return found
    raise InputError(
        N_("“%(target)s” isn't the address of a portal, a store, a backup or an exported version"), target=folder
    )


class StoreSource:
    """A public store, or a copy of one."""

    is_whole, is_alone = True, False

    def __init__(self, store: Store, name: str) -> None:
        self.name, self._store = name, store

    def read_keys(self) -> Sequence[tuple[Mapping[str, Any], bytes]]:
        """See `Source`."""
        return read_key_records(self._store)

    def list_datasets(self) -> Iterator[str]:
        """See `Source`."""
        former = {key.split("/")[1].removesuffix(".json") for key in self._store.list_records("aliases")}
        yield from sorted({key.split("/")[2] for key in self._store.list_records("datasets")} - former)

    def is_open(self, dataset: str) -> bool:  # noqa: ARG002
        """See `Source`."""
        return True

    def list_versions(self, dataset: str) -> Sequence[str]:
        """See `Source`."""
        folder = manifest_key(dataset, "1.0.0").rpartition("/")[0]
        names = {
            key.rpartition("/")[2].removesuffix(".json").partition("-")[0]
            for key in self._store.list_records(folder)
            if key.endswith(".json") and "/errata/" not in key
        }
        return sorted(filter(parse_version, names), key=lambda name: parse_version(name) or (0, 0, 0))

    def read_manifest(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        return self._read(manifest_key(dataset, version))

    def read_tombstone(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        editions = count_editions(self._store, partial(tombstone_key, dataset, version))
        return self._read(tombstone_key(dataset, version, editions)) if editions else None

    def read_suspension(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        count = count_editions(self._store, partial(suspension_key, dataset, version))
        return self._read(suspension_key(dataset, version, count)) if count else None

    def leads_to(self, old: str, dataset: str) -> bool:
        """See `Source`."""
        name, passed = old, {old}
        while (found := self._read(alias_key(name))) is not None:
            try:
                name = str(json.loads(found[0])["id"])
            except (ValueError, KeyError, TypeError, RecursionError):
                return False
            if name == dataset or name in passed:
                return name == dataset
            passed.add(name)
        return False

    def hash_file(self, dataset: str, version: str, path: str, wanted: StoredFile) -> Hashed | None:  # noqa: ARG002
        """See `Source`."""
        pieces = [(item.sha256, item.bytes) for item in wanted.pieces]
        try:
            with open_pieces(lambda _: self._store, pieces) as file:
                return hash_joined(read_blocks(file), wanted)
        except NotFoundError:
            return None

    def list_records(self) -> Iterator[tuple[str, Signed]]:
        """See `Source`."""
        for kind in RECORDS:
            for key in self._store.list_records(kind):
                found = self._read(key) if kind != "datasets" and key.endswith(".json") else None
                if found is not None:
                    yield key, found

    def _read(self, key: str) -> Signed | None:
        try:
            data = self._store.get_record(key)
        except NotFoundError:
            return None
        try:
            return data, self._store.get_record(signature_key(key))
        except NotFoundError:
            return data, b""


class PackageSource:
    """One version, exported into a folder."""

    is_whole, is_alone = False, True

    def __init__(self, folder: Path) -> None:
        self.name = str(folder.resolve())
        self._folder = folder
        try:
            manifest = json.loads((folder / "datapackage.json").read_bytes())
            self._dataset, self._version = str(manifest["name"]), str(manifest["version"])
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(N_("“%(target)s” doesn't contain the manifest of a version"), target=folder) from None

    def read_keys(self) -> Sequence[tuple[Mapping[str, Any], bytes]]:
        """None: a package has no keys, they are given."""
        return []

    def list_datasets(self) -> Iterator[str]:
        """See `Source`."""
        yield self._dataset

    def is_open(self, dataset: str) -> bool:  # noqa: ARG002
        """See `Source`."""
        return True

    def list_versions(self, dataset: str) -> Sequence[str]:  # noqa: ARG002
        """See `Source`."""
        return [self._version]

    def read_manifest(self, dataset: str, version: str) -> Signed | None:  # noqa: ARG002
        """See `Source`."""
        signature = self._folder / "datapackage.json.sig"
        data = (self._folder / "datapackage.json").read_bytes()
        return data, signature.read_bytes() if signature.is_file() else b""

    def read_tombstone(self, dataset: str, version: str) -> Signed | None:  # noqa: ARG002
        """See `Source`."""
        return None

    def read_suspension(self, dataset: str, version: str) -> Signed | None:  # noqa: ARG002
        """See `Source`."""
        return None

    def leads_to(self, old: str, dataset: str) -> bool:
        """See `Source`."""
        return old == dataset

    def hash_file(self, dataset: str, version: str, path: str, wanted: StoredFile) -> Hashed | None:  # noqa: ARG002
        """See `Source`."""
        file = (self._folder / path).resolve()
        inside = file.is_relative_to(self._folder.resolve())
        if not (inside and file.is_file()):
            return None
        with file.open("rb") as opened:
            return hash_joined(read_blocks(opened), wanted)

    def list_records(self) -> Iterator[tuple[str, Signed]]:
        """None: a package has its manifest alone."""
        yield from ()


class WebSource:
    """A portal, or one of its datasets, by public addresses alone; it is never left for another host."""

    is_alone = False

    def __init__(self, address: str) -> None:
        import requests

        root, _, rest = address.partition("/datasets/")
        self._base = root.rstrip("/")
        parts = [part for part in urlsplit(rest).path.split("/") if part]
        self._dataset = parts[0] if parts else None
        self.is_whole = self._dataset is None
        self.name = self._base
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"

    def read_keys(self) -> Sequence[tuple[Mapping[str, Any], bytes]]:
        """See `Source`."""
        found = self._read_json("/.well-known/opendata-keys.json")
        items = found.get("keys") if isinstance(found, Mapping) else None
        return [
            (
                {name: value for name, value in item.items() if name not in ("until", "signature")},
                str(item.get("signature", "")).encode(),
            )
            for item in items or ()
            if isinstance(item, Mapping)
        ]

    def list_datasets(self) -> Iterator[str]:
        """See `Source`."""
        if self._dataset:
            yield self._dataset
            return
        yield from (str(item["id"]) for item in self._walk("/api/v1/datasets"))

    def is_open(self, dataset: str) -> bool:
        """See `Source`."""
        found = self._read_json(f"/api/v1/datasets/{quote(dataset, safe='')}")
        disclosure = found.get("disclosure") if isinstance(found, Mapping) else None
        return not isinstance(disclosure, Mapping) or Disclosure.from_json(disclosure).is_open

    def list_versions(self, dataset: str) -> Sequence[str]:
        """See `Source`."""
        items = self._walk(f"/api/v1/datasets/{quote(dataset, safe='')}/versions")
        names = [name for item in items if parse_version(name := str(item["version"]))]
        return sorted(names, key=lambda name: parse_version(name) or (0, 0, 0))

    def read_manifest(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        return self._read_signed(dataset, version, "datapackage.json")

    def read_tombstone(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        return self._read_signed(dataset, version, "withdrawal.json")

    def read_suspension(self, dataset: str, version: str) -> Signed | None:
        """See `Source`."""
        return self._read_signed(dataset, version, "suspension.json")

    def leads_to(self, old: str, dataset: str) -> bool:
        """See `Source`."""
        answer = self._ask(f"/api/v1/datasets/{quote(old, safe='')}")
        with answer:
            location = str(answer.headers.get("Location", ""))
            return bool(answer.status_code == 308) and location.endswith(f"/{dataset}")

    def hash_file(self, dataset: str, version: str, path: str, wanted: StoredFile) -> Hashed | None:
        """See `Source`."""
        blocks = self.read_blocks(self._place(dataset, version, path))
        return None if blocks is None else hash_joined(blocks, wanted)

    def list_records(self) -> Iterator[tuple[str, Signed]]:
        """Those that have addresses: of the negative list and the opening plan, where the whole portal is checked."""
        place = "/.well-known/opendata-records"
        if self.is_whole and self.read(f"{place}.json") is not None:  # releases before this one list none
            for item in self._walk(f"{place}.json"):
                address = f"{place}/{quote(path := str(item['path']))}"
                if (data := self.read(address)) is not None:
                    yield path, (data, self.read(f"{address}.sig") or b"")

    def read_blocks(self, path: str) -> Iterator[bytes] | None:
        """The bytes at an address, piece by piece, None where there is nothing. Raises `BackendError`."""
        answer = self._ask(path)
        if answer.status_code != 200:
            answer.close()
            return None
        return self._stream(answer)

    def _stream(self, answer: Any) -> Iterator[bytes]:
        import requests

        with answer:
            try:
                yield from answer.iter_content(_PIECE)
            except requests.RequestException as error:
                raise BackendError(
                    N_("The portal isn't responding: %(reason)s"), reason=type(error).__name__
                ) from error

    def _place(self, dataset: str, version: str, path: str) -> str:
        return f"/datasets/{quote(dataset, safe='')}/{quote(version, safe='')}/{quote(path)}"

    def _read_signed(self, dataset: str, version: str, name: str) -> Signed | None:
        data = self.read(self._place(dataset, version, name))
        return None if data is None else (data, self.read(self._place(dataset, version, f"{name}.sig")) or b"")

    def _walk(self, path: str) -> Iterator[Mapping[str, Any]]:
        """The items of a collection, page by page."""
        cursor = ""
        while True:
            found = self._read_json(f"{path}?limit=1000{cursor}")
            try:
                yield from found["items"]
                following = found["next"]
            except (KeyError, TypeError):
                raise BackendError(N_("%(address)s isn't an opendata portal"), address=self._base + path) from None
            if not following:
                return
            cursor = f"&cursor={quote(str(following), safe='')}"

    def _read_json(self, path: str) -> Any:
        data = self.read(path)
        try:
            return json.loads(data or b"null")
        except (ValueError, RecursionError):
            raise BackendError(N_("%(address)s isn't an opendata portal"), address=self._base + path) from None

    def read(self, path: str) -> bytes | None:
        """The bytes of a document, None where there is nothing. Raises `BackendError`, also where it is too large."""
        blocks = self.read_blocks(path)
        pieces, size = [], 0
        for piece in blocks or ():
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_BYTES:
                raise BackendError(N_("%(address)s isn't an opendata portal"), address=self._base + path)
        return None if blocks is None else b"".join(pieces)

    def _ask(self, path: str) -> Any:
        import requests

        headers = {"Accept-Encoding": "identity"}
        try:
            return self._session.get(
                self._base + path, timeout=_SECONDS, stream=True, allow_redirects=False, headers=headers
            )
        except (requests.RequestException, ValueError) as error:
            raise BackendError(N_("The portal isn't responding: %(reason)s"), reason=type(error).__name__) from error
