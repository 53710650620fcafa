"""Reads what `ffmpeg -progress pipe:1` says and tells how far it is.

ffmpeg says something twice a second even when it hangs, so the sandbox's watchdog cannot see a hang; this one can.
"""

import time
from collections.abc import Callable
from fractions import Fraction

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Tick


class FfmpegProgress:
    """Takes ffmpeg's lines one by one, for work on `total` seconds of media.

    `rate` is the frames per second of the first video output, whose frames are counted; None for sound alone, where
    the output's time counts. `report` gets a Tick in media seconds for every block of lines, and may raise.
    Raises STALLED where nothing has moved for `stall_seconds`.
    """

    def __init__(
        self, total: Fraction, rate: Fraction | None, report: Callable[[Tick], None], stall_seconds: float
    ) -> None:
        self._total = float(total)
        self._rate = float(rate) if rate else None
        self._report = report
        self._stall_seconds = stall_seconds
        self._done = 0.0
        self._speed: float | None = None
        self._signs: dict[str, str] = {}
        self._moved = ("", time.monotonic())

    def __call__(self, line: str) -> None:
        """Take one line, `key=value`; a block of them ends with `progress=`."""
        key, _, value = line.partition("=")
        self._signs[key] = value.strip()
        if key == "progress":
            self._take_block()

    def _take_block(self) -> None:
        if self._rate:
            self._done = _number(self._signs.get("frame")) / self._rate
        else:
            self._done = _number(self._signs.get("out_time_us")) / 1e6
        self._speed = _number(self._signs.get("speed", "").removesuffix("x")) or None
        self._watch()
        self._report(Tick(min(self._done, self._total), self._total, self._speed))

    def _watch(self) -> None:
        """Between its frames ffmpeg may fill encoders' queues: only no sign at all of movement is a stall."""
        signs = " ".join(self._signs.get(key, "") for key in ("frame", "out_time_us", "total_size"))
        now = time.monotonic()
        if signs != self._moved[0]:
            self._moved = (signs, now)
        elif now - self._moved[1] > self._stall_seconds:
            raise TelecineError(ErrorKind.STALLED, f"ffmpeg made nothing for {self._stall_seconds:g} s.")


def _number(text: str | None) -> float:
    """The number in `text`; 0 where ffmpeg has none yet and says N/A."""
    try:
        return max(0.0, float(text or 0))
    except ValueError:
        return 0.0
