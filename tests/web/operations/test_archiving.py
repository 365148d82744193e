"""Archiving a dataset by page and over REST, and what readers see of it."""

from __future__ import annotations

from tests.instances import CSV, DATASET, publish
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send


def test_a_dataset_is_archived_marked_everywhere_and_reopened(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    client = desk.signed_in("clerk", "en")
    place, page = "/workspace/datasets/reservoirs/archive", "/datasets/reservoirs"
    assert (place in client.get(page).text, "Delete" in client.get(page).text) == (False, True)
    publish(desk.services, clerk, CSV)
    assert place in client.get(page).text
    check_page(client.get(place).text)
    refused = send(client, place, {"reason": "", "successor": ""})
    assert refused.status_code == 422
    check_page(refused.text)
    assert send(client, place, {"reason": "The survey ended."}).status_code == 303
    for address in (page, f"{page}/1.0.0/", "/datasets", "/publishers/water-bureau"):
        shown = client.get(address).text
        check_page(shown)
        assert "archived" in shown
    assert "Reason: The survey ended." in client.get(page).text
    assert "Reason: The survey ended." in client.get(f"{page}/feed.atom").text
    assert 'term="archived"' in client.get("/feed.atom").text
    rest = client.get("/api/v1/datasets/reservoirs").json
    assert rest["archived"]["reason"] == "The survey ended."
    assert (rest["items"], rest["rows"], rest["bytes"]) == (4, 2, len(CSV.encode()))
    assert client.get(f"{page}/1.0.0/levels.csv").text == CSV
    assert send(client, "/workspace/datasets/reservoirs/reopen", {}, form=place).status_code == 303
    assert client.get("/api/v1/datasets/reservoirs").json["archived"] is None
