"""A run: finds what has changed since the last one, deletes what is no longer public, then writes what is new.

1. the files in the mirror against the journal: strays are deleted, what is missing is written again
2. the states of all datasets against the journal: files of versions that were withdrawn, stopped, erased or closed
   are deleted, and the files that the search finds their words in
3. the datasets that differ, those that lost something first; then the site around them; then the search
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from opendata.errors import N_, BusyError, UsageError
from opendata.mirror import listing, searching
from opendata.mirror.journal import Journal, Unit, Written, read_versions
from opendata.mirror.pool import Pool
from opendata.mirror.states import find_edition, read_states, read_touched
from opendata.mirror.targets import MARK, OWN, FolderTarget, Target, open_target
from opendata.mirror.tasks import DatasetTask, Done, NoticeTask, PageTask, SeedTask, Task
from opendata.services.search.following import find_end
from opendata.settings import Settings
from opendata.storage.signing import Signer
from opendata.wiring import Services

SITE = "/site"
SEARCH = "/search"
LISTS = "/lists"
FAILED = "failed"
_HEADERS = "2"
"""Raised where objects of a bucket get other headers than before: they are all written again."""
_UNZIP = "fzstd/esm/index.mjs"
_LICENSES = ("hyparquet", "fzstd")


@dataclass(slots=True)
class Mirrored:
    """What a run did: datasets and files written, files deleted, what failed, and what the mirror has now."""

    datasets: int = 0
    written: int = 0
    written_bytes: int = 0
    deleted: int = 0
    failures: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    has_scripts: bool = True
    """Whether the pages of tables can read further rows in the browser."""


@dataclass(slots=True)
class _Plan:
    """The units to write: those in `first` lost something, and whether the site and the search must follow."""

    units: dict[str, Unit] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    dirty: set[str] = field(default_factory=set)
    kept: dict[str, frozenset[str]] = field(default_factory=dict)
    position: int = 0
    digest: str = ""


class Mirroring:
    """Writes the mirror of an instance. `scripts` is a folder of npm packages that read Parquet, if there is one."""

    def __init__(
        self,
        services: Services,
        target: str,
        *,
        processes: int = 2,
        again: bool = False,
        scripts: Path | None = None,
        on_progress: Callable[[float, str], object] | None = None,
    ) -> None:
        self._services = services
        self._settings: Settings = services.settings
        if not self._settings.base_url:
            raise UsageError(
                N_("The mirror names the address of the live portal. Set OPENDATA_BASE_URL, or give it with --url")
            )
        self._target: Target = open_target(target, self._settings)
        self._address = target
        self._processes = processes
        self._again = again
        self._scripts = scripts
        self._progress = on_progress or (lambda *_: None)
        needed = ("hyparquet/src/index.js", _UNZIP, *(f"{name}/LICENSE" for name in _LICENSES))
        self._done = Mirrored(has_scripts=scripts is not None and all((scripts / name).is_file() for name in needed))

    def run(self) -> Mirrored:
        """Bring the mirror up to date. Raises `UsageError`, `BusyError`, `BackendError`."""
        place = self._find_place()
        place.mkdir(parents=True, exist_ok=True)
        with _lock(place / "lock"), _work_in(place) as scratch:
            self._require_mirror(place)
            self._journal = Journal(place / "journal.sqlite")
            self._scratch = scratch
            try:
                self._write_all(place / "journal.sqlite")
                self._done.files, self._done.bytes = self._journal.count()
            finally:
                self._journal.close()
        return self._done

    def _find_place(self) -> Path:
        """Where journal and new files are: in a folder itself; for a bucket, in the instance."""
        if isinstance(self._target, FolderTarget):
            return Path(self._target.name) / OWN
        name = hashlib.sha256(self._target.name.encode()).hexdigest()[:24]
        return self._settings.home / "mirrors" / name

    def _require_mirror(self, place: Path) -> None:
        """Raises `UsageError` where something else is already: it would be deleted."""
        if self._target.get(MARK) is None:
            if next(iter(self._target.list()), None) is not None:
                raise UsageError(
                    N_("“%(target)s” isn't empty and isn't a mirror. Name a new folder, or an empty one"),
                    target=self._target.name,
                )
            mark = place / f"new.{os.getpid()}"
            mark.write_text('{"opendata": "mirror"}\n', encoding="utf-8")
            self._target.put(MARK, mark, "application/json")

    def _write_all(self, journal: Path) -> None:
        if self._target.is_flat and self._journal.read_fact("headers") != _HEADERS:
            self._journal.doubt()
            self._again = True
        plan = self._plan()
        is_dirty = bool(plan.dirty) or self._is_site_dirty(plan)
        if is_dirty:
            settings = self._settings
            with Pool(settings, self._address, journal, self._scratch, self._processes) as pool:
                self._write_datasets(pool, plan)
                self._write_site(pool, plan)
            self._write_search(plan)
        self._write_lists(plan)
        if not self._done.failures:
            self._journal.note(position=str(plan.position), digest=plan.digest, headers=_HEADERS)

    # What there is to do

    def _plan(self) -> _Plan:
        journal, plan = self._journal, _Plan()
        edition = find_edition(self._settings)
        strays, lacking = journal.compare(self._target.list())
        self._delete(strays)
        before = journal.read_units()
        with self._services.database.unit() as session:
            plan.position, plan.digest = find_end(session)
            touched, whole = read_touched(session, int(journal.read_fact("position", "0")), journal.read_fact("digest"))
            for unit in read_states(session):
                plan.units[unit.name] = replace(unit, state=f"{unit.state}.{edition}")
        changed = {name for name in before if not name.startswith("/") and name not in plan.units}
        gone = set(changed)
        for name, unit in plan.units.items():
            state, seen = before.get(name, ("", -1))
            if state != unit.whole or touched.get(name, -1) > seen or seen < whole:
                plan.dirty.add(name)
                if state:
                    changed.add(name)
            same = {key for key, value in read_versions(state).items() if unit.versions.get(key) == value}
            plan.kept[name] = frozenset() if self._again else frozenset(same)
            if set(read_versions(state)) - same:
                plan.first.append(name)
        self._take_down(gone, plan)
        plan.dirty |= (journal.list_mentioning(changed) | lacking) & plan.units.keys()
        if self._again:
            plan.dirty = set(plan.units)
        self._lacks_site = bool(lacking & {SITE, SEARCH}) or bool(gone)
        return plan

    def _take_down(self, gone: Iterable[str], plan: _Plan) -> None:
        """Delete what nobody may have any more, before anything is written."""
        names = [*gone, *plan.first]
        if names:
            self._delete(self._journal.list_keys(SEARCH))
        for name in gone:
            self._delete(self._journal.list_keys(name))
            self._journal.drop(name)
        for name in plan.first:
            kept = plan.kept[name]
            self._delete([key for key in self._journal.list_keys(name) if _find_version(key, name) not in kept])

    def _is_site_dirty(self, plan: _Plan) -> bool:
        """Whether anything at all has happened, or another day has begun: what is late, and what is new."""
        state, seen = self._journal.read_units().get(SITE, ("", -1))
        return self._lacks_site or self._again or seen != plan.position or state != self._site_unit().whole

    def _site_unit(self) -> Unit:
        day = datetime.now(UTC).astimezone(ZoneInfo(self._settings.timezone)).date()
        scripts = str(self._scripts) if self._scripts else ""
        return Unit(SITE, f"{day}.{find_edition(self._settings)}.{scripts}")

    # Writing it

    def _write_datasets(self, pool: Pool, plan: _Plan) -> None:
        first = [name for name in plan.first if name in plan.dirty]
        names = [*first, *sorted(plan.dirty - set(first))]
        kept = plan.kept
        tasks = (DatasetTask(name, self._journal.number(name), kept.get(name, frozenset())) for name in names)
        for count, done in enumerate(pool.run(tasks), 1):
            self._progress(0.8 * count / len(names), done.own)
            if done.failure:
                self._done.failures.append(f"{done.own}: {done.failure}")
                continue
            self._done.datasets += 1
            self._enter(plan.units[done.own], plan.position, done)

    def _write_site(self, pool: Pool, plan: _Plan) -> None:
        whole = Done()
        asked: set[Task] = set()
        waiting: list[Task] = [SeedTask(), NoticeTask()]
        while waiting:
            tasks, waiting = waiting, []
            asked |= set(tasks)
            for done in pool.run(iter(tasks)):
                if done.failure:
                    whole.failure = whole.failure or done.failure
                whole.files |= done.files
                whole.mentions |= done.mentions
                whole.written += done.written
                whole.bytes += done.bytes
                found: set[Task] = {*map(PageTask, done.pages), *done.tasks}
                new = found - asked - set(waiting)
                waiting += sorted(new, key=repr)
            self._progress(0.9, SITE)
        self._write_scripts(whole)
        unit = self._site_unit()
        if whole.failure:  # the next run writes it again, and until then nothing of it is missed
            self._done.failures.append(whole.failure)
            unit = Unit(SITE, FAILED)
            whole.files = self._journal.list_files(SITE) | whole.files
        self._enter(unit, plan.position, whole)

    def _write_scripts(self, whole: Done) -> None:
        """The packages that read Parquet, if they are installed: without them the first rows are all that is shown."""
        self._put(whole, "mirror/suggestions.json", b'{"items":[]}')
        if self._scripts is None or not self._done.has_scripts:
            return
        for file in sorted((self._scripts / "hyparquet" / "src").glob("*.js")):
            self._put(whole, f"mirror/parquet/hyparquet/{file.name}", file.read_bytes())
        self._put(whole, "mirror/parquet/fzstd.js", (self._scripts / _UNZIP).read_bytes())
        for name in _LICENSES:
            self._put(whole, f"mirror/parquet/{name}-license.txt", (self._scripts / name / "LICENSE").read_bytes())

    def _write_search(self, plan: _Plan) -> None:
        whole, documents = Done(), self._journal.count_cards()
        shards = searching.count_shards(documents)
        self._put_json(whole, "index.json", {"shards": shards, "documents": documents})
        self._put_json(whole, "simple.json", dict(searching.list_simple()))
        for number, data in searching.write_shards(self._journal.list_cards(), shards, self._scratch / "words"):
            self._put(whole, f"{searching.FOLDER}/shards/{number}.bin", data)
        self._enter(Unit(SEARCH, ""), plan.position, whole)

    def _write_lists(self, plan: _Plan) -> None:
        """The signed list of all files, where anything in it has changed."""
        whole, count = Done(), self._journal.count()[0]
        digests = self._journal.list_digests(but=LISTS)
        paths = listing.write_lists(digests, listing.count_lists(count), self._scratch / "lists")
        lists = {key: listing.digest_file(path) for key, path in paths}
        known = self._journal.list_files(LISTS)
        root = self._target.get(listing.ROOT) if known.keys() == {*lists, listing.ROOT, listing.SIGNATURE} else None
        if root is not None and listing.is_same(lists, root):
            return
        for key, path in paths:
            self._put(whole, key, path.read_bytes())
        files = count - len(known)
        root = listing.write_root(lists, files, self._settings.base_url)
        self._put(whole, listing.ROOT, root)
        self._put(whole, listing.SIGNATURE, Signer(self._settings.key_folder).sign(root))
        self._enter(Unit(LISTS, ""), plan.position, whole)

    def _put_json(self, whole: Done, name: str, document: object) -> None:
        import json

        self._put(whole, f"{searching.FOLDER}/{name}", json.dumps(document, ensure_ascii=False).encode())

    def _put(self, whole: Done, key: str, data: bytes) -> None:
        found = Written(key, hashlib.sha256(data).hexdigest(), len(data))
        whole.files[key] = found
        if self._journal.find_digest(key) != found.sha256:
            file = self._scratch / "main"
            file.write_bytes(data)
            self._target.put(key, file)
            whole.written += 1
            whole.bytes += len(data)

    def _enter(self, unit: Unit, position: int, done: Done) -> None:
        self._delete(self._journal.list_stale(unit.name, done.files.values()))
        self._journal.enter(unit, position, done.files.values(), done.mentions, done.words)
        self._count(done)

    def _count(self, done: Done) -> None:
        self._done.written += done.written
        self._done.written_bytes += done.bytes

    def _delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._target.delete(key)
        self._journal.forget(keys)
        self._done.deleted += len(keys)


def _find_version(key: str, dataset: str) -> str:
    """The version that a key of a dataset is about; empty where it is about the dataset."""
    name = re.escape(dataset)
    found = re.match(rf"(?:[a-z]+/)?datasets/{name}/(\d[^/]*)/|api/v1/datasets/{name}/versions/(\d[^/]*)/", key)
    return (found[1] or found[2]) if found else ""


@contextmanager
def _work_in(place: Path) -> Iterator[Path]:
    """A folder for files that aren't in the mirror yet; what a run that was killed left is deleted."""
    for left in place.glob("new.*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    with tempfile.TemporaryDirectory(dir=place, prefix="new.") as folder:
        yield Path(folder)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Have a mirror for oneself. Raises `BusyError`."""
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(N_("Another process is writing this mirror")) from None
        yield
