"""The bodies that make a draft as the OpenAPI document describes them; `uploads` and `tus_drafts` read them."""

from __future__ import annotations

from typing import Any

from opendata.api.drafts.draft_inputs import DialectInput, ResourceOptionInput
from opendata.api.drafts.tus_drafts import ReferringInput
from opendata.domain.editions.modes import AUTO, Mode

UPLOAD_BODY: dict[str, Any] = {
    "required": False,
    "description": "The files, and what is said about them: of one file plainly, of several in `resources`.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "A table, or a file that accompanies one, with its name. Repeat it for several.",
                    },
                    "resources": {
                        "type": "array",
                        "items": ResourceOptionInput,
                        "description": "What is said about the files, as JSON.",
                    },
                    "schema": {
                        "type": "string",
                        "description": "Of the one file: `name@version` of the library, or a Table Schema as JSON.",
                    },
                    "name": {"type": "string", "description": "Of the one file: the name of its table."},
                    "dialect": DialectInput,
                    "mode": {
                        "type": "string",
                        "enum": [*Mode, AUTO],
                        "description": "Of the one file: what its rows are to the published table; see `resources`.",
                    },
                    "notes": {"type": "string", "description": "What changed, for reviewers and readers."},
                },
            },
            "encoding": {
                "resources": {"contentType": "application/json"},
                "dialect": {"contentType": "application/json"},
            },
        },
        "application/json": {"schema": ReferringInput},
    },
}
