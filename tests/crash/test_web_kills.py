"""The web process killed at any moment of an upload: answered means kept, unanswered means safe to send again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from opendata.services.actors import Actor
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services
from tests.servers import CHECKOUT, free_port

POINTS = 12


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("web-kills") / "template"
    services = make_services(home)
    services.datasets.create(make_actor(services, "editor"), DATASET)
    token, _ = services.accounts.create_token("editor")
    services.database.dispose()
    return home, token


class Web:
    """The web application in a process that dies at its n-th lasting step."""

    def __init__(self, home: Path, last: int) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.crash.child", str(home), "", "serve", str(self.port), str(last), "0"]
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def send(self, token: str) -> requests.Response | None:
        """Upload and submit; None where the process died on the way."""
        import json

        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        base = f"http://127.0.0.1:{self.port}/api/v1"
        try:
            return session.post(
                f"{base}/datasets/reservoirs/drafts",
                files={"file": ("levels.csv", CSV.encode())},
                data={"schema": json.dumps(SCHEMA), "name": "levels"},
                headers={"Idempotency-Key": "the-one-upload"},
                timeout=30,
            )
        except requests.ConnectionError:
            return None

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)


def kill_and_send_again(template: tuple[Path, str], home: Path, last: int) -> bool:
    """Whether the process died at this step; all promises are checked either way."""
    source, token = template
    shutil.copytree(source, home)
    web = Web(home, last)
    answer = web.send(token)
    died = answer is None
    if died:
        assert web.process.wait(timeout=30) == -signal.SIGKILL
    else:
        assert answer is not None
        assert answer.status_code == 202
        web.stop()
    services, editor = open_instance(home)
    kept = services.drafts.list(editor).items
    assert len(kept) <= 1
    if not died:
        assert len(kept) == 1
    again = Web(home, 0)
    second = again.send(token)
    again.stop()
    assert second is not None
    assert second.status_code == 202
    (draft,) = services.drafts.list(editor).items
    assert second.json()["id"] == draft.id
    if kept:
        assert kept[0].id == draft.id
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).version == "1.0.0"
    assert services.versions.find_file("reservoirs", "1.0.0", "levels", "csv").path.read_text() == CSV
    services.database.dispose()
    shutil.rmtree(home)
    return died


def open_instance(home: Path) -> tuple[Services, Actor]:
    services = build_services(Settings(home=home, review="none"))
    return services, services.accounts.sign_in("editor", "a long password")[0]


@pytest.mark.parametrize("last", [1, 3, 5, 7])
def test_an_upload_cut_by_a_kill_is_whole_or_not_there_and_can_be_repeated(
    template: tuple[Path, str], tmp_path: Path, last: int
) -> None:
    assert kill_and_send_again(template, tmp_path / "killed", last)


@pytest.mark.slow
def test_a_web_process_killed_at_every_step_of_an_upload_keeps_its_word(
    template: tuple[Path, str], tmp_path: Path
) -> None:
    last = 1
    while kill_and_send_again(template, tmp_path / str(last), last):
        last += 1
    assert last > POINTS // 2
