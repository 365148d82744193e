"""A clerk says on a page where a table is fetched from, tries it, and reads what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.domain.sources.address import join_encryption
from tests.instances import CSV, DATASET
from tests.source_servers import serve_site
from tests.web.conftest import PASSWORD, Portal, make_portal, send

PAGE = "/workspace/datasets/reservoirs/source"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Portal]:
    with make_portal(tmp_path / "desk", source_hosts=("127.0.0.1",)) as built:
        clerk = built.services.accounts.sign_in("clerk", PASSWORD)[0]
        built.services.datasets.create(clerk, DATASET)
        yield built


def test_a_table_is_fetched_by_page(desk: Portal) -> None:
    clerk = desk.signed_in("clerk")
    assert PAGE in clerk.get("/datasets/reservoirs").text
    assert "自动获取" in clerk.get(PAGE).text
    form = {"resource": "levels", "cycle": "daily", "at": "06:00", "day": "1", "contact": ""}
    answer = send(clerk, PAGE, {**form, "url": "nowhere"})
    assert answer.status_code == 422
    assert 'href="#url"' in answer.text
    assert 'value="nowhere"' in answer.text
    with serve_site() as site:
        assert send(clerk, PAGE, {**form, "url": site.put("/levels.csv", CSV)}).status_code == 303
        assert send(clerk, f"{PAGE}/run", {}, form=PAGE).status_code == 303
        assert "正在获取" in clerk.get(PAGE).text
        assert not site.requests  # no web process fetches
        desk.services.fetching.run_due()
        page = clerk.get(PAGE).text
        assert ("已成草稿" in page, "打开草稿" in page, "clerk" in page) == (True, True, True)
        send(clerk, f"{PAGE}/run", {}, form=PAGE)
        desk.services.fetching.run_due()
        assert "不变" in clerk.get(PAGE).text
    assert send(clerk, f"{PAGE}/delete", {}, form=PAGE).status_code == 303
    assert "立即尝试" not in clerk.get(PAGE).text


def test_how_a_connection_is_encrypted_is_chosen_from_a_list(desk: Portal) -> None:
    clerk = desk.signed_in("clerk")
    form = {"resource": "levels", "cycle": "daily", "at": "06:00", "day": "1", "contact": "", "query": "SELECT 1"}
    url = "postgresql://reader@example.org/levels"
    send(clerk, PAGE, {**form, "url": url, "encryption": "verify-full"})
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    kept = desk.services.sources.find(actor, "reservoirs")
    assert kept is not None
    assert kept.url == f"{url}?sslmode=verify-full"
    page = clerk.get(PAGE).text
    assert f'value="{url}"' in page
    assert '<option value="verify-full" selected>' in page
    send(clerk, PAGE, {**form, "url": url, "encryption": ""})
    kept = desk.services.sources.find(actor, "reservoirs")
    assert kept is not None
    assert kept.url == url


@pytest.mark.parametrize("typed", ["PostgreSQL://r@example.org/a", "postgresql://r@example.org/a?sslmode=prefer"])
def test_what_is_chosen_for_encryption_counts_however_the_address_is_written(typed: str) -> None:
    assert join_encryption(typed, "verify-full") == f"{typed.partition('?')[0]}?sslmode=verify-full"
    assert join_encryption(typed, "") == typed


def test_a_secret_never_comes_back_to_the_page(desk: Portal) -> None:
    clerk = desk.signed_in("clerk", "en")
    form = {"resource": "levels", "cycle": "daily", "at": "06:00", "day": "1", "contact": ""}
    kept = {**form, "url": "https://clerk@example.org/levels.csv", "secret": "ganz geheim"}
    assert "geheim" not in send(clerk, PAGE, {**kept, "at": "later"}).text
    send(clerk, PAGE, kept)
    page = clerk.get(PAGE).text
    assert ("geheim" in page, "One is kept" in page) == (False, True)
    assert send(clerk, PAGE, {**form, "url": "https://clerk@example.net/levels.csv"}).status_code == 422
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nganz geheim\r\n-----END OPENSSH PRIVATE KEY-----"
    assert "geheim" not in send(clerk, PAGE, {**kept, "secret": "", "privateKey": key, "at": "later"}).text
    send(clerk, PAGE, {**form, "url": "https://clerk@example.org/levels.csv", "noSecret": "1"})
    assert "One is kept" not in clerk.get(PAGE).text


def test_the_page_is_for_editors_of_the_publisher(desk: Portal) -> None:
    assert desk.signed_in("stranger").get(PAGE).status_code == 404
    assert PAGE not in desk.client().get("/datasets/reservoirs").text
