"""The web process killed at every lasting step of an upload: what it told is kept, and the rest can be sent again."""

from __future__ import annotations

import hashlib
import shutil
import signal
from pathlib import Path

import pytest
import requests

from opendata.services.actors import Actor
from opendata.wiring import Services
from tests.crash.test_web_kills import Web, open_instance
from tests.instances import CSV, DATASET, make_actor, make_services

DATA = CSV.encode() * 50
CUTS = (0, 1000, len(DATA))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("upload-kills") / "template"
    services = make_services(home)
    services.datasets.create(make_actor(services, "editor"), DATASET)
    token, _ = services.accounts.create_token("editor")
    services.database.dispose()
    return home, token


class Sender:
    """A client that remembers what it was told."""

    def __init__(self, token: str) -> None:
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"})
        self.upload = ""
        self.told = 0

    def send(self, web: Web) -> bool:
        """Send all of it; whether that was possible."""
        base = f"http://127.0.0.1:{web.port}"
        try:
            if not self.upload:
                headers = {"Upload-Length": str(len(DATA)), "Idempotency-Key": "the-one-upload"}
                answer = self.session.post(f"{base}/api/v1/uploads", headers=headers, timeout=30)
                assert answer.status_code == 201, answer.text
                self.upload = answer.headers["Location"]
            asked = self.session.head(base + self.upload, timeout=30)
            assert asked.status_code == 200
            offset = int(asked.headers["Upload-Offset"])
            assert offset >= self.told
            for end in CUTS:
                if end > offset:
                    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                    data = DATA[offset:end]
                    answer = self.session.patch(base + self.upload, data=data, headers=headers, timeout=30)
                    assert answer.status_code == 204, answer.text
                    offset = self.told = int(answer.headers["Upload-Offset"])
        except requests.ConnectionError:
            return False
        return True


def kill_and_resume(template: tuple[Path, str], home: Path, last: int) -> bool:
    """Whether the process died at this step; all promises are checked either way."""
    source, token = template
    shutil.copytree(source, home)
    sender, web = Sender(token), Web(home, last)
    died = not sender.send(web)
    if died:
        assert web.process.wait(timeout=30) == -signal.SIGKILL
        web = Web(home, 0)
        assert sender.send(web)
    web.stop()
    services, editor = open_instance(home)
    check(services, editor, sender.upload.rsplit("/", 1)[-1])
    services.database.dispose()
    shutil.rmtree(home)
    return died


def check(services: Services, editor: Actor, upload: str) -> None:
    found = services.uploads.get(editor, upload)
    assert (found.state, found.offset, found.sha256) == ("finished", len(DATA), hashlib.sha256(DATA).hexdigest())
    with services.uploads.open(editor, upload).stream as stream:
        assert stream.read() == DATA
    assert [path.name for path in services.settings.upload_folder.iterdir()] == [upload]


@pytest.mark.parametrize("last", [4, 8, 12, 16])
def test_an_upload_outlives_its_server(template: tuple[Path, str], tmp_path: Path, last: int) -> None:
    assert kill_and_resume(template, tmp_path / "killed", last)


@pytest.mark.slow
def test_an_upload_outlives_its_server_at_every_step(template: tuple[Path, str], tmp_path: Path) -> None:
    last = 1
    while kill_and_resume(template, tmp_path / str(last), last):
        last += 1
    assert last > 16
