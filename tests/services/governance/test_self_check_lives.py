"""Random lives of a self-check: whatever happens in its year, the report has the figures that a direct query has."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from opendata.domain.grounds.self_check import Answer, Asked, Decision
from opendata.errors import OpendataError, StateError
from opendata.services.governance.grounds.self_checks import SelfChecks
from opendata.wiring import build_context
from tests.services.governance.test_grounds import CLOSED, PRIVATE, ROADS, SECRET, Office

ENTRIES = (SECRET, PRIVATE, {**ROADS, "publishers": ["road-bureau"]})
PUBLISHERS = ("water-bureau", "road-bureau")
DEEDS = ("create", "open", "close", "enforce", "keep", "convert", "propose", "confirm", "ask")
_BY = "SELECT {0}, count(*) FROM self_check_items WHERE decision = '{1}' GROUP BY {0}"


class Year:
    """An office with a self-check under way, to which something happens."""

    def __init__(self, office: Office) -> None:
        self.office, self.services, self.boss = office, office.services, office.boss
        self.asked: list[Asked] = []
        self.checks = SelfChecks(build_context(office.services.settings), lambda session, year: self.asked)
        self.year = datetime.now(UTC).year
        self.names: list[str] = []
        office.enforce(*ENTRIES)
        self.checks.begin(self.boss, self.year)

    def happen(self, deed: str, data: st.DataObject) -> None:
        """Do one thing; what can't be done is refused."""
        try:
            self._happen(deed, data)
        except OpendataError:
            return

    def _happen(self, deed: str, data: st.DataObject) -> None:
        if deed == "create":
            self.names.append(f"set-{len(self.names)}")
            ground = data.draw(st.sampled_from(["", "N001", "N002", "N003"]))
            closed = {**CLOSED, "attribute": data.draw(st.sampled_from(["closed", "conditional"]))}
            publisher = data.draw(st.sampled_from(PUBLISHERS))
            self.office.create(self.names[-1], publisher, **closed, **({"ground": ground} if ground else {}))
        elif deed in ("open", "close"):
            name = data.draw(st.sampled_from(self.names or ["none"]))
            disclosure = CLOSED if deed == "close" else {"attribute": "open"}
            self.services.datasets.update(self.boss, name, {"disclosure": disclosure})
        elif deed == "enforce":
            kept = data.draw(st.lists(st.sampled_from(ENTRIES), unique_by=lambda item: str(item["id"])))
            self.office.enforce(*kept, confirmed=True)
        elif deed == "ask":
            self.asked.append(Asked(data.draw(st.sampled_from("甲乙丙")), data.draw(st.sampled_from(PUBLISHERS)), 3))
        else:
            seen = {item.id: item.digest for item in self.checks.list_items(self.boss, self.year).items}
            items = list(seen)
            chosen = data.draw(st.lists(st.sampled_from(items or [1]), min_size=1))
            if deed == "confirm":
                self.checks.confirm(self.boss, self.year, {item: seen.get(item, "") for item in chosen})
            elif deed == "convert":
                answer = Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1))
                self.checks.decide(self.boss, self.year, chosen, answer, confirms=True)
            else:
                ground = data.draw(st.sampled_from(["N001", "N002", "N003"]))
                answer = Answer(decision=Decision.KEEP, ground=ground, reason="仍不公开")
                self.checks.decide(self.boss, self.year, chosen, answer, confirms=deed == "keep")

    def finish(self, data: st.DataObject) -> None:
        """Decide what isn't decided; until then it can't be closed."""
        for item in self.checks.list_items(self.boss, self.year, limit=1000).items:
            if item.state == "decided":
                continue
            with pytest.raises(StateError):
                self.checks.close(self.boss, self.year)
            fitting = self.services.negative_lists.list_fitting(item.publisher)
            answer = Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1))
            if fitting and data.draw(st.booleans()):
                answer = Answer(decision=Decision.KEEP, ground=fitting[0].id, reason="仍不公开")
            self.checks.decide(self.boss, self.year, [item.id], answer, confirms=True)


@pytest.mark.slow
@given(data=st.data())
def test_the_report_has_the_figures_of_a_direct_query(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    office = Office(tmp_path_factory.mktemp("lives"))
    year = Year(office)
    for deed in data.draw(st.lists(st.sampled_from(DEEDS), max_size=15)):
        year.happen(deed, data)
    year.finish(data)
    report = year.checks.close(year.boss, year.year).report
    assert report is not None
    with office.services.database.unit() as session:

        def count(column: str, decision: str) -> dict[str, int]:
            return {row[0]: row[1] for row in session.execute(text(_BY.format(column, decision)))}

        kept, opened = count("publisher_id", "keep"), count("publisher_id", "open")
        assert report.grounds == count("kind", "keep")
        fulfilled = session.scalar(
            text(
                "SELECT count(*) FROM self_check_items i JOIN datasets d ON d.uuid = i.dataset_uuid"
                " WHERE i.decision = 'open'"
                " AND coalesce(json_extract(d.meta, '$.disclosure.attribute'), 'open') = 'open'"
            )
        )
    assert {name: (counts.kept, counts.opened) for name, counts in report.publishers.items()} == {
        name: (kept.get(name, 0), opened.get(name, 0)) for name in kept.keys() | opened.keys()
    }
    total = report.total
    assert (total.kept, total.opened, total.fulfilled) == (sum(kept.values()), sum(opened.values()), fulfilled)
    assert total.items == total.kept + total.opened
    office.services.database.dispose()
