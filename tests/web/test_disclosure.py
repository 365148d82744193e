"""A walk over every address of a dataset that isn't open: its entry, its reason, and no cell for strangers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from opendata.db.models import Draft
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, SCHEMA, publish, upload
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, make_portal, send

CELLS = ("暗湖", "隐河", "8731.25")
"""Values of the cells, and the text of the attachment, that occur nowhere else."""

REASON, LAW = "涉及国家秘密", "政府信息公开条例第十四条"
TEXT = CSV.replace("东湖", CELLS[0]).replace("西湖", CELLS[0]).replace("12.50", CELLS[2])
DATASET = {"id": "secrets", "title": "水库", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}
VERSIONS = ("1.0.0", "1.1.0", "latest")
FORMS = ("csv", "parquet", "xlsx", "json", "jsonl", "arrow")
VALUES = {
    "dataset": ("secrets", "drafted"),
    "item": ("secrets", "drafted"),
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
    "group": ("datasets",),
    "upload": ("none",),
    "text": ("odi_none",),
    "number": ("1", "none"),
    "year": ("2026",),
    "entry": ("b00001",),
    "duty": ("1",),
    "obligation": ("1",),
    "step": ("finish", "register"),
    "rule": ("n7",),
    "sha256": ("0" * 64,),
    "kind": ("guide", "none"),
    "page": ("new",),
    "reuse": ("none",),
    "gauge": ("mine", "none"),
    "webhook": ("none",),
    "source": ("none",),
    "sender": ("none",),
    "platform": ("none",),
    "record": ("negative-list/1.json", "none"),
    "registration": ("1",),
    "namespace": ("secrets", "drafted"),
    "part": ("1",),
    "snapshot": ("none",),
    "table": ("datasets",),
}
DATA = (
    *("downloads.send_table", "downloads.send_package", "downloads.send_attachment", "downloads.send_report"),
    *("charts.show_chart", "chart_files.send_chart", "chart_files.show_embedded"),
)
"""What serves rows and files: 404 or 410. The differences between versions do so too."""


PICTURES = ("chart.svg", "chart.png")
"""What takes long to draw for those who may have it; the values in it are those of the CSV beside it."""

SCOPED = {
    "group": {"attribute": "open", "scope": "group", "audience": "甲村低保户"},
    "area": {"attribute": "open", "scope": "area", "audience": "甲镇居民"},
}


@dataclass(frozen=True)
class Shut:
    """A portal whose dataset isn't open, the disclosure, and the endpoints that showed cells to who might have them."""

    portal: Portal
    kind: str
    shown: frozenset[str]

    @property
    def is_withdrawn(self) -> bool:
        """Whether its versions were open once."""
        return self.kind in ("closed", "stopped")


@pytest.fixture(
    scope="module",
    params=[
        "conditional",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("closed", "stopped", "group", "area")),
    ],
)
def shut(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shut]:
    """A portal with two versions of a dataset, all forms made: open and then closed, or published for a few only."""
    with make_portal(tmp_path_factory.mktemp("shut")) as portal:
        services = portal.services
        clerk = services.accounts.sign_in("clerk", PASSWORD)[0]
        is_closed = request.param in ("closed", "stopped")
        attribute = {"attribute": "closed" if is_closed else request.param, "reason": REASON, "legalBasis": LAW}
        disclosure = SCOPED.get(request.param, attribute)
        services.datasets.create(clerk, DATASET if is_closed else {**DATASET, "disclosure": disclosure})
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
        services.datasets.create(clerk, {**DATASET, "id": "drafted"})
        hidden = UploadedFile("levels.csv", io.BytesIO(TEXT.encode()))  # a draft that nobody has submitted
        services.drafts.create(clerk, "drafted", [hidden])
        portal.work()
        services.accounts.create_user("reader", PASSWORD, "reader")
        services.accounts.create_user("curious", PASSWORD, "reader")
        if not is_closed:
            said = {"holder": "甲大学", "purpose": "研究", "until": "2030-01-01", "account": "reader"}
            services.grants.give(clerk, "secrets", said)
        while services.indexing.follow():
            pass
        client = portal.client() if is_closed else portal.signed_in("reader")
        named = [item for item in list_addresses(portal) if "secrets" in item[0]]  # no other address can have cells
        asked = [item for item in named if not item[0].endswith(PICTURES)]
        shown = {endpoint for address, endpoint in asked if _shows(client, address, is_closed)}
        if is_closed:
            assert list_found(portal, CELLS[0]) == {"secrets"}
        if request.param == "stopped":
            for version in ("1.0.0", "1.1.0"):
                services.stops.suspend(clerk, "secrets", version, reason=REASON)
        else:
            services.datasets.update(clerk, "secrets", {"disclosure": disclosure})
        yield Shut(portal, request.param, frozenset(shown))


def list_addresses(portal: Portal) -> Iterator[tuple[str, str]]:
    """Every address that GET is routed to, with each combination of what its parts may be, and its endpoint."""
    drafts = tuple(item.id for item in portal.services.drafts.list(_clerk(portal)).items)
    values = {**VALUES, "draft": drafts}
    for rule in portal.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("api_browser.send_asset",):
            continue
        names = sorted(rule.arguments - set(rule.defaults or ()))
        for found in product(*(list_values(rule, name, values) for name in names)):
            yield build_path(rule, dict(zip(names, found, strict=True))), rule.endpoint
    for version in VERSIONS:
        yield f"/datasets/secrets/{version}/levels.csv?excel=1", "downloads.send_table"
        for suffix in ("csv", "jsonl"):
            yield f"/datasets/secrets/{version}/levels.{suffix}?since=1.0.0", "downloads.send_table"


def list_found(portal: Portal, text: str) -> set[str]:
    """The datasets that anybody finds by a text, on the page or by REST. The page repeats the text in any case."""
    while portal.services.indexing.follow():
        pass
    client = portal.client()
    page = client.get("/datasets", query_string={"q": text}).text
    linked = {name for name in VALUES["dataset"] if f'href="/datasets/{name}"' in page}
    answer = client.get("/api/v1/search", query_string={"q": text}).json
    assert answer["total"] == len(answer["items"])
    assert bool(answer["total"]) == any(answer["facets"].values())
    return linked | {item["id"] for item in answer["items"]}


def _clerk(portal: Portal) -> object:
    return portal.services.accounts.sign_in("clerk", PASSWORD)[0]


def list_values(rule: Rule, name: str, values: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What a part of an address may be."""
    items = getattr(rule._converters[name], "items", None)
    return tuple(items) if items else values[name]


def build_path(rule: Rule, parts: dict[str, str]) -> str:
    """The address of a rule with these parts."""
    text = rule.rule
    for name, value in parts.items():
        start = min(place for mark in (f"<{name}>", f":{name}>") if (place := text.find(mark)) >= 0)
        start, end = text.rfind("<", 0, start + 1), text.index(">", start) + 1
        text = text[:start] + quote(value, safe="/?=") + text[end:]
    return text


def _get(client: FlaskClient, address: str, headers: dict[str, str] | None = None) -> TestResponse:
    """What a reader ends at; most of the addresses lead a stranger to one page for signing in, which has no data."""
    answer = client.get(address, headers=headers)
    is_elsewhere = answer.location is not None and not answer.location.startswith("/sign-in?")
    return client.get(address, headers=headers, follow_redirects=True) if is_elsewhere else answer


def _shows(client: FlaskClient, address: str, is_public: bool) -> bool:
    answer = _get(client, address)
    has_cells = any(cell.encode() in answer.data for cell in CELLS)
    assert is_public or not has_cells or answer.headers["Cache-Control"] == "private, no-store", address
    return has_cells


@pytest.mark.parametrize(
    ("who", "headers"),
    [
        (None, {}),
        pytest.param("curious", {"Accept": "application/json"}, marks=pytest.mark.slow),
        pytest.param("curious", {}, marks=pytest.mark.slow),
        pytest.param("stranger", {}, marks=pytest.mark.slow),
        pytest.param(None, {"Range": "bytes=0-99"}, marks=pytest.mark.slow),
        pytest.param(None, {"Accept": "application/json"}, marks=pytest.mark.slow),
    ],
)
def test_no_address_gives_a_cell_to_a_stranger(shut: Shut, who: str | None, headers: dict[str, str]) -> None:
    client = shut.portal.signed_in(who) if who else shut.portal.client()
    asked = 0
    for address, endpoint in list_addresses(shut.portal):
        answer = _get(client, address, headers)
        asked += 1
        assert answer.status_code < 500, address
        for cell in CELLS:
            assert cell.encode() not in answer.data, (address, headers)
        if endpoint in DATA or endpoint.startswith("differences."):
            is_public = endpoint == "downloads.send_report" and answer.status_code in (200, 206)
            assert is_public or answer.status_code in (404, 410), (address, headers)
    assert asked > 200


@pytest.mark.slow
def test_no_search_says_that_a_cell_is_there(shut: Shut) -> None:
    assert list_found(shut.portal, DATASET["title"]) == {"secrets"}
    for text in (*CELLS, *(cell[:1] for cell in CELLS)):
        assert list_found(shut.portal, text) == set(), text
        assert shut.portal.client().get("/api/v1/search/suggestions", query_string={"q": text}).json == {"items": []}


def test_every_address_with_data_was_open_to_those_who_may_have_it(shut: Shut) -> None:
    """The walk proves something."""
    assert {"downloads.send_table", "downloads.send_attachment", "version_pages.show_version"} <= shut.shown
    assert {"differences.send_rows", "downloads.find_latest"} <= shut.shown
    assert "tables.show_table" in shut.shown
    assert "chart_files.send_chart" in shut.shown
    assert shut.is_withdrawn or "chart_files.show_embedded" not in shut.shown


def _list_reasons(shut: Shut) -> tuple[str, ...]:
    """What is said to those who may not have the data."""
    if shut.kind in SCOPED:
        return (SCOPED[shut.kind]["audience"],)
    return (REASON,) if shut.kind == "stopped" else (REASON, LAW)


def test_the_pages_say_why_and_offer_no_download(shut: Shut) -> None:
    pages = ["/datasets/secrets"] if shut.is_withdrawn else ["/datasets/secrets", "/datasets/secrets/1.0.0/"]
    for address in pages:
        text = shut.portal.client().get(address).text
        assert shut.kind == "stopped" or "数据不公开" in text
        for said in _list_reasons(shut):
            assert said in text
        assert "levels.csv" not in text.replace("<code>levels.csv</code>", "")
        assert "datapackage.zip" not in text


def test_the_problem_says_why_and_by_which_law(shut: Shut) -> None:
    answer = shut.portal.client().get("/datasets/secrets/1.0.0/levels.csv", headers={"Accept": "application/json"})
    status, slug = {"closed": (410, "withdrawn"), "stopped": (410, "suspended")}.get(shut.kind, (404, "not-public"))
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{slug}")
    assert _list_reasons(shut)[0] in answer.json["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert shut.portal.client().get("/datasets/secrets/1.0.0/levels?q=a").status_code == status


def test_a_token_gives_granted_rows_that_no_cache_keeps(shut: Shut) -> None:
    text, _ = shut.portal.services.accounts.create_token("reader")
    files = ("levels.csv", "levels.xlsx", "datapackage.zip", "levels.csv?since=1.0.0", "files/notes.txt")
    for address in (*files, "levels/chart.csv"):
        answer = shut.portal.client().get(
            f"/datasets/secrets/1.1.0/{address}", headers={"Authorization": f"Bearer {text}"}
        )
        assert answer.status_code == (410 if shut.is_withdrawn else 200), address
        assert answer.headers["Cache-Control"] == ("no-store" if shut.is_withdrawn else "private, no-store"), address
        assert ("Access-Control-Allow-Origin" in answer.headers) is shut.is_withdrawn, address
    wrong = shut.portal.client().get("/datasets/secrets/1.1.0/levels.csv", headers={"Authorization": "Bearer odt_x"})
    assert wrong.status_code == (410 if shut.is_withdrawn else 401)


@pytest.fixture
def timed(desk: Portal) -> Portal:
    """A portal with a public version, whose next one has the cells and is approved for a time to come."""
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    publish(desk.services, clerk, CSV, dataset="secrets")
    draft = upload(desk.services, clerk, TEXT + f"A003,{CELLS[1]},3,2026-02-02\n", dataset="secrets")
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    desk.services.drafts.submit(clerk, draft.id, Submission(notes=f"新增{CELLS[1]}", publish_at=later))
    desk.work()
    assert desk.services.drafts.get(clerk, draft.id).scheduled is not None
    while desk.services.indexing.follow():
        pass
    return desk


def release(portal: Portal) -> None:
    """Let the time of the release come."""
    with portal.services.database.unit(write=True) as session:
        session.execute(update(Draft).where(Draft.due.is_not(None)).values(due=datetime.now(UTC)))
    portal.work()


NEWS = ("feeds.", "api_datasets.", "api_versions.", "catalogue.show_dataset", "catalogue.list_versions")
"""Where readers hear of a version first."""


def test_feeds_and_lists_have_nothing_of_a_timed_release_before_its_time(timed: Portal) -> None:
    client = timed.client()
    addresses = [
        *(address for address, endpoint in list_addresses(timed) if endpoint.startswith(NEWS)),
        *(f"/datasets/secrets/{version}/levels.csv" for version in ("1.1.0", "latest")),
    ]
    assert not [address for address in addresses if _shows(client, address, True)]
    assert client.get("/datasets/secrets/1.1.0/levels.csv").status_code == 404
    assert client.get("/datasets/secrets/1.1.0/levels").status_code == 404
    release(timed)
    shown = {address for address in addresses if _shows(client, address, True)}
    assert {"/feed.atom", "/datasets/secrets/feed.atom", "/api/v1/datasets/secrets/versions"} <= shown
    assert {"/datasets/secrets/1.1.0/levels.csv", "/datasets/secrets/latest/levels.csv"} <= shown


@pytest.mark.slow
@pytest.mark.parametrize("who", [None, "stranger"])
def test_no_address_has_a_cell_of_a_timed_release_before_its_time(timed: Portal, who: str | None) -> None:
    client = timed.signed_in(who) if who else timed.client()
    asked = 0
    for address, _ in list_addresses(timed):
        for headers in ({}, {"Range": "bytes=0-99"}, {"Accept": "application/json"}):
            answer = _get(client, address, headers)
            asked += 1
            assert answer.status_code < 500, address
            assert not any(cell.encode() in answer.data for cell in CELLS), (address, headers)
    assert asked > 600
    release(timed)
    shown = {endpoint for address, endpoint in list_addresses(timed) if _shows(client, address, True)}
    assert {"feeds.send_dataset_feed", "downloads.send_table", "version_pages.show_version"} <= shown


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
    assert "有数据集信息改动待批准" in clerk.get("/datasets/secrets").text
    draft = answer.location
    office.work()
    send(clerk, f"{draft}/submit", OWN_CHECKS, form=draft)
    assert "须由其他人批准" in clerk.get(draft).text
    text = boss.get(draft).text
    assert "随这份草稿改动的数据集信息" in text
    assert "湖泊" in text
    for step in ("approve", "publish"):
        send(boss, f"{draft}/{step}", {}, form=draft)
    office.work()
    assert "湖泊" in office.client().get("/datasets/secrets").text
