"""A walk over every address of a dataset that isn't open: its entry, its reason, its law, and no cell."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.routing import Rule

from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, SCHEMA
from tests.web.conftest import PASSWORD, Portal, make_portal, send

CELLS = ("暗湖", "隐河", "8731.25")
"""Values of the cells, and the text of the attachment, that occur nowhere else."""

REASON, LAW = "涉及国家秘密", "政府信息公开条例第十四条"
TEXT = CSV.replace("东湖", CELLS[0]).replace("12.50", CELLS[2])
DATASET = {"id": "secrets", "title": "水库", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}
VERSIONS = ("1.0.0", "1.1.0", "latest")
FORMS = ("csv", "parquet", "xlsx", "json", "jsonl", "arrow")
VALUES = {
    "dataset": ("secrets",),
    "version": VERSIONS,
    "old": ("1.0.0",),
    "new": ("1.1.0", "1.1.0.json"),
    "resource": ("levels", "notes"),
    "suffix": FORMS,
    "file": tuple(f"levels.{suffix}" for suffix in (*FORMS, "daff.csv", "diff.csv")),
    "name": ("secrets", "notes.txt", "water-bureau", "reservoir"),
    "rest": ("levels.csv", "levels.csv?excel=1", "levels.jsonl?since=1.0.0", "datapackage.zip", "files/notes.txt"),
    "publisher": ("water-bureau",),
    "schema": ("reservoir",),
    "slug": ("not-public",),
    "filename": ("style.css",),
    "upload": ("none",),
}
DATA = ("downloads.send_table", "downloads.send_package", "downloads.send_attachment", "downloads.send_report")
"""What serves rows and files: 404. The differences between versions do so too."""


@pytest.fixture(scope="module", params=["closed", "conditional"])
def closed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with two versions of a dataset of which every form was asked for before it was closed."""
    with make_portal(tmp_path_factory.mktemp("closed")) as portal:
        services = portal.services
        clerk = services.accounts.sign_in("clerk", PASSWORD)[0]
        services.datasets.create(clerk, DATASET)
        for text in (TEXT, TEXT + f"A003,{CELLS[1]},3,2026-02-02\n"):
            files = {"levels.csv": text, "notes.txt": CELLS[1]}
            sent = [UploadedFile(name, io.BytesIO(content.encode())) for name, content in files.items()]
            options = [
                ResourceOption(file="levels.csv", name="levels", schema=SCHEMA),
                ResourceOption(file="notes.txt", type="attachment", name="notes"),
            ]
            draft = services.drafts.create(clerk, "secrets", sent, options)[0].id
            portal.work()
            services.drafts.submit(clerk, draft)
            portal.work()
            assert services.drafts.get(clerk, draft).status == "published"
        for address, _ in list_addresses(portal):
            portal.client().get(address)
        disclosure = {"attribute": request.param, "reason": REASON, "legalBasis": LAW}
        services.datasets.update(clerk, "secrets", {"disclosure": disclosure})
        yield portal


def list_addresses(portal: Portal) -> Iterator[tuple[str, str]]:
    """Every address that GET is routed to, with each combination of what its parts may be, and its endpoint."""
    drafts = tuple(item.id for item in portal.services.drafts.list(_clerk(portal)).items)
    values = {**VALUES, "draft": drafts}
    for rule in portal.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("api_browser.send_asset",):
            continue
        names = sorted(rule.arguments - set(rule.defaults or ()))
        for found in product(*(_list_values(rule, name, values) for name in names)):
            yield _build(rule, dict(zip(names, found, strict=True))), rule.endpoint
    for version in VERSIONS:
        yield f"/datasets/secrets/{version}/levels.csv?excel=1", "downloads.send_table"
        for suffix in ("csv", "jsonl"):
            yield f"/datasets/secrets/{version}/levels.{suffix}?since=1.0.0", "downloads.send_table"


def _clerk(portal: Portal) -> object:
    return portal.services.accounts.sign_in("clerk", PASSWORD)[0]


def _list_values(rule: Rule, name: str, values: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    items = getattr(rule._converters[name], "items", None)
    return tuple(items) if items else values[name]


def _build(rule: Rule, parts: dict[str, str]) -> str:
    text = rule.rule
    for name, value in parts.items():
        start = min(place for mark in (f"<{name}>", f":{name}>") if (place := text.find(mark)) >= 0)
        start, end = text.rfind("<", 0, start + 1), text.index(">", start) + 1
        text = text[:start] + quote(value, safe="/?=") + text[end:]
    return text


def test_no_address_gives_a_cell_to_a_stranger(closed: Portal) -> None:
    client = closed.client()
    asked = 0
    for address, endpoint in list_addresses(closed):
        for headers in ({}, {"Range": "bytes=0-99"}, {"Accept": "application/json"}):
            answer = client.get(address, headers=headers, follow_redirects=True)
            asked += 1
            assert answer.status_code < 500, address
            for cell in CELLS:
                assert cell.encode() not in answer.data, (address, headers)
            if endpoint in DATA or endpoint.startswith("differences."):
                assert answer.status_code == 404, (address, headers)
    assert asked > 300


def test_every_address_with_data_was_open_before(tmp_path: Path, closed: Portal) -> None:
    """The walk proves something: opened again, the same addresses give the cells."""
    clerk = _clerk(closed)
    before = closed.services.datasets.get("secrets").disclosure
    closed.services.datasets.update(clerk, "secrets", {"disclosure": {"attribute": "open"}})
    client = closed.client()
    found = {endpoint for address, endpoint in list_addresses(closed) if _shows(client, address)}
    closed.services.datasets.update(clerk, "secrets", {"disclosure": before.to_json()})
    assert {"downloads.send_table", "downloads.send_attachment", "version_pages.show_version"} <= found
    assert {"differences.send_rows", "downloads.find_latest"} <= found


def _shows(client: object, address: str) -> bool:
    data = client.get(address, follow_redirects=True).data  # type: ignore[attr-defined]
    return any(cell.encode() in data for cell in CELLS)


def test_the_pages_say_why_and_offer_no_download(closed: Portal) -> None:
    for address in ("/datasets/secrets", "/datasets/secrets/1.0.0/"):
        text = closed.client().get(address).text
        assert "数据不公开" in text
        assert REASON in text
        assert LAW in text
        assert "levels.csv" not in text.replace("<code>levels.csv</code>", "")
        assert "datapackage.zip" not in text


def test_the_problem_says_why_and_by_which_law(closed: Portal) -> None:
    answer = closed.client().get("/datasets/secrets/1.0.0/levels.csv", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-public")
    assert REASON in answer.json["detail"]
    assert LAW in answer.json["detail"]


def test_a_reviewer_sees_what_changes_and_the_clerk_why_she_may_not_approve(office: Portal) -> None:
    clerk, boss = office.signed_in("clerk"), office.signed_in("boss")
    services = office.services
    actor = services.accounts.sign_in("clerk", PASSWORD)[0]
    services.datasets.create(actor, DATASET)
    sent = [UploadedFile("levels.csv", io.BytesIO(TEXT.encode()))]
    first = services.drafts.create(actor, "secrets", sent)[0].id
    office.work()
    services.drafts.submit(actor, first)
    send(boss, f"/workspace/drafts/{first}/approve", {}, form=f"/workspace/drafts/{first}")
    send(boss, f"/workspace/drafts/{first}/publish", {}, form=f"/workspace/drafts/{first}")
    office.work()
    values = {"title_zh": "湖泊", "license": "CC-BY-4.0", "disclosure": "open", "new_version": "1"}
    answer = send(clerk, "/workspace/datasets/secrets/edit", values)
    assert answer.status_code == 303
    assert "湖泊" not in office.client().get("/datasets/secrets").text
    assert "湖泊" in clerk.get("/workspace/datasets/secrets/edit").text
    assert "有元数据改动待批准" in clerk.get("/datasets/secrets").text
    draft = answer.location
    office.work()
    send(clerk, f"{draft}/submit", {}, form=draft)
    assert "须由其他人批准" in clerk.get(draft).text
    text = boss.get(draft).text
    assert "随这份草稿改动的元数据" in text
    assert "湖泊" in text
    for step in ("approve", "publish"):
        send(boss, f"{draft}/{step}", {}, form=draft)
    office.work()
    assert "湖泊" in office.client().get("/datasets/secrets").text
