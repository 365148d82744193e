"""What the tables of a draft are called: proposed from the name of the file, without its period, and changeable."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.manifest import Manifest
from opendata.errors import N_, InvalidMetadataError, StateError, fault
from opendata.intake.meaning.finding import describe_names
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier

_PERIOD_IN_NAME = re.compile(
    r"(?:(?<=-)|(?<=_)|^)(?:19|20)\d\d(?:-?nian)?(?:-?(?:du|xue-nian|di-?)?-?\d{1,2}(?:-\d{1,2})?(?:-?(?:yue|ji-du|ji))?(?:-fen)?)?(?=[-_]|$)"
)


def choose_name(file: str, known: Mapping[str, Any], taken: Container[str], *, among: Sequence[str] = ()) -> str:
    """The name of the table in a file: of a table that the version before has, else a new one that isn't taken.

    `known` are the names of the tables in the version before. One that was named with its period keeps that name, and
    so do files that differ in nothing else: `among` are all that were sent together.
    """
    as_it_is = suggest_identifier(file, resource=True)
    if as_it_is in known or [describe_names(name) for name in among].count(describe_names(file)) > 1:
        return suggest_identifier(file, taken=taken, resource=True)
    plain = suggest_identifier(describe_names(file), taken=taken, resource=True)
    if plain in known:
        return plain
    dated = [name for name in known if _strip(name) == plain]
    return dated[0] if len(dated) == 1 and dated[0] not in taken else plain


def read_stem(file: str) -> str:
    """The name of a file without its folder and its suffix."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name[1:] else name


def rename_table(row: Draft, resource: DraftResource, name: str, base: Manifest | None) -> bool:
    """Give a table of a draft another name; False where it has it already.

    Raises `InvalidMetadataError` for a name that can't be, `StateError` for a table that is published.
    """
    if name == resource.name:
        return False
    wrong = find_identifier_fault("/name", name, resource=True)
    if wrong:
        raise InvalidMetadataError(faults=[wrong])
    published = {item.name for item in (base.resources if base else ())}
    if resource.name in published:
        raise StateError(
            N_("“%(name)s” is published, and its name is part of addresses that others use. Change its title instead"),
            name=resource.name,
        )
    used = published | {item.name for item in row.resources} | {item.name for item in row.attachments}
    if name in used:
        raise InvalidMetadataError(faults=[fault("/name", N_("Two resources have the name “%(name)s”"), name=name)])
    row.privacy = [item for item in row.privacy if item["resource"] != resource.name]
    dataset, old = row.dataset, resource.name
    dataset.recipes = _move(dataset.recipes, old, name)
    dataset.choices = _move(dataset.choices, old, name)
    dataset.decisions = _move(dataset.decisions, old, name)
    dataset.meanings = _move(dataset.meanings, old, name)
    dataset.schemas = _move(dataset.schemas, old, name)
    dataset.series = _move(dataset.series, old, name)
    for bench in row.benches:
        if bench.resource == old:
            bench.resource = name
    resource.name = name
    return True


def _move(kept: Mapping[str, Any] | None, old: str, new: str) -> dict[str, Any] | None:
    """What is kept by the names of tables, under the new name of one."""
    if kept is None:
        return None
    return {new if name == old else name: value for name, value in kept.items() if name != new or old not in kept}


def _strip(name: str) -> str:
    """The name of a table without a year and month in it."""
    return re.sub(r"[-_]{2,}", "-", _PERIOD_IN_NAME.sub("", name)).strip("-_")
