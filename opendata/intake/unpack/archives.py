"""Opening what was packed, layer by layer, until only tables and documents remain.

Limits hold over all layers together, so that no small file becomes a large one unseen. Nothing is written outside the
folder that is given: members are written to files whose names are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.kind.kinds import Kind, detect_kind
from opendata.intake.understanding import Decision
from opendata.intake.unpack.budget import Budget, Limits
from opendata.intake.unpack.inflating import decompress
from opendata.intake.unpack.member_names import clean_name, decode_names, is_leftover, number_twins
from opendata.intake.unpack.members import Packed, list_tar, list_zip

_SUFFIXES = {
    "gzip": {".gz": "", ".gzip": "", ".tgz": ".tar"},
    "bzip2": {".bz2": "", ".tbz2": ".tar", ".tbz": ".tar"},
    "xz": {".xz": "", ".txz": ".tar"},
    "zstd": {".zst": "", ".zstd": "", ".tzst": ".tar"},
}
_TOLD_NAMES = 5


@dataclass(frozen=True, slots=True)
class Member:
    """A file out of a container: its name there, where its bytes lie now, and what was settled about the container."""

    name: str
    path: Path
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file that isn't a container. `members` are the names that lead to it, from outside in; none for a plain file.

    `decisions` are those about the containers it lay in: what was left out, how their names were decoded.
    """

    members: tuple[str, ...]
    path: Path
    kind: Kind
    decisions: tuple[Decision, ...] = ()


def unpack(path: Path, name: str, folder: Path, limits: Limits) -> list[Leaf]:
    """Open all containers, those in containers too. A file that is none is its own single leaf, where it lies.

    Raises `UnreadableFileError` for a container that is damaged, locked, forged or empty, `TooLargeError` beyond the
    limits; then nothing remains in the folder.
    """
    budget = Budget(folder, limits, path.stat().st_size, name)
    try:
        leaves = list(_walk(path, name, Leaf((), path, detect_kind(path)), budget))
        if not leaves:
            raise UnreadableFileError(N_("There is no file in “%(name)s”"), name=name)
    except BaseException:
        budget.undo()
        raise
    return leaves


def _walk(path: Path, name: str, leaf: Leaf, budget: Budget) -> Iterator[Leaf]:
    if leaf.kind.role != "container":
        yield leaf
        return
    if len(leaf.members) >= budget.limits.depth:
        raise TooLargeError(N_("“%(name)s” is inside too many nested archives. Pack the files only once"), name=name)
    members = _open(path, leaf.kind, name, budget)
    budget.discard(path)
    for member in members:
        decisions = (*leaf.decisions, *member.decisions)
        inner = Leaf((*leaf.members, member.name), member.path, detect_kind(member.path), decisions)
        yield from _walk(member.path, member.name, inner, budget)


def _open(path: Path, kind: Kind, name: str, budget: Budget) -> list[Member]:
    decisions: list[Decision] = []
    if kind.form not in ("zip", "tar"):
        content = budget.write(decompress(path, kind.form, name, decisions))
        return [Member(_inner_name(name, kind.form), content, tuple(decisions))]
    with path.open("rb") as stream:
        items = (list_zip if kind.form == "zip" else list_tar)(stream, name, budget)
        kept = _keep(items, name, decisions)
        if len(kept) > budget.limits.entries:
            raise budget.too_many()
        budget.reserve(sum(item.size for _, item in kept))
        return [Member(label, budget.write(item.blocks()), tuple(decisions)) for label, item in kept]


def _inner_name(name: str, form: str) -> str:
    """The name of the only member: that of the archive without its ending."""
    for suffix, replacement in _SUFFIXES[form].items():
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)] + replacement
    return name


def _keep(items: list[Packed], name: str, decisions: list[Decision]) -> list[tuple[str, Packed]]:
    """The members that people put there, under labels that are all different."""
    unknown = [item.raw_name for item in items if item.name is None]
    decoded = iter(decode_names(unknown, name, decisions))
    labels = [clean_name(next(decoded) if item.name is None else item.name) for item in items]
    leftovers = [label for label in labels if is_leftover(label)]
    if leftovers:
        more = " …" if len(leftovers) > _TOLD_NAMES else ""
        details = {"name": name, "count": len(leftovers), "members": ", ".join(leftovers[:_TOLD_NAMES]) + more}
        text = N_("%(count)s system files in “%(name)s” were left out: %(members)s")
        decisions.append(Decision(rule="member-skipped", text=text, details=details))
    kept = [(label, item) for label, item in zip(labels, items, strict=True) if not is_leftover(label)]
    numbered = number_twins([label for label, _ in kept])
    twins = sum(label != own for label, (own, _) in zip(numbered, kept, strict=True))
    if twins:
        text = N_("%(count)s files in “%(name)s” have the same name as another file there. They were numbered")
        details = {"name": name, "count": twins}
        decisions.append(Decision(rule="member-twins", text=text, details=details, sure=0.8))
    return [(label, item) for label, (_, item) in zip(numbered, kept, strict=True)]
