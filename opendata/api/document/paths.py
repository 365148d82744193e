"""What a path may contain as an identifier or a version; anything else is not found."""

from __future__ import annotations

from werkzeug.routing import BaseConverter


class IdentifierConverter(BaseConverter):
    """An identifier in a path; whatever cannot be one is not found."""

    regex = "[a-z0-9][a-z0-9_-]{1,99}"


class ItemConverter(IdentifierConverter):
    """The identifier of an item of the inventory: `import` is an address of its own there."""

    regex = rf"(?!import\Z){IdentifierConverter.regex}"


class VersionConverter(BaseConverter):
    """A version's number in a path, or `latest`."""

    regex = r"latest|[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}"
