"""What the log of errors says, and what the answer leaves out: others read them than those who wrote the request."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from opendata.services.access.sessions import digest_text
from opendata.wiring import Services
from tests.instances import lend_app

SECRET = "odt_secret-of-mine"


def test_the_log_of_errors_has_no_line_that_a_reader_wrote_and_no_value_of_a_statement(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with services.database.unit(write=True) as session:
        session.execute(text("ALTER TABLE datasets RENAME TO gone"))
        session.execute(text("ALTER TABLE tokens RENAME TO gone_too"))
    with lend_app(services) as app:
        client = app.test_client()
        answers = [
            client.get("/datasets/lakes"),
            client.get("/api/v1/drafts/x%0DERROR%20forged", headers={"Authorization": f"Bearer {SECRET}"}),
        ]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert not any("no such table" in answer.text for answer in answers)
    assert caplog.text.count("no such table") >= 2
    assert "\rERROR forged" not in caplog.text
    assert digest_text(SECRET) not in caplog.text
