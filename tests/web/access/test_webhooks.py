"""The pages of an account's webhooks."""

from __future__ import annotations

import re

from tests.web.conftest import Portal, send

_ALL = "/account/webhooks"


def test_a_webhook_from_the_form_to_its_end(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    assert "account/webhooks" in client.get("/account").text
    wrong = send(client, _ALL, {"url": "http://example.org", "types": "version.published", "note": "镜像"})
    assert wrong.status_code == 422
    assert 'value="http://example.org"' in wrong.text
    assert re.search(r'value="version.published" checked', wrong.text)
    made = send(client, _ALL, {"url": "https://example.org/hook", "types": "version.published", "note": "镜像"})
    assert "whsec_" in made.text
    page = re.search(rf'href="({_ALL}/[0-9a-f]+)"', client.get(_ALL).text)
    assert page, made.text
    path = page[1]
    shown = client.get(path).text
    assert "whsec_" not in shown
    assert "webhook.test" in shown
    assert send(client, path, {"url": "https://example.org/other", "search": "a=b"}, form=path).status_code == 422
    assert send(client, path, {"url": "https://example.org/other"}, form=path).status_code == 303
    assert "https://example.org/other" in client.get(path).text
    assert send(client, f"{path}/switch", {"active": "0"}, form=path).status_code == 303
    assert '<button class="quiet" type="submit" name="active" value="1"' in client.get(path).text
    assert send(client, f"{path}/test", {}, form=path).status_code == 409
    assert send(client, f"{path}/switch", {"active": "1"}, form=path).status_code == 303
    assert send(client, f"{path}/test", {}, form=path).status_code == 303
    assert "whsec_" in send(client, f"{path}/secret", {}, form=path).text
    assert send(client, f"{path}/delete", {}, form=path).status_code == 303
    assert client.get(path).status_code == 404
    assert desk.client().get(_ALL).status_code in (302, 303)
