"""A review: each check is signed for one digest, by someone who has no part in the draft, and a change voids it all."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from opendata.db.models import Dataset, Draft
from opendata.domain.drafts import DraftState
from opendata.domain.review.checklist import Check, Result
from opendata.errors import InvalidMetadataError, NotFoundError, NotPermittedError, PreconditionError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.review_values import Signature
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption, Sent
from opendata.services.drafts.next_version import seal
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services, upload
from tests.services.work.test_privacy_gate import DECISIONS, ROLL

ALL = tuple(Check)
SECRECY = [Signature(check=Check.SECRECY)]
REST = [Signature(check=check) for check in Check if check != Check.SECRECY]
REFUSED = Signature(
    check=Check.WORDING, result=Result.REFUSED, remark="列名有误", place={"table": "levels", "column": "name", "row": 2}
)
ON_A_GROUND = {
    "columns": [
        {"field": "姓名", "treatment": "publish", "ground": "punishment-publicity", "article": "某法第一条"},
        *DECISIONS["columns"][1:],
    ]
}
LATER = (datetime.now(UTC) + timedelta(days=3)).isoformat()


@pytest.fixture
def draft(services: Services, editor: Actor) -> DraftView:
    """A submitted draft."""
    return services.drafts.submit(editor, upload(services, editor).id, Submission(notes="一月"))


def publish(services: Services, actor: Actor, draft: str) -> DraftView:
    services.drafts.publish(actor, draft)
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def in_force(view: DraftView) -> Sequence[tuple[str, str, str]]:
    return [(item.check, item.result, item.by) for item in view.checks if item.in_force]


def test_a_check_of_another_seal_is_shown_as_it_counts(services: Services, draft: DraftView, second: Actor) -> None:
    services.drafts.sign(second, draft.id, SECRECY)
    with services.database.unit(write=True) as session:
        session.get_one(Draft, draft.id).sealed = "0" * 64
    found = services.drafts.get(second, draft.id)
    assert (in_force(found), found.open_checks) == ([], ALL)


@pytest.mark.both_databases(slow=True)
def test_several_people_sign_and_one_approves_what_the_manifest_names(
    services: Services, draft: DraftView, second: Actor, boss: Actor
) -> None:
    assert draft.digest is not None
    assert draft.open_checks == ALL
    signed = services.drafts.sign(second, draft.id, SECRECY, digest=draft.digest)
    assert (signed.status, signed.open_checks) == ("submitted", ALL[1:])
    with pytest.raises(StateError, match="aren't signed: privacy, wording, timing, method"):
        services.drafts.approve(second, draft.id, signatures=[])
    approved = services.drafts.approve(boss, draft.id, digest=draft.digest, signatures=REST)
    assert (approved.status, approved.approver, approved.digest) == ("approved", "boss", draft.digest)
    assert [by for _, _, by in in_force(approved)] == ["second", "boss", "boss", "boss", "boss"]
    assert publish(services, boss, draft.id).version == "1.0.0"
    ours = services.versions.get_manifest("reservoirs", "1.0.0").to_json()["opendata"]
    assert ours["approval"]["digest"] == draft.digest
    assert [(item["check"], item["result"], item["role"]) for item in ours["approval"]["checks"]] == [
        (check, "passed", "reviewer") for check in ALL
    ]
    assert {key for item in ours["approval"]["checks"] for key in item} == {"check", "result", "role", "at"}


def test_a_plain_approval_signs_what_is_open_in_the_approvers_name(
    services: Services, draft: DraftView, second: Actor, boss: Actor
) -> None:
    for _ in range(2):  # signing again says nothing new
        services.drafts.sign(second, draft.id, SECRECY)
    approved = services.drafts.approve(boss, draft.id)
    assert in_force(approved) == [("secrecy", "passed", "second"), *((item.check, "passed", "boss") for item in REST)]


def test_nobody_with_a_part_in_the_draft_signs_a_check(services: Services, editor: Actor, draft: DraftView) -> None:
    for signatures in (SECRECY, [REFUSED]):
        with pytest.raises(NotPermittedError, match="someone else must approve it"):
            services.drafts.sign(editor, draft.id, signatures)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    with pytest.raises(NotPermittedError):
        services.drafts.sign(stranger, draft.id, SECRECY)
    with pytest.raises(NotPermittedError):
        services.drafts.comment(stranger, draft.id, "x")
    assert services.drafts.get(editor, draft.id).checks == ()


def test_who_has_not_seen_a_comment_does_not_sign(services: Services, draft: DraftView, boss: Actor) -> None:
    services.drafts.comment(boss, draft.id, "第二行有误")
    with pytest.raises(PreconditionError):
        services.drafts.sign(boss, draft.id, SECRECY, revision=draft.revision)
    assert services.drafts.get(boss, draft.id).checks == ()


def test_another_digest_is_refused(services: Services, draft: DraftView, boss: Actor) -> None:
    other = "sha256:" + "0" * 64
    for act in (
        lambda: services.drafts.approve(boss, draft.id, digest=other),
        lambda: services.drafts.sign(boss, draft.id, SECRECY, digest=other),
    ):
        with pytest.raises(StateError, match="The draft has changed"):
            act()
    found = services.drafts.get(boss, draft.id)
    assert (found.status, found.checks) == ("submitted", ())


def test_a_refusal_returns_the_draft_with_check_place_and_remark(
    services: Services, editor: Actor, draft: DraftView, second: Actor, boss: Actor
) -> None:
    services.drafts.sign(second, draft.id, SECRECY)
    with pytest.raises(InvalidMetadataError):
        services.drafts.sign(boss, draft.id, [Signature(check=Check.WORDING, result=Result.REFUSED, remark=" ")])
    returned = services.drafts.approve(boss, draft.id, signatures=[*REST, REFUSED])
    assert (returned.status, returned.approver, returned.digest, in_force(returned)) == ("returned", None, None, [])
    assert returned.comment == "“内容表述”不通过（表“levels”；列“name”；第 2 行）：列名有误"
    (comment,) = returned.comments
    assert (comment.kind, comment.by, comment.text, comment.check) == ("refused", "boss", "列名有误", "wording")
    assert comment.place == {"table": "levels", "column": "name", "row": 2}
    again = services.drafts.submit(editor, draft.id)
    assert again.digest == draft.digest  # nothing changed, and still everything is signed again
    assert again.open_checks == ALL
    assert services.drafts.approve(boss, draft.id).status == "approved"


@pytest.mark.parametrize("moment", ["submitted", "approved", "scheduled"])
@pytest.mark.both_databases(slow=True)
def test_changed_metadata_end_the_approval_and_say_so(
    services: Services, editor: Actor, draft: DraftView, boss: Actor, moment: str
) -> None:
    services.drafts.sign(boss, draft.id, SECRECY)
    if moment != "submitted":
        services.drafts.approve(boss, draft.id, publish_at=LATER if moment == "scheduled" else None)
    services.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    found = services.drafts.get(editor, draft.id)
    assert (found.status, found.approver, found.scheduled, in_force(found)) == ("returned", None, None, [])
    assert "editor 在草稿提交后修改了数据集信息" in found.comment
    assert [(item.kind, item.text) for item in found.comments] == [("ended", found.comment)]
    assert list(services.work.find()) == []
    assert services.drafts.submit(editor, draft.id).digest != draft.digest


def test_metadata_that_stay_the_same_end_nothing(services: Services, editor: Actor, draft: DraftView) -> None:
    services.datasets.update(editor, "reservoirs", {"title": DATASET["title"]})
    assert services.drafts.get(editor, draft.id).status == "submitted"


def test_what_the_submitter_says_is_part_of_the_digest(services: Services, editor: Actor, draft: DraftView) -> None:
    digests = [draft.digest]
    for said in (
        Submission(notes="二月"),
        Submission(notes="一月"),
        Submission(reason="已核对"),
        Submission(reason="", bump="major"),
    ):
        services.drafts.return_(editor, draft.id, "再改")
        digests.append(services.drafts.submit(editor, draft.id, said).digest)
    first, notes, same, reason, bump = digests
    assert same == first
    assert len({first, notes, reason, bump}) == 4


def change_meta(**said: object) -> Callable[[Draft], None]:
    """A change of the dataset's metadata behind the back of its draft."""

    def change(row: Draft) -> None:
        row.dataset.meta = {**row.dataset.meta, **said}

    return change


def decide_otherwise(row: Draft) -> None:
    """Publish the same cells by another article: no file changes."""
    found = row.resources[0].decisions or {}
    first, *others = found["columns"]
    row.resources[0].decisions = {**found, "columns": [{**first, "article": "某法第二条"}, *others]}


CHANGES: dict[str, Callable[[Draft], None]] = {
    "a title": lambda row: setattr(row.resources[0], "title", "另一个标题"),
    "the file": lambda row: setattr(row.resources[0], "csv", "0" * 64),
    "the tables": lambda row: setattr(row.resources[0], "name", "others"),
    "the notes": lambda row: setattr(row, "notes", "另一个说明"),
    "the reason": lambda row: setattr(row, "reason", "另一个理由"),
    "the number": lambda row: setattr(row, "bump", "major"),
    "the version it starts from": lambda row: setattr(row, "base", "9.9.9"),
    "the notice": lambda row: setattr(row, "breaking", {"reason": "改版", "effective": None}),
    "the licence": change_meta(licenses=[{"name": "CC0-1.0"}]),
    "the disclosure": change_meta(disclosure={"attribute": "open", "scope": "area", "audience": "甲镇居民"}),
    "what is found": lambda row: setattr(row, "privacy", row.privacy[1:]),
    "a decision": decide_otherwise,
    "the risk": lambda row: setattr(row.resources[0], "risk", {"level": "warn"}),
    "an attachment that was read": lambda row: setattr(row.attachments[0], "is_read", True),
}
"""Each changes one thing that a reviewer saw, and nothing else."""


def send_names(services: Services, editor: Actor) -> DraftView:
    """A submitted draft with names published on a ground, and an attachment that the screen couldn't read."""
    sent = [UploadedFile("roll.csv", io.BytesIO(ROLL.encode())), UploadedFile("scan.png", io.BytesIO(b"\x89PNG\r\n"))]
    options = [
        ResourceOption(file="roll.csv", name="levels", decisions=ON_A_GROUND),
        ResourceOption(file="scan.png", type="attachment", name="scan"),
    ]
    draft = services.drafts.create(editor, "reservoirs", sent, options)[0].id
    services.work.run_to_end(draft)
    return services.drafts.submit(editor, draft)


def test_the_digest_covers_each_thing_that_is_reviewed(services: Services, editor: Actor) -> None:
    draft = send_names(services, editor)
    digests = {}
    for name, change in CHANGES.items():
        with services.database.unit() as session, session.no_autoflush:
            row = session.get_one(Draft, draft.id)
            assert seal(row, None) == row.sealed
            change(row)
            digests[name] = seal(row, None)
            session.rollback()
    assert str(draft.digest).removeprefix("sha256:") not in digests.values()
    assert len(set(digests.values())) == len(CHANGES)


@pytest.mark.parametrize("name", ["a title", "the notes", "the number", "the licence"])
def test_what_changes_behind_the_back_of_an_approval_is_not_published(
    services: Services, draft: DraftView, boss: Actor, name: str
) -> None:
    services.drafts.approve(boss, draft.id)
    services.drafts.publish(boss, draft.id)
    with services.database.unit(write=True) as session:
        CHANGES[name](session.get_one(Draft, draft.id))
    services.work.run_to_end(draft.id)
    found = services.drafts.get(boss, draft.id)
    assert (found.status, found.version, in_force(found)) == ("returned", None, [])
    assert [item.kind for item in found.comments] == ["ended"]
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")


def test_an_approval_without_its_checks_is_not_published(services: Services, draft: DraftView, boss: Actor) -> None:
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(status="approved", approver="boss"))
    with pytest.raises(StateError, match="checks of this draft aren't signed"):
        services.drafts.publish(boss, draft.id)
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(wanted="publish"))
    services.work.run_to_end(draft.id)
    assert services.drafts.get(boss, draft.id).status == "returned"


def test_a_check_that_was_signed_for_another_digest_does_not_count(
    services: Services, draft: DraftView, boss: Actor
) -> None:
    services.drafts.approve(boss, draft.id)
    with services.database.unit(write=True) as session:
        row = session.get_one(Draft, draft.id)
        row.notes = "二月"
        row.sealed = seal(row, None)
    with pytest.raises(StateError, match="checks of this draft aren't signed"):
        services.drafts.publish(boss, draft.id)


@pytest.mark.parametrize(("has_begun", "expected"), [(False, "returned"), (True, "failed")])
def test_changed_metadata_end_a_failed_publication_unless_it_has_begun(
    services: Services, editor: Actor, draft: DraftView, boss: Actor, has_begun: bool, expected: str
) -> None:
    services.drafts.approve(boss, draft.id)
    services.drafts.publish(boss, draft.id)
    with services.database.unit(write=True) as session:
        row = session.get_one(Draft, draft.id)
        row.status, row.error = DraftState.FAILED, {"type": "OSError"}
        row.target = "1.0.0" if has_begun else None
    services.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    assert services.drafts.get(editor, draft.id).status == expected


def test_fewer_checks_may_be_set_but_never_those_two(tmp_path: Path) -> None:
    services = make_services(tmp_path / "few", review="two-person", review_checks=("wording",))
    editor, boss = make_actor(services, "editor"), make_actor(services, "boss", role="maintainer")
    services.datasets.create(editor, DATASET)
    draft = services.drafts.submit(editor, upload(services, editor).id)
    assert draft.open_checks == (Check.SECRECY, Check.PRIVACY, Check.WORDING)
    assert len(services.drafts.approve(boss, draft.id).checks) == 3


@pytest.mark.both_databases(slow=True)
def test_comments_stay_in_order_for_both_sides_also_after_publication(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.comment(editor, draft.id, "请先看第二行")
    services.drafts.return_(boss, draft.id, "缺一行")
    services.drafts.submit(editor, draft.id)
    services.drafts.comment(boss, draft.id, "好", check=Check.TIMING, place={"field": "title"})
    services.drafts.approve(boss, draft.id)
    publish(services, boss, draft.id)
    services.drafts.comment(editor, draft.id, "谢谢")
    said = [(item.kind, item.by, item.text) for item in services.drafts.get(editor, draft.id).comments]
    assert said == [
        ("comment", "editor", "请先看第二行"),
        ("returned", "boss", "缺一行"),
        ("comment", "boss", "好"),
        ("comment", "editor", "谢谢"),
    ]
    with pytest.raises(InvalidMetadataError):
        services.drafts.comment(editor, draft.id, " ")


@pytest.mark.parametrize("by", ["submission", "approval"])
def test_a_draft_is_published_at_its_time_and_invisible_before(
    services: Services, editor: Actor, boss: Actor, by: str
) -> None:
    view = upload(services, editor)
    services.drafts.submit(editor, view.id, Submission(publish_at=LATER) if by == "submission" else None)
    approved = services.drafts.approve(boss, view.id, publish_at=LATER if by == "approval" else None)
    assert approved.scheduled == datetime.fromisoformat(LATER)
    assert (approved.status, approved.is_at_work) == ("approved", False)
    assert services.drafts.publish(boss, view.id).scheduled == approved.scheduled  # it isn't a way round the time
    assert not services.work.run(view.id)
    assert services.drafts.list_announced("reservoirs") == []
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(due=datetime.now(UTC) - timedelta(seconds=1)))
    assert list(services.work.find()) == [view.id]
    services.work.run_to_end(view.id)
    assert services.datasets.get("reservoirs").latest == "1.0.0"


@pytest.mark.parametrize(("time_days", "announced_days"), [(3, 9), (9, 3)])
def test_a_release_waits_for_its_time_and_for_the_day_that_its_change_is_announced_for(
    services: Services, editor: Actor, draft: DraftView, boss: Actor, time_days: int, announced_days: int
) -> None:
    services.drafts.approve(boss, draft.id)
    publish(services, boss, draft.id)
    zone = ZoneInfo(services.settings.timezone)
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    said = Submission(
        breaking="改版",
        effective=(midnight + timedelta(days=announced_days)).date().isoformat(),
        publish_at=(midnight + timedelta(days=time_days)).isoformat(),
    )
    breaking = upload(services, editor, schema={"fields": [*SCHEMA["fields"][:3], {"name": "measured"}]})
    services.drafts.submit(editor, breaking.id, said)
    services.drafts.approve(boss, breaking.id)
    assert services.drafts.publish(boss, breaking.id).scheduled == midnight + timedelta(days=9)


@pytest.mark.parametrize("text", ["2020-01-01T00:00", "soon", "2999-13-01T00:00", "2999-W05-1"])
def test_a_time_that_is_past_or_none_is_refused(services: Services, editor: Actor, boss: Actor, text: str) -> None:
    view = upload(services, editor)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, view.id, Submission(publish_at=text))
    assert caught.value.faults[0].pointer == "/publishAt"
    services.drafts.submit(editor, view.id)
    with pytest.raises(InvalidMetadataError):
        services.drafts.approve(boss, view.id, publish_at=text)
    assert services.drafts.get(editor, view.id).checks == ()


def test_a_time_without_a_zone_is_in_the_portals_zone(services: Services, editor: Actor) -> None:
    found = services.drafts.submit(editor, upload(services, editor).id, Submission(publish_at="2999-01-01T08:00"))
    assert found.publish_at == datetime(2999, 1, 1, tzinfo=UTC)


def test_a_scheduled_draft_can_be_returned_and_waits_no_longer(
    services: Services, draft: DraftView, boss: Actor
) -> None:
    services.drafts.approve(boss, draft.id, publish_at=LATER)
    returned = services.drafts.return_(boss, draft.id, "还不能公开")
    assert (returned.status, returned.scheduled, returned.publish_at) == ("returned", None, None)
    assert list(services.work.find()) == []


def test_what_was_approved_before_checks_were_signed_is_published(
    services: Services, draft: DraftView, boss: Actor
) -> None:
    """A draft as the migration leaves it: sealed by its manifest alone, approved, without checks."""
    with services.database.unit(write=True) as session:
        row = session.get_one(Draft, draft.id)
        row.seal_edition = 1
        row.sealed = seal(row, None)
        row.status, row.approver = row.status.APPROVED, "boss"
    assert publish(services, boss, draft.id).version == "1.0.0"
    approval = services.versions.get_manifest("reservoirs", "1.0.0").approval
    assert approval is not None
    assert approval["checks"] == []


def test_without_review_the_submitter_signs_secrecy_and_privacy(tmp_path: Path) -> None:
    services = make_services(tmp_path / "alone")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    view = upload(services, editor)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, view.id, Submission(checks=("secrecy",)))
    assert [item.pointer for item in caught.value.faults] == ["/privacy"]
    sent = services.drafts.submit(editor, view.id)
    assert in_force(sent) == [("secrecy", "passed", "editor"), ("privacy", "passed", "editor")]
    services.work.run_to_end(view.id)
    approval = services.versions.get_manifest("reservoirs", "1.0.0").approval
    assert approval is not None
    assert [(item["check"], item["role"]) for item in approval["checks"]] == [
        ("secrecy", "submitter"),
        ("privacy", "submitter"),
    ]


def test_without_review_changed_metadata_send_the_draft_back_as_well(tmp_path: Path) -> None:
    services = make_services(tmp_path / "alone")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    view = upload(services, editor)
    services.drafts.submit(editor, view.id)
    with services.database.unit(write=True) as session:  # as nothing in the program does it
        dataset = session.get_one(Dataset, "reservoirs")
        dataset.meta = {**dataset.meta, "title": "湖泊"}
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).status == "returned"


def test_a_failed_publication_that_has_begun_is_not_changed_any_longer(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.approve(boss, draft.id)
    services.drafts.publish(boss, draft.id)
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(status="failed", target="1.0.0", error={"type": "OSError"}))
    with pytest.raises(StateError, match="has begun"):
        services.drafts.change_resource(editor, draft.id, "levels", {"schema": SCHEMA})
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(target=None))
    changed = services.drafts.change_resource(editor, draft.id, "levels", {"schema": SCHEMA})
    assert (changed.status, changed.approver, in_force(changed)) == ("received", None, [])
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "valid"


def test_a_renamed_dataset_ends_the_approval_of_its_drafts(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.approve(boss, draft.id)
    services.renaming.rename(boss, "reservoirs", "lakes")
    found = services.drafts.get(editor, draft.id)
    assert (found.dataset, found.status, found.approver) == ("lakes", "returned", None)
    services.drafts.submit(editor, draft.id)
    services.drafts.approve(boss, draft.id)
    assert publish(services, boss, draft.id).version == "1.0.0"


def test_a_corrected_file_comes_into_the_draft_that_was_returned(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.return_(boss, draft.id, "缺一行")
    corrected = receive_again(services, editor, draft.id, {"更正.csv": CSV + "A003,南湖,3,2026-02-02\n"})
    assert (corrected.id, corrected.status, corrected.notes) == (draft.id, "received", draft.notes)
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    shown = services.answers.show(boss, draft.id).draft
    assert [(item.name, item.file, item.rows) for item in shown.resources] == [("levels", "更正.csv", 3)]
    assert [item.text for item in shown.comments] == ["缺一行"]
    services.drafts.approve(boss, draft.id)
    with pytest.raises(StateError, match="approved"):
        receive_again(services, editor, draft.id, {"levels.csv": CSV})
    assert publish(services, boss, draft.id).version == "1.0.0"


def test_a_draft_that_corrects_an_earlier_one_shows_what_was_said_of_that(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.return_(boss, draft.id, "缺一行")
    later, _ = services.drafts.create(editor, "reservoirs", [UploadedFile("levels.csv", io.BytesIO(CSV.encode()))])
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).where(Draft.id == later.id).values(replaces=draft.id))
    shown = services.answers.show(boss, later.id)
    assert ([item.text for item in shown.earlier], list(shown.draft.comments)) == (["缺一行"], [])


def receive_again(services: Services, actor: Actor, draft: str, files: dict[str, str]) -> DraftView:
    """Send files into a draft."""
    sent = [UploadedFile(name, io.BytesIO(text.encode())) for name, text in files.items()]
    return services.drafts.receive_again(actor, draft, lambda: Sent(files=sent))


def test_what_a_published_draft_shows_is_what_was_published(
    services: Services, editor: Actor, draft: DraftView, boss: Actor
) -> None:
    services.drafts.approve(boss, draft.id)
    publish(services, boss, draft.id)
    services.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    assert services.answers.show(editor, draft.id).metadata.title == DATASET["title"]
