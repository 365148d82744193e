"""Pages show personal data in texts, and which attachments somebody must have looked at, zh and en."""

from __future__ import annotations

from tests.instances import DATASET
from tests.intake.attachment_samples import MOBILE, make_docx
from tests.services.work.test_text_gate import PNG, SCAN, begin
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, send


def prepare(portal: Portal) -> str:
    clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(clerk, {**DATASET, "description": f"联系 {MOBILE}"})
    files = {"contact.docx": make_docx(f"电话{MOBILE}"), "scan.pdf": SCAN, "picture.png": PNG}
    return f"/workspace/drafts/{begin(portal.services, clerk, files).id}"


def test_a_clerk_sees_both_lists_gives_a_reason_and_signs(desk: Portal) -> None:
    place = prepare(desk)
    for language, words in (
        ("zh", ("文字中的个人信息", "数据集信息：说明", "附件“contact”：文件正文", "含有图片或扫描页", "需说明理由")),
        (
            "en",
            ("Personal data in texts", "Metadata: Description", "Text of the file", "pictures or scanned", "needs a"),
        ),
    ):
        client = desk.signed_in("clerk", language)
        for path in (place, f"{place}/check"):
            page = client.get(path).text
            check_page(page)
            assert MOBILE not in page.replace(f"联系 {MOBILE}", "")  # only where it is shown as it will be published
            for word in words:
                assert word in page, (path, word)
    clerk = desk.signed_in("clerk")
    page = clerk.get(f"{place}/check").text
    assert "即声明已有人查看过这些文件" in page[page.index('id="submit"') :]
    refused = send(clerk, f"{place}/submit", OWN_CHECKS, form=f"{place}/check")
    assert refused.status_code == 422
    assert "可能含有个人信息" in refused.text
    said = {**OWN_CHECKS, "reason": "值班电话"}
    assert send(clerk, f"{place}/submit", said, form=f"{place}/check").status_code == 303
    desk.work()
    assert "已发布" in clerk.get(place).text


def test_a_form_whose_notes_need_a_reason_asks_for_it(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    place = f"/workspace/drafts/{begin(desk.services, clerk).id}"
    browser = desk.signed_in("clerk")
    assert 'name="reason"' not in browser.get(f"{place}/check").text
    refused = send(browser, f"{place}/submit", {**OWN_CHECKS, "notes": MOBILE}, form=f"{place}/check")
    assert refused.status_code == 422
    assert 'name="reason"' in refused.text


def test_a_reviewer_sees_the_files_beside_the_privacy_check(office: Portal) -> None:
    place = prepare(office)
    clerk = office.signed_in("clerk")
    assert send(clerk, f"{place}/submit", {"reason": "值班电话"}, form=f"{place}/check").status_code == 303
    page = office.signed_in("boss").get(f"{place}/check").text
    check_page(page)
    own = page[page.index('id="privacy"') : page.index('id="wording"')]
    assert "即声明已有人查看过这些文件" in own
    assert all(name in own for name in ("/resources/scan", "/resources/picture"))


def test_a_draft_without_attachments_lists_nothing(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    draft = begin(desk.services, clerk).id
    page = desk.signed_in("clerk").get(f"/workspace/drafts/{draft}/check").text
    assert "在数据集信息、说明和附件文字中未筛查出个人信息" in page
    assert "即声明已有人查看过" not in page
