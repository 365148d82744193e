"""What the log of errors says, and what the answer leaves out: others read them than those who wrote the request."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from opendata.services.access.sessions import digest_text
from opendata.wiring import Services
from tests.instances import lend_app

SECRET = "odt_secret-of-mine"


def test_the_log_of_errors_names_the_reason_without_the_values_of_a_statement_and_the_answer_neither(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with services.database.unit(write=True) as session:
        session.execute(text("ALTER TABLE datasets RENAME TO gone"))
        session.execute(text("ALTER TABLE tokens RENAME TO gone_too"))
    with lend_app(services) as app:
        client = app.test_client()
        answers = [
            client.get("/datasets/lakes"),
            client.get("/api/v1/datasets", headers={"Authorization": f"Bearer {SECRET}"}),
        ]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert not any("no such table" in answer.text for answer in answers)
    assert caplog.text.count("no such table") >= 2
    assert digest_text(SECRET) not in caplog.text
