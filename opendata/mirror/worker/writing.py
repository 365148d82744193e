"""One worker of a run: turns a task into the pages and files that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from opendata.domain.manifest import Manifest
from opendata.errors import NotFoundError, SuspendedError, WithdrawnError
from opendata.mirror import contents
from opendata.mirror.addresses import page_key
from opendata.mirror.searching import name_card, write_card
from opendata.mirror.states import list_former_names
from opendata.mirror.tasks import DatasetTask, Done, FileTask, NoticeTask, PageTask, SeedTask, Task
from opendata.mirror.worker.files import Files
from opendata.mirror.worker.pages import Pages
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.editions.version_values import VersionView
from opendata.web.core import assets

_AT_ONCE = 1_000


class Writer:
    """Does tasks, one after the other."""

    def __init__(self, files: Files, datasets: frozenset[str]) -> None:
        self._files = files
        self._pages = Pages(files, datasets)
        self._renderer = files.renderer
        self._languages = files.languages

    def write(self, task: Task) -> Done:
        """Do one task. Raises `BackendError` where the portal or the target fails."""
        self._files.begin(task.dataset if isinstance(task, DatasetTask) else "")
        self._pages.begin()
        match task:
            case DatasetTask():
                self._write_dataset(task)
            case PageTask():
                self._write_pages(task.path)
            case SeedTask():
                self._list_seeds()
            case NoticeTask():
                for language in self._languages:
                    self._pages.write_notice(language)
            case FileTask() if task.source:
                self._files.write_collection(task.path, task.source)
            case FileTask():
                self._files.find(task.path, "")
        return self._files.done

    def _write_pages(self, path: str) -> None:
        for language in self._languages:
            self._pages.write(path, language)

    def _list_seeds(self) -> None:
        services, done = self._renderer.services, self._files.done
        for rule in self._renderer.app.url_map.iter_rules():
            if rule.endpoint in contents.SITE_PAGES and not rule.arguments and "GET" in (rule.methods or ()):
                done.pages.add(rule.rule)
        done.pages |= {f"/publishers/{quote(item.id)}" for item in services.publishers.list_all()}
        for schema in self._list_schemas():
            done.pages.add(f"/schemas/{quote(schema)}")
            done.pages |= {f"/schemas/{quote(schema)}/{version}" for version in services.schemas.list_versions(schema)}
        done.tasks |= {FileTask(path) for path in contents.list_site_files()}
        done.tasks |= {FileTask(path, path) for path in contents.COLLECTIONS.values() if path}
        done.tasks |= {FileTask(path, source) for path, source in contents.list_collection_copies()}
        done.tasks |= {
            FileTask(f"/static/{quote(file.relative_to(assets.FOLDER).as_posix())}")
            for file in assets.FOLDER.rglob("*")
            if file.is_file()
        }

    def _list_schemas(self) -> Iterator[str]:
        cursor: str | None = None
        while True:
            page = self._renderer.services.schemas.list(cursor=cursor, limit=_AT_ONCE)
            yield from (item.name for item in page.items)
            cursor = page.next
            if cursor is None:
                return

    def _write_dataset(self, task: DatasetTask) -> None:
        services = self._renderer.services
        try:
            view = services.datasets.get(task.dataset)
        except NotFoundError:  # gone since the run began; the next one deletes what there is of it
            return
        versions = services.versions.list(task.dataset) if view.head else ()
        manifests = {version.version: self._find_manifest(version) for version in versions}
        root = f"/datasets/{quote(task.dataset, safe='')}"
        for path in contents.list_dataset_files(task.dataset):
            self._files.find(path, "")
        self._files.write_collection(f"/api/v1{root}/versions", f"/api/v1{root}/versions")
        pages = [*contents.list_dataset_pages(task.dataset)]
        for version in versions:
            manifest = manifests[version.version]
            for path in contents.list_version_files(task.dataset, version, manifest):
                self._files.find(path, "", is_kept=version.version in task.kept and contents.is_fixed(path))
            pages += contents.list_version_pages(task.dataset, version, manifest)
        for path in pages:
            self._write_pages(path)
        self._write_copies(task.dataset, root, manifests, view.latest)
        newest = manifests.get(view.latest or "")
        card = write_card(view, newest)
        self._files.done.words = card.words
        self._files.put(name_card(task.number), card.card)
        self._files.done.mentions.discard(task.dataset)

    def _find_manifest(self, version: VersionView) -> Manifest | None:
        """The manifest of a version, None where it isn't there to be read."""
        try:
            return self._renderer.services.versions.get_manifest(version.dataset, version.version)
        except (WithdrawnError, SuspendedError, NotFoundError):
            return None

    def _write_copies(
        self, dataset: str, root: str, manifests: Mapping[str, Manifest | None], latest: str | None
    ) -> None:
        """What has a second address: the newest version, and a dataset that was called otherwise."""
        newest = manifests.get(latest or "")
        if newest is not None:
            self._copy_page(f"{root}/latest/", f"{root}/{newest.version}/")
            for other, path in contents.list_latest(dataset, newest):
                self._copy_file(other, path)
        services = self._renderer.services
        with services.database.unit() as session:
            former = list_former_names(session, find_dataset(session, dataset).id)
        for name in former:
            self._copy_page(f"/datasets/{quote(name, safe='')}", root)
            self._copy_file(f"/api/v1/datasets/{quote(name, safe='')}", f"/api/v1{root}")

    def _copy_page(self, other: str, path: str) -> None:
        for language in self._languages:
            self._files.copy(page_key(self._pages.place(other, language)), page_key(self._pages.place(path, language)))

    def _copy_file(self, other: str, path: str) -> None:
        self._files.copy(self._files.name(other), self._files.name(path))
