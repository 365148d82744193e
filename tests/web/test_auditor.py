"""An auditor changes nothing: each method that isn't safe, of every page and every call of REST, is refused.

That an auditor reads whatever a maintainer reads is in the table of powers (`test_powers`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from opendata.db.models import Base
from tests.instances import make_actor
from tests.web.conftest import Portal, find_token
from tests.web.powers import find_lines
from tests.web.powers_world import build_address

OPEN_TO_ALL = ("account", "doors", "everybody")
"""Signing in and out, one's own account, and what reads although it is sent with POST."""


class Anything(dict[str, str]):
    """A value for each part of an address: who may not even try is refused before it is looked up."""

    def __missing__(self, name: str) -> str:
        return "1.0.0" if name == "version" else "11"


def test_every_change_is_refused_to_an_auditor_and_leaves_nothing(office: Portal) -> None:
    make_actor(office.services, "eye", role="auditor", publisher=None)
    browser = office.signed_in("eye")
    headers = {"X-CSRFToken": find_token(browser.get("/account").text)}
    before, asked, wrong = read_all(office), 0, []
    for rule in office.app.url_map.iter_rules():
        (line,) = find_lines(rule.endpoint)
        if line in OPEN_TO_ALL:
            continue
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            asked += 1
            address = build_address(rule, Anything())
            body: dict[str, Any] = {"json": {}} if address.startswith("/api/") else {"data": {}}
            answer = browser.open(address, method=method, headers=headers, **body)
            if answer.status_code != 403:
                wrong.append((method, rule.endpoint, answer.status_code))
    assert wrong == []
    assert asked > 200
    assert read_all(office) == before


def read_all(office: Portal) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but those of the audit log, which has each refusal, and of what counts requests."""
    left_out = {"events", "event_chain", "failures", "user_sessions"}
    with office.services.database.unit() as session:
        return {
            table.name: sorted(tuple(map(repr, row)) for row in session.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in left_out
        }
