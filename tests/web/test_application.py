"""One application, instances one after the other: nothing of the one before is left."""

from __future__ import annotations

import io
from pathlib import Path

from flask import request
from flask_babel import get_timezone

from opendata.app import attach_services, create_app
from opendata.receiving import SMALL_BYTES
from tests.instances import make_actor, make_services
from tests.web.conftest import PASSWORD, Portal, send

LIMITS = {"timezone": "Asia/Shanghai", "secure_cookies": True, "max_upload_bytes": 5000}


def test_an_application_takes_its_settings_from_the_instance_attached_to_it(tmp_path: Path) -> None:
    first = make_services(tmp_path / "first", timezone="UTC")
    second = make_services(tmp_path / "second", **LIMITS)
    app = create_app(services=first)
    for services, zone, is_secure in ((first, "UTC", False), (second, "Asia/Shanghai", True), (first, "UTC", False)):
        attach_services(app, services)
        with app.test_request_context(base_url="https://portal.example.org"):
            assert str(get_timezone()) == zone
        answer = app.test_client().get("/sign-in", base_url="https://portal.example.org")
        assert ("Secure" in answer.headers["Set-Cookie"]) is is_secure
        assert app.config["MAX_CONTENT_LENGTH"] == services.settings.max_upload_bytes
        sent = {"file": (io.BytesIO(b"1\n" * SMALL_BYTES), "a.csv")}
        app.config["MAX_CONTENT_LENGTH"] = None
        with app.test_request_context(method="POST", data=sent):
            assert Path(request.files["file"].stream.name).parent == services.settings.receiving_folder
            request.environ["wsgi.input"].close()
    for services in (first, second):
        services.database.dispose()


def test_who_signed_in_to_one_instance_is_nobody_in_the_next(tmp_path: Path) -> None:
    first, second = make_services(tmp_path / "first"), make_services(tmp_path / "second")
    make_actor(first, "clerk")
    make_actor(second, "clerk")
    app = create_app(services=first)
    client = Portal(first, app).client()
    assert send(client, "/sign-in", {"name": "clerk", "password": PASSWORD}).status_code == 303
    assert client.get("/workspace").status_code == 200
    attach_services(app, second)
    assert client.get("/workspace").status_code == 303
    for services in (first, second):
        services.database.dispose()
