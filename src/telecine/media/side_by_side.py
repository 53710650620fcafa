"""Parts of one step that run beside each other, each in a thread: the first that fails ends the others."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event

from telecine.core.errors import Cancelled
from telecine.core.progress import Tick
from telecine.media.context import Context


def side_by_side(parts: Iterable[Callable[[], object]], at_once: int, stop: Event) -> None:
    """Do all parts, `at_once` at a time, and return when all have ended.

    The first failure, or an interrupt, sets `stop`, which the parts heed by working in a `stoppable` context, and lets
    none begin any more. Raises what went wrong: the cause rather than the `Cancelled` that it brought on the others.
    """
    with ThreadPoolExecutor(at_once, "part") as pool:
        work = [pool.submit(part) for part in parts]
        try:
            wait(work, return_when=FIRST_EXCEPTION)
        finally:
            if not all(one.done() for one in work):
                stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    _raise_first(work)


def stoppable(context: Context, stop: Event) -> Context:
    """The same surroundings, in which work also ends, with `Cancelled`, once `stop` is set."""

    def poll() -> None:
        if stop.is_set():
            raise Cancelled
        context.poll()

    def report(tick: Tick) -> None:
        if stop.is_set():
            raise Cancelled
        context.report(tick)

    return replace(context, poll=poll, report=report)


def _raise_first(work: Iterable[Future[object]]) -> None:
    raised = [error for one in work if not one.cancelled() and (error := one.exception())]
    if raised:
        raise next((error for error in raised if not isinstance(error, Cancelled)), raised[0])
