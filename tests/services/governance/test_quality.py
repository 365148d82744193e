"""Published tables are measured once a version, and what is wrong with them is counted in the control room."""

from __future__ import annotations

import pytest

from opendata.domain.quality.figures import Flaw, TableMeasures, list_flaws
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import publish

FIELDS = {
    "fields": [{"name": name, "type": kind} for name, kind in zip("abc", ("string", "integer", "string"), strict=True)]
}
LACKS = {"undescribed": 3, "no-contact": 3, "no-licence": 0}
GOOD = TableMeasures(
    rows=10, columns=3, described=0, missing=5, worst=0.5, worst_column="a", repeated=0, broken=2, paged=0
)


@pytest.mark.parametrize(
    ("change", "flaws"),
    [
        ({}, []),
        ({"worst": 0.51}, [Flaw.MISSING]),
        ({"repeated": 1}, [Flaw.REPEATED]),
        ({"repeated": None}, []),
        ({"rows": 9, "broken": 1}, [Flaw.FEW_ROWS]),
        ({"broken": 3}, [Flaw.STIFF]),
        ({"paged": 1}, [Flaw.STIFF]),
        ({"rows": 0, "broken": 0}, [Flaw.FEW_ROWS]),
    ],
)
def test_flaws_begin_beyond_their_bounds(change: dict[str, int], flaws: list[Flaw]) -> None:
    assert list_flaws(TableMeasures(**{f: change.get(f, getattr(GOOD, f)) for f in GOOD.__slots__})) == flaws


def test_what_is_published_is_measured_once_a_version(services: Services, editor: Actor) -> None:
    rows = ["x,1,", "x,1,", "y,,", 'z,2,"第 1 页\n共 2 页"']
    for number in range(3):
        made = {"id": f"part-{number}", "title": f"{number}月", "publisher": "water-bureau"}
        services.datasets.create(editor, {**made, "licenses": [{"name": "CC-BY-4.0"}]})
        text = "\n".join(["a,b,c", *rows[: 4 - number], *(f"k{number}{i},{i},v" for i in range(3 * number))]) + "\n"
        publish(services, editor, text, dataset=f"part-{number}", schema=FIELDS)
    measuring = services.measuring
    assert measuring.run_due(lambda: False) == 3
    assert measuring.run_due(lambda: False) == 0
    found = measuring.find("part-0", "1.0.0")["levels"]
    assert (found.rows, found.columns, found.missing, found.repeated, found.broken, found.paged) == (4, 3, 4, 1, 1, 0)
    assert (found.worst, found.worst_column, found.cells, found.missing_share) == (0.75, "c", 12, 4 / 12)
    counts = {one.code: one.count for one in services.control.count_all(SYSTEM) if one.group == "quality"}
    assert counts == {"much-missing": 1, "repeated-rows": 3, "few-rows": 3, "fragments": 3, "stiff": 1, **LACKS}
    assert [one.number for one in services.goals.measure_all(editor)] == [*range(1, 33)]
    reached = {one.code: (one.reached.done, one.reached.of) for one in services.goals.measure_all(editor)}
    expected = {"complete": (2, 3), "volume": (0, 3), "whole": (0, 3), "native": (2, 3), "licences": (3, 3)}
    assert expected.items() <= reached.items()
    assert {**reached, "standards": (0, 1), "harvest": (0, 1), "valid": (3, 4), "contacts": (0, 3)} == reached
    publish(services, editor, "a,b,c\nx,1,u\n", dataset="part-0", schema=FIELDS)
    assert measuring.find("part-0", "2.0.0") == {}
    assert [one.id for one in services.control.list(SYSTEM, "fragments").items] == ["part-1/levels", "part-2/levels"]
    assert measuring.run_due(lambda: True) == 0
    assert measuring.run_due(lambda: False) == 1
    (version,) = [item.version for item in services.versions.list("part-0") if item.version != "1.0.0"]
    assert measuring.find("part-0", version)["levels"].rows == 1
