"""Every page of the product in every state it has, for tests that look at all of them: who opens it, and where."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opendata.db.models import Draft
from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, DATASET, SCHEMA, upload
from tests.services.drafts.test_matching import CHINESE, TITLED
from tests.services.work.test_privacy_gate import ROLL
from tests.web.conftest import PASSWORD, Portal
from tests.web.site_fill import CARE, PUBLIC_SIDE, STAFF_SIDE, fill_site

CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}
CLOSED = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
FURTHER = {
    "themes": ["生态环保", "公共服务"],
    "industry": "N",
    "temporal": "2020/2024",
    "spatial": {"code": "410100", "name": "黄河流域"},
    "contactPoint": {"name": "信息中心", "telephone": "0371-65500000", "email": "data@example.gov.cn"},
    "basis": "《防洪法》",
}
WRONG = "code,name,level,measured\nA001,东湖,12.5,2026-01-31\nA001,西湖,约3,20260201\n合计,,-2,31/02/2026\n"
NOTED = "编号;名称;水位\nA001;东湖;12,5\n\n注：数据为初步统计\n"
MANY = CSV + "".join(f"B{number:03},水库{number},{number},2026-02-02\n" for number in range(40))


@dataclass(frozen=True)
class PageState:
    """A page as somebody finds it: an account by its name, or a reader without one.

    `press` is the selector of a form or of one of its buttons: the page is then the answer to the form, sent as it is.
    """

    path: str
    who: str = ""
    press: str = ""


PUBLIC = (
    *("/", "/datasets", "/datasets/reservoirs", "/datasets/reservoirs/versions", "/publishers"),
    *("/datasets/reservoirs/diff/1.0.0...1.1.0", "/datasets/reservoirs/1.0.0/", "/datasets/reservoirs/1.1.0/"),
    *("/publishers/water-bureau", "/schemas", "/schemas/reservoirs", "/problems", "/problems/not-found", "/nothing"),
    *("/sign-in", "/workspace/drafts/none", "/datasets/stopped/1.0.0/", "/datasets/gone/1.0.0/", "/datasets/gone"),
    *("/api/docs", "/api/docs/datasets", "/api/docs/drafts", "/api/docs/uploads", "/help/words", "/help/guide"),
    *("/datasets/guarded", "/datasets/guarded/1.0.0/", "/datasets/closed", "/datasets/gone/versions"),
    *("/datasets/old", "/datasets/old/1.0.0/", "/disclosure"),
    *("/publishers?kind=town", "/publishers?q=无此", "/publishers/road-bureau", "/publishers/former"),
    *("/datasets/old", "/datasets/old/1.0.0/", "/disclosure", "/inventory", "/inventory?state=x", "/inventory/plan"),
    *("/datasets/old", "/datasets/old/1.0.0/", "/disclosure", "/disclosure/coverage", "/disclosure/catalogue/b00001"),
    *("/disclosure/catalogue", "/disclosure/catalogue/versions", "/disclosure/catalogue/versions/1"),
    *("/disclosure/catalogue?domain=culture", "/disclosure/catalogue?version=1", "/disclosure/coverage?publisher=-"),
    *("/datasets/old", "/datasets/old/1.0.0/"),
    *("/datasets/reservoirs/1.1.0/levels/chart", "/datasets/reservoirs/1.1.0/levels/chart?kind=pie"),
    "/datasets/reservoirs/1.1.0/levels/chart?kind=bar&x=name&y=level&group=measured",
    "/datasets/reservoirs/1.1.0/levels/chart/embed?kind=line&x=measured&y=level",
)
TABLE = "/datasets/reservoirs/1.1.0/levels"
TABLES = (
    *(TABLE, f"{TABLE}?column=level", f"{TABLE}?limit=20&order_by=level DESC,name&freeze=code&freeze=name"),
    *(f"{TABLE}?level__gte=3&column=level&q=水库", f"{TABLE}?level__gte=x&column=level", f"{TABLE}?q=无此"),
    *(f"{TABLE}?where=lvel > 1", f"{TABLE}?column=measured&measured__isnull=false&select=code, measured"),
    *("/datasets/reservoirs/1.0.0/levels?column=name", "/datasets/guarded/1.0.0/levels", "/sql"),
    '/sql?q=SELECT * FROM "reservoirs"."levels"',
    '/sql?q=SELECT nme FROM "reservoirs"."levls"',
)
MAINTAINER = (
    *("/workspace", "/workspace/datasets/new", "/workspace/datasets/reservoirs/edit", "/workspace/review"),
    *("/workspace/datasets/reservoirs/upload", "/workspace/stops", "/workspace/audit", "/account", "/account/password"),
    "/account/openid",
    *(
        "/workspace/datasets/guarded/grants",
        "/workspace/datasets/reservoirs/source",
        "/workspace/datasets/reservoirs/versions/1.1.0/stop",
    ),
    *("/workspace/datasets/reservoirs/versions/1.1.0/withdraw", "/datasets/reservoirs/1.1.0/"),
    *("/workspace/datasets/reservoirs/archive", "/workspace/datasets/old/archive", "/workspace/datasets/asked/archive"),
    "/datasets/asked",
    *("/workspace/publishers", "/workspace/new-publisher", "/workspace/publisher-list"),
    *("/workspace/publishers/road-bureau", "/workspace/publishers/road-bureau/future"),
    *("/datasets/asked", "/workspace/inventory", "/workspace/inventory/upload"),
    *("/workspace/inventory/items/guarded", "/workspace/inventory/items/closed"),
    *(f"/workspace/basic-catalogue{path}" for path in ("", "/new", "/entries/b00001", "/entries/b00002", "/import")),
    *(f"/workspace/basic-catalogue/{path}" for path in ("in-force", "guides", "datasets/reservoirs")),
)


def build_states(portal: Portal) -> list[PageState]:
    """Fill an instance under two-person review with one of everything, and list what there is to see."""
    return list(_Builder(portal).build())


class _Builder:
    def __init__(self, portal: Portal) -> None:
        self._services = portal.services
        self._clerk, self._boss = (portal.services.accounts.sign_in(name, PASSWORD)[0] for name in ("clerk", "boss"))

    def build(self) -> Iterator[PageState]:
        self._fill_publishers()
        self._fill_catalogue()
        fill_site(self._services, self._boss, "reservoirs")
        yield from (PageState(path) for path in (*PUBLIC, *TABLES, *PUBLIC_SIDE, *CARE))
        yield from (PageState(path, "boss") for path in STAFF_SIDE)
        yield PageState("/reuses/new", press="main form")
        yield PageState("/workspace/site/guide/new", "boss", press="main form")
        yield PageState("/sign-in", press="main form")
        yield from self._list_doors()
        yield from self._list_drafts()
        yield from (PageState(path, "boss") for path in MAINTAINER)
        for path in ("/workspace/datasets/new", "/workspace/datasets/reservoirs/upload", "/account/password"):
            yield PageState(path, "clerk", press="main form")
        yield PageState(f"/workspace/basic-catalogue/imports/{self.reading}", "boss")
        yield PageState("/workspace/basic-catalogue/new", "clerk", press="main form")
        yield PageState("/workspace", "clerk")
        yield PageState("/account", "anna")
        for index in (self._services.indexing, self._services.sketching):
            while index.follow():
                pass
        yield from (PageState(f"/search/tables{query}") for query in ("", "?q=A001", "?kind=date", "?q=无此"))
        for query in ("q=水库", "q=水裤", "q=无此", "q=水 xyz", "disclosure=conditional"):
            yield PageState(f"/datasets?{query}")

    def _fill_publishers(self) -> None:
        """One above another, one that was renamed, and one that was merged."""
        self._services.publishers.create(SYSTEM, {"id": "former", "title": "河道局", "kind": "public-institution"})
        office = {"address": "经十路 1 号", "telephone": "0531-00000000", "url": "https://example.gov.cn/"}
        said = {"title": "交通运输局", "parent": "water-bureau", "code": "11332500MB1601924J", "contactPoint": office}
        self._services.publishers.update(SYSTEM, "road-bureau", said, reason="机构改革")
        self._services.succession.merge(SYSTEM, ["former"], "road-bureau", reason="机构改革")

    def _fill_catalogue(self) -> None:
        self._services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
        for dataset, metadata in (
            ("reservoirs", {"keywords": ["水"], "updateCycle": "daily", "description": "水库的**水位**。", **FURTHER}),
            ("stopped", {}),
            ("gone", {}),
            ("old", {}),
            ("asked", {}),
            ("guarded", {"disclosure": CONDITIONAL}),
            ("closed", {"disclosure": CLOSED}),
        ):
            self._services.datasets.create(
                self._clerk, {**DATASET, "id": dataset, "title": f"水库 {dataset}", **metadata}
            )
            if dataset == "closed":
                self._release(self._services.drafts.create(self._clerk, dataset, [], [])[0].id)
            else:
                self._publish(dataset, schema="reservoirs@1.0.0")
        self._publish("reservoirs", MANY, schema="reservoirs@1.0.0")
        self._services.withdrawals.report_erratum(
            self._boss, "reservoirs", "1.0.0", text="第三行有误", successor="1.1.0"
        )
        self._services.stops.suspend(self._clerk, "stopped", "1.0.0", reason="含有个人信息")
        self._services.withdrawals.withdraw(self._boss, "gone", "1.0.0", reason="数据有误")
        self._fill_basics()
        for dataset in ("old", "asked"):
            self._services.archiving.archive(self._clerk, dataset, reason="已停止调查", successor="reservoirs")
        self._services.archiving.confirm(self._boss, "old")

    def _fill_basics(self) -> None:
        """A catalogue in force with a linked dataset, a draft that differs and is incomplete, a guide, a file read."""
        drafts, imports = self._services.basic_drafts, self._services.basic_imports
        said = {"matter": "水库", "item": "水位", "content": "名称、水位", "timeLimit": "3个工作日内"}
        drafts.create(self._clerk, {**said, "domain": "environment", "methods": ["proactive"]})
        drafts.put_in_force(self._boss, "首版")
        self._services.basic_links.link(self._clerk, "b00001", "reservoirs")
        drafts.change(self._clerk, "b00001", {"item": "水位和蓄水量"})
        drafts.create(self._boss, {"matter": "河流", "domain": "environment"})
        text = "序号,一级事项,公开内容,公开时限,公开主体,公开方式\n1,湖泊,面积,按规定,水务局,主动\n2,水库,库容,,,主动\n"
        for is_guide in (True, False):
            made = imports.read(
                self._boss, io.BytesIO(text.encode()), "目录.csv", domain="environment", is_guide=is_guide
            )
            if is_guide:
                imports.keep_guide(self._boss, made)
        self.reading = made

    def _list_doors(self) -> Iterator[PageState]:
        """The pages that a link alone opens."""
        grant = {"holder": "甲大学", "purpose": "研究", "until": "2026-12-31", "agreement": "2026-1"}
        for name in ("anna", ""):
            link = self._services.grants.give(self._boss, "guarded", grant)[1]
            assert link is not None
            if name:
                self._services.grants.accept(link.rsplit("/", 1)[-1], name, PASSWORD)
            else:
                yield PageState(f"/invitations/{link.rsplit('/', 1)[-1]}")
        recovery = self._services.recoveries.issue(self._boss, "stranger")
        yield PageState(f"/recover/{recovery.rsplit('/', 1)[-1]}")

    def _list_drafts(self) -> Iterator[PageState]:
        """A draft in every state, with the pages below it."""
        received = self._send("levels.csv", CSV, enqueue=False)
        yield from self._view(received)
        working = self._send("levels.csv", CSV, enqueue=False)
        self._set(working, status="validating", stage="check levels", progress=0.4)
        yield from self._view(working)
        failed = self._send("levels.csv", CSV, enqueue=False)
        self._set(failed, status="failed", error={"type": "OSError", "message": "disk"})
        yield from self._view(failed)
        wrong = self._upload(WRONG)
        yield from self._view(wrong, "/check", "/resources/levels/findings", "/resources/levels/reading", "/discard")
        yield from self._view(self._upload(CHINESE, schema=TITLED))
        proposed = self._upload(CHINESE, schema=None)
        yield from self._view(proposed, "/check", "/resources/levels/reading")
        yield from self._view(self._upload(NOTED, schema=None), "/resources/levels/reading")
        roll = self._upload(ROLL, name="roll", schema=None)
        yield from self._view(roll, "/check", "/resources/roll/privacy")
        whole = self._send("levels.csv", MANY.replace("B001", "C001"), attachment="联系人：张三 13812345601")
        self._services.work.run_to_end(whole)
        yield from self._view(whole, "/check", "/resources/levels/changes")
        yield PageState(f"/workspace/drafts/{whole}/check", "clerk", press="form[action$='/submit']")
        yield from self._list_series()
        yield from self._list_reviewed()

    def _list_series(self) -> Iterator[PageState]:
        """Several files that look like one table: asked, unlike, joined, and kept apart."""
        for answer, unit in (("", ""), ("", "单位：元,\n"), ("join", ""), ("apart", "")):
            files = [
                UploadedFile(f"产值2026年0{month}月.csv", io.BytesIO(f"{head}乡镇,产值\n东湖,{month}\n".encode()))
                for month, head in ((1, unit.replace("元", "万元")), (2, unit))
            ]
            options = [ResourceOption(file=file.name, mode="auto") for file in files]
            draft = self._services.drafts.create(self._clerk, "reservoirs", files, options)[0].id
            self._services.work.run_to_end(draft)
            tables = [*self._services.drafts.get(self._clerk, draft).series[0].tables]
            if answer:
                series = {"tables": tables} if answer == "join" else None
                self._services.drafts.change_resource(self._clerk, draft, tables[0], {"series": series})
                self._services.work.run_to_end(draft)
            yield from self._view(draft, "/check")

    def _list_reviewed(self) -> Iterator[PageState]:
        returned = self._submit(MANY.replace("B001", "D001"))
        self._services.drafts.return_(self._boss, returned, "请核对第三行")
        yield from self._view(returned, "/check")
        approved = self._submit(MANY.replace("B002", "E001"))
        self._services.drafts.approve(
            self._boss, approved, publish_at=(datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="minutes")
        )
        yield from self._view(approved, "/check")
        submitted = self._submit(MANY.replace("B003", "F001"))
        for who in ("clerk", "boss"):
            yield PageState(f"/workspace/drafts/{submitted}", who)
            yield PageState(f"/workspace/drafts/{submitted}/check", who)
        yield PageState(f"/workspace/drafts/{submitted}/check", "boss", press="form[action$='/checks']")
        published = self._upload(CSV + "A003,北湖,3,2026-02-02\n", dataset="guarded", schema="reservoirs@1.0.0")
        self._release(published)
        yield from self._view(published, "/check", "/originals")
        discarded = self._upload(CSV)
        self._services.drafts.discard(self._clerk, discarded)
        yield from self._view(discarded)

    def _view(self, draft: str, *below: str) -> Iterator[PageState]:
        yield from (PageState(f"/workspace/drafts/{draft}{path}", "clerk") for path in ("", *below))

    def _upload(self, text: str, **options: Any) -> str:
        return upload(self._services, self._clerk, text, **options).id

    def _send(self, name: str, text: str, *, attachment: str = "", enqueue: bool = True) -> str:
        files = [UploadedFile(name, io.BytesIO(text.encode()))]
        options = [ResourceOption(file=name, name="levels", schema=SCHEMA)]
        if attachment:
            files.append(UploadedFile("notes.txt", io.BytesIO(attachment.encode())))
            options.append(ResourceOption(file="notes.txt", type="attachment", name="notes"))
        return self._services.drafts.create(self._clerk, "reservoirs", files, options, enqueue=enqueue)[0].id

    def _set(self, draft: str, **values: Any) -> None:
        with self._services.database.unit(write=True) as session:
            row = session.get_one(Draft, draft)
            for name, value in values.items():
                setattr(row, name, value)

    def _submit(self, text: str, dataset: str = "reservoirs") -> str:
        draft = self._upload(text, dataset=dataset, schema="reservoirs@1.0.0")
        self._services.drafts.submit(self._clerk, draft, Submission(breaking="测试用的原因", reason="属实"))
        return draft

    def _publish(self, dataset: str, text: str = CSV, **options: Any) -> None:
        self._release(self._upload(text, dataset=dataset, **options))

    def _release(self, draft: str) -> None:
        """Take a draft through the review to its version."""
        self._services.work.run_to_end(draft)
        self._services.drafts.submit(self._clerk, draft, Submission(breaking="测试用的原因", reason="属实"))
        self._services.drafts.approve(self._boss, draft)
        self._services.drafts.publish(self._boss, draft)
        self._services.work.run_to_end(draft)
