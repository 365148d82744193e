"""The work on drafts: taken under a lease, done, and tried again with growing pauses where we failed."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import func, or_, select

from opendata.db.counts import recount
from opendata.db.models import Dataset, Draft, DraftResource
from opendata.domain.drafts import HELD, DraftState, Failure, is_held
from opendata.errors import BackendError, OpendataError, TooLargeError
from opendata.services.access.factors.passkeys import Passkeys
from opendata.services.access.kept_forms import KeptForms
from opendata.services.access.limits import Limits
from opendata.services.access.mail_addresses import MailAddresses
from opendata.services.access.people.invitations import Invitations
from opendata.services.access.recoveries import Recoveries
from opendata.services.access.sessions import Sessions
from opendata.services.audit.checkpoints import Checkpoints
from opendata.services.catalogue.entries import finish_entries
from opendata.services.catalogue.grounds.list_records import finish_lists
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publisher_records import finish_publishers
from opendata.services.catalogue.registering.columns import follow_metadata
from opendata.services.catalogue.registering.plan_records import finish_plans
from opendata.services.catalogue.renaming import Renaming
from opendata.services.catalogue.withdrawals import Withdrawals
from opendata.services.core.context import WORK_FOLDER, Context
from opendata.services.core.damages import Damages
from opendata.services.drafts.lease import Lease, LostLeaseError, is_free, release, take_lease
from opendata.services.mail.sending import Sending
from opendata.services.operations.checking import Checking
from opendata.services.operations.screening import Screening
from opendata.services.uploads.uploads import Uploads
from opendata.services.work.fairness import take_next
from opendata.services.work.processing import Processing
from opendata.services.work.publication import Publication
from opendata.services.work.scanning import HeldError
from opendata.services.work.seen import FAILED, LOST, MEMORY, SeenJob, see_job
from opendata.services.work.seen import HELD as HELD_UP
from opendata.storage.faults import name_disk_fault
from opendata.storage.store import manifest_key

logger = logging.getLogger(__name__)

_WAIT = timedelta(seconds=1)
_LONGEST_PAUSE = 600
_LONGEST_HOLD = 60
_UNCOUNTED = 4
"""So many attempts a draft is said to have had when they don't count: the pause is then as long as after these."""
_STALE_SECONDS = 24 * 3600


class Work:
    """Does what drafts want done. `further` tidies up in other rooms, by name."""

    def __init__(
        self,
        context: Context,
        processing: Processing,
        publication: Publication,
        withdrawals: Withdrawals,
        sending: Sending,
        further: Mapping[str, Callable[[], object]],
    ) -> None:
        self._context = context
        self._further = further
        self._withdrawals = withdrawals
        self._sending = sending
        self._renaming = Renaming(context)
        self._checking = Checking(context, Damages(context))
        self._screening = Screening(context, Manifests(context.public))
        self._looked = time.monotonic()
        self._processing = processing
        self._publication = publication

    def run(self, draft: str) -> bool:
        """Do the work of a draft, if it has any that nobody else is at; whether something was done."""
        lease = self.take(draft)
        if lease is None:
            return False
        self.do(lease)
        return True

    def take(self, draft: str) -> Lease | None:
        """Take hold of a draft, to do its work here or in another process; None where there is nothing to do."""
        return take_lease(self._context, draft)

    def take_next(self, passed_over: Collection[str] = ()) -> tuple[str, Lease] | None:
        """Take hold of the draft whose turn it is, unless its publisher is one of `passed_over`; name the publisher."""
        return take_next(self._context, passed_over)

    def count_bytes(self, lease: Lease) -> int:
        """How many bytes were sent with a draft."""
        query = select(func.coalesce(func.sum(DraftResource.upload_bytes), 0)).where(
            DraftResource.draft_id == lease.draft
        )
        with self._context.read() as session:
            return int(session.scalar(query) or 0)

    def resume(self, draft: str, owner: str) -> Lease:
        """The hold that the process which started this one has taken."""
        return Lease(self._context, draft, owner)

    def do(self, lease: Lease) -> bool:
        """Do the work of a draft that is held; False where memory ran out, so that the process had better end."""
        with see_job(lease) as job:
            return self._try(lease, job)

    def _try(self, lease: Lease, job: SeenJob) -> bool:
        try:
            self._do(lease, job)
        except LostLeaseError:
            job.outcome = LOST
            logger.warning("draft %s was taken over by another worker, or given up", lease.draft)
        except HeldError as held:
            job.outcome = HELD_UP
            self._hold(lease, held)
        except Exception as error:
            logger.exception("draft %s", lease.draft)
            if _is_out_of_memory(error):
                error.__traceback__ = None  # the frames hold what took the memory
                job.outcome = MEMORY
                self.note_limit(lease, "OutOfMemory", "out-of-memory", size=self._memory_size())
                return False
            job.outcome = FAILED
            fault = name_disk_fault(error) if isinstance(error, OSError) else error
            self._fail(lease, _describe(fault or error), counts=not isinstance(fault, BackendError))
        return True

    def note_limit(self, lease: Lease, kind: str, code: str, **params: object) -> None:
        """Note that the work ran into a limit: it is tried just once more, for that will hardly change."""
        self._fail(lease, {"type": kind, "code": code, "params": params}, least=self._context.settings.max_attempts - 1)

    def note_end(self, lease: Lease, reason: str) -> None:
        """Note that the process which did the work has ended in the middle of it."""
        self._fail(lease, {"type": "WorkerDied", "code": "worker-ended", "params": {"reason": reason}})

    def leave(self, lease: Lease) -> None:
        """Give a draft back whose work was broken off by us: the next worker begins at once, and nothing is counted."""
        with contextlib.suppress(LostLeaseError, OpendataError), self._context.write() as session:
            row = lease.lock(session)
            row.attempts = max(0, row.attempts - 1)
            release(row, done=False)

    def run_to_end(self, draft: str) -> None:
        """Do the work of a draft here and now until none is left, waiting where another draft goes first.

        One that is held for the virus scanner is left to the worker.
        """
        while True:
            if not self.run(draft):
                with self._context.read() as session:
                    row = session.get(Draft, draft)
                    if row is None or not row.wanted or row.status == DraftState.FAILED:
                        return
                    if is_held(row.error) and row.lease_owner is None:
                        return
                time.sleep(0.2)

    def find(self) -> Sequence[str]:
        """The drafts that want work and that nobody holds: new, put off, or left behind by a worker that died."""
        now = self._context.clock()
        query = (
            select(Draft.id)
            .where(
                Draft.wanted != "",
                is_free(self._context),
                or_(Draft.due.is_(None), Draft.due <= now),
            )
            .order_by(Draft.modified)
        )
        with self._context.read() as session:
            return list(session.scalars(query))

    def sweep(self) -> int:
        """Put every draft that wants work into the queue again; say in the store what isn't said there yet.

        Returns how many drafts.
        """
        steps: Mapping[str, Callable[[], object]] = {
            "withdrawals": self._withdrawals.finish_all,
            "renamings": self._renaming.finish_all,
            "publishers": partial(finish_publishers, self._context),
            "entries": partial(finish_entries, self._context),
            "negative list": partial(finish_lists, self._context),
            "opening plan": partial(finish_plans, self._context),
        }
        _try_each(steps)
        found = self.find()
        for draft in found:
            self._context.queue.put(draft)
        return len(found)

    def tidy(self) -> None:
        """Remove what has expired, screen and check a part of what is published. What fails doesn't stop the rest."""
        steps: Mapping[str, Callable[[], object]] = {
            "uploads": Uploads(self._context).tidy,
            "kept forms": KeptForms(self._context).tidy,
            "sessions": Sessions(self._context).tidy,
            "limits": Limits(self._context).tidy,
            "recovery links": Recoveries(self._context).tidy,
            "passkeys": Passkeys(self._context).tidy,
            "invitations": Invitations(self._context).tidy,
            "addresses": MailAddresses(self._context).tidy,
            "mail": self._sending.tidy,
            "columns of metadata": partial(follow_metadata, self._context),
            "counts of datasets": self._count_again,
            "audit log": Checkpoints(self._context).tidy,
            "screening": self._screening.run_slice,
            "checking": self._check_slice,
            "temporary files": self._remove_old_files,
            **self._further,
        }
        _try_each(steps)

    def send_mail(self, is_stopping: Callable[[], bool]) -> int:
        """Send the mail that is due, until it is to stop; how many mails."""
        return self._sending.send_due(is_stopping)

    def _count_again(self) -> None:
        with self._context.write() as session:
            recount(session)

    def _check_slice(self) -> None:
        self._checking.run_slice(time.monotonic() - self._looked)
        self._looked = time.monotonic()

    def _remove_old_files(self) -> None:
        """Remove temporary files that a killed process left behind a day ago or earlier."""
        settings = self._context.settings
        now = time.time()
        for folder in (
            settings.private_folder / WORK_FOLDER,
            settings.private_folder / "tmp",
            settings.public_folder / "tmp",
        ):
            for path in folder.glob("*"):
                with contextlib.suppress(FileNotFoundError):  # it was in use, and its owner has just removed it
                    if now - path.stat().st_mtime > _STALE_SECONDS:
                        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    def _do(self, lease: Lease, job: SeenJob) -> None:
        with self._context.read() as session:
            row = lease.lock(session)
        job.note(row)
        if row.attempts > self._context.settings.max_attempts:
            self._give_up(lease)
        elif row.wanted == "process":
            self._processing.run(lease, row)
        elif not self._publication.run(lease, row):
            with self._context.write() as session:
                row = lease.lock(session)
                row.due = self._context.clock() + _WAIT
                row.attempts = 0
                release(row, done=False)

    def _hold(self, lease: Lease, held: HeldError) -> None:
        """Let a draft wait for the virus scanner, for as long as it takes: that isn't a failure, and isn't counted."""
        with contextlib.suppress(LostLeaseError), self._context.write() as session:
            row = lease.lock(session)
            tries = row.error.get("tries", 0) + 1 if row.error else 1
            longest = _LONGEST_PAUSE if isinstance(held.reason, TooLargeError) else _LONGEST_HOLD
            told = held.reason.describe()
            row.error = {"type": HELD, "message": told["message"], "params": told["params"], "tries": tries}
            row.stage = str(held.stage)
            row.attempts = 0
            row.due = self._context.clock() + timedelta(seconds=min(2 ** min(tries, 10), longest))
            row.revision += 1
            release(row, done=False)
            logger.warning("draft %s is held: %s", row.id, held)

    def _fail(self, lease: Lease, error: Failure, *, least: int = 0, counts: bool = True) -> None:
        """Note a failure of ours and when to try again; it counts as the `least`-th, if not as more.

        One that doesn't count, since disk or database are away, never is the last.
        """
        try:
            with self._context.write() as session:
                row = lease.lock(session)
                row.attempts = max(row.attempts, least) if counts else min(row.attempts, self._most_uncounted)
                pause = min(2**row.attempts, _LONGEST_PAUSE)
                row.status = DraftState.FAILED
                row.error = error
                row.due = self._context.clock() + timedelta(seconds=pause)
                row.modified = self._context.clock()
                row.revision += 1
                release(row, done=False)
        except LostLeaseError:
            logger.info("draft %s was finished, or given up, before its failure was noted", lease.draft)
        except OpendataError:
            logger.exception("draft %s: the failure could not be noted", lease.draft)

    @property
    def _most_uncounted(self) -> int:
        return min(_UNCOUNTED, self._context.settings.max_attempts - 1)

    def _memory_size(self) -> int:
        return self._context.settings.work_memory_bytes >> 20

    def _give_up(self, lease: Lease) -> None:
        """Stop trying; somebody has to look. What was kept stays, and a retry can be asked for."""
        with self._context.write() as session:
            row = lease.lock(session)
            row.status = DraftState.FAILED
            known = row.error if row.error and row.error["type"] != "WorkerDied" else None
            failure: Failure = known or {"type": "WorkerDied", "code": "worker-died"}
            row.error = {**failure, "final": True}
            row.due = self._context.clock() + timedelta(days=36500)
            row.modified = self._context.clock()
            row.revision += 1
            release(row, done=False)
            dataset = session.get(Dataset, row.dataset_id)
            written = row.target and self._context.public.has_record(manifest_key(row.dataset_id, row.target))
            if dataset is not None and dataset.publishing_id == row.id and not written:
                dataset.publishing_id = None
                row.target = row.target_manifest = row.target_reasons = None


def _try_each(steps: Mapping[str, Callable[[], object]]) -> None:
    """Take each step, whatever happens to the others."""
    for name, step in steps.items():
        try:
            step()
        except BackendError as error:
            logger.warning("%s will be tried again: %s", name, error)
        except Exception:
            logger.exception("this failed and will be tried again: %s", name)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or str(error) == "can't start new thread"


def _describe(error: Exception) -> Failure:
    if isinstance(error, OpendataError):
        told = error.describe()
        return {"type": type(error).__name__, "message": told["message"], "params": told["params"]}
    return {"type": type(error).__name__, "detail": str(error)[:1000]}
