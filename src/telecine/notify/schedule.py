"""When a message that was not taken is tried again. Pure: the dice are passed in."""

FIRST_SECONDS = 5.0
GROWTH = 3.0
LONGEST_SECONDS = 8 * 3600.0
RETRIES = 16
"""Tries after the first; with the pauses below they span about three days."""

SPREAD = 0.2
"""A pause is up to this share shorter or longer, so that a target that comes back is not met by all at once."""

LONGEST_WISH = 24 * 3600.0
"""What a target may ask for by Retry-After, at most, in seconds."""


def pause(failures: int, dice: float, retry_after: float | None = None) -> float | None:
    """Seconds until the next try after `failures` (from 1) failed ones; None when it is time to give up.

    `dice` is a random number from 0 to 1. `retry_after`, where the target wished for one, is respected: the pause
    is never shorter than it, up to a day.
    """
    if failures > RETRIES:
        return None
    plain = min(LONGEST_SECONDS, FIRST_SECONDS * GROWTH ** (failures - 1))
    seconds = plain * (1 - SPREAD + 2 * SPREAD * dice)
    return max(seconds, min(retry_after or 0.0, LONGEST_WISH))
