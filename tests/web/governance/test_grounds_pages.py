"""The pages of the negative list, of what lacks a ground and of the self-check, in Chinese."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

from sqlalchemy import update
from werkzeug.test import TestResponse

from opendata.db.models import Dataset
from opendata.services.core.actors import SYSTEM
from tests.instances import DATASET
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send


def look(answer: TestResponse) -> str:
    """The text of a page that is sound."""
    assert answer.status_code == 200, answer.text
    check_page(answer.text)
    return answer.text


LIST, CHECK = "/workspace/negative-list", "/workspace/self-check"
ENTRY = {"title": "涉密水文数据", "ground": "state-secret", "legalBasis": "保守国家秘密法第十三条"}
CLOSED = {"attribute": "closed", "reason": "涉密", "legalBasis": "条例第十四条"}


def test_a_list_is_prepared_put_in_force_and_asked_for_on_the_pages(desk: Portal) -> None:
    boss, clerk, reader = desk.signed_in("boss"), desk.signed_in("clerk"), desk.client()
    assert "还没有施行的负面清单" in look(reader.get("/negative-list"))
    assert clerk.get(LIST).status_code == 403
    desk.services.datasets.create(SYSTEM, {**DATASET, "id": "before", "disclosure": CLOSED})
    draft = desk.services.drafts.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], "before", [])[0].id
    desk.work()
    assert "还没有施行的负面清单" in look(clerk.get(f"/workspace/drafts/{draft}/check"))
    assert send(boss, f"{LIST}/begin", {}, form=LIST).status_code == 303
    wrong = send(boss, f"{LIST}/entry", {"title": "", "from": "soon"})
    assert wrong.status_code == 422
    for said in ("请写明不予公开的事项", "请选择不予公开的依据类型", "例如 2026-12-31"):
        assert said in wrong.text
    assert send(boss, f"{LIST}/entry", ENTRY).status_code == 303
    send(boss, f"{LIST}/entry", {**ENTRY, "title": "个人信息", "ground": "privacy", "publishers": "road-bureau"})
    assert "涉密水文数据" in look(boss.get(LIST))
    assert "请说明改了什么" in send(boss, f"{LIST}/enforce", {"note": ""}, form=LIST).text
    assert send(boss, f"{LIST}/enforce", {"note": "首次发布"}, form=LIST).status_code == 303
    page = look(reader.get("/negative-list"))
    assert "涉密水文数据" in page and "个人信息" in page  # noqa: PT018 - one page
    found = look(reader.get("/negative-list?q=秘密 水文"))
    assert "涉密水文数据" in found and "个人信息" not in found  # noqa: PT018
    assert reader.get("/negative-list.csv").text.startswith("\ufeff编号,不予公开的事项")
    assert reader.get("/negative-list/1.json").location.endswith("/api/v1/negative-list/versions/1")
    assert [reader.get(path).status_code for path in ("/negative-list/9", "/negative-list/x.csv")] == [404, 404]

    assert "没有对应现行负面清单的条目" in look(clerk.get(f"/workspace/drafts/{draft}/check"))
    form = look(clerk.get("/workspace/datasets/before/edit"))
    assert "N001 涉密水文数据" in form
    assert "N002 个人信息" not in form
    desk.services.datasets.update(SYSTEM, "before", {"disclosure": {**CLOSED, "ground": "N001"}})
    desk.services.drafts.submit(desk.services.accounts.sign_in("clerk", PASSWORD)[0], draft)
    desk.work()
    assert 'href="/negative-list#N001"' in look(reader.get("/datasets/before"))

    assert send(boss, f"{LIST}/begin", {}, form=LIST).status_code == 303
    workbook = boss.get(f"{LIST}/form.xlsx")
    assert workbook.headers["Cache-Control"] == "private, no-store"
    broken = {"file": (io.BytesIO("编号,不予公开的事项,依据类型,法律依据\nN001,,别的,无\n".encode()), "清单.csv")}
    answer = send(boss, f"{LIST}/form", broken, form=LIST)
    assert answer.status_code == 422
    assert "<code>C2</code>" in answer.text
    send(boss, f"{LIST}/drop", {"entry": "N001"}, form=LIST)
    assert "before" in look(boss.get(LIST))
    assert "1 个数据集失去不公开依据" in send(boss, f"{LIST}/enforce", {"note": "调整"}, form=LIST).text
    send(boss, f"{LIST}/enforce", {"note": "调整", "confirmed": "1"}, form=LIST)
    assert "涉密水文数据" in look(reader.get("/negative-list/differences?old=1&new=2"))
    assert "已失效" in look(reader.get("/datasets/before"))
    assert "水库" in look(clerk.get("/workspace/grounds"))
    assert "before,水库,水务局,closed,涉密,条例第十四条,N001" in clerk.get("/workspace/grounds.csv").text


def test_a_self_check_is_decided_and_closed_on_the_pages(desk: Portal) -> None:
    boss, clerk, reader = desk.signed_in("boss"), desk.signed_in("clerk"), desk.client()
    owner = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.negative_lists.change(owner, [ENTRY])
    desk.services.negative_lists.enforce(owner, "首次发布")
    for name in ("one", "two"):
        desk.services.datasets.create(owner, {**DATASET, "id": name, "disclosure": {**CLOSED, "ground": "N001"}})
    with desk.services.database.unit(write=True) as session:
        session.execute(update(Dataset).values(editions=1))  # their entries are public
    year = datetime.now(UTC).year
    place = f"{CHECK}/{year}"
    assert "还没有启动过自查" in look(clerk.get(CHECK))
    assert "请选择 2017 年至" in send(boss, CHECK, {"year": "2016"}).text
    assert send(boss, CHECK, {"year": str(year)}).status_code == 303
    page = look(clerk.get(place))
    assert f"报告应于 {year + 1}-01-31 前完成" in page
    items = [item.id for item in desk.services.self_checks.list_items(owner, year).items]
    hidden = r'name="(seen-\d+)" value="(\w+)"'
    answer = {"item": [str(item) for item in items], "decision": "keep", "kept_on": "N001", "reason": "仍涉密"}
    answer |= dict(re.findall(hidden, page))
    for wrong, said in (
        ({"item": []}, "请至少选择一项"),
        ({"decision": ""}, "请选择所选各项如何处理"),
        ({"reason": ""}, "请说明维持原状的理由"),
        ({"kept_on": ""}, "请选择现行负面清单中的一个条目"),
        ({"decision": "open", "open_by": "soon"}, "例如 2026-12-31"),
    ):
        refused = send(clerk, f"{place}/decide", {**answer, **wrong, "step": "propose"}, form=place)
        assert (refused.status_code, said in refused.text) == (422, True), said
    assert send(clerk, f"{place}/decide", {**answer, "step": "propose"}, form=place).status_code == 303
    assert "2 项尚未决定" in send(boss, f"{place}/close", {}, form=place).text
    refused = send(boss, f"{place}/decide", {**answer, "step": "confirm"}, form=place)  # as it was before
    assert (refused.status_code, "在您查看之后已有变化" in refused.text) == (409, True)
    shown = dict(re.findall(hidden, refused.text))
    assert send(boss, f"{place}/decide", {**answer, **shown, "step": "confirm"}, form=place).status_code == 303
    assert "维持原状,N001,仍涉密" in boss.get(f"{place}.csv?state=decided&ground=N001").text
    assert send(boss, f"{place}/close", {}, form=place).status_code == 303
    assert "2 项维持原状" in look(reader.get(f"/self-check/{year}"))
    assert f"{year} 年报告" in look(reader.get("/self-check"))
    assert look(reader.get("/disclosure")).count("/self-check") == 1
    assert [reader.get(path).status_code for path in ("/self-check/1999", "/self-check/x")] == [404, 404]
    assert [boss.get(f"{CHECK}/{path}").status_code for path in ("1999", "x")] == [404, 404]
