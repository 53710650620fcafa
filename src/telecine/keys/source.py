"""What every source of content keys can do, so that nobody who encrypts knows which kind it is."""

from collections.abc import Collection
from typing import Protocol

from telecine.core.drm import ContentKey, Label, Scheme


class KeySource(Protocol):
    """The keys of one site. Safe to share between threads."""

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        """A key for each of `labels`: the same again for the same content until somebody rotates it.

        Raises KEYS_UNREACHABLE where a key server did not answer (another try may help), KEYS_REFUSED where it said
        no or answered something that cannot be used.
        """
