"""The way to a CKAN: its Action API. A package that is there already is changed, never made twice.

Source: ckan/logic/action (create, update, delete) and ckan/views/api.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opendata.domain.upward.records import Answer
from opendata.errors import N_, BackendError
from opendata.exchange.upward.ckan import DIGEST, IDENTIFIER, CkanAnswer, find_extra, read_answer
from opendata.outside.guard import Guard
from opendata.outside.posting import Posted, send_document
from opendata.services.exchange.upward.parcels import MOST_ANSWER, Outcome, Parcel, Platform, There
from opendata.services.exchange.upward.signed import SECONDS, say_answer

_MOST_READ = 32 * 1024 * 1024
_PAGE = 200
_MOST_PAGES = 2000
_NOT_FOUND = "Not Found Error"
_DENIED = "Authorization Error"

_TAKEN = N_("Another dataset there has the name “%(name)s”")
_NO_LIST = N_("The platform doesn't say what it has: it answers with the status %(status)s")


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer with its status; `answer` is None where CKAN itself didn't answer."""

    posted: Posted
    answer: CkanAnswer | None

    @property
    def is_success(self) -> bool:
        return self.answer is not None and self.answer.is_success

    @property
    def is_missing(self) -> bool:
        return self.answer is not None and self.answer.kind == _NOT_FOUND

    @property
    def has_name_fault(self) -> bool:
        return self.answer is not None and bool({"name", "id"} & self.answer.faults.keys())


class CkanWay:
    """Creates, changes and deletes packages in one organization."""

    def __init__(self, platform: Platform, guard: Guard, clock: Callable[[], datetime]) -> None:  # noqa: ARG002
        self._platform = platform
        self._guard = guard

    def send(self, parcel: Parcel) -> Outcome:
        """Create or change the package of a record, or delete it."""
        if parcel.content is None:
            return self._delete(parcel)
        package = {**parcel.content, "name": parcel.name}
        extras = [*package["extras"], {"key": DIGEST, "value": parcel.digest}]
        package["extras"] = extras
        if parcel.there:
            said = self._call("package_update", {**package, "id": parcel.there})
            if not said.is_missing:
                return self._judge(said)
        said = self._call("package_create", package)
        if not said.has_name_fault:
            return self._judge(said)
        found, refused = self._find_own(parcel)
        if found is None:
            return refused
        return self._judge(self._call("package_update", {**package, "id": found}))

    def list_there(self) -> Iterator[There]:
        """The packages of the organization that were sent by this program."""
        name = json.dumps(self._platform.account)
        for number in range(_MOST_PAGES):
            asked = {
                "fq": f"organization:{name} OR owner_org:{name}",
                "rows": _PAGE,
                "start": number * _PAGE,
                "sort": "id asc",
                "include_private": True,
            }
            said = self._call("package_search", asked)
            results = said.answer.result.get("results") if said.is_success and said.answer else None
            if not isinstance(results, list):
                raise BackendError(_NO_LIST, status=said.posted.status)
            for item in results:
                if isinstance(item, dict) and find_extra(item, DIGEST):
                    yield There(find_extra(item, IDENTIFIER), find_extra(item, DIGEST), str(item.get("id") or ""))
            if len(results) < _PAGE:
                return
        raise BackendError(_NO_LIST, status=200)

    def _delete(self, parcel: Parcel) -> Outcome:
        there: str | None = parcel.there
        if not there:  # it may have been made without our hearing of it
            there, refused = self._find_own(parcel)
            if there is None:
                is_gone = refused.answer == Answer.REFUSED
                return Outcome(answer=Answer.TAKEN, status=refused.status) if is_gone else refused
        said = self._call("package_delete", {"id": there})
        if said.is_missing:
            return Outcome(answer=Answer.TAKEN, status=said.posted.status)
        return self._judge(said)

    def _find_own(self, parcel: Parcel) -> tuple[str | None, Outcome]:
        """The id of the package with our name, if it is ours; else why not."""
        said = self._call("package_show", {"id": parcel.name})
        if said.is_success and said.answer is not None:
            result = said.answer.result
            if find_extra(result, IDENTIFIER) == parcel.message.record and result.get("id"):
                return str(result["id"]), Outcome(answer=Answer.TAKEN)
        elif not said.is_missing and (said.answer is None or said.answer.kind != _DENIED):
            return None, self._judge(said)
        reason = {"message": _TAKEN, "params": {"name": parcel.name}}
        return None, Outcome(answer=Answer.REFUSED, status=said.posted.status, reason=reason)  # type: ignore[arg-type]

    def _judge(self, said: _Said) -> Outcome:
        posted, answer = said.posted, said.answer
        if answer is not None and answer.is_success:
            found = str(answer.result.get("id") or "")
            name = str(answer.result.get("name") or found)
            page = f"{self._platform.url.rstrip('/')}/dataset/{name}" if found else ""
            return Outcome(answer=Answer.TAKEN, status=posted.status, there=found[:200], page=page[:MOST_ANSWER])
        is_about_record = answer is not None and posted.status in (400, 409) and answer.kind != _DENIED
        text = (answer.text if answer is not None else "") or say_answer(posted.body)
        return Outcome(
            answer=Answer.REFUSED if is_about_record else Answer.AWAY,
            status=posted.status,
            text="".join(item if item.isprintable() else " " for item in text)[:MOST_ANSWER],
            retry_after=posted.retry_after,
        )

    def _call(self, action: str, said: Mapping[str, Any]) -> _Said:
        body = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json", "Authorization": self._platform.secret}
        url = f"{self._platform.url.rstrip('/')}/api/3/action/{action}"
        posted = send_document("POST", url, body, headers, self._guard, SECONDS, most_read=_MOST_READ)
        return _Said(posted, read_answer(posted.body))
