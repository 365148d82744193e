"""The portal's signing keys: which there have been, and one handing over to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.moments import format_time
from opendata.metadata.keys import PublicKey, make_key_id
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.instance import write_public_key
from opendata.services.core.records import read_key_records, read_keys, record_key, require_key


class Keys:
    """Shows and changes the signing keys."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> Sequence[Mapping[str, Any]]:
        """Every key, oldest first: its record, `until` when it signed, and the `signature` of the key before it.

        Raises `IntegrityError` where the chain of the store is broken.
        """
        keys = read_keys(self._context.public)
        records = read_key_records(self._context.public)
        return [
            {
                **record,
                "until": format_time(key.until) if key.until else None,
                "signature": signature.decode("ascii", "replace").strip(),
            }
            for key, (record, signature) in zip(keys, records, strict=True)
        ]

    def rotate(self, actor: Actor | None) -> PublicKey:
        """Replace the current key by a new one, which the current key vouches for; return the new key.

        The old key is deleted at the end. If a rotation is interrupted, call this again to finish it.
        """
        found_actor = require_maintainer(actor)
        signer = self._context.signer
        if not signer.is_changing:
            require_key(self._context)
        raw = signer.prepare_next()  # from here on nothing is signed until it has taken over
        keys = read_keys(self._context.public)
        if keys[-1].raw != raw:
            created = max(signer.find_created(next_one=True), keys[-1].created)  # the same at a second try
            fresh = PublicKey(make_key_id(raw), raw, created, keys[-1].id)
            record_key(self._context, fresh, len(keys) + 1, signer.sign)
        signer.take_next()
        write_public_key(self._context.settings)
        with self._context.write() as session:
            self._context.log(session, found_actor, "rotate", "key", make_key_id(raw))
        return read_keys(self._context.public)[-1]
