"""`opendata validate`: a verdict on a file or a package, with no need of an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendata.beside import find_beside
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.output import show_progress, write_json
from opendata.cli.packages.engine import SECONDS, check_by_engine
from opendata.errors import N_, InvalidPackageError, NotFoundError, UsageError

if TYPE_CHECKING:
    from opendata.domain.schema import ForeignKey
    from opendata.tables.table import PreparedTable

LIBRARY = find_beside("schemas")
_DESCRIPTORS = (".json", ".yaml", ".yml")


@click.command(short_help="Check a table or a Data Package.")
@click.argument("source")
@click.option(
    "--schema", metavar="FILE|NAME[@VERSION]", help="The schema of a single table: a file, or a name in the library."
)
@click.option(
    "--rules",
    type=click.Choice(["strict", "frictionless"]),
    default="strict",
    show_default=True,
    help="Our own rules, which also refuse damage that frictionless accepts, or those of frictionless.",
)
@click.option("--limit-errors", metavar="N", type=click.IntRange(1), default=1000, show_default=True)
@click.option(
    "--time-limit",
    metavar="SECONDS",
    type=click.IntRange(1),
    default=SECONDS,
    show_default=True,
    help="Stop --rules frictionless after this time.",
)
@click.option("--spark", metavar="URL", help="Check a single table on the Spark cluster of this master.")
@click.option(
    "--spark-folder",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that all machines of the cluster see under the same path, for the work in progress.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a Frictionless report descriptor.")
@click.pass_context
def validate(
    ctx: click.Context,
    source: str,
    schema: str | None,
    rules: str,
    limit_errors: int,
    time_limit: int,
    spark: str | None,
    spark_folder: Path | None,
    as_json: bool,
) -> None:
    """Check SOURCE: a table in any format, or a Data Package with all its tables (descriptor, folder or web address).

    Without a schema, every column is text. --limit-errors limits the errors listed, never the counts. --rules
    frictionless checks as frictionless does: without a schema it guesses the types, and it stops at that many errors.
    """
    is_package = "://" in source or Path(source).is_dir() or _is_descriptor(source)
    if not is_package and not Path(source).exists():
        raise UsageError(N_("There is no file “%(path)s”"), path=source)
    if is_package and schema:
        raise UsageError(N_("--schema works with a single table. A Data Package names the schemas of its own tables"))
    if spark and (is_package or rules == "frictionless"):
        raise UsageError(N_("--spark works with a single table and our own rules"))
    if rules == "frictionless":
        given = find_schema(schema) if schema else None
        report = check_by_engine(source, given, is_package, limit_errors, time_limit)
    elif is_package:
        from opendata.services.packages.validation import check_package

        with show_progress() as progress:
            report = check_package(
                source,
                _find_in_libraries,
                find_table=_find_published if _has_instance() else None,
                limit=limit_errors,
                on_progress=progress.report,
            )
    else:
        from opendata.services.packages.validation import check_file
        from opendata.tables.schema.schema import read_schema

        rules_given = read_schema(find_schema(schema)) if schema else None
        with show_progress() as progress:
            report = check_file(
                Path(source),
                schema=rules_given,
                find_table=_find_published if _has_instance() else None,
                limit=limit_errors,
                on_progress=progress.report,
                prepare=_choose_prepare(spark, spark_folder),
            )
    if as_json:
        write_json(report)
    else:
        from opendata.cli.core.summary import write_summary

        write_summary(report)
    if not report["valid"]:
        ctx.exit(NOT_PASSED)


def _choose_prepare(spark: str | None, folder: Path | None) -> Callable[..., PreparedTable] | None:
    if not spark:
        return None
    from opendata.outside.cluster import ClusterTables

    return ClusterTables(spark, folder, is_strict=True).prepare


def _is_descriptor(source: str) -> bool:
    """Whether a file is a Data Package's descriptor by its name; other JSON is one where it isn't a table."""
    if not source.lower().endswith(".json") or Path(source).name.lower() == "datapackage.json":
        return source.lower().endswith(_DESCRIPTORS)
    from opendata.metadata.package import MAX_DESCRIPTOR_BYTES, parse_document

    try:
        if Path(source).stat().st_size > MAX_DESCRIPTOR_BYTES:
            return False
        found = parse_document(Path(source).read_bytes(), source)
    except (OSError, InvalidPackageError):
        return True
    return isinstance(found, Mapping) and not found.keys().isdisjoint(("resources", "profile", "$schema"))


def find_schema(given: str) -> Mapping[str, Any]:
    """A schema given on the command line: a file where it has a suffix or a slash, else a name of the library."""
    from opendata.metadata.package import parse_document

    name, _, _ = given.partition("@")
    if "/" not in given and not Path(name).suffix:
        return _find_in_libraries(given)
    try:
        found = parse_document(Path(given).read_bytes(), given)
    except FileNotFoundError:
        raise UsageError(N_("There is no file “%(path)s”"), path=given) from None
    if not isinstance(found, Mapping):
        raise InvalidPackageError(N_("“%(path)s” doesn't contain a %(what)s"), path=given, what="schema")
    return found


def _find_in_libraries(ref: str) -> Mapping[str, Any]:
    """A schema by `name` or `name@version`: of the library beside the program, else of the instance's."""
    import json

    from opendata.metadata.versions import parse_version

    name, _, version = ref.partition("@")
    numbers = {
        number: path
        for path in LIBRARY.glob("*/*/schema.json")
        if path.parent.parent.name == name and (number := parse_version(path.parent.name))
    }
    wanted = parse_version(version) if version else max(numbers, default=None)
    if wanted in numbers:
        found: Mapping[str, Any] = json.loads(numbers[wanted].read_text(encoding="utf-8"))
        return found
    if _has_instance():
        from opendata.cli.core.opening import open_services

        with open_services() as services:
            return services.schemas.resolve(ref).schema.descriptor
    raise NotFoundError(N_("The library has no schema “%(ref)s”"), ref=ref[:200])


@contextmanager
def _find_published(key: ForeignKey) -> Iterator[Path | None]:
    """A local file of the published table of the instance that a key refers to, or None."""
    from opendata.cli.core.opening import open_services

    with open_services() as services, services.versions.local_table(key) as path:
        yield path


def _has_instance() -> bool:
    from opendata.services.core.instance import is_instance
    from opendata.settings import read_settings

    return is_instance(read_settings())
