"""What the API takes to take versions back and to correct them."""

from __future__ import annotations

from opendata.api.core.fields import Many, Shape, Switch, Text
from opendata.services.core.reasons import MAX_REASON


class WithdrawalInput(Shape):
    """Why a version is withdrawn, and whether its bytes are deleted as well."""

    reason = Text(required=True, longest=MAX_REASON, metadata={"description": "Published with the tombstone."})
    legal_basis = Text(
        longest=MAX_REASON,
        data_key="legalBasis",
        metadata={"description": "The law that demands it; needed where bytes are erased."},
    )
    successor = Text(longest=40, metadata={"description": "The version to use instead."})
    erase = Switch(metadata={"description": "Delete the bytes, from every version that is made of them."})
    resources = Many(
        Text(longest=100), metadata={"description": "The resources whose bytes are erased. Without them, all are."}
    )


class StopInput(Shape):
    """Why a version is stopped, or made public again."""

    reason = Text(required=True, longest=MAX_REASON, metadata={"description": "Published at the version's address."})


class ErratumInput(Shape):
    """What is wrong with a published version."""

    text = Text(required=True, longest=MAX_REASON)
    successor = Text(longest=40, metadata={"description": "The version that corrects it, if there is one."})


class ArchiveInput(Shape):
    """Why a dataset is no longer kept, and which one to use instead."""

    reason = Text(required=True, longest=MAX_REASON, metadata={"description": "Published with the dataset."})
    successor = Text(longest=100, metadata={"description": "The id of the dataset to use instead, if there is one."})


class RenamingInput(Shape):
    """The new id of a dataset."""

    id = Text(required=True, longest=100)
