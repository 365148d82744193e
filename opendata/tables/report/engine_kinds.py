"""The words of frictionless' error types, read from its sources: importing it would cost a second."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_ATTRIBUTES = ("type", "title", "description", "template", "tags")


@cache
def read_engine_kinds() -> Mapping[str, Mapping[str, object]]:
    """Title, description, template and tags of each type of error that frictionless has, by its type.

    A class has what its base has unless it says otherwise, as in Python. Raises `LookupError` if frictionless is not
    installed as sources.
    """
    classes: dict[str, Mapping[str, object]] = {}
    bodies = [found for path in _list_sources() for found in ast.parse(path.read_bytes()).body]
    waiting = {found.name: found for found in bodies if isinstance(found, ast.ClassDef)}

    def read(name: str) -> Mapping[str, object]:
        if name not in classes:
            inherited: dict[str, object] = {}
            for base in waiting[name].bases:
                if isinstance(base, ast.Name) and base.id in waiting:
                    inherited |= read(base.id)
            classes[name] = inherited | dict(_read_attributes(waiting[name]))
        return classes[name]

    for name in waiting:
        read(name)
    return {str(words["type"]): words for words in classes.values() if "type" in words}


def _list_sources() -> list[Path]:
    spec = find_spec("frictionless")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("frictionless is not installed")
    folder = Path(spec.submodule_search_locations[0])
    return [folder / "error" / "error.py", *sorted(folder.glob("errors/*.py"))]


def _read_attributes(body: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for line in body.body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
            target = line.targets[0] if isinstance(line, ast.Assign) else line.target
            if isinstance(target, ast.Name) and target.id in _ATTRIBUTES:
                yield target.id, ast.literal_eval(line.value)
