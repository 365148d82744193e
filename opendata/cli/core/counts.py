"""Counted things in the reader's language, in the form that the number needs: 1 file, 2 files."""

from __future__ import annotations

from opendata.cli.core.language import ngettext


def count_checkpoints(number: int) -> str:
    """Signed checkpoints of the audit log."""
    return ngettext("%(num)s signed checkpoint", "%(num)s signed checkpoints", number)


def count_datasets(number: int) -> str:
    """Datasets."""
    return ngettext("%(num)s dataset", "%(num)s datasets", number)


def count_files(number: int) -> str:
    """Files."""
    return ngettext("%(num)s file", "%(num)s files", number)


def count_grants(number: int) -> str:
    """Grants."""
    return ngettext("%(num)s grant", "%(num)s grants", number)


def count_invitations(number: int) -> str:
    """Invitations."""
    return ngettext("%(num)s invitation", "%(num)s invitations", number)


def count_records(number: int) -> str:
    """Records of a store."""
    return ngettext("%(num)s record", "%(num)s records", number)


def count_rows(number: int) -> str:
    """Rows."""
    return ngettext("%(num)s row", "%(num)s rows", number)


def count_tokens(number: int) -> str:
    """Tokens."""
    return ngettext("%(num)s token", "%(num)s tokens", number)


def count_versions(number: int) -> str:
    """Versions."""
    return ngettext("%(num)s version", "%(num)s versions", number)
