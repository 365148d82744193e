"""Who may have the rows of a dataset: everybody, those with a grant, or nobody; and where the rows lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from opendata.db.models import Dataset, Grant, Version
from opendata.domain.schema import ForeignKey
from opendata.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    NotPublicError,
    StateError,
    WithdrawnError,
)
from opendata.services.core.access import where_not_closed, where_open
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.operations.checking import EXPOSED
from opendata.services.operations.collecting import Collecting
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import Trust, verify
from opendata.wiring import Services, build_context, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, publish, upload

CLOSED = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "政府信息公开条例第十四条"}
CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}
FOR_AN_AREA = {"attribute": "open", "scope": "area", "audience": "甲镇居民"}
MORE = CSV + "A003,南湖,3,2026-02-02\n"
LATER = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - any day to come


EXITS: dict[str, Callable[..., Any]] = {
    **{
        suffix: lambda services, reader=None, suffix=suffix: services.forms.find(
            "reservoirs", "1.0.0", "levels", suffix, reader=reader
        )
        for suffix in ("csv", "parquet", "xlsx", "json", "jsonl", "arrow")
    },
    "excel": lambda services, reader=None: services.forms.find(
        "reservoirs", "1.0.0", "levels", "csv", excel=True, reader=reader
    ),
    "package": lambda services, reader=None: services.forms.find_package("reservoirs", "1.0.0", reader),
    "file": lambda services, reader=None: services.versions.find_file("reservoirs", "1.0.0", "levels", "csv", reader),
    "rows": lambda services, reader=None: services.versions.read_rows("reservoirs", "1.0.0", "levels", 5, reader),
    "comparison": lambda services, reader=None: services.differences.compare("reservoirs", "1.0.0", "1.1.0", reader),
    "difference": lambda services, reader=None: services.differences.find_rows(
        "reservoirs", "1.0.0", "1.1.0", "levels", "csv", reader
    ),
    "since": lambda services, reader=None: services.differences.find_since(
        "reservoirs", "1.0.0", "1.1.0", "levels", "csv", reader
    ),
    "changed rows": lambda services, reader=None: services.differences.read_first_rows(
        "reservoirs", "1.0.0", "1.1.0", "levels", 5, reader
    ),
}


def disclose(services: Services, actor: Actor, disclosure: dict[str, str]) -> None:
    services.datasets.update(actor, "reservoirs", {"disclosure": disclosure})


def grant(services: Services, actor: Actor, **said: str) -> Any:
    values = {"holder": "甲大学", "purpose": "研究", "until": LATER, **said}
    return services.grants.give(actor, "reservoirs", values)


def list_blobs(services: Services, store: str = "public_folder") -> set[str]:
    folder: Path = getattr(services.settings, store)
    return {path.name for path in (folder / "blobs").rglob("*") if path.is_file()}


def list_rows(services: Services, version: str) -> set[str]:
    """The blobs that have the rows of a version."""
    manifest = services.versions.get_manifest("reservoirs", version)
    return {file.sha256 for item in manifest.tables for file in (item.file, item.parquet)}


# ------------------------------------------------------------------------------------------------------------- closed


def test_closed_data_is_not_published(services: Services, editor: Actor) -> None:
    disclose(services, editor, CLOSED)
    view = upload(services, editor)
    with pytest.raises(StateError, match="can't be published"):
        services.drafts.submit(editor, view.id)
    with pytest.raises(StateError, match="can't be published"):
        services.drafts.publish_directly(SYSTEM, view.id)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")
    assert services.drafts.get(editor, view.id).status == "valid"


def test_the_entry_of_a_closed_dataset_is_published_alone_and_rebuilt(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    disclose(services, editor, CLOSED)
    draft, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).next.is_entry_only  # type: ignore[union-attr]
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "published"
    found = services.datasets.get("reservoirs")
    assert (found.latest, found.head, found.disclosure.to_json()) == (None, None, CLOSED)
    assert [item.id for item in services.datasets.list().items] == ["reservoirs"]
    assert services.publishers.get("water-bureau").datasets == 1
    again, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(again.id)
    with pytest.raises(StateError):  # the same entry once more
        services.drafts.submit(editor, again.id)
    other = make_services(tmp_path / "other", store=str(services.settings.public_folder))
    other.rebuilding.run()
    assert other.datasets.get("reservoirs").disclosure.to_json() == CLOSED


def test_an_open_dataset_needs_a_file_for_its_first_version(services: Services, editor: Actor) -> None:
    with pytest.raises(InvalidMetadataError):
        services.drafts.create(editor, "reservoirs", [])


def test_a_dataset_closed_while_its_draft_waits_for_the_worker_publishes_nothing(
    services: Services, editor: Actor
) -> None:
    view = upload(services, editor)
    services.drafts.submit(editor, view.id)
    disclose(services, editor, CLOSED)
    services.work.run_to_end(view.id)
    ended = services.drafts.get(editor, view.id)
    assert (ended.status, ended.version) == ("returned", None)
    assert "editor 在草稿提交后修改了" in ended.comment  # in the portal's first language
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")


def test_rows_are_chosen_by_what_their_disclosure_says(services: Services, editor: Actor) -> None:
    said = {"open": None, "for-an-area": FOR_AN_AREA, "conditional": CONDITIONAL, "closed": CLOSED}
    for name, disclosure in said.items():
        services.datasets.create(editor, {**DATASET, "id": name, **({"disclosure": disclosure} if disclosure else {})})
    with services.database.unit() as session:
        found = [set(session.scalars(select(Dataset.id).where(rule()))) for rule in (where_open, where_not_closed)]
    assert found == [{"reservoirs", "open"}, {"reservoirs", "open", "for-an-area", "conditional"}]


@pytest.fixture
def closed(services: Services, editor: Actor) -> Services:
    """An instance whose dataset was closed after two versions; everything that can be made of them was made before."""
    publish(services, editor)
    publish(services, editor, MORE)
    for ask in EXITS.values():
        ask(services)
    disclose(services, editor, CLOSED)
    return services


@pytest.mark.both_databases(slow=True)
def test_closing_withdraws_all_versions_with_the_reason_and_takes_their_files_away(closed: Services) -> None:
    for suffix in ("csv", "parquet"):
        with pytest.raises(WithdrawnError, match="涉及国家秘密"):
            closed.forms.find("reservoirs", "1.0.0", "levels", suffix)
    tombstone = json.loads(closed.withdrawals.read_tombstone("reservoirs", "1.1.0"))
    assert (tombstone["reason"], tombstone["legalBasis"]) == (CLOSED["reason"], CLOSED["legalBasis"])
    assert list_blobs(closed) == set()
    assert closed.datasets.get("reservoirs").latest is None
    checked = closed.checking.run()
    assert checked.is_sound, checked.findings
    found = verify(open_source(str(closed.settings.public_folder)), Trust())
    assert (found.findings, found.withdrawn) == ([], 2)
    entries = sorted((closed.settings.public_folder / "entries").rglob("*.json"))
    assert json.loads(entries[-1].read_bytes())["metadata"]["disclosure"] == CLOSED


def test_no_exit_gives_the_rows_of_a_dataset_that_was_closed(closed: Services, editor: Actor) -> None:
    for name, reader in product(EXITS, (None, editor, SYSTEM)):
        with pytest.raises(WithdrawnError, match="涉及国家秘密"):
            EXITS[name](closed, reader)


def test_versions_that_an_older_program_left_standing_are_given_to_nobody(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    for ask in EXITS.values():
        ask(services)
    with services.database.unit(write=True) as session:
        row = session.get_one(Dataset, "reservoirs")
        row.meta = {**row.meta, "disclosure": CLOSED}
        for version in session.query(Version):
            version.unfinished = True
    for ask in EXITS.values():
        with pytest.raises(NotPublicError, match="涉及国家秘密"):
            ask(services)
    services.work.sweep()  # as after the upgrade
    assert list_blobs(services) == set()


def test_a_closed_dataset_is_neither_exported_nor_referred_to(closed: Services, tmp_path: Path) -> None:
    with pytest.raises(WithdrawnError):
        closed.exports.export("reservoirs", "1.0.0", tmp_path / "export")
    assert list(tmp_path.glob("export/*.csv")) == []
    key = ForeignKey(fields=("code",), resource="levels", reference_fields=("code",), package="reservoirs@1.0.0")
    with closed.versions.local_table(key) as path:
        assert path is None


def test_closing_has_to_be_confirmed_where_the_form_asks(services: Services, editor: Actor) -> None:
    publish(services, editor)
    with pytest.raises(InvalidMetadataError) as caught:
        services.datasets.update(editor, "reservoirs", {"disclosure": CLOSED}, withdraws=False)
    assert [item.pointer for item in caught.value.faults] == ["/withdraws"]
    assert services.datasets.get("reservoirs").latest == "1.0.0"


def test_a_file_of_a_closed_dataset_stays_public_where_an_open_one_has_it_too(
    services: Services, editor: Actor
) -> None:
    publish(services, editor)
    services.datasets.create(editor, {"id": "lakes", "title": "湖泊", "licenses": [{"name": "CC-BY-4.0"}]})
    publish(services, editor, dataset="lakes")
    disclose(services, editor, CLOSED)
    with services.versions.find_file("lakes", "1.0.0", "levels", "csv").open() as file:
        assert "东湖" in file.read().decode()
    assert services.checking.run().is_sound


def test_a_package_that_says_its_data_is_closed_is_refused(
    services: Services, editor: Actor, write: Callable[[dict[str, Any]], Path]
) -> None:
    with pytest.raises(StateError, match="can't be published"):
        services.imports.import_package(SYSTEM, str(write({"opendata": {"disclosure": CLOSED}})))
    with pytest.raises(InvalidMetadataError):
        services.imports.import_package(SYSTEM, str(write({"opendata": {"disclosure": {"attribute": "closed"}}})))
    assert services.drafts.list(SYSTEM).items == []


def test_a_package_that_says_nothing_does_not_open_a_closed_dataset(
    closed: Services, write: Callable[[dict[str, Any]], Path]
) -> None:
    with pytest.raises(StateError, match="can't be published"):
        closed.imports.import_package(SYSTEM, str(write({})))
    assert closed.datasets.get("reservoirs").disclosure.to_json() == CLOSED
    assert closed.datasets.get("reservoirs").latest is None


# -------------------------------------------------------------------------------------------------------- conditional


@pytest.fixture(
    params=[pytest.param(CONDITIONAL, id="conditional"), pytest.param(FOR_AN_AREA, id="area", marks=pytest.mark.slow)]
)
def granted(request: pytest.FixtureRequest, services: Services, editor: Actor) -> Services:
    """An instance whose dataset has two versions, both published under a disclosure that asks for a grant."""
    disclose(services, editor, request.param)
    publish(services, editor)
    publish(services, editor, MORE)
    return services


def test_rows_go_to_those_who_were_granted_them_and_their_publisher(granted: Services, editor: Actor) -> None:
    granted.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    granted.accounts.create_user("anna", "a long password", "reader")
    granted.accounts.create_user("road", "a long password", "reader", "road-bureau")
    anna, road = (granted.accounts.sign_in(item, "a long password")[0] for item in ("anna", "road"))
    rival = make_actor(granted, "rival", publisher="road-bureau")
    for name, reader in product(EXITS, (None, anna, road, rival)):
        with pytest.raises(NotPublicError):
            EXITS[name](granted, reader)
    grant(granted, editor, account="anna")
    grant(granted, editor, publisher="road-bureau")
    boss = make_actor(granted, "boss", role="maintainer")
    for name, reader in product(EXITS, (anna, road, rival, editor, boss)):
        found = EXITS[name](granted, reader)
        assert getattr(found, "is_public", False) is False
    for ask in EXITS.values():
        with pytest.raises(NotPublicError):
            ask(granted)


def test_the_entry_the_dictionary_and_a_profile_without_values_are_public(granted: Services) -> None:
    manifest = granted.versions.get_manifest("reservoirs", "1.1.0")
    assert manifest.tables[0].rows == 3
    profile = granted.versions.get_profile("reservoirs", "1.1.0", "levels")
    assert [column["name"] for column in profile] == ["code", "name", "level", "measured"]
    told = json.dumps([profile, granted.versions.get_report("reservoirs", "1.1.0", "levels")], ensure_ascii=False)
    assert "东湖" not in told
    assert "12.5" not in told
    assert not list_rows(granted, "1.1.0") & list_blobs(granted)
    assert granted.checking.run().is_sound
    found = verify(open_source(str(granted.settings.public_folder)), Trust())
    assert (found.findings, found.withheld) == ([], 2)


def test_its_files_outlive_what_is_collected_and_are_missed_when_they_are_gone(granted: Services) -> None:
    context = build_context(granted.settings)
    with granted.database.unit(write=True) as session:
        session.execute(Version.__table__.update().values(draft_id=None))
    Collecting(context, young_seconds=0).run()
    assert list_rows(granted, "1.0.0") <= list_blobs(granted, "private_folder")
    for name in list_rows(granted, "1.0.0"):
        context.private.delete_blob(name)
    assert not granted.checking.run().is_sound


def test_a_grant_ends_for_good_even_where_an_older_database_is_restored(granted: Services, editor: Actor) -> None:
    granted.accounts.create_user("anna", "a long password", "reader")
    anna = granted.accounts.sign_in("anna", "a long password")[0]
    given, invitation = grant(granted, editor, account="anna")
    assert invitation is None
    assert [item.id for _, item in granted.grants.list_own(anna)] == [given.id]
    granted.versions.find_file("reservoirs", "1.0.0", "levels", "csv", anna)
    with pytest.raises(InvalidMetadataError):
        granted.grants.end(editor, "reservoirs", given.id, " ")
    assert granted.grants.end(editor, "reservoirs", given.id, "协议终止").state == "ended"
    with pytest.raises(StateError):
        granted.grants.end(editor, "reservoirs", given.id, "协议终止")
    with granted.database.unit(write=True) as session:
        session.get_one(Grant, given.id).ended = None
    with pytest.raises(NotPublicError):
        granted.versions.find_file("reservoirs", "1.0.0", "levels", "csv", anna)
    assert granted.grants.list(editor, "reservoirs")[0].state == "ended"
    assert granted.grants.list_own(anna) == []
    renamed = granted.renaming.rename(SYSTEM, "reservoirs", "lakes")
    with pytest.raises(NotPublicError):
        granted.versions.find_file(renamed.id, "1.0.0", "levels", "csv", anna)


def at(services: Services, moment: datetime) -> Services:
    """The same instance at another time."""
    return build_services(services.settings, clock=lambda: moment)


def end_of(services: Services, day: str) -> datetime:
    """The end of a day where the portal is."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(services.settings.timezone))


def test_a_grant_expires_after_its_last_day(granted: Services, editor: Actor) -> None:
    granted.accounts.create_user("anna", "a long password", "reader")
    anna = granted.accounts.sign_in("anna", "a long password")[0]
    grant(granted, editor, account="anna")
    end = end_of(granted, LATER)
    at(granted, end - timedelta(seconds=1)).versions.find_file("reservoirs", "1.0.0", "levels", "csv", anna)
    with pytest.raises(NotPublicError):
        at(granted, end).versions.find_file("reservoirs", "1.0.0", "levels", "csv", anna)
    assert at(granted, end).grants.list(editor, "reservoirs")[0].state == "expired"


def test_an_invitation_is_valid_for_two_weeks_and_no_longer_than_its_grant(granted: Services, editor: Actor) -> None:
    now = datetime.now(UTC)
    soon = (now + timedelta(days=5)).date().isoformat()
    for until, end in ((LATER, now + timedelta(days=14, minutes=1)), (soon, end_of(granted, soon))):
        _, text = grant(granted, editor, until=until)
        at(granted, end - timedelta(minutes=2)).grants.get_invitation(text)
        with pytest.raises(NotFoundError):
            at(granted, end).grants.get_invitation(text)


def test_a_grant_is_for_an_account_that_can_sign_in_and_ends_with_its_dataset_alone(
    granted: Services, editor: Actor
) -> None:
    given, _ = grant(granted, editor)
    granted.datasets.create(editor, {**DATASET, "id": "other", "disclosure": CONDITIONAL})
    with pytest.raises(NotFoundError):
        granted.grants.end(editor, "other", given.id, "协议终止")
    granted.accounts.create_user("anna", "a long password", "reader")
    granted.persons.close(SYSTEM, "anna", confirmed=True)
    with pytest.raises(InvalidMetadataError) as caught:
        grant(granted, editor, account="anna")
    assert [item.pointer for item in caught.value.faults] == ["/account"]


def test_who_is_invited_chooses_a_name_once(granted: Services, editor: Actor) -> None:
    given, text = grant(granted, editor)
    assert (given.state, granted.grants.get_invitation(text)[1].holder) == ("invited", "甲大学")
    with pytest.raises(InvalidMetadataError):
        granted.grants.accept(text, "berta", "short")
    granted.grants.accept(text, "berta", "a long password")
    berta = granted.accounts.sign_in("berta", "a long password")[0]
    assert berta.role == "reader"
    granted.versions.find_file("reservoirs", "1.0.0", "levels", "csv", berta)
    with pytest.raises(NotFoundError):
        granted.grants.accept(text, "clara", "a long password")
    other, second = grant(granted, editor)
    granted.grants.end(editor, "reservoirs", other.id, "不再需要")
    with pytest.raises(NotFoundError):
        granted.grants.accept_as(berta, second)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"holder": " "}, "/holder"),
        ({"purpose": ""}, "/purpose"),
        ({"until": "tomorrow"}, "/until"),
        ({"until": "2030-W01-1"}, "/until"),
        ({"until": "2020-01-01"}, "/until"),
        ({"until": "2999-01-01"}, "/until"),
        ({"account": "nobody"}, "/account"),
        ({"publisher": "nobody"}, "/publisher"),
        ({"account": "editor", "publisher": "water-bureau"}, "/account"),
    ],
)
def test_a_grant_with_something_missing_says_what(
    granted: Services, editor: Actor, said: dict[str, str], pointer: str
) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        grant(granted, editor, **said)
    assert [item.pointer for item in caught.value.faults] == [pointer]


def test_a_reason_that_is_too_long_is_told_so(granted: Services, editor: Actor) -> None:
    given, _ = grant(granted, editor)
    for reason, told in (("", "Say why the grant ends"), ("因" * 4001, "At most 4000 characters")):
        with pytest.raises(InvalidMetadataError, match=told):
            granted.grants.end(editor, "reservoirs", given.id, reason)
    granted.grants.end(editor, "reservoirs", given.id, "因" * 4000)


def test_a_grant_lasts_ten_years_at_most_to_the_day(granted: Services, editor: Actor) -> None:
    today = datetime.now(ZoneInfo(granted.settings.timezone)).date()
    last = date(today.year + 10, today.month, min(today.day, 28))
    assert grant(granted, editor, until=last.isoformat())[0].until == last
    with pytest.raises(InvalidMetadataError, match="within 10 years"):
        grant(granted, editor, until=(last + timedelta(days=5)).isoformat())


def test_only_the_publisher_grants_and_only_what_needs_it(granted: Services, editor: Actor) -> None:
    granted.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    rival = make_actor(granted, "rival", publisher="road-bureau")
    for act in (
        lambda: grant(granted, rival),
        lambda: granted.grants.list(rival, "reservoirs"),
        lambda: granted.grants.end(rival, "reservoirs", "x", "y"),
    ):
        with pytest.raises(NotPermittedError):
            act()
    for disclosure in ({"attribute": "open", "scope": "public"}, CLOSED):
        disclose(granted, editor, disclosure)
        with pytest.raises(StateError):
            grant(granted, editor)


def test_a_reader_can_do_nothing_but_read(granted: Services, editor: Actor) -> None:
    granted.accounts.create_user("anna", "a long password", "reader", "water-bureau")
    anna = granted.accounts.sign_in("anna", "a long password")[0]
    granted.datasets.create(editor, {"id": "hidden", "title": "未发布"})
    assert [item.id for item in granted.datasets.list(anna).items] == ["reservoirs"]
    with pytest.raises(NotFoundError):
        granted.datasets.get("hidden", anna)
    for act in (
        lambda: granted.drafts.list(anna),
        lambda: granted.drafts.create(anna, "reservoirs", []),
        lambda: granted.datasets.create(anna, {"title": "新"}),
        lambda: granted.datasets.update(anna, "reservoirs", {"title": "新"}),
        lambda: granted.uploads.create(anna, 1, "x.csv"),
        lambda: granted.restoring.restore(anna, "reservoirs", "1.0.0"),
        lambda: grant(granted, anna),
    ):
        with pytest.raises(NotPermittedError):
            act()
    with pytest.raises(NotPublicError):
        granted.versions.find_file("reservoirs", "1.0.0", "levels", "csv", anna)


def test_making_it_open_lets_everybody_have_the_next_version_and_those_before(granted: Services, editor: Actor) -> None:
    disclose(granted, editor, {"attribute": "open", "scope": "public"})
    publish(granted, editor, MORE + "A004,北湖,4,2026-02-03\n")
    for version in ("1.0.0", "1.2.0"):
        assert granted.forms.find("reservoirs", version, "levels", "csv").size
    assert list_rows(granted, "1.2.0") <= list_blobs(granted)
    assert granted.checking.run().is_sound


def test_a_restored_version_of_granted_data_is_as_private_as_before(granted: Services, editor: Actor) -> None:
    view = granted.restoring.restore(editor, "reservoirs", "1.0.0")
    granted.work.run_to_end(view.id)
    granted.drafts.submit(editor, view.id)
    granted.work.run_to_end(view.id)
    version = granted.drafts.get(editor, view.id).version
    with pytest.raises(NotPublicError):
        granted.versions.find_file("reservoirs", str(version), "levels", "csv")


def test_an_aggregate_beside_the_rows_is_for_everybody(services: Services, editor: Actor) -> None:
    disclose(services, editor, FOR_AN_AREA)
    publish(services, editor)
    publish(services, editor, "town,count\n甲镇,20\n", name="totals", schema=None, disclosure="open")
    assert services.forms.find("reservoirs", "1.1.0", "totals", "xlsx").is_public
    assert services.versions.list_readable(None, "reservoirs", "1.1.0") == {"totals"}
    with pytest.raises(NotPublicError):
        services.forms.find("reservoirs", "1.1.0", "levels", "csv")
    with pytest.raises(NotPublicError):
        services.forms.find_package("reservoirs", "1.1.0")
    publish(services, editor, "town,count\n甲镇,21\n", name="totals", schema=None)  # as last time
    version = str(services.datasets.get("reservoirs").latest)
    assert services.versions.list_readable(None, "reservoirs", version) == {"totals"}
    assert services.differences.find_rows("reservoirs", "1.1.0", version, "totals", "csv").is_public
    assert services.checking.run().is_sound


def test_a_file_that_nobody_may_have_is_found_in_the_public_store_and_moved(granted: Services) -> None:
    context = build_context(granted.settings)
    name = min(list_rows(granted, "1.0.0"))
    with context.private.local_copy(name) as path:
        context.public.put_blob(path)
    assert (f"public/{name}", EXPOSED) in [(item.where, item.what) for item in granted.checking.run().findings]
    granted.work.sweep()
    assert granted.checking.run().is_sound


# ------------------------------------------------------------------------------------------------------- under review


def test_an_approved_draft_makes_open_data_conditional_and_withdraws_what_was_open(tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance", review="two-person")
    editor, other = make_actor(services, "editor"), make_actor(services, "other")
    services.datasets.create(editor, {"id": "reservoirs", "title": "水库", "licenses": [{"name": "CC-BY-4.0"}]})

    def take(draft: str) -> None:
        services.work.run_to_end(draft)
        services.drafts.submit(editor, draft)
        services.drafts.approve(other, draft)
        services.drafts.publish(other, draft)
        services.work.run_to_end(draft)
        assert services.drafts.get(editor, draft).status == "published"

    take(upload(services, editor).id)
    assert "东湖" in json.dumps(services.versions.get_profile("reservoirs", "1.0.0", "levels"), ensure_ascii=False)
    disclose(services, editor, CONDITIONAL)
    assert services.forms.find("reservoirs", "1.0.0", "levels", "csv").is_public  # nobody has approved it yet
    draft, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).next.withdraws  # type: ignore[union-attr]
    take(draft.id)
    with pytest.raises(WithdrawnError, match="第三方"):
        services.forms.find("reservoirs", "1.0.0", "levels", "csv")
    version = str(services.datasets.get("reservoirs").latest)
    with pytest.raises(NotPublicError):
        services.forms.find("reservoirs", version, "levels", "csv")
    assert services.forms.find("reservoirs", version, "levels", "csv", reader=editor).size
    told = json.dumps(services.versions.get_profile("reservoirs", version, "levels"), ensure_ascii=False)
    assert "东湖" not in told
    assert not list_rows(services, version) & list_blobs(services)
    assert services.checking.run().is_sound


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Write a Data Package named `reservoirs` with these properties; gives its folder."""

    def write(properties: dict[str, Any]) -> Path:
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        (folder / "levels.csv").write_text(MORE + "A004,北湖,4,2026-02-03\n")
        resources = [{"name": "levels", "path": "levels.csv"}]
        package = {"name": "reservoirs", "title": "水库", "resources": resources, **properties}
        (folder / "datapackage.json").write_text(json.dumps(package))
        return folder

    return write
