"""Where the things of a portal are: the addresses that stay, from its own one on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one portal; `base` is its own, without a final slash. Ids are quoted where they need it."""

    base: str

    @property
    def home(self) -> str:
        """The home page."""
        return f"{self.base}/"

    @property
    def catalogue(self) -> str:
        """The page of all datasets."""
        return f"{self.base}/datasets"

    def at(self, path: str) -> str:
        """A path of the portal, which begins with a slash."""
        return f"{self.base}{path}"

    def dataset(self, dataset: str) -> str:
        """The page of a dataset: the IRI that identifies it."""
        return f"{self.base}/datasets/{_quote(dataset)}"

    def version(self, dataset: str, version: str) -> str:
        """The page of a version, with a final slash: the paths of its manifest are beside it."""
        return f"{self.dataset(dataset)}/{_quote(version)}/"

    def file(self, dataset: str, version: str, path: str) -> str:
        """A file of a version by its path beside the manifest, such as `stations.csv` or `files/map.pdf`."""
        return self.version(dataset, version) + quote(path)

    def table(self, dataset: str, version: str, resource: str) -> str:
        """The page of a table."""
        return self.version(dataset, version) + _quote(resource)

    def manifest(self, dataset: str, version: str) -> str:
        """The manifest of a version, a Data Package descriptor."""
        return self.version(dataset, version) + "datapackage.json"

    def publisher(self, publisher: str) -> str:
        """The page of a publisher: the IRI that identifies it."""
        return f"{self.base}/publishers/{_quote(publisher)}"

    def schema(self, ref: str) -> str:
        """A schema of the library by `name@version`."""
        name, _, version = ref.partition("@")
        return f"{self.base}/schemas/{_quote(name)}/{_quote(version)}.json"

    def rest(self, *parts: str) -> str:
        """A document of the REST API, such as `rest("datasets", id)`."""
        return "/".join([f"{self.base}/api/v1", *map(_quote, parts)])


def _quote(part: str) -> str:
    return quote(part, safe="")
