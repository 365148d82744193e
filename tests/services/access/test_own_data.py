"""What is kept about a person: they get all of it, without secrets, and it ends with their account."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, select

from opendata.db.models import Base, Event, User
from opendata.errors import InvalidMetadataError, NotSignedInError, StateError
from opendata.wiring import Services
from tests.instances import DATASET, make_actor

PASSWORD = "a long password"

ELSEWHERE = {
    "idempotency_keys": "what a request answered: no name",
    "outbox": "mail that waits, for 30 days: without the text",
    "recoveries": "a link that ends after a day",
    "recovery_codes": "digests of random texts",
    "duty_feeds": "a random text, from which the address of a feed follows",
    "challenges": "digests of random texts, for five minutes",
}
"""Tables that refer to accounts and aren't in the document, and why."""

TABLES = {
    *(
        "users",
        "appointments",
        "sessions",
        "tokens",
        "second_factors",
        "passkeys",
        "known_places",
        "external_identities",
    ),
    *("address_changes", "drafts", "grants", "uploads", "sources", "requests", "duty_reminders", "webhooks"),
    *("harvest_sources", "operation_reports", "registration_steps"),
}
NAMED_BY_AUTHOR = {"sources", "harvest_sources", "operation_reports"}


def test_every_table_that_refers_to_an_account_is_thought_of() -> None:
    found = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(column.name in ("user_id", "author_id") for column in table.columns)
    }
    assert found <= {*TABLES, *ELSEWHERE}


@pytest.mark.both_databases(slow=True)
def test_people_get_what_is_kept_about_them_and_delete_it(services: Services) -> None:
    clerk, boss = make_actor(services, "mei"), make_actor(services, "boss", role="maintainer")
    text, _ = services.accounts.create_token("mei")
    _, cookie = services.accounts.sign_in("mei", PASSWORD)
    services.datasets.create(clerk, DATASET)
    document = services.own_data.export(clerk)
    assert document["account"]["name"] == "mei"
    assert [item["role"] for item in document["roles"]] == ["editor", "reviewer", "lead"]
    assert {item["verb"] for item in document["events"]} >= {"create", "sign-in"}
    assert (len(document["tokens"]), len(document["sessions"]), document["eventsLeftOut"]) == (1, 1, 0)
    written = json.dumps(document)
    with services.database.unit() as session:
        kept = session.scalars(select(User.password).where(User.name == "mei")).one()
    assert not [secret for secret in (text, cookie, kept, "boss") if secret in written]

    for wrong in ({"current": "x" * 12}, {"current": PASSWORD}):  # a wrong password, then the last who edits
        with pytest.raises(InvalidMetadataError):
            services.own_data.delete(clerk, **wrong)
    services.own_data.delete(clerk, PASSWORD, confirmed=True)
    for refused in (lambda: services.accounts.sign_in("mei", PASSWORD), lambda: services.accounts.authenticate(text)):
        with pytest.raises(NotSignedInError):
            refused()
    assert services.sessions.resume(cookie) is None
    with services.database.unit() as session:
        row = session.scalars(select(User).where(User.name == "mei")).one()
        assert (row.disabled, row.mail_address, row.publisher_id, row.seen) == (True, None, None, None)
        for table in Base.metadata.sorted_tables:
            if table.name in TABLES - NAMED_BY_AUTHOR - {"users", "drafts", "tokens", "grants", "uploads"}:
                assert session.execute(select(table).where(table.c.user_id == row.id)).all() == [], table.name
        assert session.scalars(select(Event.verb).where(Event.verb == "delete-account")).all() == ["delete-account"]
        assert inspect(row).persistent
    with pytest.raises(StateError):
        services.own_data.delete(boss, PASSWORD, confirmed=True)
    with pytest.raises(StateError):  # nobody else gets the name
        services.accounts.create_user("mei", PASSWORD, "reader")
