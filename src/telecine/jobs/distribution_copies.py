"""Copies for a few recipients, several at once, each with its row: begun, complete, or failed with its reason.

What fails for one recipient does not keep the others of his batch from theirs. A failure that another try may mend is
raised when all have been tried; whoever tries again finds those that are complete.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Lock

from temporalio import activity
from temporalio.exceptions import FailureError

from telecine.catalog import copies
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import Cancelled, TelecineError
from telecine.core.progress import Tick
from telecine.core.watermark.recipients import RecipientKeys
from telecine.jobs import failures
from telecine.jobs.active_step import ActiveStep
from telecine.jobs.distribution_steps import upload_spliced
from telecine.jobs.prepared import Entry
from telecine.jobs.recipient_folders import copy_key, folder_of
from telecine.media.side_by_side import side_by_side
from telecine.storage.store import Store

AT_ONCE = 4
"""Copies under way in one batch: enough to wait for a storage's answers, and each holds one piece in memory."""

type Order = tuple[CopyTask, Recipient]


def orders(step: ActiveStep, recipients: Sequence[int]) -> list[Order]:
    """The copies of these recipients in the step's job. Raises NOT_FOUND where one has none."""
    with step.services.database.read() as s:
        return [copies.one_of(s, step.job.site_id, step.job.id, one) for one in recipients]


class Batch:
    """The copies of one batch, while an activity makes them."""

    def __init__(self, step: ActiveStep, entry: Entry, keys: RecipientKeys, store: Store) -> None:
        self._step = step
        self._entry = entry
        self._keys = keys
        self._store = store
        self._spec = step.spec
        self._tries = activity.info().attempt
        self._stop = Event()
        self._lock = Lock()
        self._shares: dict[int, float] = {}
        self._begun: set[int] = set()
        self._before = 0
        self._made = 0
        self._again: list[TelecineError] = []

    def make(self, wanted: Sequence[Order]) -> int:
        """Make the copies that are not complete; returns how many of `wanted` are complete then.

        Raises a failure that another try may mend, `Cancelled`, and Temporal's where the attempt is over.
        """
        begun = time.monotonic()
        todo = [recipient for task, recipient in wanted if task.state is not CopyState.COMPLETE]
        self._begun = {recipient.id for task, recipient in wanted if task.state is not CopyState.READY}
        self._shares = {recipient.id: 0.0 for recipient in todo}
        self._before = len(wanted) - len(todo)
        side_by_side([partial(self._one, recipient) for recipient in todo], AT_ONCE, self._stop)
        if self._made:
            size = self._made * self._entry.prepared.size
            about: dict[str, object] = {"copies": self._made, "seconds": round(time.monotonic() - begun, 2)}
            self._step.tell(f"{self._made} copies made, {size:,} bytes.", data=about)
        if self._again:
            raise self._again[0]
        return self._before + self._made

    def _one(self, recipient: Recipient) -> None:
        if not write(self._step, copies.begin, recipient.id):
            return
        try:
            self._upload(recipient)
        except (Cancelled, FailureError):
            raise
        except TelecineError as error:
            self._failed(recipient, error)
        except Exception as error:
            self._failed(recipient, failures.unexpected(error, self._step.phase.value))

    def _upload(self, recipient: Recipient) -> None:
        key = copy_key(self._spec, recipient.name, self._entry.prepared.suffix)
        if recipient.id in self._begun or self._step.ref.attempt > 1:  # whoever did may have been killed
            self._store.clear_unfinished(f"{folder_of(self._spec, recipient.name)}/")
        size = upload_spliced(self._entry, self._keys, recipient.id, key, self._store, partial(self._report, recipient))
        if write(self._step, copies.complete, recipient.id, key, size):
            with self._lock:
                self._made += 1

    def _report(self, recipient: Recipient, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Cancelled
        with self._lock:
            self._shares[recipient.id] = done / total
            tick = Tick(self._before + sum(self._shares.values()), float(self._before + len(self._shares)))
        self._step.report(tick)

    def _failed(self, recipient: Recipient, error: TelecineError) -> None:
        final = failures.final(error, self._tries)
        if final:
            write(self._step, copies.fail, recipient.id, error)
        else:
            with self._lock:
                self._again.append(error)
        fate = "" if final else " It will be tried again."
        about: dict[str, object] = {"recipient": recipient.id, "kind": error.kind.value}
        self._step.tell(f"The copy of {recipient.name} failed: {error}{fate}", level="warning", data=about)


def write(step: ActiveStep, word: Callable[..., bool], recipient: int, *more: object) -> bool:
    """Write `word`, of `catalog.copies`, to a copy's row; False where it is complete already.

    Raises Temporal's failures where the attempt is over, or somebody asked to stop.
    """
    with step.services.database.write() as s:
        written = word(s, step.ref.job_id, step.ref.attempt, recipient, *more)
    if not written:
        step.check()
    return written
