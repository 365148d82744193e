"""The pages of the negative list, of what lacks a ground and of the self-check, in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from opendata.domain.grounds.self_check import Answer, Decision
from tests.instances import DATASET
from tests.web.conftest import PASSWORD, Portal
from tests.web.page_states import PageState

ENTRIES = (
    {
        "title": "涉及国家秘密的水文数据",
        "ground": "state-secret",
        "legalBasis": "《保守国家秘密法》第十三条",
        "description": "重要江河堤防、大中型水库的险工险段数据；已公开的水位、雨量数据不在此列。",
    },
    {"title": "公民个人信息", "ground": "privacy", "legalBasis": "《条例》第十五条", "from": "2020-01-01"},
    {
        "title": "道路局内部事务",
        "ground": "internal-affairs",
        "legalBasis": "《条例》第十六条",
        "publishers": ["road-bureau"],
    },
    {"title": "试行事项", "ground": "privacy", "legalBasis": "《条例》第十五条", "until": "2999-12-31"},
)
CLOSED = {"attribute": "closed", "reason": "涉密", "legalBasis": "《保守国家秘密法》第十三条"}
LIST, CHECK = "/workspace/negative-list", "/workspace/self-check"


def list_ground_states(portal: Portal) -> Iterator[PageState]:
    """Put a list in force, prepare its change, close one self-check and begin another."""
    services = portal.services
    boss, clerk = (services.accounts.sign_in(name, PASSWORD)[0] for name in ("boss", "clerk"))
    year = datetime.now(UTC).year
    answer = Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1))
    services.negative_lists.change(boss, ENTRIES)
    services.negative_lists.enforce(boss, "首次发布")
    for name, ground in (("kept", "N001"), ("lost", "N002"), ("without", "")):
        disclosure = {**CLOSED, "ground": ground} if ground else CLOSED
        services.datasets.create(boss, {**DATASET, "id": name, "title": f"水文 {name}", "disclosure": disclosure})
    draft, held = (services.drafts.create(clerk, name, [])[0].id for name in ("kept", "without"))
    for name in (draft, held):
        services.work.run_to_end(name)
    services.drafts.submit(clerk, draft)
    services.drafts.approve(boss, draft)
    services.drafts.publish(boss, draft)
    services.work.run_to_end(draft)
    services.self_checks.begin(boss, year - 1)
    items = [item.id for item in services.self_checks.list_items(boss, year - 1).items]
    services.self_checks.decide(boss, year - 1, items, answer, confirms=True)
    services.self_checks.close(boss, year - 1)
    services.self_checks.begin(boss, year)
    items = [item.id for item in services.self_checks.list_items(boss, year).items]
    kept = Answer(decision=Decision.KEEP, ground="N001", reason="仍涉密")
    services.self_checks.decide(boss, year, items[:1], kept)
    services.self_checks.decide(boss, year, items[1:2], answer, confirms=True)
    entries = [item.to_json() for item in services.negative_lists.get(1).entries]  # type: ignore[union-attr]
    services.negative_lists.change(boss, [*entries, {**ENTRIES[0], "title": "别的事项", "id": ""}])
    services.negative_lists.enforce(boss, "增加一条")
    services.negative_lists.change(boss, [{**entries[0], "title": "另一名称"}, entries[2]])
    yield from (
        PageState(path)
        for path in (
            *("/negative-list", "/negative-list?q=无此", "/negative-list/1", "/disclosure", "/datasets/kept"),
            *("/negative-list/differences?old=1&new=2", "/self-check", f"/self-check/{year - 1}"),
        )
    )
    yield from (
        PageState(path, "boss")
        for path in (
            *(LIST, f"{LIST}/entry", f"{LIST}/entry?entry=N001", "/workspace/grounds", "/workspace/control"),
            *(CHECK, f"{CHECK}/{year}", f"{CHECK}/{year - 1}", f"{CHECK}/{year}?state=decided"),
        )
    )
    yield PageState(f"{CHECK}/{year}", "clerk")
    yield PageState(f"/workspace/drafts/{held}/check", "clerk")
    yield PageState("/workspace/datasets/without/edit", "clerk")
    yield PageState(f"{LIST}/entry", "boss", press="main form")
    yield PageState(LIST, "boss", press="form[action$='/enforce']")
    yield PageState(f"{CHECK}/{year}", "boss", press="form[action$='/close']")
