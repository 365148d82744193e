"""A worker killed at any moment: nothing half-visible, nothing accepted lost, and in the end the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from opendata.domain.manifest import Manifest
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.settings import Settings
from opendata.wiring import build_context
from tests.crash.child import CHUNKS, EARLY_AND_LATE, open_instance, point_at
from tests.crash.forge import Forge
from tests.instances import DATASET, SCHEMA, locate, make_actor, make_services, publish

ROWS = 25_000
TEXT = "code,name,level,measured\n" + "".join(
    f"{chr(65 + n // 1000)}{n % 1000:03},湖 {n},{n / 8},2026-01-31\n" for n in range(ROWS)
)


class Template:
    """An instance with one published version and one draft that waits for its work, to be copied for each kill."""

    def __init__(
        self, forge: Forge, home: Path, files: Mapping[str, bytes], options: Sequence[ResourceOption] = ()
    ) -> None:
        self._forge = forge
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
        self._at = time.time()
        services.database.dispose()
        self.received = home
        reference = home.with_name("reference")
        shutil.copytree(home, reference)
        self.check_steps = self._count(reference)
        opened = open_instance(reference)
        opened.drafts.submit(opened.accounts.sign_in("editor", "a long password")[0], self.draft)
        opened.database.dispose()
        self.submitted = home.with_name("submitted")
        shutil.copytree(reference, self.submitted)
        self.publish_steps = self._count(reference)
        self.content = read_content(reference)

    def _count(self, home: Path) -> int:
        done = self._forge.run("tests.crash.child:do", home=home, verb="work", subject=self.draft, at=self._at)
        assert done.status == 0, done.output
        return int(done.told[0])

    def checking(self) -> list[tuple[Path, int]]:
        """Every step of checking: the instance before it, and the number of the step."""
        return [(self.received, n) for n in range(1, self.check_steps + 1)]

    def publishing(self) -> list[tuple[Path, int]]:
        """Every step of publishing."""
        return [(self.submitted, n) for n in range(1, self.publish_steps + 1)]

    def kill(self, home: Path, last: int, *, hours: int = 0) -> int:
        """Do the work of the draft as a process that dies at its step `last`; its status."""
        done = self._forge.run(
            "tests.crash.child:do", home=home, verb="work", subject=self.draft, at=self._at, last=last, hours=hours
        )
        assert done.status in (0, -signal.SIGKILL), done.output
        return done.status


@pytest.fixture(scope="module")
def template(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Template:
    files = {"levels.csv": TEXT.encode(), "new.csv": b"a\n1\n"}
    options = [ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)]
    return Template(forge, tmp_path_factory.mktemp("crash") / "template", files, options)


@pytest.fixture(scope="module")
def packed(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same with files as departments have them: sheets with titles and footnotes, GB18030, JSON, all in one ZIP."""
    return Template(forge, tmp_path_factory.mktemp("packed") / "template", {"报送.zip": make_package()})


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


def read_content(home: Path) -> Mapping[str, Any]:
    """Everything published, as bytes' digests; the moments of publication and signing, which may differ, left out."""
    services = open_instance(home)
    content: dict[str, Any] = {}
    for version in services.versions.list("reservoirs"):
        manifest = json.loads(services.versions.read_manifest("reservoirs", version.version))
        manifest.pop("created")
        for item in manifest["opendata"]["approval"]["checks"]:
            item.pop("at")
        content[version.version] = manifest
        for resource in manifest["resources"]:
            for suffix in ("csv", "parquet"):
                file = services.versions.find_file("reservoirs", version.version, resource["name"], suffix)
                digest = hashlib.sha256(locate(file).read_bytes()).hexdigest()
                assert digest == file.sha256
                content[f"{version.version}/{resource['name']}.{suffix}"] = digest
        services.versions.read_signature("reservoirs", version.version)
    services.database.dispose()
    return content


def check_store(home: Path) -> None:
    """Whoever reads the store without the database finds the files of every manifest, also of one just written."""
    store = build_context(Settings(home=home)).public
    for key in store.list_records("datasets"):
        if key.endswith(".json"):
            manifest = Manifest.from_json(json.loads(store.get_record(key)))
            assert [blob for blob in manifest.list_blobs() if not store.has_blob(blob)] == []


def kill_and_recover(template: Template, home: Path, source: Path, last: int, again: int = 0) -> None:
    """Kill the work at its step `last`, and its resumption at step `again` if that is given; then let it finish."""
    shutil.copytree(source, home)
    assert template.kill(home, last) == -signal.SIGKILL
    # Whatever is visible now is whole: the version before, or already the next one.
    visible = read_content(home)
    assert visible["1.0.0"] == template.content["1.0.0"]
    assert all(template.content[name] == value for name, value in visible.items())
    check_store(home)
    if again:
        template.kill(home, again, hours=1)
    services = open_instance(home, hours=2)
    actor = services.accounts.sign_in("editor", "a long password")[0]
    services.work.run_to_end(template.draft)
    view = services.drafts.get(actor, template.draft)
    if view.status == "valid":
        services.drafts.submit(actor, template.draft)
        services.work.run_to_end(template.draft)
        view = services.drafts.get(actor, template.draft)
    assert (view.status, view.version) == ("published", "1.1.0")
    assert read_content(home) == template.content
    planned = build_context(services.settings).public.list_records("datasets")
    assert sum(key.endswith(".json") for key in planned) == 2
    assert services.checking.run().findings == []
    services.database.dispose()
    shutil.rmtree(home)


@pytest.mark.parametrize("share", EARLY_AND_LATE)
def test_a_worker_killed_while_it_checks_a_draft_loses_nothing(
    template: Template, tmp_path: Path, share: float
) -> None:
    kill_and_recover(template, tmp_path / "killed", *point_at(share, template.checking()))


@pytest.mark.parametrize("share", EARLY_AND_LATE)
def test_a_worker_killed_while_it_publishes_shows_nothing_half_and_loses_nothing(
    template: Template, tmp_path: Path, share: float
) -> None:
    kill_and_recover(template, tmp_path / "killed", *point_at(share, template.publishing()))


@pytest.mark.slow
@pytest.mark.parametrize("share", EARLY_AND_LATE)
def test_a_worker_killed_over_a_package_of_many_forms_loses_nothing(
    packed: Template, tmp_path: Path, share: float
) -> None:
    kill_and_recover(packed, tmp_path / "killed", *point_at(share, packed.checking() + packed.publishing()))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_worker_killed_at_any_single_step_loses_nothing(template: Template, tmp_path: Path, chunk: int) -> None:
    points = template.checking() + template.publishing()
    for source, last in points[chunk::CHUNKS]:
        kill_and_recover(template, tmp_path / "killed", source, last)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_worker_killed_twice_over_the_same_draft_loses_nothing(
    template: Template, tmp_path: Path, chunk: int
) -> None:
    points = list(enumerate(template.checking() + template.publishing()))
    for number, (source, last) in points[chunk::CHUNKS]:
        kill_and_recover(template, tmp_path / "killed", source, last, again=1 + number * 5 % 11)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_worker_killed_at_every_single_step_over_a_package_of_many_forms_loses_nothing(
    packed: Template, tmp_path: Path, chunk: int
) -> None:
    points = packed.checking() + packed.publishing()
    for source, last in points[chunk::CHUNKS]:
        kill_and_recover(packed, tmp_path / "killed", source, last)
