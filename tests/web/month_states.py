"""The pages of a clerk's month in every state: the next edition, meanings, wrong cells, schemas, sources, mail."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from opendata.db.models import OutboxMail
from opendata.domain.editions.modes import AUTO
from opendata.domain.mail.letters import LetterKind, LetterState
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import RequestStep
from opendata.errors import N_
from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import DATASET, SCHEMA, upload
from tests.services.drafts.test_meanings import FOOT, make_workbook
from tests.source_servers import serve_site
from tests.web.conftest import PASSWORD, Portal, send
from tests.web.page_states import PageState
from tests.web.test_journeys import COUNTED, PEOPLE, POPULATION, make_month
from tests.web.workbench.test_workbench_page import press

NO_KEY = "日期,读数\n" + "".join(f"2026-10-{day:02},{day * 3}\n" for day in range(1, 29))
DOUBTFUL = "地区,产值,年份\n" + "".join(f"区{row},{row * 10},2020\n" for row in range(11)) + "合区,待定,二〇二〇\n"
CROSSED = "地区,2021年,2022年,2023年\n东区,11,12,13\n西区,21,22,23\n"
UNTYPED = "代码,水位,日期\nA001,12.5,2026-01-31\nA002,高,2026-02-01\n"


class MonthStates:
    """Fills an instance under two-person review with a month's work."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._services = portal.services
        self._clerk, self._boss = (portal.services.accounts.sign_in(name, PASSWORD)[0] for name in ("clerk", "boss"))
        self._browser = portal.signed_in("clerk")

    def build(self) -> Iterator[PageState]:
        """Make the states one after the other."""
        for dataset in ("months", "readings", "output", "people", "crossed", "bench"):
            self._services.datasets.create(self._clerk, {**DATASET, "id": dataset, "title": f"统计 {dataset}"})
        yield from self._list_editions()
        yield from self._list_meanings()
        yield from self._list_corrections()
        yield from self._list_benches()
        yield from self._list_sources()
        yield from self._list_mail()
        yield from self._list_duties()

    def _list_duties(self) -> Iterator[PageState]:
        """The ledger with one of each kind, its forms, and what the public sees of clocks."""
        services, rule = self._services, "n28"
        services.duty_rules.use(self._boss, "n7", is_off=False, publishers=["water-bureau"])
        day = services.calendars.today()
        said = {"publisher": "water-bureau", "rule": rule, "owner": "clerk", "task": "申请一"}
        paused = services.duty_steps.add(self._boss, {**said, "trigger": (day - timedelta(days=3)).isoformat()})
        services.duty_steps.pause(self._clerk, paused.id, {"reason": "征求意见"})
        late = services.duty_steps.add(self._boss, {**said, "trigger": (day - timedelta(days=99)).isoformat()})
        services.duty_steps.rectify(self._boss, late.id, {"reason": "尽快", "day": (day + timedelta(1)).isoformat()})
        done = services.duty_steps.add(self._boss, {**said, "trigger": (day - timedelta(days=98)).isoformat()})
        services.duty_steps.finish(self._clerk, done.id, {"url": "https://example.gov.cn/1", "text": "见网站"})
        while services.duty_keeping.follow():
            pass
        for path in ("", "/new", f"/{paused.id}", f"/{late.id}", f"/{done.id}", f"/{late.id}/finish", "?state=any"):
            yield PageState(f"/workspace/duties{path}", "clerk")
        for step in ("assign", "pause", "resume", "extend", "waive", "rectify", "start"):
            yield PageState(f"/workspace/duties/{late.id}/{step}", "boss")
        yield PageState(f"/workspace/duties/{late.id}/waive", "boss", press="main form.form")
        yield PageState("/workspace/duties/new", "boss", press="main form.form")
        for path in ("calendar", "calendar/2027", "rules", "rules/n7", "rules/new", "supervision", "duties"):
            yield PageState(f"/workspace/{path}", "boss")
        for path in ("calendar/2027", "rules/new"):
            yield PageState(f"/workspace/{path}", "boss", press="main form.form")
        yield from (PageState(f"/disclosure/{path}") for path in ("on-time", "rules", "calendar", "on-time?since=x"))

    def _list_editions(self) -> Iterator[PageState]:
        self._publish("months", make_month(9, 5)["buffer"], name="population", schema=POPULATION)
        asked = self._send("months", "2026年10月各乡镇人口.csv", make_month(10, 7, people="居民")["buffer"])
        yield from self._view(asked, "", "/check", "/resources/population/changes")
        grown = self._send(
            "months", "2026年11月各乡镇人口.csv", make_month(11, 7, more="2026-09,东湖镇,999,306\n")["buffer"]
        )
        yield from self._view(grown, "", "/check", "/resources/population/changes")
        yield from self._view(
            self._send("months", "other.csv", "月份,乡镇,常住人口,户数\n2026-12,甲,x,1\n".encode()), ""
        )
        self._publish("readings", NO_KEY, name="readings", schema=None)
        yield from self._view(self._send("readings", "readings.csv", NO_KEY.encode()), "", "/check")
        short = NO_KEY.splitlines(keepends=True)
        yield from self._view(self._send("readings", "readings.csv", "".join(short[:4]).encode()), "", "/check")
        yield PageState(f"/workspace/datasets/months/upload?draft={asked}", "clerk")
        yield PageState("/workspace/datasets/months/upload", "clerk")

    def _list_meanings(self) -> Iterator[PageState]:
        first = self._send("output", "产值2098年9月.xlsx", make_workbook("2098年9月", foot=FOOT))
        self._release(first)
        other = self._send("output", "产值2098年10月.xlsx", make_workbook("2098年10月", unit="单位：亿元"))
        yield from self._view(other, "", "/check", "/resources/chan-zhi/meaning")
        yield PageState(f"/workspace/drafts/{other}/resources/chan-zhi/meaning", "clerk", "form[action$='/meaning']")
        fresh = make_workbook("2098年9月", foot=FOOT)
        yield from self._view(self._send("people", "产值2098年9月.xlsx", fresh), "", "/check")
        yield PageState("/datasets/output/1.0.0/")

    def _list_corrections(self) -> Iterator[PageState]:
        wrong = upload(self._services, self._clerk, COUNTED, dataset="people", name="people", schema=PEOPLE).id
        yield from self._view(wrong, "", "/resources/people/fix", "/resources/people/findings")
        place = f"/workspace/drafts/{wrong}/resources/people/fix"
        yield PageState(place, "clerk", "form[action$='/fix']")
        yield from self._view(self._send("people", "doubtful.csv", DOUBTFUL.encode()), "", "/check")
        yield from self._view(self._send("crossed", "crossed.csv", CROSSED.encode()), "")
        crossed = self._send("crossed", "crossed.csv", CROSSED.encode())
        place = f"/workspace/drafts/{crossed}"
        turned = {"verb": "unpivot", "columns": "years", "name": "年份", "value": "产值"}
        send(self._browser, f"{place}/resources/crossed/steps", turned, form=place)
        self._portal.work()
        yield from self._view(crossed, "", "/check")
        self._release(crossed)
        changed = CROSSED.replace("2023年", "其他").encode()
        yield from self._view(self._send("crossed", "crossed.csv", changed), "", "/check")

    def _list_benches(self) -> Iterator[PageState]:
        self._services.schemas.add(SYSTEM, "bench", "1.0.0", {**SCHEMA, "title": "水位表"})
        for wrong in (
            {"f1__type": "number"},
            {"f0__name": "", "f1__type": "integer", "f1__minimum": "x", "f2__pattern": "("},
        ):
            draft = self._send("bench", "bench.csv", UNTYPED.encode())
            place = f"/workspace/drafts/{draft}/resources/bench/schema"
            send(self._browser, f"{place}/start", {"origin": "columns"}, form=place)
            press(self._browser, place, "keep", **wrong)
            yield PageState(place, "clerk")
            yield PageState(place, "clerk", "#grid button[value=count]")
            yield PageState(place, "clerk", "#grid button[value=save]")
        yield PageState(f"{place}/codes?field_number=1&dataset=months", "clerk")
        yield PageState(f"{place}/codes?field_number=1&ref=bench@1.0.0", "clerk")
        send(self._browser, f"{place}/start", {"origin": "columns"}, form=place)
        yield PageState(f"{place}/library", "boss")

    def _list_sources(self) -> Iterator[PageState]:
        place = "/workspace/datasets/bench/source"
        form = {"resource": "bench", "cycle": "daily", "at": "06:00", "day": "1", "contact": ""}
        with serve_site() as site:
            address = site.put("/levels.csv", UNTYPED)
            for _ in range(2):
                send(self._browser, place, {**form, "url": address})
                send(self._browser, f"{place}/run", {}, form=place)
                self._services.fetching.run_due()
                address = f"{address}.gone"
        yield PageState(place, "clerk")
        yield PageState(place, "clerk", "main form.form")
        yield PageState("/workspace/datasets/readings/source", "clerk", "main form.form")

    def _list_mail(self) -> Iterator[PageState]:
        now = datetime.now(UTC)
        refused = {"message": N_("The data base doesn't answer"), "params": {}}
        with self._services.database.unit(write=True) as session:
            for number, state in enumerate(LetterState):
                session.add(
                    OutboxMail(
                        message_id=f"{number}@data.example.org",
                        kind=LetterKind.PASSWORD_CHANGED,
                        recipient="w***@example.org",
                        recipient_digest=str(number),
                        language="zh",
                        state=state,
                        created=now,
                        due=now,
                        tries=number,
                        reason=refused if number else None,
                    )
                )
        yield PageState("/workspace/mail", "boss")
        yield PageState("/workspace/control", "boss")
        yield PageState("/workspace/control/mine", "clerk")
        yield PageState("/workspace/goals", "boss")
        yield from self._list_requests()
        yield PageState("/account/address", "clerk")
        yield PageState("/account/second-factor", "clerk")
        yield PageState("/account/data", "clerk")
        yield PageState("/workspace/people", "boss")
        yield PageState("/workspace/people", "clerk", 'form[action="/workspace/people/invitations"]')
        yield PageState("/workspace/people/clerk", "boss")
        yield PageState("/workspace/people/clerk", "boss", 'form[action="/workspace/people/clerk/hand-over"]')

    def _list_requests(self) -> Iterator[PageState]:
        """The forms, a request that waits and one that is replied to, and all that is counted."""
        said = {"kind": "open", "publisher": "water-bureau", "subject": "水库", "text": "请开放", "public": True}
        requests = self._services.requests
        numbers = [
            requests.asking.ask(None, said, address=f"192.0.2.{part}", language="zh").request.number for part in (1, 2)
        ]
        reply = {"outcome": "not-existing", "text": "经检索，您申请的信息不存在。"}
        for number, step, texts in ((0, "register", {"summary": "水库数据"}), (1, "register", {}), (0, "reply", reply)):
            requests.handling.take(self._clerk, numbers[number], RequestStep(step), texts)
        for path in ("", "/new", "/follow", "/statistics", "/annual", f"/{numbers[0]}", "?q=无此"):
            yield PageState(f"/requests{path}")
        for kind in RequestKind:
            yield PageState(f"/requests/new?kind={kind}")
        yield PageState("/requests/new?kind=application", press="main form")
        open_one = f"/{numbers[1]}"
        for path in ("", f"/{numbers[0]}", open_one, f"{open_one}/reply", f"{open_one}/reply?outcome=law"):
            yield PageState(f"/workspace/requests{path}", "clerk")
        for step in ("clarify", "extend", "pass-on", "start"):
            yield PageState(f"/workspace/requests{open_one}/{step}", "clerk")
        yield PageState(f"/workspace/requests{open_one}/assign", "boss", press="main form")

    def _view(self, draft: str, *below: str) -> Iterator[PageState]:
        yield from (PageState(f"/workspace/drafts/{draft}{path}", "clerk") for path in below)

    def _send(self, dataset: str, name: str, content: bytes) -> str:
        """A draft of a file as a page sends it: which table it belongs to is found out."""
        file = UploadedFile(name, io.BytesIO(content))
        draft = self._services.drafts.create(self._clerk, dataset, [file], [ResourceOption(file=name, mode=AUTO)])[0].id
        self._services.work.run_to_end(draft)
        return draft

    def _publish(self, dataset: str, content: str | bytes, **options: object) -> None:
        self._release(upload(self._services, self._clerk, content, dataset=dataset, **options).id)  # type: ignore[arg-type]

    def _release(self, draft: str) -> None:
        self._services.drafts.submit(self._clerk, draft, Submission(breaking="测试用的原因", reason="属实"))
        self._services.drafts.approve(self._boss, draft)
        self._services.drafts.publish(self._boss, draft)
        self._services.work.run_to_end(draft)
