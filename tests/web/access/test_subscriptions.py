"""The pages of subscriptions."""

from __future__ import annotations

from pathlib import Path

from tests.mail_office import mail_settings
from tests.web.conftest import Portal, make_portal, send

_NEW = "/subscriptions/new"


def test_without_mail_the_page_says_so(portal: Portal) -> None:
    page = portal.client("en").get(_NEW)
    assert page.status_code == 200
    assert "sends no mail" in page.text


def test_the_form_keeps_what_was_entered(tmp_path: Path) -> None:
    with make_portal(
        tmp_path / "desk", **{**mail_settings("smtp://127.0.0.1:1"), "base_url": "http://localhost"}
    ) as desk:
        client = desk.client("en")
        assert 'value="publisher=water-bureau"' in client.get(f"{_NEW}?search=publisher%3Dwater-bureau").text
        wrong = send(client, _NEW, {"mail": "nobody", "pace": "weekly", "types": "version.published"})
        assert wrong.status_code == 422
        assert 'value="version.published" checked' in wrong.text
        assert 'value="weekly" checked' in wrong.text
        taken = send(client, _NEW, {"mail": "reader@example.org", "pace": "soon"})
        assert "reader@example.org" in taken.text
        assert client.post(_NEW, data={"mail": "reader@example.org"}).status_code == 400
        assert client.get("/subscriptions/confirm/nothing").status_code == 404
        assert client.get("/subscriptions/end/1-nothing").status_code == 404
