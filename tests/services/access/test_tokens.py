"""Tokens: scoped, limited, never more than their owner, listed with their last use, and ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from opendata.db.models import Token
from opendata.domain.access.scopes import Scope, Verb
from opendata.errors import InvalidMetadataError, NotPermittedError, NotSignedInError, ScopeError
from opendata.services.access.tokens import TokenOptions
from opendata.services.core.actors import SYSTEM, Actor, require_verb
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import DATASET, make_actor, publish, upload

ALL = ["read", "upload", "publish", "admin"]


@pytest.fixture
def office(services: Services) -> Services:
    """Two publishers with a dataset each, an editor of the first, and a maintainer."""
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    editor, boss = make_actor(services, "clerk"), make_actor(services, "boss", role="maintainer")
    services.datasets.create(editor, DATASET)
    services.datasets.create(editor, {**DATASET, "id": "rivers", "title": "河流"})
    services.datasets.create(boss, {**DATASET, "id": "roads", "title": "道路", "publisher": "road-bureau"})
    return services


def make(services: Services, user: str, **options: Any) -> Actor:
    """The actor of a new token."""
    text, _ = services.accounts.create_token(user, options=TokenOptions(**options))
    return services.accounts.authenticate(text)


def test_a_token_without_options_may_do_what_its_owner_may(office: Services) -> None:
    text, view = office.accounts.create_token("boss", "all", days=3)
    assert (list(view.scopes), view.publisher, view.dataset) == (ALL, None, None)
    actor = office.accounts.authenticate(text)
    assert actor.is_maintainer
    for verb in Verb:
        require_verb(actor, verb)


def test_a_verb_that_a_token_lacks_is_named(office: Services) -> None:
    actor = make(office, "boss", verbs=["upload"])
    require_verb(actor, Verb.READ)
    require_verb(actor, Verb.UPLOAD)
    for verb in (Verb.PUBLISH, Verb.ADMIN):
        with pytest.raises(ScopeError) as caught:
            require_verb(actor, verb)
        assert caught.value.scope == verb
        assert f"lacks the scope “{verb}”" in caught.value.text


@pytest.mark.parametrize(
    "limit", [{"dataset": "reservoirs"}, pytest.param({"publisher": "water-bureau"}, marks=pytest.mark.slow)]
)
def test_a_maintainers_token_that_is_limited_acts_there_alone(office: Services, limit: dict[str, str]) -> None:
    actor = make(office, "boss", verbs=ALL, **limit)
    draft = upload(office, actor)
    other = upload(office, office.accounts.get_actor("clerk"), dataset="rivers")
    outside: list[Callable[[], Any]] = [
        lambda: upload(office, actor, dataset="roads"),
        lambda: office.datasets.create(actor, {**DATASET, "id": "new", "publisher": "road-bureau"}),
        lambda: office.publishers.ensure(actor, {"id": "third", "title": "第三局"}),
        lambda: office.events.list(actor),
        lambda: office.renaming.rename(actor, "reservoirs", "lakes"),
    ]
    inside: list[Callable[[], Any]] = [
        lambda: office.drafts.get(actor, other.id),
        lambda: upload(office, actor, dataset="rivers"),
        lambda: office.datasets.update(actor, "rivers", {"title": "江河"}),
        lambda: office.grants.list(actor, "rivers"),
        lambda: office.drafts.discard(actor, other.id),
    ]
    for refused in [*outside, *(inside if "dataset" in limit else [])]:
        with pytest.raises(ScopeError) as caught:
            refused()
        assert f"limited to “{next(iter(limit.values()))}”" in caught.value.text
    for step in inside if "publisher" in limit else ():
        step()
    listed = {item.dataset for item in office.drafts.list(actor).items}
    assert listed == ({"reservoirs"} if "dataset" in limit else {"reservoirs", "rivers"})
    assert {item.id for item in office.datasets.list(actor).items} == listed
    assert office.drafts.get(actor, draft.id).dataset == "reservoirs"


def test_a_limited_token_reads_no_rows_elsewhere_that_its_owner_may_read(office: Services) -> None:
    clerk = office.accounts.get_actor("clerk")
    closed = {"attribute": "conditional", "reason": "r", "legalBasis": "b"}
    for dataset in ("reservoirs", "rivers"):
        office.datasets.update(clerk, dataset, {"disclosure": closed})
        publish(office, clerk, dataset=dataset)
    reader = make_actor(office, "anna", role="reader")
    until = (read_clock() + timedelta(days=9)).date().isoformat()
    for dataset in ("reservoirs", "rivers"):
        office.grants.give(clerk, dataset, {"holder": "Anna", "purpose": "p", "until": until, "account": reader.name})
    for user in ("anna", "clerk", "boss"):
        actor = make(office, user, verbs=["read"], dataset="rivers")
        assert office.forms.find("rivers", "1.0.0", "levels", "csv", reader=actor)
        with pytest.raises(Exception, match="available on application"):
            office.forms.find("reservoirs", "1.0.0", "levels", "csv", reader=actor)


def test_a_token_never_does_more_than_its_owner(office: Services) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        make(office, "clerk", publisher="road-bureau")
    assert caught.value.faults[0].pointer == "/publisher"
    with pytest.raises(InvalidMetadataError):
        make(office, "clerk", dataset="roads")  # its entry isn't public
    boss = office.accounts.get_actor("boss")
    publish(office, boss, dataset="roads")
    actor = make(office, "clerk", verbs=ALL, dataset="roads")
    with pytest.raises(NotPermittedError) as refused:
        upload(office, actor, dataset="roads")
    assert not isinstance(refused.value, ScopeError)
    admin = make(office, "clerk", verbs=ALL)
    with pytest.raises(NotPermittedError):
        office.events.list(admin)


def test_a_token_that_cannot_be_made_says_why(office: Services) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"verbs": []}, "/scopes"),
        ({"verbs": ["write"]}, "/scopes"),
        ({"days": 0}, "/days"),
        ({"days": 4000}, "/days"),
        ({"name": "a\0"}, "/name"),
        ({"publisher": "nobody"}, "/publisher"),
        ({"dataset": "none"}, "/dataset"),
        ({"dataset": "reservoirs", "publisher": "water-bureau"}, "/dataset"),
    ]
    for options, pointer in cases:
        with pytest.raises(InvalidMetadataError) as caught:
            make(office, "boss", **options)
        assert [item.pointer for item in caught.value.faults] == [pointer], options


def test_a_token_makes_only_tokens_that_may_less_and_end_no_later(office: Services) -> None:
    giver = make(office, "boss", verbs=["admin", "upload"], days=5)
    accounts = office.accounts
    with pytest.raises(ScopeError) as caught:
        accounts.create_token("boss", options=TokenOptions(verbs=["publish"]), actor=giver)
    assert caught.value.scope == "publish"
    _, view = accounts.create_token("boss", options=TokenOptions(verbs=["upload"]), actor=giver)
    assert giver.scope is not None
    assert view.expires == giver.scope.expires
    _, shorter = accounts.create_token("boss", options=TokenOptions(verbs=["upload"], days=2), actor=giver)
    assert shorter.expires is not None
    assert view.expires is not None
    assert shorter.expires < view.expires
    limited = make(office, "boss", verbs=ALL, publisher="water-bureau")
    with pytest.raises(ScopeError):
        accounts.create_token("boss", options=TokenOptions(verbs=["read"]), actor=limited)


def test_the_last_use_is_listed_and_an_ended_token_is_refused(office: Services) -> None:
    text, view = office.accounts.create_token("clerk", options=TokenOptions(verbs=["read"]))
    assert (view.used, view.revoked) == (None, False)
    office.accounts.authenticate(text)
    (listed,) = office.accounts.list_tokens("clerk")
    first = listed.used
    assert first is not None
    office.accounts.authenticate(text)
    assert office.accounts.list_tokens("clerk")[0].used == first
    moment = read_clock() + timedelta(minutes=2)
    at(office, moment).authenticate(text)
    assert office.accounts.list_tokens("clerk")[0].used == moment
    office.accounts.revoke_token(view.id)
    assert office.accounts.list_tokens("clerk")[0].revoked
    with pytest.raises(NotSignedInError, match="revoked"):
        office.accounts.authenticate(text)


def at(services: Services, moment: datetime) -> Any:
    return build_services(services.settings, clock=lambda: moment).accounts


def test_a_process_of_the_release_before_refuses_a_token_with_a_scope(office: Services) -> None:
    """It looks at `revoked` alone."""
    office.accounts.create_token("boss", options=TokenOptions(verbs=["read"]))
    office.accounts.create_token("boss", options=TokenOptions(publisher="water-bureau"))
    office.accounts.create_token("boss")
    with office.database.unit() as session:
        assert [row.revoked for row in session.query(Token).order_by(Token.id)] == [True, True, False]


@pytest.mark.slow
def test_a_limit_follows_a_dataset_that_is_renamed(office: Services) -> None:
    text, _ = office.accounts.create_token("boss", options=TokenOptions(dataset="rivers"))
    office.renaming.rename(SYSTEM, "rivers", "streams")
    upload(office, office.accounts.authenticate(text), dataset="streams")


def test_a_scope_for_one_dataset_covers_nothing_that_is_about_no_dataset() -> None:
    scope = Scope(verbs=frozenset(Verb), publisher="p", dataset="d")
    assert scope.covers("p", "d")
    assert not scope.covers("p", None)
    assert not scope.covers("p", "e")
    assert not scope.covers("q", "d")
