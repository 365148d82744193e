"""Requests when publishers merge, split and close and people leave: none is left with nobody, all are counted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import update

from opendata.db.models import Request
from opendata.domain.requests.steps import RequestStep
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.requests.handling import InboxFilter
from opendata.services.governance.requests.values import AskedRequest, RequestView
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, publish

AT, LAKE, SEA = "water-bureau", "lake-bureau", "sea-bureau"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three publishers, a public dataset of the first, and an editor of it."""
    home = tmp_path_factory.mktemp("built") / "instance"
    services = make_services(home)
    for name in (LAKE, SEA):
        services.publishers.create(SYSTEM, {"id": name, "title": name})
    services.datasets.create(SYSTEM, DATASET)
    publish(services, make_actor(services, "editor"))
    services.database.dispose()
    return home


@pytest.fixture
def services(built: Path, tmp_path: Path) -> Services:
    shutil.copytree(built, tmp_path / "instance")
    return make_services(tmp_path / "instance")


def ask(services: Services, **more: str) -> AskedRequest:
    said = {"kind": "question", "publisher": AT, "subject": "水位", "text": "几时更新？", **more}
    return services.requests.asking.ask(None, said, address="192.0.2.1", language="zh")


def take(services: Services, number: str, step: str, actor: Actor = SYSTEM, **said: str) -> RequestView:
    return services.requests.handling.take(actor, number, RequestStep(step), said)


def reply(services: Services, number: str) -> None:
    for step in ("register", "start"):
        take(services, number, step)
    take(services, number, "reply", outcome="answered", text="已更新")


def list_inbox(services: Services, actor: Actor | None = None, **wanted: object) -> dict[str, str]:
    page = services.requests.handling.list(actor or SYSTEM, InboxFilter(**wanted))  # type: ignore[arg-type]
    return {item.number: item.publisher.id for item in page.items}


def test_a_publisher_with_requests_that_wait_is_closed_only_after_they_went_elsewhere(services: Services) -> None:
    services.publishers.create(SYSTEM, {"id": "plant", "title": "自来水厂", "parent": LAKE})
    first, second = ask(services, publisher="plant").request.number, ask(services, publisher="plant").request.number
    duty = services.duty_steps.add(SYSTEM, {"publisher": "plant", "task": "年报", "due": "2099-01-31"})
    _, invited = services.invitations.invite(SYSTEM, "x@example.org", "editor", "plant")
    with pytest.raises(StateError, match=f"{first}, {second}"):
        services.succession.close(SYSTEM, "plant", reason="撤销")
    take(services, first, "pass-on", publisher=LAKE, text="归口办理")
    reply(services, second)
    services.succession.close(SYSTEM, "plant", reason="撤销")
    assert list_inbox(services) == {first: LAKE}
    assert services.duties.get(SYSTEM, duty.id).waived_reason == "The publisher was closed"
    assert invited
    assert not services.invitations.list(SYSTEM)
    with pytest.raises(StateError, match="has ended"):
        take(services, first, "pass-on", publisher="plant", text="退回")


def test_a_request_about_a_dataset_of_a_closed_publisher_goes_to_the_one_above(services: Services) -> None:
    for name, more in (("plant", {"parent": LAKE}), ("alone", {})):
        services.publishers.create(SYSTEM, {"id": name, "title": name, **more})
        services.datasets.create(SYSTEM, {**DATASET, "id": f"of-{name}", "publisher": name})
        publish(services, SYSTEM, dataset=f"of-{name}")
        services.archiving.archive(SYSTEM, f"of-{name}", reason="停止更新")
        services.succession.close(SYSTEM, name, reason="撤销")
    objection = {"kind": "objection", "dataset": "of-plant", "version": "1.0.0", "name": "某甲", "mail": "a@b.cn"}
    assert ask(services, **objection).request.publisher.id == LAKE
    with pytest.raises(InvalidMetadataError, match="was closed"):
        ask(services, dataset="of-alone")


def test_replied_requests_of_a_merged_publisher_are_with_its_successor(services: Services) -> None:
    asked, open_one = ask(services, subject="大坝"), ask(services)
    reply(services, asked.request.number)
    services.succession.merge(SYSTEM, [AT], LAKE, reason="改革")
    editor = services.accounts.get_actor("editor")
    assert list_inbox(services, editor, ended=True) == {asked.request.number: LAKE}
    assert list_inbox(services, editor) == {open_one.request.number: LAKE}
    figures = services.requests.figures.count(None, LAKE)
    assert (figures.total.received, figures.total.replied) == (2, 1)
    assert services.requests.figures.count(None, AT).total.received == 0
    follower = services.requests.following.open(asked.request.number, asked.code, "192.0.2.1")
    assert services.requests.following.get(follower).publisher.id == LAKE
    take(services, asked.request.number, "archive", editor)


def test_what_an_earlier_release_left_with_a_merged_publisher_follows(services: Services) -> None:
    asked = ask(services)
    reply(services, asked.request.number)
    services.succession.merge(SYSTEM, [AT], LAKE, reason="改革")
    services.succession.merge(SYSTEM, [LAKE], SEA, reason="改革")
    with services.database.unit(write=True) as session:
        session.execute(update(Request).values(publisher_id=AT))
    services.requests.keeping.tidy()
    assert list_inbox(services, ended=True) == {asked.request.number: SEA}


def test_a_request_about_a_dataset_goes_where_that_goes_without_who_stays_behind(services: Services) -> None:
    about, other = (
        ask(services, dataset="reservoirs", kind="correction", column="level").request.number,
        ask(services).request.number,
    )
    for number in (about, other):
        take(services, number, "assign", person="editor")
    services.succession.split(
        SYSTEM, AT, datasets={"reservoirs": LAKE}, accounts={"editor": SEA}, rest=SEA, reason="改革"
    )
    assert list_inbox(services) == {about: LAKE, other: SEA}
    persons = {number: services.requests.handling.get(SYSTEM, number).person for number in (about, other)}
    assert persons == {about: None, other: "editor"}
    services.succession.move(SYSTEM, {"reservoirs": SEA}, reason="移交")
    assert list_inbox(services) == {about: SEA, other: SEA}


@pytest.mark.parametrize("how", ["dismissed", "closed", "handed-over", "deleted"])
def test_nothing_waits_for_a_person_who_has_left(services: Services, how: str) -> None:
    clerk, heir = make_actor(services, "clerk"), make_actor(services, "heir")
    number = ask(services).request.number
    take(services, number, "assign", heir, person="clerk")
    duty = services.duty_steps.add(heir, {"publisher": AT, "task": "年报", "due": "2099-01-31", "owner": "clerk"})
    left: Mapping[str, str | None] = {"handed-over": "heir"}
    match how:
        case "dismissed":
            services.persons.set_roles(SYSTEM, "clerk", [], AT)
        case "closed":
            services.persons.close(SYSTEM, "clerk")
        case "handed-over":
            services.persons.hand_over(SYSTEM, "clerk", "heir")
        case _:
            services.own_data.delete(clerk, "a long password")
    assert services.requests.handling.get(heir, number).person == left.get(how)
    assert services.duties.get(heir, duty.id).owner == left.get(how, "")
