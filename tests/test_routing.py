"""Addresses are built as Werkzeug's own rules build them."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BuildError, Map, Rule

from opendata.routing import LateRule

RULES = {
    "tables": "/datasets/<dataset>/<int:number>",
    "rules": "/rules/<rule>",
    "files": "/files/<path:name>",
    "charts": '/chart.<any("svg","png"):suffix>',
    "home": "/",
}
VALUES: list[tuple[str, dict[str, object]]] = [
    ("tables", {"dataset": "水库 é", "number": 7}),
    ("tables", {"dataset": "a b&c", "number": 7, "q": ["1", "é"], "self": "x"}),
    ("rules", {"rule": "monthly", "page": 2}),
    ("files", {"name": "a b/c"}),
    ("charts", {"suffix": "svg"}),
    ("home", {}),
]


def make_map(kind: type[Rule]) -> Map:
    return Map([kind(path, endpoint=name) for name, path in RULES.items()])


@pytest.mark.parametrize(("name", "values"), VALUES)
def test_an_address_is_the_same_each_time(name: str, values: dict[str, object]) -> None:
    late, usual = (make_map(kind).bind("example.org") for kind in (LateRule, Rule))
    expected = usual.build(name, values)
    assert [late.build(name, values) for _ in range(2)] == [expected] * 2
    assert late.match(unquote(expected.partition("?")[0]))[0] == name


def test_what_has_no_address_has_none() -> None:
    late = make_map(LateRule).bind("example.org")
    for name, values in (("tables", {"dataset": "a"}), ("other", {})):
        with pytest.raises(BuildError):
            late.build(name, values)
    with pytest.raises(NotFound):
        late.match("/chart.pdf")
