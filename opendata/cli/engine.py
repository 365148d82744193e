"""Frictionless' own verdict, unchanged: what `validate --rules frictionless` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opendata.errors import InvalidPackageError


def check_by_engine(source: str, schema: Mapping[str, Any] | None, is_package: bool, limit: int) -> dict[str, Any]:
    """The report descriptor of frictionless; raises `InvalidPackageError` where it gives up."""
    from frictionless import FrictionlessException, Package, Resource, Schema

    try:
        if is_package:
            report = Package(_find_descriptor(source)).validate(limit_errors=limit)
        else:
            path = Path(source)
            resource = Resource(path=path.name, basepath=str(path.parent))
            if schema is not None:
                resource.schema = Schema.from_descriptor(dict(schema))
            report = resource.validate(limit_errors=limit)
    except FrictionlessException as error:
        raise InvalidPackageError("%(note)s", note=error.error.message) from None
    return dict(report.to_descriptor())


def _find_descriptor(source: str) -> str:
    from opendata.metadata.package import DESCRIPTOR_NAMES

    folder = Path(source)
    return next((str(folder / name) for name in DESCRIPTOR_NAMES if (folder / name).is_file()), source)
