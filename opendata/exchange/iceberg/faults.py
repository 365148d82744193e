"""What isn't there, in the words of the Iceberg REST catalogue: its types of exceptions."""

from __future__ import annotations

from opendata.errors import N_


class AbsentError(Exception):
    """Something isn't there. `kind` is its type in the specification, `message` a text to be translated."""

    kind = ""
    message = ""

    def __init__(self, **params: str) -> None:
        self.params = {name: value[:200] for name, value in params.items()}
        super().__init__(self.message % self.params)


class NoNamespaceError(AbsentError):
    """There is no namespace of this `name`."""

    kind = "NoSuchNamespaceException"
    message = N_("There is no namespace “%(name)s”. A namespace is a dataset with tables that anybody may have")


class NoTableError(AbsentError):
    """The `namespace` has no table of this `name`."""

    kind = "NoSuchTableException"
    message = N_("The namespace “%(namespace)s” has no table “%(name)s” that anybody may have")
