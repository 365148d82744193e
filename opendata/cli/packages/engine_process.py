"""The process in which frictionless checks for `--rules frictionless`: a request on stdin, its report on stdout.

Frictionless matches patterns by backtracking, which a hostile schema can make endless, so it runs under limits of time
and memory. What it reports is passed on as it is. If an exception stops it in the middle of a table (a bound of the
wrong type, a value that cannot be hashed), it gives no report. Ours then has a single error of the type `error` in that
table's task, which names the exception; the verdict is invalid.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.cli.core.parent import end_with_parent

if TYPE_CHECKING:
    import frictionless


def main() -> None:
    """Answer the one request; both are JSON. Whatever frictionless itself prints goes to stderr."""
    request = json.load(sys.stdin)
    end_with_parent(request["parent"])
    _bound(request["seconds"], request["memory"])
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        document = answer_request(request)
    except MemoryError:
        sys.exit(f"it needs more memory than {request['memory'] >> 30} GiB")
    with answer:
        answer.write(document)


def answer_request(request: Mapping[str, Any]) -> str:
    """The report on `source` (a file or, if `is_package`, a package) by `schema`, with at most `limit` errors: JSON."""
    report = _validate(request["source"], request["schema"], request["is_package"], request["limit"])
    return json.dumps(report.to_descriptor(), default=str)


def _bound(seconds: int, memory: int) -> None:
    import resource

    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory)):
        try:
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (OSError, ValueError):
            pass  # some systems have the limit in name only


def _validate(source: str, schema: Mapping[str, Any] | None, is_package: bool, limit: int) -> Any:
    from frictionless import Error, FrictionlessException, Package, Report, Resource, Schema

    try:
        if is_package:
            return _validate_package(Package(_find_descriptor(source)), limit)
        path = Path(source)
        resource = Resource(path=path.name, basepath=str(path.parent))
        if schema is not None:
            resource.schema = Schema.from_descriptor(dict(schema))
        return _validate_resource(resource, limit)
    except FrictionlessException as error:
        return Report.from_validation(errors=error.to_errors())
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a hostile descriptor breaks frictionless in ways of its own
        return Report.from_validation(errors=[Error(note=_describe_exception(error))])


def _validate_package(package: frictionless.Package, limit: int) -> Any:
    from frictionless import FrictionlessException, Report

    try:
        return package.validate(limit_errors=limit)
    except (FrictionlessException, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - one of the tables has an exception: the others have their verdicts all the same
        reports = [_validate_resource(resource, limit) for resource in package.resources]
        return Report.from_validation_reports(time=0, reports=reports)


def _validate_resource(resource: frictionless.Resource, limit: int) -> Any:
    from frictionless import Error, FrictionlessException, Report

    try:
        return resource.validate(limit_errors=limit)
    except (FrictionlessException, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - see the module's first lines
        return Report.from_validation_task(resource, time=0, errors=[Error(note=_describe_exception(error))])


def _describe_exception(error: Exception) -> str:
    return f"frictionless broke off with an exception: {type(error).__name__}: {error}"


def _find_descriptor(source: str) -> str:
    from opendata.metadata.package import DESCRIPTOR_NAMES

    folder = Path(source)
    return next((str(folder / name) for name in DESCRIPTOR_NAMES if (folder / name).is_file()), source)


if __name__ == "__main__":
    main()
