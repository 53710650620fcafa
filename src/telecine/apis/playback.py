"""Playback tokens: what proves, for some minutes, that a viewer may play a content, and how large."""

from dataclasses import dataclass
from datetime import datetime

from telecine.apis.signed import Signed
from telecine.core.drm import PLAYBACK_LABELS, Label, PlaybackTracks
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Playback:
    """What a token opens: these tracks of this content of this site."""

    site_id: str
    content_id: str
    tracks: PlaybackTracks = PlaybackTracks.ALL

    def opens(self, content_id: str, label: Label) -> bool:
        """Whether it opens what the key of this content and label is for."""
        return content_id == self.content_id and label in PLAYBACK_LABELS[self.tracks]


class PlaybackTokens(Signed):
    """Issues and reads playback tokens. Neither is an API token a playback token nor the other way round."""

    def __init__(self, master_key: bytes) -> None:
        super().__init__(master_key, "telecine playback token v1", "playback")

    def issue(self, playback: Playback, now: datetime, seconds: int) -> str:
        """A new token, good for `seconds`: FIELD_OUT_OF_RANGE unless that is from one second to one day."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"it must be 1 to {LONGEST_SECONDS}.", field="seconds")
        body = {"sub": playback.content_id, "site": playback.site_id, "tracks": playback.tracks.value}
        return self.sign(body, now, seconds)

    def read(self, token: str, now: datetime) -> Playback:
        """What `token` opens. Raises TOKEN_EXPIRED, and TOKEN_INVALID for whatever else is wrong with it."""
        claims = self.claims(token, now)
        try:
            return Playback(str(claims["site"]), str(claims["sub"]), PlaybackTracks(claims["tracks"]))
        except (KeyError, ValueError) as error:
            raise TelecineError(ErrorKind.TOKEN_INVALID) from error
