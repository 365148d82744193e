"""Check your answers: all of a draft on one page, for its clerk and its reviewers, who sign on it, zh and en."""

from __future__ import annotations

import io
import re

from flask.testing import FlaskClient

from opendata.services.core.actors import Actor
from tests.instances import CSV, SCHEMA, upload
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, SAMPLE, Portal, send

UNITS = {**SCHEMA, "fields": [dict(item) for item in SCHEMA["fields"]]}
UNITS["fields"][2] = {
    **SCHEMA["fields"][2],
    "title": "水位",
    "opendata": {"unit": "m", "strengths": {"minimum": "warning"}},
}
MANY = CSV + "".join(f"B{number:03},水库{number},{number},2026-02-02\n" for number in range(40))
CHECKS = ("secrecy", "privacy", "wording", "timing", "method")
PASSED = {f"result_{check}": "passed" for check in CHECKS}


def find_value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def begin(portal: Portal) -> tuple[Actor, Actor]:
    """Two people, and the first version of a dataset."""
    clerk, boss = (portal.services.accounts.sign_in(name, PASSWORD)[0] for name in ("clerk", "boss"))
    portal.services.datasets.create(clerk, SAMPLE)
    draft = upload(portal.services, clerk, MANY, schema=UNITS).id
    portal.services.drafts.submit(clerk, draft)
    portal.services.drafts.approve(boss, draft)
    portal.services.drafts.publish(boss, draft)
    portal.work()
    return clerk, boss


def prepare(portal: Portal) -> str:
    """The page of a draft of the second version, with changed rows, metadata and a warning; not submitted."""
    clerk, _ = begin(portal)
    portal.services.datasets.update(clerk, "reservoirs", {"title": "水库水位"})
    text = MANY.replace("12.50", "-13") + "C001,新库,3,2026-03-01\n"
    return f"/workspace/drafts/{upload(portal.services, clerk, text, schema=UNITS).id}"


def submit(portal: Portal, place: str) -> FlaskClient:
    client = portal.signed_in("clerk")
    answer = send(client, f"{place}/submit", {"reason": "属实", "notes": "二月"}, form=f"{place}/check")
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    return client


def test_everything_is_on_the_page_before_submission(office: Portal) -> None:
    place = prepare(office)
    client = office.signed_in("clerk")
    assert f'href="{place}/check"' in client.get(place).text
    page = client.get(f"{place}/check").text
    check_page(page)
    for text in (
        *("将成为版本 1.1.0", "levels：新增 1 行", "元数据有变：title"),
        *("<td>米</td>", "水位", "“levels”的前几行", "“levels”的最后几行", "另有 23 行未在此显示"),
        *("A001", "新库", '<tr class="before">', '<tr class="added">'),
        *("水库水位", "知识共享", "主动公开"),
        *("筛查未在表中发现个人信息", "不小于 0", "经办记录", "上传了文件", "还没有意见"),
        *("提交审查", 'name="reason"', 'name="publish_at"'),
    ):
        assert text in page, text
    assert "水库20" not in page  # neither among the first rows nor the last
    assert 'name="check"' not in page  # somebody else signs them
    assert "/approve" not in page


def test_a_form_that_is_refused_keeps_what_was_typed(office: Portal) -> None:
    place = prepare(office)
    client = office.signed_in("clerk", "en")
    values = {"reason": "", "notes": "February", "publish_at": "2020-01-01T00:00"}
    page = send(client, f"{place}/submit", {**values, "reason": "true"}, form=f"{place}/check")
    assert page.status_code == 422
    assert "This time is in the past" in page.text
    assert find_value(page.text, "notes") == "February"
    assert "Say why the table is still correct" in send(client, f"{place}/submit", values, form=f"{place}/check").text


def test_a_reviewer_signs_each_check_for_the_digest_of_the_page(office: Portal) -> None:
    place = prepare(office)
    clerk, boss = submit(office, place), office.signed_in("boss", "en")
    assert "须由其他人批准" in clerk.get(f"{place}/check").text
    assert "Review this draft" in boss.get(place).text
    page = boss.get(f"{place}/check").text
    check_page(page)
    for text in ("Sign the checks", "Secrecy", "Method and scope", "submitted the draft", "属实", "Not yet"):
        assert text in page, text
    hidden = {name: find_value(page, name) for name in ("digest", "revision")}
    assert hidden["digest"][:19] in page
    nothing = send(boss, f"{place}/checks", hidden, form=place)
    assert (nothing.status_code, "Choose a result" in nothing.text) == (422, True)
    one = send(boss, f"{place}/checks", {**hidden, "result_secrecy": "passed"}, form=place)
    assert one.headers["Location"] == f"{place}/check"
    page = boss.get(f"{place}/check").text
    assert "boss signed this on" in page
    stale = send(boss, f"{place}/approve", {**hidden, **PASSED}, form=place)
    assert (stale.status_code, "Read it again" in stale.text) == (412, True)
    hidden["revision"] = find_value(page, "revision")
    some = send(boss, f"{place}/approve", {**hidden, "result_privacy": "passed"}, form=place)
    assert (some.status_code, "wording, timing, method" in some.text) == (409, True)
    other = send(boss, f"{place}/approve", {**hidden, **PASSED, "digest": "sha256:0"}, form=place)
    assert (other.status_code, "The draft has changed" in other.text) == (409, True)
    assert send(boss, f"{place}/approve", {**hidden, **PASSED}, form=place).headers["Location"] == place
    send(boss, f"{place}/publish", {}, form=place)
    office.work()
    assert "See version 1.1.0" in boss.get(place).text
    assert "二月" in office.client().get("/datasets/reservoirs/1.1.0/").text
    final = clerk.get(f"{place}/check").text
    assert "批准了草稿" in final
    assert "通过" in final


def test_a_refused_check_leads_the_clerk_to_its_place(office: Portal) -> None:
    place = prepare(office)
    clerk, boss = submit(office, place), office.signed_in("boss")
    refusal = {
        "result_wording": "refused",
        "remark_wording": "列名<b>有误</b>",
        "table_wording": "levels",
        "column_wording": "level",
        "row_wording": "2",
    }
    empty = send(boss, f"{place}/checks", {**refusal, "remark_wording": ""}, form=place)
    assert (empty.status_code, "请写明不通过的理由" in empty.text) == (422, True)
    assert '<a href="#remark_wording">' in empty.text
    send(boss, f"{place}/checks", refusal, form=place)
    page = clerk.get(place).text
    check_page(page)
    for text in ("已退回", "内容表述", "表“levels”", "列“level”", "第 2 行", "列名&lt;b&gt;有误", "上传改正后的文件"):
        assert text in page, text
    dataset = "/workspace/datasets/reservoirs"
    assert f'href="{dataset}/edit"' in page
    form = re.search(rf'href="({dataset}/upload\?draft=[^"]+)"', page)
    assert form
    assert f'name="draft" value="{place.rpartition("/")[2]}"' in clerk.get(form[1]).text
    files = {"file_0": (io.BytesIO(MANY.encode()), "levels.csv"), "table_0": "levels", "schema_0": "last"}
    answer = send(clerk, f"{dataset}/upload", {**files, "draft": place.rpartition("/")[2]}, form=form[1])
    office.work()
    assert answer.headers["Location"] == place
    corrected = clerk.get(f"{place}/check").text
    assert "列名&lt;b&gt;有误" in corrected
    assert "已失效" in corrected


def test_both_sides_comment_at_any_time(office: Portal) -> None:
    place = prepare(office)
    clerk, boss = office.signed_in("clerk"), office.signed_in("boss")
    send(clerk, f"{place}/comments", {"text": "请看第二行", "table": "levels", "row": "2"}, form=place)
    send(boss, f"{place}/comments", {"text": "<script>好</script>"}, form=place)
    for client in (clerk, boss):
        for address in (place, f"{place}/check"):
            page = client.get(address).text
            assert page.index("请看第二行") < page.index("&lt;script&gt;好")
    assert send(clerk, f"{place}/comments", {"text": ""}, form=place).status_code == 422
    assert office.signed_in("stranger").get(f"{place}/check").status_code == 403


def test_a_timed_release_says_when_and_is_seen_by_nobody_before(office: Portal) -> None:
    place = prepare(office)
    submit(office, place)
    boss = office.signed_in("boss", "en")
    send(boss, f"{place}/approve", {**PASSED, "publish_at": "2999-01-01T09:30"}, form=place)
    for address in (place, f"{place}/check"):
        page = boss.get(address).text
        assert "The draft will be published on January 1, 2999 09:30. Nobody sees the new version before." in page
    assert f"{place}/publish" not in boss.get(place).text
    office.work()
    reader = office.client()
    for address in ("1.1.0/", "1.1.0/levels.csv", "1.1.0/datapackage.json", "diff/1.0.0...1.1.0"):
        assert reader.get(f"/datasets/reservoirs/{address}").status_code == 404
    assert "1.1.0" not in reader.get("/datasets/reservoirs").text


def test_without_review_the_clerk_signs_two_checks_on_the_page(desk: Portal) -> None:
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(actor, SAMPLE)
    place = f"/workspace/drafts/{upload(desk.services, actor).id}"
    client = desk.signed_in("clerk", "en")
    page = client.get(f"{place}/check").text
    check_page(page)
    assert len(re.findall(r'name="check" value="(?:secrecy|privacy)" required', page)) == 2
    refused = send(client, f"{place}/submit", {"check": "secrecy"}, form=f"{place}/check")
    assert refused.status_code == 422
    assert "Sign this check: nobody else reviews the draft" in refused.text
    assert 'value="secrecy" required checked' in refused.text
    send(client, f"{place}/submit", {"check": ["secrecy", "privacy"]}, form=f"{place}/check")
    desk.work()
    assert desk.services.drafts.get(actor, place.rpartition("/")[2]).version == "1.0.0"


def test_a_draft_that_failed_its_check_shows_what_there_is(office: Portal) -> None:
    clerk, _ = begin(office)
    draft = upload(office.services, clerk, MANY.replace("12.50", "x"), schema=UNITS)
    page = office.signed_in("clerk", "en").get(f"/workspace/drafts/{draft.id}/check").text
    check_page(page)
    assert "1 error" in page
    assert f"{draft.id}/submit" not in page


def test_rows_that_are_kept_no_longer_are_said_to_be(office: Portal) -> None:
    place = prepare(office)
    for folder in (office.services.settings.private_folder, office.services.settings.public_folder):
        for blob in (folder / "blobs").rglob("*"):
            if blob.is_file():
                blob.unlink()  # as `opendata gc` does in time
    page = office.signed_in("clerk", "en").get(f"{place}/check")
    assert page.status_code == 200
    assert "The rows of this draft are no longer kept" in page.text


def test_a_reviewer_approves_routine_editions_from_one_list(office: Portal) -> None:
    clerk, _ = begin(office)
    routine = upload(office.services, clerk, MANY + "C001,新库,3,2026-03-01\n", schema=UNITS)
    office.services.drafts.submit(clerk, routine.id)
    boss = office.signed_in("boss", "en")
    assert 'href="/workspace/review"' in boss.get("/workspace").text
    page = boss.get("/workspace/review").text
    check_page(page)
    value = find_value(page, "draft")
    assert value.startswith(f"{routine.id}:sha256:")
    answer = send(boss, "/workspace/review", {"draft": f"{routine.id}:sha256:0"})
    assert answer.headers["Location"] == "/workspace/review"
    assert f"{routine.id}: The draft has changed" in boss.get("/workspace/review").text
    send(boss, "/workspace/review", {"draft": value})
    page = boss.get("/workspace/review").text
    assert "1 draft is approved" in page
    assert "No routine edition is waiting" in page
    assert "没有待审查的例行更新" in office.signed_in("clerk").get("/workspace/review").text
