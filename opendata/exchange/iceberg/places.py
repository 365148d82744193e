"""Where engines find files: addresses of this portal, as an object store with the interface of S3 names them.

The first part of a path is the bucket, so `s3://datasets/gdp/1.0.0/gdp.parquet` is `/datasets/gdp/1.0.0/gdp.parquet` at
the endpoint. Engines of all kinds read S3; few read plain addresses. Keys are never checked: all of it is public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from opendata.domain.parts import PARTS_FOLDER, name_part

ANYBODY = "anybody"
"""The name and the secret that engines sign with: they want some."""

_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one portal. `root` is the path that it begins at, empty or with a slash before it."""

    root: str = ""

    def data(self, dataset: str, version: str, resource: str) -> str:
        """The Parquet file of a table."""
        return self._at(f"/datasets/{quote(dataset)}/{quote(version)}/{quote(resource)}.parquet")

    def part(self, dataset: str, version: str, resource: str, number: int) -> str:
        """The n-th part of the Parquet file of a table, from 1."""
        name = quote(name_part(resource, number, "parquet"))
        return self._at(f"/datasets/{quote(dataset)}/{quote(version)}/{PARTS_FOLDER}/{name}")

    def avro(self, dataset: str, version: str, resource: str, file: str) -> str:
        """The manifest list or manifest of a version: beside its files, so that it leaves caches with them."""
        return self._at(f"/datasets/{quote(dataset)}/{quote(version)}/{quote(resource)}.iceberg/{quote(file)}")

    def dataset(self, dataset: str) -> str:
        """What all files of a dataset begin with: the location of its tables."""
        return self._at(f"/datasets/{quote(dataset)}")

    def metadata(self, dataset: str, resource: str, file: str) -> str:
        """A metadata file."""
        return self._at(f"/iceberg/metadata/{quote(dataset)}/{quote(resource)}/{quote(file)}")

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What all places begin with: clients use what they sign with for these alone."""
        return self._at("/datasets/"), self._at("/iceberg/")

    def _at(self, path: str) -> str:
        return f"s3:/{self.root}{path}"


def find_root(base: str) -> str:
    """The path that a portal begins at."""
    return urlsplit(base).path.rstrip("/")


def describe_store(base: str) -> Mapping[str, str]:
    """The configuration with which a client reads the files of the portal at this address."""
    parts = urlsplit(base)
    return {
        "s3.endpoint": f"{parts.scheme}://{parts.netloc}",
        "s3.path-style-access": "true",
        "s3.region": _REGION,
        "client.region": _REGION,
        "s3.access-key-id": ANYBODY,
        "s3.secret-access-key": ANYBODY,
        "s3.session-token": ANYBODY,
        "s3.remote-signing-enabled": "false",
    }
