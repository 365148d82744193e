"""Checking from outside that what is published is what was published: nothing but public addresses is believed.

Each version is held against its signature, its files against the digests in its manifest, each manifest against the
one before it, all of it against the keys, and the keys and versions against what was seen the time before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendata.domain.disclosure import OPEN, Disclosure
from opendata.domain.parts import StoredFile
from opendata.errors import N_, OpendataError
from opendata.metadata.canonical import digest, write_canonical
from opendata.metadata.keys import PublicKey, find_signer, link_keys
from opendata.services.core.records import find_maker
from opendata.services.operations.verification.hashing import list_expected
from opendata.services.operations.verification.sources import Signed, Source

NO_KEYS = N_("there are no keys to check signatures with; provide one with --key")
KEYS_BROKEN = N_("the chain of keys is broken: a key isn't signed by the one before it")
STRANGER = N_("the key you trust isn't among the keys here")
KEY_GONE = N_("a key that was here before is missing, and no signature confirms the change")
UNSIGNED = N_("there is no signature")
FORGED = N_("the signature wasn't made by a key that was valid at the time, or the bytes were changed")
NO_RECORD = N_("this isn't the record of a version")
NOT_CANONICAL = N_("the manifest isn't in canonical form (RFC 8785)")
MISPLACED = N_("the manifest belongs to another dataset or version")
OTHER_UUID = N_("the dataset's uuid differs from the one in the version before")
CUT = N_("the manifest doesn't refer to the one before it: versions were removed, added or swapped")
BACKWARDS = N_("its date is earlier than the date of the version before it")
GONE = N_("the version is listed, but it has neither a manifest nor a tombstone")
FILE_GONE = N_("the file doesn't exist")
FILE_OTHER = N_("the file's bytes don't match the digest in the manifest")
ROLLED_BACK = N_("the version was here before and is missing now: the history was rolled back")
REWRITTEN = N_("the version differs from the one that was here before")
ABSENT = N_("there is no version here")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something wrong: where, and what (a text to translate)."""

    where: str
    what: str


@dataclass(slots=True)
class Verified:
    """What was checked, how many versions rest on each key (by id), and what is wrong."""

    datasets: int = 0
    versions: int = 0
    withdrawn: int = 0
    withheld: int = 0
    """Versions whose files are not public by the disclosure of their dataset."""
    files: int = 0
    bytes: int = 0
    records: int = 0
    """The small records beside versions: of datasets, publishers, schemas, the negative list and the opening plan."""
    listed: int = 0
    """The files that the signed list of a mirror names."""
    keys: Sequence[PublicKey] = ()
    claims: dict[str, int] = field(default_factory=dict)
    findings: list[Evidence] = field(default_factory=list)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    """By dataset and version the digest of the manifest: what is to be remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is known beforehand: keys that are trusted, and keys and versions that were seen the time before."""

    keys: Sequence[PublicKey] = ()
    seen_keys: Sequence[str] = ()
    seen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def verify(
    source: Source,
    trust: Trust,
    *,
    files: bool = True,
    on_progress: Callable[[str], object] | None = None,
) -> Verified:
    """Check all that a source has; `on_progress` hears which version is next. Raises `BackendError`."""
    found = Verified()
    found.keys = _find_keys(source, trust, found)
    visited: set[str] = set()
    for dataset in source.list_datasets():
        found.datasets += 1
        visited.add(dataset)
        before: _Link | None = None
        is_open = source.is_open(dataset)
        for version in source.list_versions(dataset):
            if on_progress is not None:
                on_progress(f"{dataset}@{version}")
            before = _check_version(source, found, dataset, version, before, files=files, is_open=is_open)
    for where, (data, signature) in source.list_records():
        found.records += 1
        if not signature.strip():
            found.findings.append(Evidence(where, UNSIGNED))
        elif find_maker(found.keys, data, signature) is None:
            found.findings.append(Evidence(where, FORGED))
    if not found.versions:
        found.findings.append(Evidence(source.name, ABSENT))
    for dataset, versions in trust.seen.items():
        if dataset not in visited and not source.is_whole:
            continue
        for version, known in versions.items():
            present = found.heads.get(dataset, {}).get(version)
            if present != known:
                what = ROLLED_BACK if present is None else REWRITTEN
                found.findings.append(Evidence(f"{dataset}@{version}", what))
    return found


@dataclass(frozen=True, slots=True)
class _Link:
    """What the next version is held against."""

    manifest: str
    uuid: str | None
    created: str


def _find_keys(source: Source, trust: Trust, found: Verified) -> Sequence[PublicKey]:
    records = source.read_keys()
    try:
        chain = link_keys(records)
    except OpendataError:
        found.findings.append(Evidence("keys", KEYS_BROKEN))
        chain = ()
    known = {key.id for key in chain}
    if chain and trust.keys and not known & {key.id for key in trust.keys}:
        found.findings.append(Evidence("keys", STRANGER))
        return trust.keys
    if chain and not set(trust.seen_keys) <= known:
        found.findings.append(Evidence("keys", KEY_GONE))
    if not chain and not trust.keys:
        found.findings.append(Evidence("keys", NO_KEYS))
    return chain or trust.keys


def _check_version(
    source: Source, found: Verified, dataset: str, version: str, before: _Link | None, *, files: bool, is_open: bool
) -> _Link | None:
    """Check a version; its files too if they are wanted and, by its dataset and its manifest, public."""
    where = f"{dataset}@{version}"
    tombstone = source.read_tombstone(dataset, version)
    if tombstone is not None:
        return _check_tombstone(source, found, dataset, version, tombstone, before)
    stop = source.read_suspension(dataset, version)
    if stop is not None and _says_stopped(stop):
        return _check_stop(source, found, dataset, version, stop, before)
    signed = source.read_manifest(dataset, version)
    if signed is None:
        found.findings.append(Evidence(where, GONE))
        return before
    data, _ = signed
    found.versions += 1
    found.heads.setdefault(dataset, {})[version] = digest(data)
    try:
        manifest = json.loads(data)
        ours = manifest["opendata"]
        created, previous, uuid = manifest["created"], ours["previous"], ours["uuid"]
        resources = [*manifest["resources"]]
        made = datetime.fromisoformat(created)
        name, number = manifest["name"], manifest["version"]
        canonical = write_canonical(manifest) == data
    except (ValueError, KeyError, TypeError, RecursionError):
        found.findings.append(Evidence(where, NO_RECORD))
        return before
    if not canonical:
        found.findings.append(Evidence(where, NOT_CANONICAL))
    if number != version or not _is_of(source, name, dataset):
        found.findings.append(Evidence(where, MISPLACED))
    _check_signature(found, where, signed, made)
    _check_chain(source, found, where, before, _Link(digest(data), uuid, created), previous)
    is_open = is_open and _is_open(ours)
    found.withheld += not is_open
    for resource in resources if files else ():
        if is_open or _says_open(resource):
            _check_files(source, found, dataset, version, resource)
    return _Link(digest(data), uuid, created)


def _is_of(source: Source, name: object, dataset: str) -> bool:
    """Whether a record that names a dataset is about this one, perhaps under the name it had before."""
    return name == dataset or source.leads_to(str(name), dataset)


def _is_open(ours: Mapping[str, Any]) -> bool:
    """Whether a manifest says that anybody may have its files."""
    found = ours.get("disclosure")
    return not isinstance(found, Mapping) or Disclosure.from_json(found).is_open


def _says_open(resource: Any) -> bool:
    """Whether a resource is public although its dataset isn't."""
    ours = resource.get("opendata") if isinstance(resource, Mapping) else None
    return isinstance(ours, Mapping) and ours.get("disclosure") == OPEN


def _says_stopped(signed: Signed) -> bool:
    """Whether a record says that a version is stopped; one that can't be read is looked at as if it did."""
    try:
        return json.loads(signed[0])["suspended"] is not False
    except (ValueError, KeyError, TypeError, RecursionError):
        return True


def _check_stop(
    source: Source, found: Verified, dataset: str, version: str, signed: Signed, before: _Link | None
) -> _Link | None:
    """Check the record of a version that is stopped; its files aren't public."""
    where = f"{dataset}@{version}"
    found.versions += 1
    found.withheld += 1
    try:
        stop = json.loads(signed[0])
        manifest, previous, made = stop["manifest"], stop["previous"], datetime.fromisoformat(stop["created"])
        name, number = stop["dataset"], stop["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found.findings.append(Evidence(where, NO_RECORD))
        return before
    found.heads.setdefault(dataset, {})[version] = manifest
    if number != version or not _is_of(source, name, dataset):
        found.findings.append(Evidence(where, MISPLACED))
    _check_signature(found, where, signed, made)
    if previous != (before.manifest if before else None):
        found.findings.append(Evidence(where, CUT))
    return _Link(manifest, before.uuid if before else None, before.created if before else "0")


def _check_tombstone(
    source: Source, found: Verified, dataset: str, version: str, signed: Signed, before: _Link | None
) -> _Link | None:
    where = f"{dataset}@{version}"
    found.versions += 1
    found.withdrawn += 1
    try:
        tombstone = json.loads(signed[0])
        manifest, previous = tombstone["manifest"], tombstone["previous"]
        changed, withdrawn = datetime.fromisoformat(tombstone["changed"]), tombstone["withdrawn"]
        name, number = tombstone["dataset"], tombstone["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found.findings.append(Evidence(where, NO_RECORD))
        return before
    found.heads.setdefault(dataset, {})[version] = manifest
    if number != version or not _is_of(source, name, dataset):
        found.findings.append(Evidence(where, MISPLACED))
    _check_signature(found, where, signed, changed)
    if previous != (before.manifest if before else None):
        found.findings.append(Evidence(where, CUT))
    return _Link(manifest, before.uuid if before else None, before.created if before else min(withdrawn, "0"))


def _check_signature(found: Verified, where: str, signed: Signed, made: datetime) -> None:
    data, signature = signed
    if not signature.strip():
        found.findings.append(Evidence(where, UNSIGNED))
        return
    if made.tzinfo is None:
        found.findings.append(Evidence(where, NO_RECORD))
        return
    key = find_signer(found.keys, data, signature, made)
    if key is None:
        found.findings.append(Evidence(where, FORGED))
    else:
        found.claims[key.id] = found.claims.get(key.id, 0) + 1


def _check_chain(
    source: Source, found: Verified, where: str, before: _Link | None, now: _Link, previous: object
) -> None:
    if source.is_alone:
        return  # what was before it is not here
    if previous != (before.manifest if before else None):
        found.findings.append(Evidence(where, CUT))
    elif before is not None:
        if before.uuid is not None and before.uuid != now.uuid:
            found.findings.append(Evidence(where, OTHER_UUID))
        if now.created < before.created:
            found.findings.append(Evidence(where, BACKWARDS))


def _check_files(source: Source, found: Verified, dataset: str, version: str, resource: Any) -> None:
    try:
        ours = resource.get("opendata", {})
        files = [(str(item["path"]), StoredFile.from_json(item, own)) for item, own in _list_forms(resource, ours)]
    except (AttributeError, KeyError, TypeError):
        found.findings.append(Evidence(f"{dataset}@{version}", NO_RECORD))
        return
    for path, file in files:
        where = f"{dataset}@{version}/{path}"
        hashed = source.hash_file(dataset, version, path, file)
        if hashed is None:
            found.findings.append(Evidence(where, FILE_GONE))
            continue
        found.files += 1
        found.bytes += hashed[0][1]
        if list(hashed) != list(list_expected(file)):
            found.findings.append(Evidence(where, FILE_OTHER))


def _list_forms(resource: Any, ours: Any) -> Iterator[tuple[Any, Any]]:
    """The objects that name the files of a resource, each with the one that has its parts."""
    yield resource, ours
    if parquet := ours.get("parquet"):
        yield parquet, parquet
