"""The web process killed at every lasting step of an upload: what it told is kept, and the rest can be sent again."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import requests

from opendata.services.core.actors import Actor
from opendata.wiring import Services
from tests.crash.child import CHUNKS, EARLY_AND_LATE, open_instance, point_at
from tests.crash.forge import Forge
from tests.crash.test_web_kills import Web
from tests.instances import CSV, DATASET, make_actor, make_services

DATA = CSV.encode() * 50
CUTS = (0, 1000, len(DATA))


class Template:
    """An instance with a dataset and nothing in it, and the steps that an undisturbed upload to it has."""

    def __init__(self, forge: Forge, folder: Path) -> None:
        self.forge = forge
        self.home = folder / "template"
        services = make_services(self.home)
        services.datasets.create(make_actor(services, "editor"), DATASET)
        self.token, _ = services.accounts.create_token("editor")
        services.database.dispose()
        counted = folder / "counted"
        shutil.copytree(self.home, counted)
        web = Web(forge, counted)
        assert Sender(self.token).send(web)
        self.points = list(range(1, web.stop() + 1))


@pytest.fixture(scope="module")
def template(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(forge, tmp_path_factory.mktemp("upload-kills"))


class Sender:
    """A client that remembers what it was told."""

    def __init__(self, token: str) -> None:
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"})
        self.upload = ""
        self.told = 0

    def send(self, web: Web) -> bool:
        """Send all of it; whether that was possible."""
        base = web.base
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


def kill_and_resume(template: Template, home: Path, last: int) -> None:
    """Kill the server at this step, let another go on, and check all promises."""
    shutil.copytree(template.home, home)
    sender, web = Sender(template.token), Web(template.forge, home, last)
    done = sender.send(web)
    web.check_killed()
    if not done:
        web = Web(template.forge, home)
        assert sender.send(web)
        web.stop()
    services = open_instance(home)
    editor = services.accounts.sign_in("editor", "a long password")[0]
    check(services, editor, sender.upload.rsplit("/", 1)[-1])
    services.database.dispose()
    shutil.rmtree(home)


def check(services: Services, editor: Actor, upload: str) -> None:
    found = services.uploads.get(editor, upload)
    assert (found.state, found.offset, found.sha256) == ("finished", len(DATA), hashlib.sha256(DATA).hexdigest())
    with services.uploads.open(editor, upload).stream as stream:
        assert stream.read() == DATA
    assert [path.name for path in services.settings.upload_folder.iterdir()] == [upload]


@pytest.mark.parametrize("share", EARLY_AND_LATE)
def test_an_upload_outlives_its_server(template: Template, tmp_path: Path, share: float) -> None:
    kill_and_resume(template, tmp_path / "killed", point_at(share, template.points))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_an_upload_outlives_its_server_at_any_single_step(template: Template, tmp_path: Path, chunk: int) -> None:
    for last in template.points[chunk::CHUNKS]:
        kill_and_resume(template, tmp_path / "killed", last)
