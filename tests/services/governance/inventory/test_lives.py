"""Random lives of items: what is public is a part of what is held, and a table that comes out changes nothing."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.inventory.plan import Outcome
from opendata.domain.inventory.states import ItemState
from opendata.errors import OpendataError
from opendata.services.governance.inventory.exports import write_csv, write_workbook
from opendata.services.governance.inventory.import_values import RowKind
from opendata.services.governance.inventory.items import ItemFilter
from opendata.wording.voice import voice_of
from tests.instances import make_actor, make_services, publish
from tests.services.governance.inventory.test_inventory import GROUNDS, give_code, publish_entry, register

NAMES = ("wells", "levels", "permits")
DISCLOSURES = ({"attribute": "open"}, GROUNDS, {**GROUNDS, "attribute": "conditional"})
STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["register", "publish", "entry", "disclose", "plan", "delete"]),
        st.integers(0, 2),
    ),
    min_size=3,
    max_size=12,
)


@pytest.mark.slow
@given(STEPS)
def test_what_is_public_is_a_part_of_what_is_held_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("lives")
    services = make_services(folder)
    give_code(services)
    actor = make_actor(services, "editor")
    for name, step, number in steps:
        with contextlib.suppress(OpendataError):
            if step == "register":
                register(services, actor, name, disclosure=DISCLOSURES[number])
            elif step == "publish":
                publish(services, actor, dataset=name)
            elif step == "entry":
                publish_entry(services, actor, name)
            elif step == "disclose":
                services.datasets.update(actor, name, {"disclosure": DISCLOSURES[number]})
            elif step == "plan":
                services.plans.set_day(actor, name, date(2099, 1, number + 1) if number else None, "另有安排")
            else:
                services.deletion.delete(actor, name)
    held = {item.id: item for item in services.inventory.iterate(actor, is_own=True)}
    seen = {item.id: item for item in services.inventory.iterate(None)}
    assert set(seen) == {item.id for item in services.datasets.list(None).items} <= set(held)
    assert all(item.is_public for item in seen.values())
    counted = Counter((item.publisher.id, item.attribute) for item in seen.values())
    counts = {
        (row.publisher.id, attribute): number
        for row in services.inventory.count(None)
        for attribute, number in row.by_attribute.items()
    }
    assert counts == counted
    for who, items in ((None, seen), (actor, held)):
        states = services.inventory.count_states(who, is_own=who is not None)
        assert +Counter(item.state for item in items.values()) == +Counter(states)
        for state in ItemState:
            page = services.inventory.list_page(who, ItemFilter(state=state.value), is_own=who is not None)
            assert [item.id for item in page.items] == [name for name, item in items.items() if item.state == state]
    for item in seen.values():  # what has open data is open; what was closed keeps its versions in the history
        assert (item.state == ItemState.OPEN) == (item.latest is not None and item.attribute == "open")
        if item.attribute == "closed":
            assert item.latest is None
    plans = services.plans.list_page(limit=100).items
    assert {plan.id for plan in plans} <= set(seen)
    assert services.plans.count() == {outcome: sum(plan.outcome == outcome for plan in plans) for outcome in Outcome}
    out = io.BytesIO()
    write_workbook(services.inventory.iterate(actor, is_own=True), out, voice_of("zh"))
    text = "".join(write_csv(services.inventory.iterate(actor, is_own=True), voice_of("en")))
    for name, data in (("a.xlsx", out.getvalue()), ("a.csv", text.encode())):
        if held:
            kept = services.inventory_imports.keep(actor, io.BytesIO(data), name)
            kinds = {row.kind for row in services.inventory_imports.plan(actor, kept).rows}
            assert kinds == {RowKind.UNCHANGED}
    services.database.dispose()
