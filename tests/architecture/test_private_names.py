"""Tests reach the code as its users do: they import no private name of ours and read no private attribute of others.

A test that does so holds the code to how it is written, and breaks whenever that changes without anybody's loss.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.servers import CHECKOUT

ALLOWED = {
    "tests/crash/forge.py": {"_exit"},  # os._exit: the documented way to end a process without its clean-up
    "tests/fuzz/readers.py": {"_exit"},
    "tests/intake/reading_child.py": {"_exit"},
    "tests/clients/test_readers.py": {"_open"},  # how a file system of fsspec opens a file: to be overridden
    "tests/web/catalogue/test_search_page.py": {"_Element"},
    "tests/web/catalogue/test_feeds.py": {"_Element"},  # lxml's only name for the type of an element
    "tests/web/test_disclosure.py": {"_converters"},  # the only place where werkzeug says what a route accepts
}
"""Private names of other people's libraries, and why there is no other way."""


def find_private(source: str) -> Iterator[str]:
    """The private names that a file imports from `opendata`, reads of others or patches by their path."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "opendata":
                yield from (part for name in names for part in [*module.split("."), name.name] if is_private(part))
            case ast.Import(names=names):
                paths = [name.name.split(".") for name in names]
                yield from (part for path in paths if path[0] == "opendata" for part in path if is_private(part))
            case ast.Attribute(value=value, attr=name) if is_private(name) and not is_own(value):
                yield name
            case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(name)), *_]) if is_private(
                name
            ) and not is_own(value):
                yield name
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr"), args=[first, *others]):
                texts = [item.value for item in (first, *others[:1]) if isinstance(item, ast.Constant)]
                named = [text for text in texts if isinstance(text, str)]
                yield from (part for text in named for part in text.split(".") if is_private(part))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_own(node: ast.expr) -> bool:
    """Whether this is the object itself, its class or what it inherits."""
    match node:
        case ast.Name(id="self" | "cls"):
            return True
        case ast.Call(func=ast.Name(id="super")):
            return True
    return False


def test_what_is_private_stays_so_in_tests() -> None:
    found = {}
    for path in sorted((CHECKOUT / "tests").rglob("*.py")):
        name = path.relative_to(CHECKOUT).as_posix()
        private = [item for item in find_private(path.read_text("utf-8")) if item not in ALLOWED.get(name, ())]
        if private:
            found[name] = private
    assert found == {}


def test_each_way_to_a_private_name_is_noticed() -> None:
    ways = """
from opendata.api import _a
from opendata._b import c
import opendata._d
thing._e
getattr(thing, "_f")
monkeypatch.setattr("opendata.api._g", 1)
monkeypatch.setattr(thing, "_h", 1)
"""
    assert sorted(find_private(ways)) == ["_a", "_b", "_d", "_e", "_f", "_g", "_h"]
    assert list(find_private("from other import _a\nself._b\nsuper()._c\nthing.__class__\nthing.public")) == []
