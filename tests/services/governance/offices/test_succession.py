"""Publishers that are renamed, merged, split and closed, datasets that move: what passes over, what is remembered."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opendata.db.models import Appointment, Base, Dataset, Draft, DutyRuleUse, Event, Publisher, Source
from opendata.domain.drafts import DraftState
from opendata.domain.offices.records import Change
from opendata.domain.offices.tree import MAX_DEPTH
from opendata.domain.roles import Role
from opendata.domain.sources.timetable import Cycle
from opendata.errors import InvalidMetadataError, NotPermittedError, OpendataError, PreconditionError, StateError
from opendata.services.access.tokens import TokenOptions
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.records import count_editions
from opendata.services.drafts.submission import Submission
from opendata.services.governance.offices.passing import KEPT, PASSED
from opendata.services.search.searching import Search
from opendata.settings import Settings
from opendata.storage.local import LocalStore
from opendata.storage.store import entry_key, manifest_key, publisher_key
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, make_tables, publish, upload

REASON = "2026 年机构改革"
GRANT = {"holder": "市规划院", "purpose": "规划编制", "until": "2030-01-01"}
CONDITIONAL = {"attribute": "conditional", "reason": "第三方权益", "legalBasis": "条例第十五条"}
GIVEN = {"address": "经十路 1 号", "telephone": "0531-00000000"}
PERSON = {"name": "某甲", "post": "副局长"}


def add(services: Services, *names: str, **more: object) -> None:
    for name in names:
        services.publishers.create(SYSTEM, {"id": name, "title": f"{name}局", **more})


def read_newest(services: Services, key_of: Any) -> dict[str, Any]:
    """The newest edition of a record in the public store."""
    store = LocalStore(services.settings.public_folder)
    found: dict[str, Any] = json.loads(store.get_record(key_of(count_editions(store, key_of))))
    return found


def owner_of(services: Services, dataset: str) -> str:
    return services.datasets.get(dataset, SYSTEM).publisher.id


def test_each_column_that_names_a_publisher_passes_over_or_stays_by_decision() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name == "publisher_id" or any(key.target_fullname == "publishers.id" for key in column.foreign_keys)
    }
    decided = {f"{item.publisher.class_.__tablename__}.{item.publisher.key}" for item in PASSED}
    decided |= {f"{column.class_.__tablename__}.{column.key}" for column in KEPT}
    assert named - decided == {"datasets.publisher_id", "publishers.parent_id", "publishers.supervisor_id"}


def test_what_a_publisher_says_of_itself_is_public_but_for_its_persons(services: Services, editor: Actor) -> None:
    add(services, "district", kind="subdistrict")
    found = services.publishers.update(
        SYSTEM,
        "water-bureau",
        {"parent": "district", "code": "11332500MB1601924J", "officer": PERSON, "shortTitle": "水务"},
    )
    assert (found.parent, found.code, found.officer) == ("district", "11332500MB1601924J", PERSON)
    changed = services.publishers.update(
        editor,
        "water-bureau",
        {"contactPoint": GIVEN, "responsible": {**PERSON, "shows": "all"}},
        revision=found.revision,
    )
    assert (changed.contact, changed.officer["name"]) == (GIVEN, "某甲")
    assert services.publishers.get("water-bureau").officer == {"post": "副局长"}
    record = read_newest(services, partial(publisher_key, "water-bureau"))
    assert record["officer"] == {"post": "副局长", "shows": "post"}
    assert record["responsible"] == {**PERSON, "shows": "all"}
    assert (record["parent"], record["contactPoint"], record["shortTitle"]) == ("district", GIVEN, "水务")
    with services.database.unit() as session:
        assert "某甲" not in str([event.details for event in session.scalars(select(Event))])
    above, below = services.publishers.list_near("water-bureau")
    assert ([item.id for item in above], below) == (["district"], [])
    assert [item.id for item in services.publishers.list(parent="district").items] == ["water-bureau"]
    assert [item.id for item in services.publishers.list(kind="subdistrict").items] == ["district"]
    with pytest.raises(NotPermittedError, match="parent"):
        services.publishers.update(editor, "water-bureau", {"parent": None})
    with pytest.raises(NotPermittedError):
        services.publishers.update(editor, "district", {"contactPoint": GIVEN})
    with pytest.raises(PreconditionError):
        services.publishers.update(SYSTEM, "water-bureau", {"kind": "zone"}, revision=found.revision)
    with pytest.raises(InvalidMetadataError) as caught:
        services.publishers.update(SYSTEM, "district", {"parent": "water-bureau", "supervisor": "district"})
    assert [item.pointer for item in caught.value.faults] == ["/parent", "/supervisor"]


def test_a_name_of_before_stays_in_the_history_and_is_found(services: Services, editor: Actor) -> None:
    publish(services, editor)
    renamed = services.publishers.update(
        SYSTEM, "water-bureau", {"title": "水利局", "i18n": {"en": {"title": "Office of Water"}}}, reason=REASON
    )
    corrected = services.publishers.update(SYSTEM, "water-bureau", {"title": "水利局（市）"}, is_correction=True)
    assert [(entry["kind"], entry["title"], entry["reason"]) for entry in corrected.history] == [
        (Change.RENAMED, "水务局", REASON)
    ]
    assert renamed.former[0]["i18n"] == {"en": {"title": "Water bureau"}}
    for words in ("水务", "water bur", "OFFICE"):
        assert [item.id for item in services.publishers.list(q=words).items] == ["water-bureau"]
    services.indexing.follow()
    assert services.searching.search(Search(text="水务局")).total == 1
    record = read_newest(services, partial(publisher_key, "water-bureau"))
    assert (record["title"], record["history"][0]["title"]) == ("水利局（市）", "水务局")


@pytest.mark.both_databases(slow=True)
def test_a_merger_passes_everything_over_and_says_where_it_went(services: Services, editor: Actor) -> None:
    publish(services, editor)
    store = LocalStore(services.settings.public_folder)
    signed = store.get_record(manifest_key("reservoirs", "1.0.0"))
    services.datasets.create(
        editor, {"id": "shared", "title": "台账", "disclosure": CONDITIONAL, **{"publisher": "water-bureau"}}
    )
    add(services, "roads", "city")
    for name, parent in (("city", "water-bureau"), ("roads", "city")):
        services.publishers.update(SYSTEM, name, {"parent": parent})
    add(services, "plant", kind="public-enterprise", supervisor="water-bureau", parent="water-bureau")
    services.datasets.create(
        SYSTEM, {"id": "bridges", "title": "桥梁", "publisher": "roads", "disclosure": CONDITIONAL}
    )
    services.grants.give(SYSTEM, "bridges", {**GRANT, "publisher": "water-bureau"})
    token, _ = services.accounts.create_token("editor", options=TokenOptions(publisher="water-bureau"))
    draft = upload(services, editor, CSV + "A003,南湖,3,2026-02-03\n")

    merged = services.succession.merge(SYSTEM, ["water-bureau"], "roads", reason=REASON)

    assert [entry["kind"] for entry in merged.history] == [Change.ABSORBED]
    gone = services.publishers.get("water-bureau")
    assert gone.ended is not None
    assert gone.ending is not None
    assert (gone.ending["kind"], gone.ending["others"], gone.datasets) == (Change.MERGED, ["roads"], 0)
    assert {owner_of(services, name) for name in ("reservoirs", "shared", "bridges")} == {"roads"}
    moves = services.datasets.get("reservoirs").moves
    assert [(move["source"], move["target"], move["kind"], move["reason"]) for move in moves] == [
        ("water-bureau", "roads", Change.MERGED, REASON)
    ]
    tree = {item.id: (item.parent, item.supervisor) for item in services.publishers.list().items}
    assert (tree["city"], tree["roads"], tree["plant"]) == ((None, None), ("city", None), ("roads", "roads"))
    after = services.accounts.get_actor("editor")
    assert (after.may_edit("roads"), len(services.grants.list_own(after))) == (True, 1)
    assert services.accounts.authenticate(token).may_edit("roads")
    # The draft under way goes on with the dataset, and its version names the new publisher.
    services.drafts.submit(after, draft.id, Submission())
    services.work.run_to_end(draft.id)
    versions = {
        item.version: services.versions.get_manifest("reservoirs", item.version)
        for item in services.versions.list("reservoirs")
    }
    assert {number: manifest.publisher["id"] for number, manifest in versions.items()} == {
        "1.0.0": "water-bureau",
        "1.1.0": "roads",
    }
    assert store.get_record(manifest_key("reservoirs", "1.0.0")) == signed
    assert read_newest(services, partial(entry_key, "reservoirs"))["moves"] == list(moves)
    services.indexing.follow()
    for name in ("roads", "water-bureau"):
        assert services.searching.search(Search(filters={"publisher": [name]})).total == 1
        assert [item.id for item in services.datasets.list(None, publisher=name).items] == ["reservoirs"]
        assert len(services.versions.list_news(publisher=name, limit=9).items) == 2
    with pytest.raises(InvalidMetadataError, match="ended"):
        services.datasets.create(SYSTEM, {"title": "新", "publisher": "water-bureau"})
    with pytest.raises(StateError, match="ended already"):
        services.succession.merge(SYSTEM, ["water-bureau"], "roads", reason=REASON)


def test_a_split_sends_each_dataset_and_account_where_somebody_chose(services: Services, editor: Actor) -> None:
    add(services, "rivers", "lakes")
    services.datasets.create(editor, {"id": "canals", "title": "渠道"})
    make_actor(services, "second")
    split = partial(services.succession.split, SYSTEM, "water-bureau", reason=REASON)
    for wrong, pointer in (
        ({"datasets": {"none": "lakes"}, "accounts": {}, "rest": "rivers"}, "/datasets"),
        ({"datasets": {}, "accounts": {"nobody": "lakes"}, "rest": "rivers"}, "/accounts"),
        ({"datasets": {}, "accounts": {}, "rest": "rivers"}, "/rest"),
        ({"datasets": {"canals": "water-bureau"}, "accounts": {}, "rest": "rivers"}, "/rest"),
        ({"datasets": {"canals": "nowhere"}, "accounts": {}, "rest": "rivers"}, "/datasets"),
    ):
        with pytest.raises(InvalidMetadataError) as caught:
            split(**wrong)
        assert [item.pointer for item in caught.value.faults] == [pointer]
    assert owner_of(services, "canals") == "water-bureau"
    with services.database.unit(write=True) as session:  # one who works for a part already, and isn't among the chosen
        more = Appointment(role=Role.EDITOR, publisher_id="lakes", created=datetime.now(UTC), created_by="")
        more.user_id = editor.id
        session.add(more)
        session.add(DutyRuleUse(rule_id="n28", is_off=False, publishers=["water-bureau"]))
    gone = split(datasets={"canals": "lakes"}, accounts={"second": "lakes"}, rest="rivers")
    assert (gone.ending or {})["others"] == ["lakes", "rivers"]
    assert (owner_of(services, "canals"), owner_of(services, "reservoirs")) == ("lakes", "rivers")
    assert services.accounts.get_actor("second").may_edit("lakes")
    assert [services.accounts.get_actor("editor").may_edit(name) for name in ("rivers", "lakes")] == [True, True]
    assert {tuple(view.publishers) for view in services.duty_rules.list()} == {(), ("lakes", "rivers")}
    assert [entry["kind"] for entry in services.publishers.get("lakes").history] == [Change.FOUNDED]


def test_a_draft_in_review_is_returned_when_its_dataset_moves_and_its_source_goes_on(tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance", review="two-person")
    author, second = make_actor(services, "author"), make_actor(services, "second")
    boss = make_actor(services, "boss", "maintainer")
    services.datasets.create(author, DATASET)
    add(services, "roads")
    draft = services.drafts.submit(author, upload(services, author).id, Submission())
    services.drafts.approve(second, draft.id)
    with services.database.unit(write=True) as session:
        row = session.get_one(Draft, draft.id)
        assert row.status == DraftState.APPROVED
        source = {"resource": "levels", "url": "http://127.0.0.1/x", "query": "", "host_key": "", "contact": ""}
        source |= {"cycle": Cycle.DAILY, "at": "06:00", "day": 1, "submits": False, "author": "author"}
        source |= {"author_id": author.id, "changed": datetime.now(UTC)}
        session.add(Source(dataset_id="reservoirs", **source))
    with pytest.raises(NotPermittedError):
        services.succession.move(author, {"reservoirs": "roads"}, reason=REASON)
    with pytest.raises(InvalidMetadataError) as caught:
        services.succession.move(boss, {"reservoirs": "roads"}, reason=" ")
    assert caught.value.faults[0].pointer == "/reason"
    services.succession.move(boss, {"reservoirs": "roads"}, reason=REASON)
    view = services.drafts.get(boss, draft.id)
    assert (view.status, view.publisher) == (DraftState.RETURNED, "roads")
    assert "boss" in view.comments[-1].text
    with pytest.raises(NotPermittedError):
        services.drafts.get(author, draft.id)
    with services.database.unit() as session:
        assert session.scalar(select(Source.author)) == "boss"
        moved = session.scalars(select(Event).where(Event.verb == "move")).one()
        assert (moved.subject, moved.details["before"], moved.details["publisher"]) == (
            "reservoirs",
            "water-bureau",
            "roads",
        )
    services.database.dispose()


def test_a_dataset_whose_version_is_being_published_waits(services: Services, editor: Actor) -> None:
    add(services, "roads")
    with services.database.unit(write=True) as session:
        session.get_one(Dataset, "reservoirs").publishing_id = "x"
    for act in (
        lambda: services.succession.move(SYSTEM, {"reservoirs": "roads"}, reason=REASON),
        lambda: services.succession.merge(SYSTEM, ["water-bureau"], "roads", reason=REASON),
    ):
        with pytest.raises(StateError, match="being published"):
            act()
    assert owner_of(services, "reservoirs") == "water-bureau"
    assert services.publishers.get("water-bureau").ended is None
    assert services.accounts.get_actor(editor.name).may_edit("water-bureau")


def test_a_change_of_name_ends_what_was_signed_with_the_old_one(tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance", review="two-person")
    author = make_actor(services, "author")
    services.datasets.create(author, DATASET)
    draft = services.drafts.submit(author, upload(services, author).id, Submission())
    services.publishers.update(SYSTEM, "water-bureau", {"contactPoint": GIVEN})
    assert services.drafts.get(author, draft.id).status == DraftState.SUBMITTED
    services.publishers.update(SYSTEM, "water-bureau", {"code": "11332500MB1601924J"})
    assert services.drafts.get(author, draft.id).status == DraftState.RETURNED
    services.database.dispose()


def test_only_what_is_empty_is_closed_and_it_can_be_reopened(services: Services, editor: Actor) -> None:
    add(services, "plant", parent="water-bureau")
    with pytest.raises(StateError, match=r"1 datasets .* 1 accounts, 1 publishers"):
        services.succession.close(SYSTEM, "water-bureau", reason=REASON)
    closed = services.succession.close(SYSTEM, "plant", reason=REASON)
    assert (closed.ended is None, services.publishers.list_near("water-bureau")[1]) == (False, [])
    with pytest.raises(InvalidMetadataError, match="ended"):
        services.succession.merge(SYSTEM, ["water-bureau"], "plant", reason=REASON)
    boss = make_actor(services, "boss", role="maintainer")
    question = {"kind": "question", "publisher": "plant", "text": "几时开放？"}
    for give, error in (
        (lambda: services.accounts.create_user("late", "a long password", "editor", "plant"), StateError),
        (lambda: services.invitations.invite(boss, "late@example.org", "editor", "plant"), StateError),
        (lambda: services.persons.set_roles(boss, "editor", ["editor"], "plant"), StateError),
        (lambda: services.duty_steps.add(boss, {"publisher": "plant", "task": "x"}), InvalidMetadataError),
        (lambda: services.requests.asking.ask(None, question, address="", language="zh"), InvalidMetadataError),
    ):
        with pytest.raises(error, match="“plant” has ended"):
            give()
    opened = services.succession.reopen(SYSTEM, "plant", reason=REASON)
    assert (opened.ended, [entry["kind"] for entry in opened.history]) == (None, [Change.CLOSED, Change.REOPENED])
    with pytest.raises(StateError, match="isn't closed"):
        services.succession.reopen(SYSTEM, "plant", reason=REASON)
    assert editor.may_edit("water-bureau")


def test_a_merger_that_would_make_the_tree_too_deep_changes_nothing(services: Services) -> None:
    add(services, *(f"p{level}" for level in range(MAX_DEPTH)), "other")
    for level in range(1, MAX_DEPTH):
        services.publishers.update(SYSTEM, f"p{level}", {"parent": f"p{level - 1}"})
    add(services, "child", parent="other")
    with pytest.raises(StateError, match="levels"):
        services.succession.merge(SYSTEM, ["other"], f"p{MAX_DEPTH - 1}", reason=REASON)
    assert services.publishers.get("child").parent == "other"
    assert services.publishers.get("other").ended is None


def test_the_store_gives_all_of_it_back(services: Services, editor: Actor, tmp_path: Path) -> None:
    import shutil

    publish(services, editor)
    add(services, "city", "roads")
    services.publishers.update(
        SYSTEM, "roads", {"parent": "city", "supervisor": "city", "kind": "zone", "division": "370104"}
    )
    services.publishers.update(SYSTEM, "roads", {"contactPoint": GIVEN, "officer": PERSON, "title": "公路局"})
    services.succession.merge(SYSTEM, ["water-bureau"], "roads", reason=REASON)
    home = tmp_path / "other"
    for source, name in ((services.settings.public_folder, "store"), (services.settings.key_folder, "keys")):
        shutil.copytree(source, home / name)
    other = build_services(Settings(home=home, review="none"))
    make_tables(other)
    assert other.rebuilding.run().wrong == []
    for name in ("city", "roads", "water-bureau"):
        before, after = services.publishers.get(name), other.publishers.get(name)
        fields = set(before.__dataclass_fields__) - {"revision", "modified"}
        assert {field: getattr(after, field) for field in fields} == {field: getattr(before, field) for field in fields}
    assert other.publishers.get("roads", SYSTEM).officer == {"post": "副局长", "shows": "post"}
    assert other.datasets.get("reservoirs").moves == services.datasets.get("reservoirs").moves
    other.database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_merger_while_versions_are_published_leaves_no_dataset_behind(services: Services, editor: Actor) -> None:
    names = [f"d{number}" for number in range(6)]
    for name in names:
        services.datasets.create(editor, {**DATASET, "id": name})
    add(services, "roads")
    drafts = [upload(services, editor, dataset=name).id for name in names]
    for draft in drafts:
        services.drafts.submit(editor, draft, Submission())
    failed: list[BaseException] = []

    def publish_all() -> None:
        for draft in drafts:
            services.work.run_to_end(draft)

    def create() -> None:
        try:
            for number in range(20):
                services.datasets.create(SYSTEM, {"id": f"new{number}", "title": "新", "publisher": "water-bureau"})
        except InvalidMetadataError:
            pass  # the publisher has ended meanwhile
        except OpendataError as error:
            failed.append(error)

    threads = [threading.Thread(target=publish_all), threading.Thread(target=create)]
    for thread in threads:
        thread.start()
    for _ in range(1000):
        try:
            services.succession.merge(SYSTEM, ["water-bureau"], "roads", reason=REASON)
            break
        except StateError:
            continue
    for thread in threads:
        thread.join()
    assert failed == []
    with services.database.unit() as session:
        rows = session.scalars(select(Dataset)).all()
        assert {row.publisher_id for row in rows} == {"roads"}
        assert session.get_one(Publisher, "water-bureau").ended is not None
    # A draft that waited for its turn is back with its author, who sends it again for the new publisher.
    for name, draft in zip(names, drafts, strict=True):
        if services.drafts.get(SYSTEM, draft).status == DraftState.RETURNED:
            services.drafts.submit(services.accounts.get_actor("editor"), draft, Submission())
            services.work.run_to_end(draft)
        assert [item.version for item in services.versions.list(name)] == ["1.0.0"]
        named = services.versions.get_manifest(name, "1.0.0").publisher["id"]
        moved = [move["target"] for move in services.datasets.get(name).moves]
        assert (named, moved) in (("roads", ["roads"]), ("water-bureau", ["roads"]))
        assert read_newest(services, partial(entry_key, name))["publisher"] == "roads"
