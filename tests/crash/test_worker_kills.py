"""A worker killed at any moment: nothing half-visible, nothing accepted lost, and in the end the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.services.intake import ResourceOption, UploadedFile
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import DATASET, SCHEMA, make_actor, make_services, publish
from tests.servers import CHECKOUT

ROWS = 25_000
TEXT = "code,name,level,measured\n" + "".join(
    f"{chr(65 + n // 1000)}{n % 1000:03},湖 {n},{n / 8},2026-01-31\n" for n in range(ROWS)
)


class Template:
    """An instance with one published version and one draft that waits for its work, to be copied for each kill."""

    def __init__(self, home: Path) -> None:
        self.home = home
        services = make_services(home)
        actor = make_actor(services, "editor")
        services.datasets.create(actor, DATASET)
        publish(services, actor)
        draft, _ = services.drafts.create(
            actor,
            "reservoirs",
            [UploadedFile("levels.csv", io.BytesIO(TEXT.encode())), UploadedFile("new.csv", io.BytesIO(b"a\n1\n"))],
            [ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)],
            enqueue=False,
        )
        self.draft = draft.id
        services.database.dispose()
        self.reference = home.with_name("reference")
        shutil.copytree(home, self.reference)
        self.check_steps = self._count("received")
        self.submitted = home.with_name("submitted")
        shutil.copytree(self.reference, self.submitted)
        for folder in (self.submitted,):
            opened = open_instance(folder)
            opened.drafts.submit(opened.accounts.sign_in("editor", "a long password")[0], self.draft)
            opened.database.dispose()
        shutil.rmtree(self.reference)
        shutil.copytree(self.submitted, self.reference)
        self.publish_steps = self._count("submitted")
        self.content = read_content(self.reference)

    def _count(self, status: str) -> int:
        result = run_child(self.reference, self.draft)
        assert result.returncode == 0, (status, result.stderr)
        return int(result.stdout)

    def kill_points(self) -> list[tuple[Path, int]]:
        """Every step of checking, then every step of publishing."""
        checking = [(self.home, n) for n in range(1, self.check_steps + 1)]
        return checking + [(self.submitted, n) for n in range(1, self.publish_steps + 1)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("crash") / "template")


def run_child(home: Path, draft: str, *, last: int = 0, hours: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.child", str(home), "", "work", draft, str(last), str(hours)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)


def open_instance(home: Path) -> Services:
    return build_services(Settings(home=home, review="none"))


def read_content(home: Path) -> Mapping[str, Any]:
    """Everything published, as bytes' digests; the moment of publication, the one thing that may differ, left out."""
    services = open_instance(home)
    content: dict[str, Any] = {}
    for version in services.versions.list("reservoirs"):
        manifest = json.loads(services.versions.read_manifest("reservoirs", version.version))
        manifest.pop("created")
        content[version.version] = manifest
        for resource in manifest["resources"]:
            for suffix in ("csv", "parquet"):
                file = services.versions.find_file("reservoirs", version.version, resource["name"], suffix)
                digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
                assert digest == file.sha256
                content[f"{version.version}/{resource['name']}.{suffix}"] = digest
        services.versions.read_signature("reservoirs", version.version)
    services.database.dispose()
    return content


def kill_and_recover(template: Template, home: Path, source: Path, last: int, again: int = 0) -> None:
    """Kill the work at its step `last`, and its resumption at step `again` if that is given; then let it finish."""
    shutil.copytree(source, home)
    killed = run_child(home, template.draft, last=last)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Whatever is visible now is whole: the version before, or already the next one.
    visible = read_content(home)
    assert visible["1.0.0"] == template.content["1.0.0"]
    assert all(template.content[name] == value for name, value in visible.items())
    if again:
        assert run_child(home, template.draft, last=again, hours=1).returncode in (0, -signal.SIGKILL)
    services = open_instance(home)
    actor = services.accounts.sign_in("editor", "a long password")[0]
    recovered = run_child(home, template.draft, hours=2)
    assert recovered.returncode == 0, recovered.stderr
    view = services.drafts.get(actor, template.draft)
    if view.status == "valid":
        services.drafts.submit(actor, template.draft)
        assert run_child(home, template.draft, hours=3).returncode == 0
        view = services.drafts.get(actor, template.draft)
    assert (view.status, view.version) == ("published", "1.1.0")
    assert read_content(home) == template.content
    planned = services.work._publication._context.public.list_records("datasets")
    assert sum(key.endswith(".json") for key in planned) == 2
    services.database.dispose()
    shutil.rmtree(home)


@pytest.mark.parametrize("part", range(6))
def test_a_killed_worker_loses_nothing_and_shows_nothing_half(template: Template, tmp_path: Path, part: int) -> None:
    points = template.kill_points()
    source, last = points[(part * len(points)) // 6 + len(points) // 12]
    kill_and_recover(template, tmp_path / "killed", source, last)


@pytest.mark.slow
def test_a_worker_killed_at_every_single_step_loses_nothing(template: Template, tmp_path: Path) -> None:
    for number, (source, last) in enumerate(template.kill_points()):
        kill_and_recover(template, tmp_path / str(number), source, last)


@pytest.mark.slow
def test_a_worker_killed_twice_over_the_same_draft_loses_nothing(template: Template, tmp_path: Path) -> None:
    for number, (source, last) in enumerate(template.kill_points()):
        kill_and_recover(template, tmp_path / str(number), source, last, again=1 + number * 5 % 11)
