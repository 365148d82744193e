"""The index in a folder: written by one process at a time, read by many, made again when its form has changed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from opendata.search import packages
from opendata.search.documents import FACETS, SEVERAL, SPELLED, WEIGHTS, SearchDocument
from opendata.search.kept import Kept
from opendata.search.words import make_terms

if TYPE_CHECKING:
    from tantivy import Document, Index, IndexWriter, Schema, Searcher, TextAnalyzer

logger = logging.getLogger(__name__)

FORM = 4
"""Counts up when what is written of a document changes: an index of another form is made again."""

_CURRENT = "current.json"
_UNFINISHED = "unfinished"
"""Is in an index while it is written: where a writer died or failed, it is made again."""
_DAMAGED = "damaged"
"""Is in an index that couldn't be opened."""
_REFUSED = "IoError { io_error: Os {"
"""What tantivy says where the system refuses something, such as one more open file: the index itself may be whole."""
_STEMS = "stems"
"""Cuts at spaces and takes the stems of English words."""
_HEAP = 64_000_000
_SMALL_HEAP = 15_000_000
"""The memory that the writer may fill: of all datasets, and of a few that changed."""


_PANIC = "PanicException"
"""What a failed assertion of tantivy is in Python: no `Exception`, so that it would end the process of a web server."""


class BusyIndexError(Exception):
    """Another process writes this index now."""


class UnreadableIndexError(Exception):
    """The index can't be read: something in its files is damaged."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One made index: its folder's name, its form, and up to which event of the audit log it has seen all.

    `digest` is that event's: another database may have another event in its place.
    """

    name: str
    form: int
    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class OpenedIndex:
    """One state of an index, and what it has answered. `state` is the index's own record of its files."""

    name: str
    state: bytes
    index: Index
    searcher: Searcher
    kept: Kept


class SearchIndex:
    """The index of one instance. Without an index, or with a damaged one, nothing is found."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: OpenedIndex | None = None

    def read_generation(self) -> Generation | None:
        """The index that is asked now; None without one of this form."""
        try:
            found = json.loads((self._folder / _CURRENT).read_text())
            generation = Generation(**found)
        except (OSError, ValueError, TypeError):
            return None
        path = self._folder / generation.name
        return generation if generation.form == FORM and path.is_dir() and not (path / _DAMAGED).exists() else None

    def open_searcher(self) -> Searcher | None:
        """The newest state of the index; None without an index."""
        opened = self.open()
        return opened.searcher if opened is not None else None

    def open(self) -> OpenedIndex | None:
        """The newest state of the index, which is read again only when something was written; None without an index."""
        generation = self.read_generation()
        if generation is None:
            return None
        path = self._folder / generation.name
        known = self._opened
        try:
            state = _read_state(path)  # before the index reads it: what is written meanwhile is seen at the next look
            if known is not None and (known.name, known.state) == (generation.name, state) and state:
                return known
            index = known.index if known is not None and known.name == generation.name else _open(path)
            index.reload()
        except ValueError as error:
            self._opened = None
            if _REFUSED in str(error):
                logger.warning("the search index can't be read now: %s", error)
                return None
            logger.warning("the search index is damaged and will be made again: %s", error)
            with contextlib.suppress(OSError):  # another process has removed it, or will find it out itself
                (path / _DAMAGED).touch()
            return None
        opened = self._opened = OpenedIndex(generation.name, state, index, index.searcher(), Kept())
        return opened

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Ask the index within this. Raises `UnreadableIndexError`."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, ValueError) and type(error).__name__ != _PANIC:
                raise
            logger.exception("the search index can't be read; `opendata index` makes it again")
            self._opened = None
            raise UnreadableIndexError from None

    def rebuild(self, documents: Iterable[SearchDocument], position: int, digest: str = "") -> int:
        """Make the index again of all documents, while the old one is asked; how many. Raises `BusyIndexError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.hold():
            name = uuid4().hex
            path = self._folder / name
            path.mkdir()
            count = 0
            try:
                with _write(path, _HEAP) as writer:
                    for document in documents:
                        writer.add_document(make_document(document))
                        count += 1
                self._switch(Generation(name, FORM, position, digest))
            except BaseException:
                shutil.rmtree(path, ignore_errors=True)  # on a full disk each attempt would leave one
                raise
            self._sweep(name)
        return count

    def update(
        self, changed: Collection[SearchDocument], gone: Collection[str], position: int, digest: str = ""
    ) -> None:
        """Replace some documents and take others out; which event was seen is kept once they are on disk.

        Raises `BusyIndexError`, and `LookupError` without an index of this form, or with one that can't be trusted.
        """
        with self.hold():
            generation = self.read_generation()
            if generation is None:
                raise LookupError(self._folder)
            path = self._folder / generation.name
            if not (path / "meta.json").exists() or (path / _UNFINISHED).exists():
                raise LookupError(path)
            following = Generation(generation.name, FORM, position, digest)
            if not changed and not gone:  # most events of the audit log change nothing that is found
                self._switch(following)
                return
            (path / _UNFINISHED).touch()
            with _write(path, _SMALL_HEAP) as writer:
                for name in gone:
                    writer.delete_documents_by_term("id", name)
                for document in changed:
                    writer.delete_documents_by_term("id", document.id)
                    writer.add_document(make_document(document))
            self._switch(following)
            (path / _UNFINISHED).unlink()

    def _switch(self, generation: Generation) -> None:
        path = self._folder / f"{_CURRENT}.{uuid4().hex}"
        with path.open("w") as file:
            json.dump(asdict(generation), file)
            file.flush()
            os.fsync(file.fileno())
        path.replace(self._folder / _CURRENT)

    def _sweep(self, kept: str) -> None:
        """Remove the indexes of earlier times. Who has one open reads on: its files stay until they are closed."""
        for path in self._folder.iterdir():
            if path.is_dir() and path.name != kept:
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the right to write, which a process that dies gives back."""
        import fcntl

        with (self._folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyIndexError(self._folder) from None
            yield


def _read_state(path: Path) -> bytes:
    """What the index says of its files; empty where it can't be read, which the index itself then finds too."""
    try:
        return (path / "meta.json").read_bytes()
    except OSError:
        return b""


def _open(path: Path) -> Index:
    from tantivy import Index

    index = Index.open(str(path))
    index.register_tokenizer(_STEMS, make_stemmer())
    index.config_reader("manual")
    return index


@contextlib.contextmanager
def _write(path: Path, heap: int) -> Iterator[IndexWriter]:
    from tantivy import Index

    index = Index(make_schema(), str(path))
    index.register_tokenizer(_STEMS, make_stemmer())
    writer = index.writer(heap, 1)
    try:
        yield writer
        writer.commit()
        writer.wait_merging_threads()
    except BaseException:
        with contextlib.suppress(ValueError):
            writer.rollback()
        raise


@cache
def make_stemmer() -> TextAnalyzer:
    """What makes the words of a field of joined words."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


@cache
def make_schema() -> Schema:
    """The fields of the index."""
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for name in WEIGHTS:
        builder.add_text_field(words_of(name), tokenizer_name=_STEMS, index_option="freq")
    builder.add_text_field("pairs", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("titlePairs", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("pinyin", tokenizer_name="whitespace", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in SEVERAL:
        builder.add_text_field(together_of(name), fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("updated", fast=True, indexed=True)
    builder.add_integer_field("due", fast=True, indexed=True)
    builder.add_text_field("titleKey", fast=True, tokenizer_name="raw", index_option="basic")
    packages.add_fields(builder)
    return builder.build()


def words_of(name: str) -> str:
    """The field of the words of a text of `WEIGHTS`."""
    return f"{name}Words"


def together_of(name: str) -> str:
    """The field of all values together that a dataset has of one of `SEVERAL`: a JSON array of texts."""
    return f"{name}Together"


def make_document(document: SearchDocument) -> Document:
    """A document as the index keeps it."""
    from tantivy import Document

    made = Document()
    made.add_text("id", document.id)
    terms = {name: [make_terms(text, name in SPELLED) for text in document.texts.get(name, ())] for name in WEIGHTS}
    for name, found in terms.items():
        made.add_text(words_of(name), " ".join(item.words for item in found))
    made.add_text(words_of("theme"), " ".join(document.values.get("period", ())))
    made.add_text("pairs", " ".join(item.pairs for found in terms.values() for item in found))
    made.add_text("titlePairs", " ".join(item.pairs for item in terms["title"]))
    made.add_text("pinyin", " ".join(item.pinyin for name in SPELLED for item in terms[name]))
    for name in FACETS:
        values = list(dict.fromkeys(document.values.get(name, ())))
        for value in values:
            made.add_text(name, value)
        if values and name in SEVERAL:
            made.add_text(together_of(name), json.dumps(sorted(values), ensure_ascii=False))
    made.add_integer("updated", int(document.updated.timestamp()))
    made.add_text("titleKey", document.title_key)
    if document.due is not None:
        made.add_integer("due", document.due.toordinal())
    if document.facts is not None:
        packages.add_facts(made, document.facts)
    return made
