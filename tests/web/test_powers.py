"""Each role x each view of pages and REST x what it is about, against the table in `powers`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.web.powers import VIEWS, find_lines, read_audiences
from tests.web.powers_world import STATES, WHO, World, make_world

LAST = ("suspend_version", "stop_version", "release_version", "withdraw_version")
"""These take files out of the store, which the others want to read."""


OWN_FORM = r'action="/(?:sign-out|account|subscriptions|recover)'


def list_views(app: Flask) -> list[tuple[str, Rule]]:
    """Each method of each view; what reads is first."""
    found = [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(
        found, key=lambda view: (view[0] != "GET", view[1].endpoint.endswith(LAST), view[1].endpoint, view[1].rule)
    )


def test_every_view_is_in_one_line_of_the_table_and_every_line_has_one(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {name: found for name in endpoints if len(found := list(find_lines(name))) != 1} == {}
    patterns = [pattern for listed in VIEWS.values() for pattern in listed.split()]
    unused = [one for one in patterns if not any(fnmatchcase(endpoint, one) for endpoint in endpoints)]
    assert unused == []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("world") / "instance") as made:
        yield made


@pytest.mark.slow
def test_everybody_gets_from_every_view_what_the_table_says(world: World) -> None:
    audiences, wrong, asked = read_audiences(), [], 0
    for method, rule in list_views(world.portal.app):
        (line,) = find_lines(rule.endpoint)
        if line == "doors":
            continue
        parts = line.split(" / ") * (3 if "/" not in line else 1)
        has_states = bool({"dataset", "draft"} & rule.arguments)
        for audience, state in zip(parts, STATES if has_states else STATES[:1], strict=False):
            got = {who: world.ask(who, method, rule, state) for who in WHO}
            asked += len(got)
            has_nothing = got["maintainer"] == "hidden"  # no such thing: then nobody who may see it sees it
            for who, answer in got.items():
                may = audiences[audience][who]
                fits = answer == "yes" or (answer == "hidden" and has_nothing) if may else answer != "yes"
                if not fits:
                    wrong.append((method, rule.endpoint, state, who, answer, "may" if may else "may not"))
            if method == "GET" and got["auditor"] != got["maintainer"]:
                wrong.append((method, rule.endpoint, state, "auditor", got["auditor"], "as a maintainer"))
    assert wrong == []
    assert asked > 4000


@pytest.mark.slow
def test_no_page_shows_an_auditor_a_button_that_changes(world: World) -> None:
    seen = 0
    for method, rule in list_views(world.portal.app):
        if method != "GET" or rule.rule.startswith("/api/"):
            continue
        for state in STATES if {"dataset", "draft"} & rule.arguments else STATES[:1]:
            answer = world.get("auditor", rule, state)
            if answer.mimetype != "text/html":
                continue
            seen += 1
            for start, content in re.findall(r'(<form[^>]*method="post"[^>]*>)(.*?)</form>', answer.text, re.DOTALL):
                is_own = re.search(
                    r'action="/(?:sign-out|account|subscriptions|recover)', start
                ) or rule.endpoint.startswith(("account.", "recoveries.", "joining."))
                assert is_own or "<button" not in content, (rule.rule, start)
    assert seen > 60
