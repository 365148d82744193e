"""Receiving a draft: who may send it is asked before it is read, and what it starts from is settled after."""

from __future__ import annotations

import io

import pytest

from opendata.errors import NotFoundError, NotPermittedError, NotSignedInError
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption, Sent
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import CSV, SCHEMA, publish

STRANGER = Actor("gardener", "editor", 7, "parks")


def read_sent() -> Sent:
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    return Sent(files=[UploadedFile("levels.csv", io.BytesIO(CSV.encode()))], options=[option])


def test_nothing_is_read_from_who_may_not_send_it(services: Services, editor: Actor) -> None:
    read = []

    def note() -> Sent:
        read.append(1)
        return read_sent()

    for actor, dataset, error in (
        (None, "reservoirs", NotSignedInError),
        (STRANGER, "reservoirs", NotPermittedError),
        (editor, "unknown", NotFoundError),
    ):
        with pytest.raises(error):
            services.drafts.receive(actor, dataset, note)
    assert read == []


def test_a_draft_starts_from_the_version_that_is_newest_once_its_bytes_are_there(
    services: Services, editor: Actor
) -> None:
    publish(services, editor)

    def read_slowly() -> Sent:
        publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
        return read_sent()

    found, is_new = services.drafts.receive(editor, "reservoirs", read_slowly)
    assert (found.base, is_new) == ("1.1.0", True)
    assert found == services.drafts.get(editor, found.id)
