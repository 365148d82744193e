"""The screen of one text: a description, a column's explanation, the text of an attachment."""

from __future__ import annotations

from collections.abc import Sequence

from opendata.domain.privacy import Certainty, Kind, TextFinding, TextFindingJson
from opendata.privacy.detection.spans import find_spans
from opendata.privacy.masks import hide_value

_CERTAIN = frozenset([Kind.RESIDENT_ID, Kind.EMAIL])
_POSSIBLE = frozenset([Kind.LANDLINE, Kind.PLATE])
_PIECE, _OVERLAP = 100_000, 200
_MOST_EXAMPLES = 3


def screen_text(text: str) -> Sequence[TextFinding]:
    """The personal data in a text, in order. A text may be as long as a book."""
    found: dict[tuple[int, int], TextFinding] = {}
    for begin in range(0, max(1, len(text)), _PIECE):
        piece = text[max(0, begin - _OVERLAP) : begin + _PIECE]
        shift = max(0, begin - _OVERLAP)
        for span in find_spans(piece):
            place = (span.start + shift, span.end + shift)
            found.setdefault(
                place,
                TextFinding(
                    kind=span.kind,
                    start=place[0],
                    end=place[1],
                    example=hide_value(span.kind, piece[span.start : span.end]),
                    certainty=_rate(span.kind),
                ),
            )
    return sorted(found.values(), key=lambda item: item.start)


def summarise_text(text: str) -> list[TextFindingJson]:
    """The personal data in a text by kind: how much of it, how sure that is, and at most three masked examples."""
    found: dict[Kind, TextFindingJson] = {}
    for item in screen_text(text):
        before = found.get(item.kind)
        examples = list(before["examples"]) if before else []
        if item.example not in examples and len(examples) < _MOST_EXAMPLES:
            examples.append(item.example)
        found[item.kind] = {
            "kind": item.kind.value,
            "count": before["count"] + 1 if before else 1,
            "certainty": item.certainty.value,
            "examples": examples,
        }
    return list(found.values())


def _rate(kind: Kind) -> Certainty:
    if kind in _CERTAIN:
        return Certainty.CERTAIN
    return Certainty.POSSIBLE if kind in _POSSIBLE else Certainty.LIKELY
