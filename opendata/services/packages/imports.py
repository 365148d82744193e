"""Data Packages of others into the catalogue: every table checked, then all published or none (or the valid ones)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opendata.domain.disclosure import Disclosure
from opendata.domain.drafts import DraftState, is_held
from opendata.errors import (
    N_,
    BackendError,
    Fault,
    InputError,
    InvalidPackageError,
    NotFoundError,
    OpendataError,
    StateError,
    UnsupportedFormatError,
)
from opendata.metadata.dataset import read_metadata
from opendata.metadata.package import PackageDescription, ResourceDescription, parse_document, read_package
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.publishers import Publishers
from opendata.services.catalogue.schemas import Schemas
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.intake import ResourceOption
from opendata.services.packages.import_answers import Said, check_privacy, find_unsaid, require_fitting
from opendata.services.packages.imported import (
    Imported,
    ImportedResource,
    collect_verdicts,
    list_tasks,
    refuse_resource,
)
from opendata.services.packages.package_source import PackageSource, open_source
from opendata.services.packages.package_table import PACKAGED, fetch_attachment, fetch_table, read_declared
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.work.scanning import Scanning
from opendata.services.work.work import Work
from opendata.tables.schema.schema import read_schema
from opendata.tables.text.dialect import read_dialect

DEFAULT_PUBLISHER = {"id": "imported", "title": "导入数据", "i18n": {"en": {"title": "Imported data"}}}

_NO_TABLE = N_("“%(file)s” is an attachment, but the package has no table to publish it with")


class Imports:
    """Imports Data Packages."""

    def __init__(
        self,
        *,
        publishers: Publishers,
        schemas: Schemas,
        datasets: Datasets,
        drafts: Drafts,
        work: Work,
        scanning: Scanning,
    ) -> None:
        self._publishers = publishers
        self._schemas = schemas
        self._datasets = datasets
        self._drafts = drafts
        self._work = work
        self._scanning = scanning

    def import_package(
        self,
        actor: Actor,
        source: str,
        *,
        publisher: str | None = None,
        partial: bool = False,
        no_rows: bool = False,
        privacy: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> Imported:
        """Publish the package at a file, folder or web address.

        `partial` publishes the valid resources and leaves the others out. The same package again publishes nothing. A
        table without rows is published only if its descriptor says so (`"opendata": {"rows": 0}`, as an export does),
        or with `no_rows`. A table with personal data is published only if `privacy` has decisions about each of its
        columns (table → decisions), or the dataset has them from before; texts that look like personal data are
        published only with a `reason`. Raises `InvalidMetadataError` for decisions
        that don't fit, `InvalidPackageError` where the descriptor cannot be used at all, `StateError` where the dataset
        belongs to another publisher or the package says that its data is closed.
        """
        with open_source(source) as files:
            package = read_package(parse_document(files.read_descriptor(), files.descriptor_name))
            self._refuse_closed(actor, package)
            with TemporaryDirectory() as folder:
                said = Said(
                    partial=partial, no_rows=no_rows, privacy=check_privacy(privacy or {}, package), reason=reason
                )
                return self._import(actor, files, package, Path(folder), publisher, said)

    def _refuse_closed(self, actor: Actor, package: PackageDescription) -> None:
        """Raises `StateError` where the package says that its data is closed, or its dataset does and it doesn't."""
        said = package.metadata.get("disclosure")
        if isinstance(said, Mapping) and said:
            disclosure = Disclosure.from_json(said)
        elif said:
            return  # refused with its metadata
        else:
            try:
                disclosure = self._datasets.get(package.id, actor).disclosure
            except NotFoundError:
                return
        if disclosure.is_closed:
            read_metadata(package.metadata)  # what is wrong with it comes first
            raise StateError(
                N_("“%(id)s” is marked “%(attribute)s”, so its data can't be published"),
                id=package.id,
                attribute=disclosure.attribute,
            )

    def _import(
        self,
        actor: Actor,
        files: PackageSource,
        package: PackageDescription,
        folder: Path,
        publisher: str | None,
        said: Said,
    ) -> Imported:
        found: dict[str, ImportedResource] = {}
        options: list[ResourceOption] = []
        paths: list[tuple[str, Path]] = []
        for resource in package.resources:
            try:
                option, path = self._fetch(files, resource, folder)
                option = said.add_to(option, resource)
            except OpendataError as error:
                found[resource.name] = refuse_resource(resource.name, error)
            else:
                if any(option.file == other.file for other in options):
                    option = replace(option, file=f"{option.file}#{option.name}")  # one file read in two ways
                options.append(option)
                paths.append((option.file, path))
        if not any(option.type == "table" for option in options):
            for option in options:
                found[str(option.name)] = refuse_resource(
                    str(option.name), UnsupportedFormatError(_NO_TABLE, file=option.file)
                )
            options, paths = [], []
        if found and (not said.partial or not options):
            return self._refuse_all(package, found, folder=folder, paths=paths, options=options)
        dataset = self._ensure_dataset(actor, package, publisher)
        draft = self._create_draft(actor, dataset, package, paths, options).id
        try:
            return self._publish(actor, package, draft, found, said)
        finally:
            self._give_up(actor, draft)

    def _publish(
        self, actor: Actor, package: PackageDescription, draft: str, found: dict[str, ImportedResource], said: Said
    ) -> Imported:
        view = self._do_work(actor, draft)
        collect_verdicts(view, found)
        require_fitting(view, said.privacy)
        if view.status == DraftState.INVALID and said.partial:
            view = self._drop_invalid(actor, view, found)
        view = self._refuse_unsaid(actor, view, found, said.partial)
        return self._finish(actor, package, view, found, said.reason)

    def _give_up(self, actor: Actor, draft: str) -> None:
        """Discard the draft of a refused package, so that its files aren't kept longer than those of other drafts."""
        if self._drafts.get(actor, draft).status in (DraftState.VALID, DraftState.INVALID):
            self._drafts.discard(actor, draft)

    def _fetch(self, files: PackageSource, resource: ResourceDescription, folder: Path) -> tuple[ResourceOption, Path]:
        """A resource's file on the local disk and what its package says about it. Raises whatever is wrong with it."""
        if resource.fault is not None:
            raise InvalidPackageError.from_fault(resource.fault)
        if resource.is_attachment:
            option = ResourceOption(
                file=str(resource.path),
                type="attachment",
                name=resource.name,
                title=resource.title,
                description=resource.description,
                i18n=resource.i18n,
            )
            return option, fetch_attachment(files, resource, folder / resource.name)
        schema: str | Mapping[str, Any] | None = None
        if resource.schema is not None:
            schema = files.read_part(resource.schema, "schema")
            read_schema(schema)
        elif resource.schema_name:
            schema = resource.schema_name
            self._schemas.resolve(resource.schema_name)
        dialect = files.read_part(resource.dialect, "dialect") if resource.dialect is not None else None
        read_dialect(dialect, encoding=resource.encoding)
        path = fetch_table(files, resource, folder / f"{resource.name}.csv")
        option = ResourceOption(
            file=resource.path or f"{resource.name}.csv",
            type="table",
            name=resource.name,
            schema=schema,
            schema_name=resource.schema_name,
            dialect=dialect,
            choices=PACKAGED.describe(),
            encoding=resource.encoding,
            title=resource.title,
            description=resource.description,
            i18n=resource.i18n,
            meaning=resource.meaning,
        )
        return option, path

    def _ensure_dataset(self, actor: Actor, package: PackageDescription, publisher: str | None) -> str:
        if publisher is not None:
            owner = self._publishers.get(publisher).id
        else:
            owner = self._publishers.ensure(actor, package.publisher or DEFAULT_PUBLISHER).id
        try:
            existing = self._datasets.get(package.id, actor)
        except NotFoundError:
            return self._datasets.create(actor, {**package.metadata, "id": package.id, "publisher": owner})[0].id
        if publisher is not None or package.publisher is not None:
            self._datasets.require_publisher(package.id, owner)
        return existing.id

    def _create_draft(
        self,
        actor: Actor,
        dataset: str,
        package: PackageDescription,
        paths: Sequence[tuple[str, Path]],
        options: Sequence[ResourceOption],
    ) -> DraftView:
        """A draft of the package's tables, without those of the version before that the package no longer has."""
        with ExitStack() as opened:
            files = [UploadedFile(name, opened.enter_context(path.open("rb"))) for name, path in paths]
            named = {resource.name for resource in package.resources}
            return self._drafts.create(actor, dataset, files, options, keeps=named, enqueue=False)[0]

    def _do_work(self, actor: Actor, draft: str) -> DraftView:
        """Do what a draft wants done; one that would wait for the virus scanner is discarded. Raises `BackendError`."""
        self._work.run_to_end(draft)
        view = self._drafts.get(actor, draft)
        if view.error and is_held(view.error):
            self._drafts.discard(actor, draft)
            fault = Fault("", view.error["message"], tuple(view.error["params"].items()))
            raise BackendError.from_fault(fault)
        return view

    def _drop_invalid(self, actor: Actor, view: DraftView, found: dict[str, ImportedResource]) -> DraftView:
        """Leave out what is invalid, as often as that makes other tables lose what they refer to.

        Where the version before has a table of that name, it stays as it was there.
        """
        while view.status == DraftState.INVALID:
            tasks = list_tasks(view)
            wrong = [item.name for item in view.resources if item.name in tasks and not tasks[item.name]["valid"]]
            if {item.name for item in view.tables if not item.carried} <= set(wrong):
                return view
            for name in wrong:
                view = self._drafts.drop_resource(actor, view.id, name, enqueue=False)
            view = self._do_work(actor, view.id)
            collect_verdicts(view, found)
        return view

    def _refuse_unsaid(
        self, actor: Actor, view: DraftView, found: dict[str, ImportedResource], partial: bool
    ) -> DraftView:
        """Refuse the tables about which somebody must say something first; with `partial`, leave them out."""
        unsaid = find_unsaid(view)
        if view.status != DraftState.VALID or not unsaid:
            return view
        for name, why in unsaid.items():
            found[name] = refuse_resource(name, why)
        if not partial or {item.name for item in view.tables if not item.carried} <= unsaid.keys():
            return view
        for name in unsaid:
            view = self._drafts.drop_resource(actor, view.id, name, enqueue=False)
        return self._do_work(actor, view.id)

    def _finish(
        self,
        actor: Actor,
        package: PackageDescription,
        view: DraftView,
        found: Mapping[str, ImportedResource],
        reason: str,
    ) -> Imported:
        before = view.base
        if view.status == DraftState.VALID and not find_unsaid(view):
            said = {key: value for key, value in package.metadata.items() if value or key != "disclosure"}
            self._drafts.require_direct(view.id, said, reason)
            self._datasets.update(actor, view.dataset, said)
            self._drafts.publish_directly(actor, view.id, reason=reason)
            view = self._do_work(actor, view.id)
        if view.status == DraftState.FAILED:
            detail = view.error["detail"] if view.error else ""
            raise OpendataError(N_("The import failed on our side: %(detail)s"), detail=detail)
        published = view.status == DraftState.PUBLISHED
        return Imported(
            dataset=view.dataset,
            version=view.version if published else before,
            created=published and view.version != before,
            refused=not published,
            resources=[found[item.name] for item in package.resources if item.name in found],
        )

    def _refuse_all(
        self,
        package: PackageDescription,
        found: Mapping[str, ImportedResource],
        *,
        folder: Path,
        paths: Sequence[tuple[str, Path]],
        options: Sequence[ResourceOption],
    ) -> Imported:
        """Nothing is published, since some resources cannot even be read; the others are checked all the same."""
        checked = dict(found)
        for (_, path), option in zip(paths, options, strict=True):
            try:
                self._scanning.require_clean(path)
            except InputError as error:
                checked[str(option.name)] = refuse_resource(str(option.name), error)
            else:
                checked[str(option.name)] = self._check_alone(path, option, folder)
        try:
            version = self._datasets.get(package.id, SYSTEM).latest
        except NotFoundError:
            version = None
        return Imported(
            dataset=package.id,
            version=version,
            created=False,
            refused=True,
            resources=[checked[item.name] for item in package.resources],
        )

    def _check_alone(self, path: Path, option: ResourceOption, folder: Path) -> ImportedResource:
        from opendata.tables.table import check_table

        if option.type == "attachment":
            return ImportedResource(name=str(option.name), valid=True, rows=0, errors=0)
        schema = option.schema
        descriptor = self._schemas.resolve(schema).schema.descriptor if isinstance(schema, str) else schema
        _, reader = read_declared(
            path,
            folder,
            partial(check_table, name=str(option.name)),
            schema=read_schema(descriptor) if descriptor else None,
            dialect=option.dialect,
            encoding=option.encoding,
        )
        task = reader.task.describe()
        return ImportedResource(
            name=str(option.name),
            valid=task["valid"],
            rows=reader.rows,
            errors=task["stats"]["errors"],
            messages=tuple(error["message"] for error in task["errors"][:20]),
            report=task,
        )
