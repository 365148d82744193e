"""The demonstration: the sample datasets published, and two accounts to look behind the pages with."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from opendata.domain.roles import Role
from opendata.errors import N_, StateError
from opendata.services.access.accounts import Accounts
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.schemas import Schemas
from opendata.services.core.actors import SYSTEM
from opendata.services.packages.imports import Imports
from opendata.settings import Settings
from opendata.storage.signing import write_secret

PUBLISHER = "data-bureau-demo"
SIGN_IN_FILE = "sign-in.json"
MARKS_FILE = "demo.json"


class Parts(Protocol):
    """The services that filling an instance takes."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102 - the names say it
    @property
    def accounts(self) -> Accounts: ...  # noqa: D102
    @property
    def schemas(self) -> Schemas: ...  # noqa: D102
    @property
    def datasets(self) -> Datasets: ...  # noqa: D102
    @property
    def imports(self) -> Imports: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demonstration account and its password."""

    role: str
    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What filling did: how many datasets got a version just now, of how many there are."""

    published: int
    datasets: int


def fill_demo(
    services: Parts,
    schemas_folder: Path,
    datasets_folder: Path,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> Filled:
    """Load the schemas and publish every sample dataset; a package unchanged since the last time is left alone.

    `on_progress` hears how many of how many are done and which comes next. Raises `StateError` where a sample is
    refused, with the first reason.
    """
    marks = _read_marks(services.settings)
    packages = sorted(datasets_folder.glob("*/*/datapackage.json"))
    library = _digest_files(schemas_folder, schemas_folder.glob("*/*/schema.json"))
    public = _list_public(services.datasets)
    known = dict(marks.get("datasets", {})) if public and marks.get("schemas") == library else {}
    if not known:
        services.schemas.load_folder(SYSTEM, schemas_folder)
    published = 0
    for number, package in enumerate(packages):
        name = package.parent.relative_to(datasets_folder).as_posix()
        if on_progress is not None:
            on_progress(number, len(packages), name)
        mark = _digest_files(package.parent, package.parent.rglob("*"))
        if known.get(name, {}).get("mark") == mark and known[name]["dataset"] in public:
            continue
        found = services.imports.import_package(SYSTEM, str(package))
        if found.refused:
            wrong = next((item for item in found.resources if not item.valid), None)
            raise StateError(
                N_("The sample “%(name)s” was refused: %(reason)s"),
                name=f"{name}/{wrong.name}" if wrong else name,
                reason=next(iter(wrong.messages), "") if wrong else "",
            )
        published += found.created
        known[name] = {"mark": mark, "dataset": found.dataset}
        _write_marks(services.settings, {"schemas": library, "datasets": known})
    return Filled(published=published, datasets=len(packages))


def ensure_sign_in(services: Parts) -> Sequence[SignIn]:
    """The demonstration's accounts, made with random passwords where there are none; the instance keeps them."""
    path = services.settings.key_folder / SIGN_IN_FILE
    if not path.exists():
        names = {"editor": "demo-editor", "maintainer": "demo-maintainer"}
        found = {role: {"name": name, "password": secrets.token_urlsafe(16)} for role, name in names.items()}
        write_secret(path, json.dumps(found))
    accounts = read_sign_in(services.settings)
    known = {user.name for user in services.accounts.list_users()}
    for item in accounts:
        if item.name not in known:
            publisher = PUBLISHER if item.role == Role.EDITOR else None
            services.accounts.create_user(item.name, item.password, item.role, publisher)
    return accounts


def read_sign_in(settings: Settings) -> Sequence[SignIn]:
    """The accounts of the demonstration, or none."""
    try:
        text = (settings.key_folder / SIGN_IN_FILE).read_text(encoding="ascii")
    except FileNotFoundError:
        return ()
    return tuple(SignIn(role, item["name"], item["password"]) for role, item in json.loads(text).items())


def _list_public(datasets: Datasets) -> set[str]:
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = datasets.list(cursor=cursor)
        found |= {item.id for item in page.items}
        cursor = page.next
        if cursor is None:
            return found


def _digest_files(root: Path, files: Iterable[Path]) -> str:
    """One digest over the names and bytes of files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _read_marks(settings: Settings) -> Mapping[str, Any]:
    try:
        found = json.loads((settings.home / MARKS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_marks(settings: Settings, marks: Mapping[str, Any]) -> None:
    path = settings.home / MARKS_FILE
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(marks, indent=1), encoding="utf-8")
    os.replace(beside, path)
