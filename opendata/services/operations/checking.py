"""Checking the stores: every blob hashed again, every record's signature, every version against its manifest.

A check that is interrupted resumes where it was. The worker takes a slice of one now and then, so that each blob is
checked once in `fsck_days` days.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Damage, Dataset, Draft, LastCheck, Version
from opendata.domain.drafts import DraftState
from opendata.domain.manifest import Manifest
from opendata.errors import N_, IntegrityError, NotFoundError, OpendataError
from opendata.metadata.canonical import digest
from opendata.metadata.keys import PublicKey
from opendata.metadata.versions import parse_version
from opendata.services.core.access import disclosure_of, list_public_blobs, where_standing
from opendata.services.core.context import Context
from opendata.services.core.damages import ALTERED, MISSING, Damages
from opendata.services.core.records import RECORDS, find_maker, list_editions, read_keys
from opendata.services.operations.last_checks import CheckName, note_check
from opendata.services.operations.record_checking import find_differences
from opendata.storage.store import Store, manifest_key, signature_key, tombstone_key

_PIECE = 1 << 20
_DAY = 24 * 3600
_HOLD_SECONDS = 3600

UNSIGNED = N_("the record has no signature")
FORGED = N_("the record isn't signed by a key of this portal, or was changed")
UNKNOWN = N_("the store has a version that isn't in the database; run “opendata rebuild” to read the store")
LOST = N_("the database has a version whose manifest is missing")
OTHER = N_("the manifest isn't the one that was published")
BROKEN = N_("the manifest doesn't refer to the one before it")
ALTERED_BLOB = N_("the bytes don't match the digest in the name")
MISSING_BLOB = N_("the file is missing")
ORPHANED = N_("no version or draft uses it; run “opendata gc” to remove it")
EXPOSED = N_("nobody may have this file now, but it is in the public store; the worker moves it to the private store")
KEYS = N_("the chain of signing keys is broken")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Something wrong: where (a key or digest), what (a text to translate), and whether it is only worth a note."""

    where: str
    what: str
    is_note: bool = False


@dataclass(slots=True)
class Checked:
    """What was looked at, and what was found."""

    records: int = 0
    versions: int = 0
    blobs: int = 0
    bytes: int = 0
    findings: list[CheckResult] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return all(item.is_note for item in self.findings)


class Checking:
    """Looks the stores over."""

    def __init__(self, context: Context, damages: Damages) -> None:
        self._context = context
        self._damages = damages

    def run(
        self, *, rate: int = 0, full: bool = False, on_progress: Callable[[float], object] | None = None
    ) -> Checked:
        """Check everything, reading at most `rate` bytes a second (0: no limit).

        A check that was interrupted within the last day is resumed, unless `full`. A damaged file isn't served until it
        is whole again.
        """
        checked = Checked()
        self._check_records(checked)
        with self._context.read() as session:
            found = find_differences(self._context.public, session)
            checked.findings += [CheckResult(key, what) for key, what in found]
        self._check_versions(checked)
        blobs = self._list_wanted()
        place = "" if full else self._read_place()
        names = [("public", name, size) for name, size in self._context.public.list_blobs()]
        names += [("private", name, size) for name, size in self._context.private.list_blobs()]
        total = sum(size for *_, size in names) or 1
        with self._context.read() as session:
            damaged = set(session.scalars(select(Damage.sha256)))
        seen = 0
        for where, name, size in names:
            seen += size
            if f"{where}/{name}" > place if where == place.partition("/")[0] else where < place or not place:
                self._check_blob(checked, where, name, rate, damaged)
                self._write_place(f"{where}/{name}")
            if on_progress is not None:
                on_progress(seen / total)
        present = {name for where, name, _ in names if where == "public"}
        allowed = self._list_allowed()
        self._check_presence(checked, blobs, present, allowed)
        self._check_exposure(checked, present & blobs.keys() - allowed)
        self._place_file.unlink(missing_ok=True)
        faults = sum(not item.is_note for item in checked.findings)
        with self._context.write() as session:
            note_check(session, CheckName.STORES, self._context.now(), faults=faults, files=checked.blobs)
        return checked

    def run_slice(self, seconds_since: float) -> int:
        """Hash the share of the blobs that is due since the last slice; return how many bytes.

        Each blob has its turn once in `fsck_days`, whichever of several workers gets to it. `seconds_since` counts
        where there was no slice yet.
        """
        days = self._context.settings.fsck_days
        found = self._hold_slice() if days > 0 else None
        if found is None:
            return 0
        place, since = found
        names = list(self._context.public.list_blobs())
        seconds = seconds_since if since is None else min(max(seconds_since, since), _DAY)
        due = sum(size for _, size in names) * seconds / (days * _DAY) + 1
        rest = [item for item in names if item[0] > place] or names
        checked = Checked()
        with self._context.read() as session:
            damaged = set(session.scalars(select(Damage.sha256)))
        for name, _ in rest:
            self._check_blob(checked, "public", name, 0, damaged)
            place = name
            if checked.bytes >= due:
                break
        with self._context.write() as session:
            note_check(session, CheckName.BLOBS, self._context.now(), files=checked.blobs, place=place)
        return checked.bytes

    def _hold_slice(self) -> tuple[str, float | None] | None:
        """Where the next slice begins, and how many seconds ago the last one was; None while another worker is at it.

        One who dies with it holds it for an hour.
        """
        now = self._context.now()
        with self._context.write() as session:
            row = session.get(LastCheck, CheckName.BLOBS, with_for_update=True)
            if row is None:
                return "", None
            if row.result.get("held", 0) > now.timestamp():
                return None
            row.result = {**row.result, "held": now.timestamp() + _HOLD_SECONDS}
            return str(row.result.get("place", "")), (now - row.at).total_seconds()

    # ------------------------------------------------------------------------------------------------------ records

    def _check_records(self, checked: Checked) -> None:
        store = self._context.public
        try:
            keys = read_keys(store)
        except (OpendataError, ValueError):
            checked.findings.append(CheckResult("keys", KEYS))
            return
        for kind in RECORDS:
            for key in store.list_records(kind):
                if key.endswith(".json"):
                    checked.records += 1
                    what = _judge_record(store, keys, key)
                    if what:
                        checked.findings.append(CheckResult(key, what))

    def _check_versions(self, checked: Checked) -> None:
        """Versions of the database against manifests of the store, and each against the one before."""
        store = self._context.public
        with self._context.read() as session:
            rows = session.execute(select(Version.dataset_id, Version.version, Version.manifest))
            known = {manifest_key(dataset, version): sha256 for dataset, version, sha256 in rows}
            planned = self._list_planned(session)
            names = set(session.scalars(select(Dataset.id)))
        chains: dict[str, list[tuple[tuple[int, int, int], str]]] = {}
        for key in store.list_records("datasets"):
            dataset, version = _read_manifest_key(key)
            if dataset not in names or version is None:
                continue
            if key not in known:
                if key not in planned:
                    checked.findings.append(CheckResult(key, UNKNOWN))
                continue
            checked.versions += 1
            chains.setdefault(dataset, []).append((version, key))
            if digest(store.get_record(key)) != f"sha256:{known.pop(key)}":
                checked.findings.append(CheckResult(key, OTHER))
        checked.findings += [CheckResult(key, LOST) for key in sorted(known)]
        for chain in chains.values():
            previous = None
            for _, key in sorted(chain):
                data = store.get_record(key)
                with _naming(checked, key):
                    if json.loads(data)["opendata"]["previous"] != previous:
                        checked.findings.append(CheckResult(key, BROKEN))
                previous = digest(data)

    # -------------------------------------------------------------------------------------------------------- blobs

    def _list_wanted(self) -> Mapping[str, bool]:
        """Every blob that versions name; False where a tombstone says that it was erased."""
        store = self._context.public
        wanted: dict[str, bool] = {}
        erased: set[str] = set()
        for key in store.list_records("datasets"):
            dataset, version = _read_manifest_key(key)
            if version is None:
                continue
            try:
                wanted |= dict.fromkeys(Manifest.from_json(json.loads(store.get_record(key))).list_blobs(), True)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # named as a record already
            number = ".".join(str(part) for part in version)
            for data in list_editions(store, partial(tombstone_key, dataset, number)):
                with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):  # named as a record already
                    erased |= {name.removeprefix("sha256:") for name in json.loads(data)["erased"]}
        return wanted | dict.fromkeys(erased & wanted.keys(), False)

    def _check_blob(self, checked: Checked, where: str, name: str, rate: int, damaged: set[str]) -> None:
        store = self._context.public if where == "public" else self._context.private
        started = time.monotonic()
        hashed, size = hashlib.sha256(), 0
        try:
            with store.open_blob(name) as file:
                while piece := file.read(_PIECE):
                    hashed.update(piece)
                    size += len(piece)
                    if rate:
                        time.sleep(max(0.0, size / rate - (time.monotonic() - started)))
        except (NotFoundError, FileNotFoundError):
            return  # erased or collected meanwhile; what is wanted is looked for at the end
        checked.blobs += 1
        checked.bytes += size
        if hashed.hexdigest() != name:
            checked.findings.append(CheckResult(f"{where}/{name}", ALTERED_BLOB))
            if where == "public":
                self._damages.note(name, ALTERED)
        elif name in damaged and where == "public":
            self._damages.clear(name)

    def _check_presence(
        self, checked: Checked, wanted: Mapping[str, bool], present: set[str], allowed: set[str]
    ) -> None:
        """What anybody may have is in the public store, all other files of versions are in one of the two."""
        for name in sorted(name for name, needed in wanted.items() if needed and name not in present):
            is_there = name not in allowed and self._context.private.has_blob(name)
            if not is_there and not self._context.public.has_blob(name):
                checked.findings.append(CheckResult(f"public/{name}", MISSING_BLOB))
                self._damages.note(name, MISSING)
        with self._context.read() as session:
            planned = self._list_planned(session)
        kept = {name for names in planned.values() for name in names}
        orphans = sorted(present - {name for name, needed in wanted.items() if needed} - kept)
        checked.findings += [CheckResult(f"public/{name}", ORPHANED, is_note=True) for name in orphans]

    def _list_allowed(self) -> set[str]:
        """The files that anybody may have, as a part of some version or soon of a planned one."""
        with self._context.read() as session:
            query = select(Version.dataset_id, Version.version, Dataset).join(Dataset, Dataset.id == Version.dataset_id)
            standing = [
                (manifest_key(dataset, version), disclosure_of(row))
                for dataset, version, row in session.execute(query.where(where_standing()))
            ]
            allowed = {name for names in self._list_planned(session).values() for name in names}
        for key, disclosure in standing:
            with contextlib.suppress(NotFoundError, ValueError, KeyError, TypeError, AttributeError):
                manifest = Manifest.from_json(json.loads(self._context.public.get_record(key)))
                allowed |= list_public_blobs(manifest, disclosure)
        return allowed

    def _check_exposure(self, checked: Checked, exposed: set[str]) -> None:
        """No other file of a version is in the public store."""
        checked.findings += [CheckResult(f"public/{name}", EXPOSED) for name in sorted(exposed)]
        if exposed:
            self._have_placed(exposed)

    def _have_placed(self, names: Collection[str]) -> None:
        """Have the worker put the files of all versions that have these where they belong."""
        with self._context.write() as session:
            for row in session.scalars(select(Version)):
                with contextlib.suppress(NotFoundError):  # a manifest that is missing is named already
                    data = self._context.public.get_record(manifest_key(row.dataset_id, row.version))
                    row.unfinished = row.unfinished or any(name.encode() in data for name in names)

    def _list_planned(self, session: Session) -> Mapping[str, Sequence[str]]:
        """The manifests that are about to be published, by their key, with the blobs they name."""
        query = select(Draft.dataset_id, Draft.target, Draft.target_manifest).where(
            Draft.target_manifest.is_not(None), Draft.status != DraftState.PUBLISHED
        )
        planned = {}
        for dataset, version, name in session.execute(query):
            try:
                with self._context.private.open_blob(str(name)) as file:
                    planned[manifest_key(dataset, str(version))] = Manifest.from_json(json.load(file)).list_blobs()
            except (NotFoundError, ValueError):
                continue
        return planned

    # -------------------------------------------------------------------------------------------------------- place

    @property
    def _place_file(self) -> Path:
        return self._context.settings.home / "fsck.place"

    def _read_place(self) -> str:
        try:
            recent = time.time() - self._place_file.stat().st_mtime < _DAY
            return self._place_file.read_text() if recent else ""
        except FileNotFoundError:
            return ""

    def _write_place(self, place: str) -> None:
        self._place_file.write_text(place)


def _judge_record(store: Store, keys: Sequence[PublicKey], key: str) -> str | None:
    """What is wrong with a record, or None."""
    data = store.get_record(key)
    try:
        signature = store.get_record(signature_key(key))
    except NotFoundError:
        return UNSIGNED
    return None if find_maker(keys, data, signature) else FORGED


def _read_manifest_key(key: str) -> tuple[str, tuple[int, int, int] | None]:
    """The dataset and version whose manifest lies there; no version where it is another record."""
    parts = key.split("/")
    version = parse_version(parts[3].removesuffix(".json")) if len(parts) == 4 and key.endswith(".json") else None
    return parts[2], version


@contextmanager
def _naming(checked: Checked, key: str) -> Iterator[None]:
    try:
        yield
    except (IntegrityError, ValueError, KeyError, TypeError):
        checked.findings.append(CheckResult(key, FORGED))


def describe(found: Checked) -> dict[str, Any]:
    """A look as a document."""
    return {
        "records": found.records,
        "versions": found.versions,
        "blobs": found.blobs,
        "bytes": found.bytes,
        "sound": found.is_sound,
        "findings": [{"where": item.where, "what": item.what, "note": item.is_note} for item in found.findings],
    }
