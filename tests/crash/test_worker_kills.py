"""A worker killed at any moment: nothing half-visible, nothing accepted lost, and in the end the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

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

    def __init__(self, home: Path, files: Mapping[str, bytes], options: Sequence[ResourceOption] = ()) -> None:
        self.home = home
        services = make_services(home)
        actor = make_actor(services, "editor")
        services.datasets.create(actor, DATASET)
        publish(services, actor)
        draft, _ = services.drafts.create(
            actor,
            "reservoirs",
            [UploadedFile(name, io.BytesIO(data)) for name, data in files.items()],
            list(options),
            enqueue=False,
        )
        self.draft = draft.id
        services.database.dispose()
        self.reference = home.with_name("reference")
        shutil.copytree(home, self.reference)
        self.check_steps = self._count("received")
        self.submitted = home.with_name("submitted")
        shutil.copytree(self.reference, self.submitted)
        opened = open_instance(self.submitted)
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
    files = {"levels.csv": TEXT.encode(), "new.csv": b"a\n1\n"}
    options = [ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)]
    return Template(tmp_path_factory.mktemp("crash") / "template", files, options)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same with files as departments have them: sheets with titles and footnotes, GB18030, JSON, all in one ZIP."""
    return Template(tmp_path_factory.mktemp("packed") / "template", {"报送.zip": make_package()})


def make_package() -> bytes:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        for name in ("一季度", "二季度"):
            sheet = workbook.add_worksheet(name)
            sheet.merge_range("A1:C1", f"水库水位表（{name}）")
            sheet.write_row("A2", ["编号", "水库", "水位"])
            for row in range(300):
                sheet.write_row(row + 2, 0, [row + 1, f"水库{row}", row / 4])
            sheet.write_row("A303", ["注：水位为月平均值，单位为米。"])
    text = "编号,名称\r\n" + "".join(f"{n},第{n}号水文监测站\r\n" for n in range(1, 2000))
    records = [{"station": n, "flow": n / 8} for n in range(500)]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("levels.xlsx", book.getvalue())
        target.writestr("stations.csv", text.encode("gb18030"))
        target.writestr("flows.json", json.dumps(records))
    return whole.getvalue()


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
    assert services.checking.run().findings == []
    services.database.dispose()
    shutil.rmtree(home)


@pytest.mark.parametrize("part", range(6))
def test_a_killed_worker_loses_nothing_and_shows_nothing_half(template: Template, tmp_path: Path, part: int) -> None:
    points = template.kill_points()
    source, last = points[(part * len(points)) // 6 + len(points) // 12]
    kill_and_recover(template, tmp_path / "killed", source, last)


def test_a_worker_killed_over_a_package_of_many_forms_loses_nothing(packed: Template, tmp_path: Path) -> None:
    points = packed.kill_points()
    for part in (1, 2, 4):
        source, last = points[part * len(points) // 5]
        kill_and_recover(packed, tmp_path / str(part), source, last)


@pytest.mark.slow
def test_a_worker_killed_at_every_fifth_step_over_a_package_of_many_forms_loses_nothing(
    packed: Template, tmp_path: Path
) -> None:
    for number, (source, last) in enumerate(packed.kill_points()[::5]):
        kill_and_recover(packed, tmp_path / str(number), source, last)


@pytest.mark.slow
def test_a_worker_killed_at_every_single_step_loses_nothing(template: Template, tmp_path: Path) -> None:
    for number, (source, last) in enumerate(template.kill_points()):
        kill_and_recover(template, tmp_path / str(number), source, last)


@pytest.mark.slow
def test_a_worker_killed_twice_over_the_same_draft_loses_nothing(template: Template, tmp_path: Path) -> None:
    for number, (source, last) in enumerate(template.kill_points()):
        kill_and_recover(template, tmp_path / str(number), source, last, again=1 + number * 5 % 11)
