"""Pages that maintainers keep, their files, and the life of a re-use with its link."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.site.kinds import PageKind
from opendata.domain.site.reuses import ReuseState
from opendata.errors import (
    BackendError,
    InputError,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    StateError,
    TooManyAttemptsError,
)
from opendata.services.core.actors import Actor
from opendata.services.governance.site.pictures import clean_picture
from opendata.wiring import Services, build_services
from tests.instances import DATASET, make_actor, make_services, publish
from tests.source_servers import serve_site
from tests.web.site_fill import GUIDE, IDENTITY, LOGO, REUSE


class Office:
    """An instance with a clock, a maintainer, an editor, and a public dataset."""

    def __init__(self, home: Path) -> None:
        self.now = datetime(2026, 3, 2, 1, tzinfo=UTC)
        first = make_services(home, source_hosts=("127.0.0.1",))
        self.services: Services = build_services(first.settings, clock=lambda: self.now)
        self.boss = make_actor(self.services, "boss", role="maintainer")
        self.editor: Actor = make_actor(self.services, "editor")
        keywords = ["县级", "预算"]
        self.services.datasets.create(self.editor, {**DATASET, "keywords": keywords, "temporal": "2025"})
        publish(self.services, self.editor)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    built = Office(tmp_path_factory.mktemp("site") / "instance")
    yield built
    built.services.database.dispose()


@pytest.mark.parametrize(
    ("kind", "found", "pointers"),
    [
        ("identity", {"siteCode": "41010900"}, ["/siteCode"]),
        ("identity", {"siteCode": "bm12345678"}, []),
        ("identity", {"siteCode": "4101990001", "icp": "05000001"}, ["/icp"]),
        ("identity", {"police": "豫公网安备4101号"}, ["/police"]),
        ("identity", {"markLink": "javascript:alert(1)", "ipv6": "yes"}, ["/markLink", "/ipv6"]),
        ("identity", {"ownSites": ["https://a.gov.cn/"]}, ["/ownSites"]),
        ("identity", {"ownSites": ["Henan.gov.cn"], "telephone": "call me"}, ["/telephone"]),
        ("identity", {"i18n": {"en": {"icp": "x"}, "fr": {"name": "x"}}}, ["/i18n/en/icp", "/i18n/fr"]),
        ("identity", {"logo": {"sha256": "x"}}, ["/logo"]),
        ("guide", {}, ["/title"]),
        ("guide", {"title": "x" * 201, "color": "red"}, ["/color", "/title"]),
        ("column", {"title": "专栏", "grouping": "colour", "publishers": ["nobody"]}, ["/grouping"]),
        ("column", {"title": "专栏", "publishers": ["nobody"]}, ["/publishers"]),
        ("call", {"title": "大赛", "begins": "2026-03-02", "ends": "2026-03-01"}, ["/ends"]),
        ("call", {"title": "大赛", "begins": "soon", "ends": "2026-03-01", "datasets": ["none"]}, ["/begins"]),
        ("incident", {"title": "慢", "begun": "2026-03-01 09:00", "ended": "yesterday"}, ["/ended"]),
    ],
)
def test_a_page_says_what_is_wrong_with_each_field(
    office: Office, kind: str, found: dict[str, Any], pointers: list[str]
) -> None:
    if not pointers:
        assert office.services.pages.put(office.boss, PageKind(kind), "x1", found)[0].data == found
        return
    with pytest.raises(InvalidMetadataError) as caught:
        office.services.pages.put(office.boss, PageKind(kind), "x1", found)
    assert [item.pointer for item in caught.value.faults] == pointers


def test_only_a_maintainer_changes_anything(office: Office) -> None:
    services = office.services
    for actor, error in ((office.editor, NotPermittedError), (None, Exception)):
        for change in (
            lambda who: services.pages.put(who, PageKind.GUIDE, "guide", GUIDE),
            lambda who: services.pages.delete(who, PageKind.GUIDE, "guide"),
            lambda who: services.site_files.add_picture(who, "logo.svg", LOGO),
            lambda who: services.site_files.add_attachment(who, "a.pdf", b"%PDF-1.4\n"),
            lambda who: services.reuses.add(who, REUSE),
            lambda who: services.reuses.decide(who, "x", approve=True),
            lambda who: services.reuses.list(who, state=ReuseState.WAITING),
        ):
            with pytest.raises(error):
                change(actor)


def test_editing_the_guide_changes_its_date_and_keeps_what_it_said(office: Office) -> None:
    pages = office.services.pages
    first, is_new = pages.put(office.boss, PageKind.GUIDE, "", {**GUIDE, "body": "旧"})
    assert (is_new, first.id) == (True, "dong-hu-shi-zheng-fu-xin-xi-gong-kai-zhi-nan")
    office.now += timedelta(days=3)
    same, _ = pages.put(office.boss, PageKind.GUIDE, first.id, {**GUIDE, "body": "旧"})
    assert same.published == first.published
    changed, is_new = pages.put(office.boss, PageKind.GUIDE, first.id, GUIDE)
    assert (is_new, changed.published, changed.revision) == (False, office.now, 2)
    hidden, _ = pages.put(office.boss, PageKind.GUIDE, first.id, {**GUIDE, "body": "草稿"}, is_public=False)
    assert hidden.published == office.now
    with pytest.raises(NotFoundError):
        pages.get(None, PageKind.GUIDE, first.id)
    auditor = make_actor(office.services, "auditor", role="auditor")
    assert pages.get(auditor, PageKind.GUIDE, first.id).data["body"] == "草稿"
    with pytest.raises(NotPermittedError):
        pages.delete(auditor, PageKind.GUIDE, first.id)
    pages.put(office.boss, PageKind.GUIDE, first.id, GUIDE)
    assert [item.revision for item in pages.list_versions(None, PageKind.GUIDE, first.id)] == [4, 2, 1]
    assert pages.list_versions(None, PageKind.GUIDE, first.id)[-1].data["body"] == "旧"
    assert [item.revision for item in pages.list_versions(office.boss, PageKind.GUIDE, first.id)] == [4, 3, 2, 1]
    pages.delete(office.boss, PageKind.GUIDE, first.id)
    assert pages.list(None, PageKind.GUIDE) == []
    again, _ = pages.put(office.boss, PageKind.GUIDE, first.id, GUIDE)
    assert again.revision == 5


def test_who_runs_the_site_is_known_at_once_and_while_the_database_is_away(office: Office) -> None:
    services = office.services
    services.pages.put(office.boss, PageKind.IDENTITY, "", IDENTITY)
    assert services.identity.read()["siteCode"] == "4101990001"
    assert services.identity.list_own_sites() == ("gov.cn",)
    services.pages.put(office.boss, PageKind.IDENTITY, "", {**IDENTITY, "ownSites": ["example.cn"]})
    assert services.identity.list_own_sites() == ["example.cn"]
    events = services.events.list(office.boss, limit=1).items
    assert (events[0]["action"], events[0]["details"]["properties"]) == ("update", ["ownSites"])


def test_a_logo_keeps_only_what_draws() -> None:
    hostile = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="a()">'
        b"<script>a()</script><style>@import 'x'</style><foreignObject><p>x</p></foreignObject>"
        b'<a href="https://evil.example/"><rect width="1"/></a><image href="https://evil.example/x.png"/>'
        b'<use xlink:href="https://evil.example/#x"/><use href="#ok"/>'
        b'<rect id="ok" width="9" style="fill:#f00;background:url(x)" fill="url(https://evil.example/)"'
        b' onclick="a()"/><circle fill="url(#g)" r="3"/></svg>'
    )
    cleaned, mediatype = clean_picture(hostile)
    assert mediatype == "image/svg+xml"
    text = cleaned.decode()
    for bad in ("script", "style", "evil", "onload", "onclick", "foreignObject", "image", "import"):
        assert bad not in text, bad
    for good in ('href="#ok"', 'fill="url(#g)"', 'width="9"', 'r="3"'):
        assert good in text, good
    assert (
        'fill="#f00"'
        in clean_picture(b'<svg xmlns="http://www.w3.org/2000/svg"><g style="fill:#f00"/></svg>')[0].decode()
    )


def make_png(*chunks: tuple[bytes, bytes], width: int = 2) -> bytes:
    head = (b"IHDR", struct.pack(">IIBBBBB", width, 2, 8, 0, 0, 0, 0))
    all_chunks = (head, *chunks, (b"IDAT", zlib.compress(b"\0\0\0" * 2)), (b"IEND", b""))
    written = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in all_chunks
    )
    return b"\x89PNG\r\n\x1a\n" + written


def test_a_png_keeps_only_its_pixels() -> None:
    assert clean_picture(make_png((b"tEXt", b"Author\0a person"), (b"eXIf", b"place")) + b"<script>") == (
        make_png(),
        "image/png",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a",
        b"",
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b"<svg>",
        b"<svg/>",
        make_png()[:-3],
        make_png().replace(b"IDAT", b"IDAX"),
        make_png(width=90_000),
        b"<svg" + b" " * 600_000,
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        clean_picture(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.pdf", b"hello"), ("a.pdf", b"%PDF-1.7\n<< /JavaScript (a) >>"), ("a.xlsx", b"PK\3\4"), ("a.html", b"<p>")],
)
def test_an_attachment_is_a_harmless_pdf_or_workbook(office: Office, name: str, data: bytes) -> None:
    with pytest.raises(InputError):
        office.services.site_files.add_attachment(office.boss, name, data)


def test_a_file_is_kept_while_a_page_has_named_it(office: Office) -> None:
    services = office.services
    used, unused = (
        services.site_files.add_attachment(office.boss, name, b"%PDF-1.4\n" + name.encode()) for name in ("a.pdf", "b")
    )
    assert unused["name"] == "b.pdf"
    services.pages.put(office.boss, PageKind.RULES, "r1", {"title": "条例", "files": [used]})
    services.pages.put(office.boss, PageKind.RULES, "r1", {"title": "条例"})
    with pytest.raises(InputError, match="Send it first"):
        services.pages.put(office.boss, PageKind.RULES, "r1", {"title": "条例", "files": [{"sha256": "0" * 64}]})
    office.now += timedelta(days=2)
    services.link_checking.tidy()
    assert services.site_files.get(used["sha256"]).mediatype == "application/pdf"
    with pytest.raises(NotFoundError):
        services.site_files.get(unused["sha256"])


def test_a_column_arranges_its_datasets_and_says_what_is_missing(office: Office) -> None:
    services = office.services
    data = {"title": "预决算", "keywords": ["预算"], "grouping": "budget"}
    page, _ = services.pages.put(office.boss, PageKind.COLUMN, "budgets", data)
    column = services.columns.show(page)
    (level,) = column.groups
    (office_group,) = level.groups
    (year,) = office_group.groups
    (kind,) = year.groups
    assert (level.heading, office_group.heading, year.heading, kind.heading) == (
        "county",
        "water-bureau",
        "2025",
        "budget",
    )
    assert [view.id for view in kind.datasets] == ["reservoirs"]
    assert (column.total, column.incomplete) == (1, [])
    for filters, total in (
        ({"keywords": ["预"]}, 0),
        ({"keywords": ["别的", "县级"]}, 1),
        ({"publishers": ["water-bureau"], "themes": ["别的"]}, 0),
        ({}, 1),
    ):
        page, _ = services.pages.put(office.boss, PageKind.COLUMN, "other", {"title": "专栏", **filters})
        assert services.columns.show(page).total == total, filters


def test_a_re_use_waits_is_approved_dies_and_comes_back(office: Office) -> None:
    services, reuses = office.services, office.services.reuses
    with serve_site() as site:
        url = site.put("/map", "x" * 100_000, headers={"ETag": '"1"'})
        sent = reuses.submit("192.0.2.1", {**REUSE, "url": url, "contact": "a@example.org", "datasets": ["reservoirs"]})
        assert (sent.state, sent.contact) == (ReuseState.WAITING, "")
        assert reuses.get(office.boss, sent.id).contact == "a@example.org"
        assert reuses.list().items == []
        with pytest.raises(NotFoundError):
            reuses.get(None, sent.id)
        with pytest.raises(InvalidMetadataError):
            reuses.decide(office.boss, sent.id, approve=False)
        assert reuses.decide(office.boss, sent.id, approve=True).contact == ""
        with pytest.raises(StateError):
            reuses.decide(office.boss, sent.id, approve=True)
        assert [item.id for item in reuses.list(dataset="reservoirs").items] == [sent.id]
        seen = []
        for days, status in ((0, 200), (1, 403), (1, 404), (1, 500), (1, 404), (5, 410), (7, 200)):
            office.now += timedelta(days=days)
            site.answers["/map"].status = status
            assert services.link_checking.run_due(lambda: False) == 1
            assert services.link_checking.run_due(lambda: False) == 0
            seen.append((reuses.get(None, sent.id).link.value, len(reuses.list().items)))
        assert seen == [
            ("alive", 1),
            ("alive", 1),
            ("failing", 1),
            ("failing", 1),
            ("failing", 1),
            ("dead", 0),
            ("alive", 1),
        ]
    verbs = [event["action"] for event in services.events.list(office.boss, limit=2).items]
    assert verbs == ["link-back", "link-dead"]
    assert reuses.decide(office.boss, sent.id, approve=False, reason="广告").state == ReuseState.REFUSED
    assert services.link_checking.run_due(lambda: False) == 0


def test_contacts_that_nobody_decided_about_are_erased(office: Office) -> None:
    sent = office.services.reuses.submit("192.0.2.2", {**REUSE, "contact": "0371-65500000"})
    office.now += timedelta(days=91)
    office.services.link_checking.tidy()
    assert office.services.reuses.get(office.boss, sent.id).contact == ""


def test_one_address_sends_a_few_only(office: Office) -> None:
    for _ in range(5):
        office.services.reuses.submit("192.0.2.3", REUSE)
    with pytest.raises(TooManyAttemptsError):
        office.services.reuses.submit("192.0.2.3", REUSE)
    office.services.reuses.submit("192.0.2.4", REUSE)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"description": "x" * 4001}, "/description"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "https://user:secret@other.example/"}, "/url"),
        ({"datasets": ["nothing"]}, "/datasets"),
        ({"datasets": "reservoirs"}, "/datasets"),
        ({"call": "none"}, "/call"),
        ({"author": ""}, "/author"),
    ],
)
def test_a_re_use_says_what_is_wrong(office: Office, change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        office.services.reuses.add(office.boss, {**REUSE, **change})
    assert [item.pointer for item in caught.value.faults] == [pointer]


def test_the_status_says_what_works_and_what_was_found(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    services = office.services
    services.link_checking.run_due(lambda: False)
    services.checking.run()
    status = services.status.read()
    works = {part.name: part.is_working for part in status.parts}
    assert works == {"database": True, "stores": True, "queue": True, "worker": True, "search": None, "mail": None}
    checks = {part.name: part.is_working for part in status.checks}
    assert (checks["stores"], checks["damaged"], status.is_working) == (True, True, True)
    office.now += timedelta(minutes=6)
    assert not services.status.read().is_working

    def fail(*_: object, **__: object) -> None:
        raise BackendError("away")

    monkeypatch.setattr(type(services.database), "unit", fail)
    away = services.status.read()
    assert {part.name: part.is_working for part in away.parts}["database"] is False
    assert (away.checks, away.incidents) == ([], ())
