"""Why a version has the number it has: each reason with the part of the number it raises, and in words.

The words are kept with the version, in every language of the catalogue, as its note of what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BUMPS = ("patch", "minor", "major")
"""The parts of a number that a reason raises, the least first."""

_MOST = 100
"""So many reasons are kept with a version; what they amount to counts all of them."""

_TEXTS: Mapping[str, tuple[str, str]] = {
    "first": ("first version", "首个版本"),
    "line-withdrawn": (
        "goes back before version %(version)s, which was withdrawn",
        "回到已撤回的版本 %(version)s 之前",
    ),
    "raised": ("raised by the publisher", "由提供方提升"),
    "resource-removed": ("%(resource)s: resource removed", "%(resource)s：资源已移除"),
    "resource-added": ("%(resource)s: resource added", "%(resource)s：新增资源"),
    "resources-moved": ("resources stand in another order", "资源顺序有变"),
    "attachment-replaced": ("%(resource)s: file replaced", "%(resource)s：文件已替换"),
    "column-removed": ("%(resource)s: column %(field)s removed", "%(resource)s：移除列 %(field)s"),
    "column-added": ("%(resource)s: column %(field)s added", "%(resource)s：新增列 %(field)s"),
    "column-renamed": (
        "%(resource)s: column %(old)s renamed to %(field)s",
        "%(resource)s：列 %(old)s 更名为 %(field)s",
    ),
    "columns-moved": ("%(resource)s: columns stand in another order", "%(resource)s：列的顺序有变"),
    "column-retyped": (
        "%(resource)s: column %(field)s is now %(new)s, was %(old)s",
        "%(resource)s：列 %(field)s 由 %(old)s 改为 %(new)s",
    ),
    "match-changed": (
        "%(resource)s: fieldsMatch is now %(new)s, was %(old)s",
        "%(resource)s：fieldsMatch 由 %(old)s 改为 %(new)s",
    ),
    "key-changed": ("%(resource)s: %(key)s changed", "%(resource)s：%(key)s 有变"),
    "constraint-tightened": (
        "%(resource)s: %(constraint)s of column %(field)s is stricter",
        "%(resource)s：列 %(field)s 的 %(constraint)s 更严格",
    ),
    "constraint-loosened": (
        "%(resource)s: %(constraint)s of column %(field)s is less strict",
        "%(resource)s：列 %(field)s 的 %(constraint)s 更宽松",
    ),
    "check-tightened": (
        "%(resource)s: check %(check)s is new or stricter",
        "%(resource)s：检查 %(check)s 新增或更严格",
    ),
    "check-loosened": (
        "%(resource)s: check %(check)s is gone or less strict",
        "%(resource)s：检查 %(check)s 取消或更宽松",
    ),
    "rows-refused": (
        "%(resource)s: the schema of before finds errors in the new rows (%(count)s)",
        "%(resource)s：按原数据标准校验，新数据有错误（%(count)s 处）",
    ),
    "rows-added": ("%(resource)s: rows added: %(count)s", "%(resource)s：新增 %(count)s 行"),
    "rows-removed": ("%(resource)s: rows removed: %(count)s", "%(resource)s：删除 %(count)s 行"),
    "rows-changed": ("%(resource)s: rows changed: %(count)s", "%(resource)s：修改 %(count)s 行"),
    "rows-differ": ("%(resource)s: rows changed", "%(resource)s：数据行有变"),
    "rows-moved": ("%(resource)s: rows stand in another order", "%(resource)s：行的顺序有变"),
    "rows-rewritten": (
        "%(resource)s: the same values, some written otherwise",
        "%(resource)s：值未变，部分写法有变",
    ),
    "schema-described": ("%(resource)s: columns are described otherwise", "%(resource)s：列的说明有变"),
    "resource-described": ("%(resource)s: is described otherwise", "%(resource)s：资源的说明有变"),
    "metadata-changed": ("metadata changed: %(names)s", "元数据有变：%(names)s"),
    "more": ("and other reasons: %(count)s", "另有其他原因 %(count)s 条"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `type` is a key of the texts, `params` fill them: `resource`, `field`, `count` and the like."""

    type: str
    bump: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> Mapping[str, str]:
        """The reason in each language."""
        en, zh = _TEXTS[self.type]
        return {"en": en % self.params, "zh": zh % {**self.params, "key": _KEYS.get(self.params.get("key"), "")}}

    def describe(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {"type": self.type, "bump": self.bump, **self.params, "text": dict(self.text)}


_KEYS: Mapping[Any, str] = {"primary key": "主键", "unique keys": "唯一键", "foreign keys": "外键"}


def find_bump(reasons: Iterable[Reason]) -> str | None:
    """The highest part that one of the reasons raises; None where there is none."""
    return max((reason.bump for reason in reasons), key=BUMPS.index, default=None)


def keep_reasons(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """The reasons as a manifest has them, the strongest first, and of very many those."""
    ordered = sorted(reasons, key=lambda reason: -BUMPS.index(reason.bump))
    kept = ordered[:_MOST]
    left = len(ordered) - len(kept)
    return [item.describe() for item in (*kept, *([Reason("more", "patch", {"count": left})] if left else []))]


def list_texts(reasons: Iterable[Any]) -> list[str]:
    """The reasons that a version keeps, in English; those of old versions are that alone."""
    return [item["text"]["en"] if isinstance(item, Mapping) else str(item) for item in reasons]


def write_note(reasons: Iterable[Any]) -> dict[str, str]:
    """The note of what changed: the reasons that a version keeps as one sentence in each language."""
    texts = [item["text"] if isinstance(item, Mapping) else {"en": item, "zh": item} for item in reasons]
    return {language: mark.join(item[language] for item in texts) for language, mark in (("en", "; "), ("zh", "；"))}
