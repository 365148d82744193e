"""The fields that shapes are made of: what each takes and gives in JSON, and what it says when something is wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from opendata.api.core.current import absolute
from opendata.domain.moments import format_time
from opendata.errors import N_
from opendata.metadata.reasons import list_texts, write_note

IDENTIFIER = r"^[a-z0-9][a-z0-9_-]{1,99}$"
VERSION = r"^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$"

_MOST_KNOWN = 2048
_COMMON = {"required": N_("This property is required"), "null": N_("This can't be null")}
_NOT_TEXT = N_("This must be text")
_NOT_OBJECT = N_("This must be a JSON object")
_NOT_LIST = N_("This must be a list")
UNKNOWN = N_("This property doesn't exist. Check the spelling")


class Shape(Schema):
    """A shape whose messages are ours; a property it does not know is an error."""

    error_messages = {"unknown": UNKNOWN, "type": _NOT_OBJECT}  # noqa: RUF012 - marshmallow's own way


class Text(fields.String):
    """A text of limited length, a NUL character excluded."""

    default_error_messages = {**_COMMON, "invalid": _NOT_TEXT, "invalid_utf8": _NOT_TEXT}  # noqa: RUF012

    def __init__(self, *, longest: int = 0, one_of: Sequence[str] = (), error: str = "", **options: Any) -> None:
        limits: list[Any] = [validate.Length(max=longest, error=N_("This text is too long"))] if longest else []
        limits.extend([validate.OneOf(one_of, error=error)] if one_of else [])
        super().__init__(validate=[*limits, _refuse_nul], **options)


class Whole(fields.Integer):
    """A whole number within bounds."""

    def __init__(self, low: int, high: int, *, error: str, **options: Any) -> None:
        messages: dict[str, Any] = {**_COMMON, "invalid": error, "too_large": error}
        super().__init__(validate=validate.Range(low, high, error=error), error_messages=messages, **options)


class Switch(fields.Boolean):
    """True or false, and nothing that only looks like it."""

    truthy = {True}  # noqa: RUF012 - marshmallow's own way
    falsy = {False}  # noqa: RUF012
    default_error_messages = {  # noqa: RUF012
        **_COMMON,
        "invalid": N_("This must be true or false"),
        "null": N_("This must be true or false"),
    }


class Many(fields.List[Any]):
    """A list."""

    default_error_messages = {**_COMMON, "invalid": _NOT_LIST}  # noqa: RUF012


class Sentences(fields.Function):
    """The `reasons` of a value, each as a sentence in English."""

    def __init__(self, description: str = "", **options: Any) -> None:
        told = {"description": description} if description else {}
        metadata = {"type": "array", "items": {"type": "string"}, **told}
        super().__init__(lambda found: list_texts(found.reasons), required=True, metadata=metadata, **options)


class Note(fields.Function):
    """The `reasons` of a value as one sentence, by language."""

    def __init__(self, **options: Any) -> None:
        metadata = {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "The reasons as one sentence, by language.",
        }
        super().__init__(lambda found: write_note(found.reasons), required=True, metadata=metadata, **options)


class Inner(fields.Nested):
    """An object of a shape of its own."""

    default_error_messages = {**_COMMON, "type": _NOT_OBJECT}  # noqa: RUF012


class Object(fields.Dict):
    """An object of any form: its rules are another standard's."""

    default_error_messages = {**_COMMON, "invalid": _NOT_OBJECT}  # noqa: RUF012


class Translations(fields.Field[Mapping[str, Any]]):
    """Texts by language: `{"en": {"title": …}}`; a text or, for keywords, a list of texts.

    In a patch they are `removable`: null for a text, or for a whole language.
    """

    default_error_messages = {  # noqa: RUF012
        **_COMMON,
        "invalid": N_("“i18n” must have an object with text such as “title” for each language code"),
    }

    def __init__(self, *, removable: bool = False, **options: Any) -> None:
        self.removable = removable
        null = [{"type": "null"}] if removable else []
        text = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, *null]}
        texts = {"type": "object", "additionalProperties": text}
        per_language: Mapping[str, Any] = {"anyOf": [texts, *null]} if null else texts
        super().__init__(metadata={"type": "object", "additionalProperties": per_language}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Mapping[str, Any]:  # noqa: ARG002
        if not isinstance(value, Mapping) or not all(self._is_language(texts) for texts in value.values()):
            raise self.make_error("invalid")
        found: Mapping[str, Any] = value
        return found

    def _is_language(self, texts: Any) -> bool:
        if texts is None:
            return self.removable
        return isinstance(texts, Mapping) and all(self._is_text(text) for text in texts.values())

    def _is_text(self, text: Any) -> bool:
        if isinstance(text, list):
            return all(isinstance(part, str) for part in text)
        return isinstance(text, str) or (text is None and self.removable)


class Choice(fields.Field[Any]):
    """A text, or an object: the short and the full way to say the same. Without a `shape` any object will do."""

    default_error_messages = {**_COMMON, "invalid": N_("This must be text or an object")}  # noqa: RUF012

    def __init__(self, shape: type[Shape] | None = None, **options: Any) -> None:
        self.shape = shape() if shape else None
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:  # noqa: ARG002
        if isinstance(value, str):
            return value
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        return self.shape.load(value) if self.shape else value


class Instant(fields.Field[datetime]):
    """A moment: RFC 3339, in UTC, to the second."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | None:  # noqa: ARG002
        return None if value is None else format_time(value)


class KnownItem(fields.Nested):
    """An item of a list of what everybody sees: what was written of the same value before is known."""

    def __init__(self, shape: type[Schema], **options: Any) -> None:
        super().__init__(shape, **options)
        self._known: OrderedDict[tuple[int, str], tuple[Any, Any]] = OrderedDict()

    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # type: ignore[override]
        key = id(nested_obj), absolute("")
        known = self._known.get(key)
        if known is None or known[0] is not nested_obj:
            known = nested_obj, super()._serialize(nested_obj, attr, obj, **options)  # type: ignore[no-untyped-call]
            self._known[key] = known
            while len(self._known) > _MOST_KNOWN:
                with suppress(KeyError):  # another thread may have taken it
                    self._known.popitem(last=False)
        return known[1]


class Address(fields.Field[str]):
    """An absolute address of this portal, made from the object's own values: `/datasets/{0.id}`."""

    _CHECK_ATTRIBUTE = False

    def __init__(self, path: str, **options: Any) -> None:
        self.path = path
        super().__init__(required=True, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str:  # noqa: ARG002
        return absolute(self.path.format(obj))


def _refuse_nul(text: str) -> None:
    if "\0" in text:
        raise ValidationError(N_("A NUL character isn't allowed"))
