"""Appointments: what each role may do where, down the tree, and what earlier releases and processes make of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from opendata.db.models import Draft, Event, Publisher, User
from opendata.domain.access.posts import Post, find_clash, posts_of_before, role_of_before
from opendata.domain.access.scopes import VERBS, Scope, Verb
from opendata.domain.roles import Role
from opendata.errors import InvalidMetadataError, NotPermittedError, StateError
from opendata.services.access.tokens import TokenOptions
from opendata.services.core import actors
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, upload

PASSWORD = "a long password"
TREE = (("city", None), ("water-bureau", "city"), ("pumps", "water-bureau"), ("road-bureau", "city"))

MAY = """
who                  edit  review  lead  see
reader               -     -       -     -
editor@water         x     -       -     x
reviewer@water       -     x       -     x
lead@water           x     x       x     x
lead@city            x     x       x     x
lead@pumps           -     -       -     -
editor@road          -     -       -     -
maintainer           x     x       x     x
auditor              -     -       -     x
evaluator            -     -       -     -
"""
"""Who may do what for the water bureau, which is below the city and above the pumps."""


def grow(services: Services) -> None:
    """The tree of publishers."""
    for name, _ in TREE:
        services.publishers.ensure(SYSTEM, {"id": name, "title": name})
    with services.database.unit(write=True) as session:
        for name, parent in TREE:
            session.execute(update(Publisher).where(Publisher.id == name).values(parent_id=parent))


def test_what_each_role_may_do_for_a_publisher(services: Services) -> None:
    grow(services)
    rows = [line.split() for line in MAY.strip().splitlines()]
    for number, (who, *marks) in enumerate(rows[1:]):
        role, _, place = who.partition("@")
        publisher = {"water": "water-bureau", "road": "road-bureau"}.get(place, place) or None
        services.accounts.create_user(f"p{number}", PASSWORD, role, publisher)
        actor = services.accounts.get_actor(f"p{number}")
        may = (actor.may_edit, actor.may_review, actor.may_lead, actor.may_see)
        assert ["x" if ask("water-bureau") else "-" for ask in may] == marks, who
        requires: tuple[Callable[[Actor, str], Actor], ...] = (
            actors.require_editor,
            actors.require_reviewer,
            actors.require_lead,
            actors.require_insider,
        )
        for require, mark in zip(requires, marks, strict=True):
            if mark == "x":
                assert require(actor, "water-bureau") == actor
            else:
                with pytest.raises(NotPermittedError):
                    require(actor, "water-bureau")


def test_a_circle_of_publishers_is_gone_round_once(services: Services) -> None:
    grow(services)
    with services.database.unit(write=True) as session:
        session.execute(update(Publisher).where(Publisher.id == "city").values(parent_id="pumps"))
    services.accounts.create_user("mei", PASSWORD, "lead", "pumps")
    assert services.accounts.get_actor("mei").posts.led == {name for name, _ in TREE}


AT, OTHER = "water-bureau", "road-bureau"


@pytest.mark.parametrize(
    ("posts", "home", "before"),
    [
        ((), None, (Role.READER, None)),
        ((), AT, (Role.READER, AT)),
        (((Role.REVIEWER, AT),), None, (Role.READER, AT)),
        (((Role.EDITOR, AT),), None, (Role.EDITOR, AT)),
        (((Role.REVIEWER, AT), (Role.EDITOR, OTHER)), AT, (Role.EDITOR, OTHER)),
        (((Role.LEAD, AT), (Role.EDITOR, OTHER)), None, (Role.EDITOR, AT)),
        (((Role.MAINTAINER, None), (Role.LEAD, AT)), AT, (Role.MAINTAINER, None)),
        (((Role.AUDITOR, None),), None, (Role.READER, None)),
    ],
)
def test_what_earlier_releases_see_of_appointments(
    posts: tuple[tuple[Role, str | None], ...], home: str | None, before: tuple[Role, str | None]
) -> None:
    held = [Post(role=role, publisher=publisher) for role, publisher in posts]
    assert role_of_before(held, home) == before


def test_an_account_that_a_release_before_made_is_what_its_role_says(services: Services) -> None:
    assert [post.role for post in posts_of_before(Role.EDITOR, AT)] == [Role.EDITOR, Role.REVIEWER]
    services.accounts.create_user("old", PASSWORD, "reader", AT)
    with services.database.unit(write=True) as session:
        session.execute(update(User).values(appointed=None, role=Role.EDITOR))
    old = services.accounts.get_actor("old")
    assert (old.may_edit(AT), old.may_review(AT), old.may_lead(AT)) == (True, True, False)
    (person,) = services.persons.list(SYSTEM, publisher=AT).items
    assert [post.role for post in person.posts] == ["editor", "reviewer"]
    services.persons.set_roles(SYSTEM, "old", ["reviewer", "lead"], AT)
    (person,) = services.persons.list(SYSTEM, publisher=AT).items
    assert [(post.role, post.created_by) for post in person.posts] == [("reviewer", "system"), ("lead", "system")]


def test_who_only_watches_has_no_other_role_and_no_token_that_writes(services: Services) -> None:
    assert find_clash([Post(role=Role.AUDITOR), Post(role=Role.LEAD, publisher=AT)]) == Role.AUDITOR
    with pytest.raises(InvalidMetadataError):
        services.accounts.create_user("eye", PASSWORD, ("auditor", "editor"), AT)
    services.accounts.create_user("eye", PASSWORD, "auditor")
    with pytest.raises(InvalidMetadataError):
        services.persons.set_roles(SYSTEM, "eye", ["editor"], AT)
    for verbs in (None, ["read", "upload"], [*VERBS]):
        with pytest.raises(InvalidMetadataError):
            services.accounts.create_token("eye", options=TokenOptions(verbs=verbs))
    assert services.accounts.create_token("eye", options=TokenOptions(verbs=["read"]))[1].scopes == ("read",)


@pytest.mark.both_databases(slow=True)
def test_a_lead_decides_about_persons_of_its_publishers_and_of_no_others(services: Services) -> None:
    grow(services)
    lead, rival = make_actor(services, "lead", role="lead"), make_actor(services, "rival", "lead", "road-bureau")
    make_actor(services, "boss", role="maintainer")
    services.accounts.create_user("pump", PASSWORD, "editor", "pumps")
    assert {item.name for item in services.persons.list(lead).items} == {"lead", "pump"}
    assert services.persons.set_roles(lead, "pump", ["editor", "reviewer"], "pumps").may_close
    for actor, publisher in ((rival, "pumps"), (lead, "road-bureau"), (lead, None)):
        with pytest.raises(NotPermittedError):
            services.persons.set_roles(actor, "pump", ["editor"] if publisher else ["maintainer"], publisher)
    for name in ("boss", "rival"):
        for change in (services.persons.close, services.persons.list_tokens, services.persons.get):
            with pytest.raises(NotPermittedError):
                change(lead, name)  # type: ignore[operator]
    with pytest.raises(StateError):
        services.persons.close(lead, "lead")
    _, token = services.accounts.create_token("pump")
    assert [item.id for item in services.persons.list_tokens(lead, "pump")] == [token.id]
    services.persons.end_token(lead, "pump", token.id)
    assert services.persons.list_tokens(lead, "pump") == []
    services.persons.close(lead, "pump")
    assert services.persons.get(lead, "pump").disabled
    limited = replace(lead, scope=Scope(verbs=frozenset({Verb.READ}), publisher="water-bureau"))
    for read in (services.persons.list, services.invitations.list):  # whom it names may work elsewhere too
        with pytest.raises(NotPermittedError):
            read(limited)


@pytest.mark.slow
@pytest.mark.both_databases
def test_handing_over_passes_roles_and_open_drafts_and_keeps_who_took_part(services: Services, editor: Actor) -> None:
    draft = upload(services, editor).id
    services.accounts.create_user("heir", PASSWORD, "reader")
    boss = make_actor(services, "boss", role="maintainer")
    with pytest.raises(NotPermittedError):
        services.persons.hand_over(services.accounts.get_actor("heir"), "editor", "heir")
    passed = services.persons.hand_over(boss, "editor", "heir", closes=True)
    assert (passed.posts, passed.drafts, passed.sources) == (3, 1, 0)
    heir = services.accounts.get_actor("heir")
    view = services.drafts.get(heir, draft)
    assert (view.author, view.contributors) == ("heir", ["editor", "heir"])
    assert services.persons.get(boss, "editor").posts == []
    assert services.persons.list_vacant(boss) == []
    with services.database.unit() as session:
        (event,) = session.scalars(select(Event).where(Event.verb == "hand-over"))
        assert (event.subject, event.details["to"]) == ("editor", "heir")
        assert session.get_one(Draft, draft).author == "heir"
    with pytest.raises(StateError):
        services.persons.hand_over(boss, "boss", "editor")  # which is closed


@pytest.mark.both_databases(slow=True)
def test_the_last_editor_and_the_last_maintainer_do_not_go_unnoticed(services: Services, editor: Actor) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    assert services.persons.list_vacant(editor) == []
    for leave in (
        lambda **said: services.persons.close(boss, "editor", **said),
        lambda **said: services.persons.set_roles(boss, "editor", [], DATASET["publisher"], **said),
    ):
        with pytest.raises(InvalidMetadataError) as caught:
            leave()
        assert [item.pointer for item in caught.value.faults] == ["/confirm"]
        leave(confirmed=True)
        assert services.persons.list_vacant(boss) == [DATASET["publisher"]]
        services.persons.close(boss, "editor", disabled=False)
    with pytest.raises(StateError):
        services.persons.set_roles(boss, "boss", [], confirmed=True)
    services.persons.close(SYSTEM, "boss")  # the owner of the instance may
