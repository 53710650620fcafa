"""Leaves nothing of an object that was begun and never finished, whoever began it and however he ended."""

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.store import Position, Store


def discard(store: Store, folder: str, position: Position | None) -> None:
    """Remove everything in `folder`, finished or not, and what goes on at `position`. Raises what the store raises.

    Nobody may be writing there, and nothing else may lie there.
    """
    if position is not None:
        # A store may allow this to keys that may not list unfinished objects.
        try:
            store.resume(position).abort()
        except TelecineError as error:
            if error.kind is not ErrorKind.OBJECT_MISSING:
                raise
    store.clear_unfinished(f"{folder}/")
    store.delete([info.key for info in store.list(f"{folder}/")])
