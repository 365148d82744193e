"""A clerk decides about personal data on a page, column by column, and gets the table published."""

from __future__ import annotations

import re

from tests.instances import DATASET, upload
from tests.services.work.test_privacy_gate import ROLL, SECRETS
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, send


def begin(portal: Portal) -> tuple[str, str]:
    """The page of a draft with a roll of persons, and the page on which to decide about it."""
    clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(clerk, DATASET)
    draft = f"/workspace/drafts/{upload(portal.services, clerk, ROLL, name='roll', schema=None).id}"
    return draft, f"{draft}/resources/roll/privacy"


def read_fields(page: str) -> dict[str, str]:
    """The name of the select field of each column."""
    return {name: f"do_{number}" for number, name in re.findall(r'name="field_(\d+)" value="([^"]+)"', page)}


def test_a_clerk_decides_column_by_column_and_publishes(desk: Portal) -> None:
    draft, page = begin(desk)
    clerk = desk.signed_in("clerk")
    shown = clerk.get(draft).text
    assert "在此之前不能提交草稿" in shown
    assert page in shown
    refused = send(clerk, f"{draft}/submit", OWN_CHECKS, form=f"{draft}/check")
    assert refused.status_code == 422
    assert "含有个人信息。请决定如何处理" in refused.text
    form = clerk.get(page).text
    assert not any(secret in form for secret in SECRETS)  # examples are masked
    assert "居民身份" in form
    fields = read_fields(form)
    chosen = {fields["姓名"]: "mask", fields["id"]: "drop", fields["phone"]: "drop"}
    kinds = dict(re.findall(r'name="(kind_\d+)" value="([^"]+)"', form))
    hidden = {f"field_{name.removeprefix('do_')}": field for field, name in fields.items()}
    assert send(clerk, page, {**chosen, **kinds, **hidden}).status_code == 303
    desk.work()
    assert "以下决定已用于各表" in clerk.get(draft).text
    checked = clerk.get(f"{draft}/check").text
    assert not any(secret in checked for secret in SECRETS)
    assert "遮盖部分内容" in checked
    assert send(clerk, f"{draft}/submit", OWN_CHECKS, form=f"{draft}/check").status_code == 303
    desk.work()
    public = desk.client().get("/datasets/reservoirs/1.0.0/").text
    assert "王*" in public
    assert not any(secret in public for secret in SECRETS)
    assert "13812345601" not in desk.client().get("/datasets/reservoirs/1.0.0/roll.csv").text
    assert "删除上传的文件" in clerk.get(draft).text
    asked = clerk.get(f"{draft}/originals").text
    assert "删除后无法恢复" in asked
    assert send(clerk, f"{draft}/originals", {"confirm": "1"}).status_code == 303
    assert "没有可删除的文件" in clerk.get(f"{draft}/originals").text
    assert clerk.get(draft).status_code == clerk.get(f"{draft}/check").status_code == 200


def test_a_ground_is_offered_only_where_somebody_reviews(desk: Portal, office: Portal) -> None:
    for portal, offered in ((desk, False), (office, True)):
        _, page = begin(portal)
        assert ("publish:punishment-publicity" in portal.signed_in("clerk").get(page).text) == offered


def test_a_decision_that_lacks_its_article_comes_back_as_it_was_sent(office: Portal) -> None:
    _, page = begin(office)
    clerk = office.signed_in("clerk")
    number = read_fields(clerk.get(page).text)["id"].removeprefix("do_")
    values = {f"field_{number}": "id", f"do_{number}": "publish:mandatory-disclosure", f"kind_{number}": "resident-id"}
    answer = send(clerk, page, values)
    assert answer.status_code == 422
    assert "请写明要求公布的法律及条款" in answer.text or "法律" in answer.text
    assert '<option value="publish:mandatory-disclosure" selected>' in answer.text


def test_counts_and_quasi_identifiers_are_chosen_on_the_page(desk: Portal) -> None:
    draft, page = begin(desk)
    clerk = desk.signed_in("clerk", "en")
    assert send(clerk, page, {"quasi": ["town"], "by": ["town"], "threshold": "3"}).status_code == 303
    desk.work()
    shown = clerk.get(page).text
    assert "town: 3 groups, the smallest of 1 rows" in shown
    assert 'name="by" value="town" checked' in shown
    assert "needs a decision" not in clerk.get(draft).text


def test_a_table_that_was_not_sent_has_no_page_to_decide_on(desk: Portal) -> None:
    clerk, actor = desk.signed_in("clerk"), desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    closed = {"attribute": "closed", "reason": "国家秘密", "legalBasis": "条例第十四条"}
    desk.services.datasets.create(actor, {**DATASET, "disclosure": closed})
    draft = f"/workspace/drafts/{desk.services.drafts.create(actor, 'reservoirs', [])[0].id}"  # it has no table at all
    page = f"{draft}/resources/roll/privacy"
    assert clerk.get(page).status_code == 404
    assert send(clerk, page, {}, form=draft).status_code == 404


def test_what_needs_no_decision_is_said_so(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    text = "医院,电话\n" + "".join(f"第{number}医院,0512-6530163{number}\n" for number in range(8))
    draft = upload(desk.services, clerk, text, name="hospitals", schema=None).id
    page = desk.signed_in("clerk").get(f"/workspace/drafts/{draft}").text
    assert "固定电话号码：8" in page
    assert "这些不影响提交草稿" in page
    assert "以下决定已用于各表" not in page
