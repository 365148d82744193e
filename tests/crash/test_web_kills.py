"""The web process killed at any moment of an upload: answered means kept, unanswered means safe to send again."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
import requests

from tests.crash.child import CHUNKS, EARLY_AND_LATE, open_instance, point_at
from tests.crash.forge import Forge
from tests.instances import CSV, DATASET, SCHEMA, locate, make_actor, make_services


class Web:
    """The web application in a process that dies at its n-th lasting step."""

    def __init__(self, forge: Forge, home: Path, last: int = 0) -> None:
        self._child = forge.start("tests.crash.child:serve", home=home, last=last)
        assert self._child.listen(), self._child.end().output
        self.base = f"http://127.0.0.1:{self._child.told[0]}"

    def stop(self) -> int:
        """Ask it to end; how many steps it had."""
        self._child.terminate()
        ended = self._child.end()
        assert ended.status == 0, ended.output
        return int(ended.told[1])

    def check_killed(self) -> None:
        """It has died at its step, and of nothing else."""
        ended = self._child.end()
        assert ended.status == -signal.SIGKILL, ended.output


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
        answer = send(web, self.token)
        assert answer is not None
        assert answer.status_code == 202
        self.points = list(range(1, web.stop() + 1))


@pytest.fixture(scope="module")
def template(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(forge, tmp_path_factory.mktemp("web-kills"))


def send(web: Web, token: str) -> requests.Response | None:
    """Upload; None where the process died on the way."""
    headers = {"Idempotency-Key": "the-one-upload", "Authorization": f"Bearer {token}"}
    try:
        with requests.Session() as session:
            return session.post(
                f"{web.base}/api/v1/datasets/reservoirs/drafts",
                files={"file": ("levels.csv", CSV.encode())},
                data={"schema": json.dumps(SCHEMA), "name": "levels"},
                headers=headers,
                timeout=60,
            )
    except requests.ConnectionError:
        return None


def kill_and_send_again(template: Template, home: Path, last: int) -> None:
    """Kill the server at this step; whether or not it had answered by then, all promises hold."""
    shutil.copytree(template.home, home)
    web = Web(template.forge, home, last)
    first = send(web, template.token)
    web.check_killed()
    services = open_instance(home)
    editor = services.accounts.sign_in("editor", "a long password")[0]
    kept = services.drafts.list(editor).items
    assert len(kept) <= 1
    if first is not None:
        assert first.status_code == 202
        assert [draft.id for draft in kept] == [first.json()["id"]]
    again = Web(template.forge, home)
    second = send(again, template.token)
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
    assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text() == CSV
    services.database.dispose()
    shutil.rmtree(home)


@pytest.mark.parametrize("share", EARLY_AND_LATE)
def test_an_upload_cut_by_a_kill_is_whole_or_not_there_and_can_be_repeated(
    template: Template, tmp_path: Path, share: float
) -> None:
    kill_and_send_again(template, tmp_path / "killed", point_at(share, template.points))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_web_process_killed_at_any_single_step_of_an_upload_keeps_its_word(
    template: Template, tmp_path: Path, chunk: int
) -> None:
    for last in template.points[chunk::CHUNKS]:
        kill_and_send_again(template, tmp_path / "killed", last)
