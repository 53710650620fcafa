"""What was looked up a moment ago. Viewers ask for many files of few titles, and the catalog should not notice."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic


class Fresh[K: Hashable, V]:
    """The last `most` values that were loaded within `seconds`. Safe to share between threads.

    Threads that miss the same key at once may each load it: a lookup costs less than making them wait for each other.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, load: Callable[[], V]) -> V:
        """The value of `key`, from `load` where none is fresh. What `load` raises goes on, and nothing is kept."""
        now = monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < self._seconds:
            return kept[1]
        value = load()
        with self._lock:
            self._kept[key] = (now, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value

    def forget(self, key: K) -> None:
        """Load `key` anew next time."""
        with self._lock:
            self._kept.pop(key, None)
