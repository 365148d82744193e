"""The files that a worker of a run writes, where they differ from what the mirror has."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from opendata.mirror.addresses import Place, file_key
from opendata.mirror.journal import Journal, Written
from opendata.mirror.targets import Target
from opendata.mirror.tasks import Done
from opendata.mirror.worker.rendering import Answer, Renderer

_MOST_PAGES = 20_000
_AT_ONCE = 1_000


class Files:
    """Writes files. `done` is what the task at hand has so far, `own` its dataset, if it is about one."""

    def __init__(self, renderer: Renderer, target: Target, journal: Journal, scratch: Path) -> None:
        self.renderer = renderer
        self.languages = renderer.services.settings.languages
        self.done = Done()
        self.own = ""
        self._target = target
        self._journal = journal
        self._scratch = scratch / f"{os.getpid()}.part"
        self._shared: dict[tuple[str, str], Written | None] = {}
        """The files of the site that this worker has written, for whichever page."""

    def begin(self, own: str = "") -> None:
        """Begin with the next task."""
        self.done, self.own = Done(own=own), own

    def name(self, path: str, language: str = "") -> str:
        """The key of a file."""
        return file_key(Place(path, language), is_flat=self._target.is_flat)

    def find(self, path: str, language: str, *, is_kept: bool = False) -> bool:
        """Have a file in the mirror; whether it is one that anybody may have. The site has its own tasks."""
        if self.own and not self.is_own(path):
            return True
        key = self.name(path, language)
        if key in self.done.files:
            return True
        if self.own:
            known = (self._journal.find(key) if is_kept else None) or self._write_file(path, language, key)
        elif (path, language) in self._shared:
            known = self._shared[path, language]
        else:
            known = self._shared[path, language] = self._write_file(path, language, key)
        if known is not None:
            self.done.files[key] = known
        return known is not None

    def _write_file(self, path: str, language: str, key: str) -> Written | None:
        query = {"lang": language} if language else None
        with self.renderer.ask(path, query, language=language or self.languages[0]) as answer:
            if answer.status != 200:
                return None
            found = self._store(key, answer)
        self._follow(path)
        return found

    def _follow(self, path: str) -> None:
        """Have what a document of the site names beside it."""
        if path == "/datapackage.json":
            document = json.loads(self._read(path))
            for item in document["resources"]:
                self.find(f"/{item['path']}", "")
                parquet = (item.get("opendata") or {}).get("parquet") or {}
                if parquet.get("path"):
                    self.find(f"/{parquet['path']}", "")
        elif path == "/sitemap.xml":
            for part in re.findall(rb"/sitemap-\w+\.xml", self._read(path)):
                self.find(part.decode(), "")

    def _read(self, path: str) -> bytes:
        return self.renderer.read(path, language=self.languages[0])[2]

    def write_collection(self, path: str, source: str) -> None:
        """A collection as one document: all its items, and no next page."""
        key = self.name(path)
        self.done.files[key] = self._store(key, Answer(200, "application/json", self._join_items(source)))

    def _join_items(self, path: str) -> Iterator[bytes]:
        query, mark = {"limit": str(_AT_ONCE)}, b'{"items":['
        for _ in range(_MOST_PAGES):
            status, _, data = self.renderer.read(path, query, language=self.languages[0])
            if status != 200:
                break
            page = json.loads(data)
            for item in page["items"]:
                yield mark + json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
                mark = b",\n"
            if not page.get("next"):
                break
            query["cursor"] = page["next"]
        yield b'],"next":null}' if mark != b'{"items":[' else b'{"items":[],"next":null}'

    def is_own(self, path: str) -> bool:
        """Whether an address belongs to the dataset of the task."""
        own = quote(self.own, safe="")
        return bool(own) and re.match(rf"(/api/v1)?/datasets/{re.escape(own)}([/.]|$)", path) is not None

    def copy(self, other: str, key: str) -> None:
        """Have `other` hold what `key` holds, if there is such a file."""
        found = self.done.files.get(key)
        if found is None:
            return
        if self._journal.find_digest(other) != found.sha256:
            self._target.copy(key, other)
            self._count(found.bytes)
        self.done.files[other] = replace(found, key=other)

    def put(self, key: str, data: bytes, kind: str = "") -> None:
        """Have a key hold these bytes."""
        self.done.files[key] = found = Written(key, hashlib.sha256(data).hexdigest(), len(data))
        if self._journal.find_digest(key) != found.sha256:
            self._scratch.write_bytes(data)
            self._target.put(key, self._scratch, kind)
            self._count(len(data))

    def _store(self, key: str, answer: Answer) -> Written:
        hashed, size = hashlib.sha256(), 0
        with self._scratch.open("wb") as file:
            for piece in answer.pieces:
                file.write(piece)
                hashed.update(piece)
                size += len(piece)
        found = Written(key, hashed.hexdigest(), size)
        if self._journal.find_digest(key) == found.sha256:
            self._scratch.unlink()
        else:
            self._target.put(key, self._scratch, answer.kind, answer.disposition)
            self._count(size)
        return found

    def _count(self, size: int) -> None:
        self.done.written += 1
        self.done.bytes += size
