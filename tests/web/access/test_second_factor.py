"""The second factor by page: set up, asked for, required of those who publish."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from tests.web.conftest import PASSWORD, make_portal, send


@pytest.mark.slow
def test_those_who_publish_set_up_a_second_factor_and_sign_in_with_it(tmp_path: Path) -> None:
    with make_portal(tmp_path / "desk", second_factor="required") as desk:
        clerk = desk.signed_in("clerk", "en")
        assert clerk.get("/workspace").location == "/account/second-factor"
        assert clerk.get("/api/v1/drafts").status_code == 403
        assert clerk.get("/help/words").status_code == 200
        assert clerk.post("/workspace/datasets/new", data={}).status_code == 403
        page = clerk.get("/account/second-factor").text
        picture = clerk.get("/account/second-factor/qr.svg")
        assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/svg+xml", "private, no-store")
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found, page
        totp, now = pyotp.TOTP(found[1].replace(" ", "")), datetime.now(UTC)
        form = {"current_password": PASSWORD, "code": totp.at(now)}
        done = send(clerk, "/account/second-factor", form)
        codes = re.findall(r"<code>([0-9A-F-]{14})</code>", done.text)
        assert len(codes) == 10
        assert clerk.get("/workspace").status_code == 200

        again = desk.client("en")
        answer = send(again, "/sign-in", {"name": "clerk", "password": PASSWORD, "next": "/workspace/control"})
        assert answer.location == "/sign-in/code?next=/workspace/control"
        assert again.get("/workspace").status_code == 303
        assert send(again, "/sign-in/code", {"code": "000000"}).status_code == 401
        code = totp.at(now + timedelta(seconds=30))
        answer = send(again, "/sign-in/code", {"code": code, "next": "/workspace/control"})
        assert answer.location == "/workspace/control"
        assert again.get("/workspace").status_code == 200
        assert desk.client().get("/sign-in/code").location == "/sign-in"
        assert send(clerk, "/account/second-factor/remove", form, form="/account/second-factor").status_code == 409
