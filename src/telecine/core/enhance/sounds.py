"""What becomes of the source's sounds: they are copied where the target's container takes them, else encoded."""

from collections.abc import Sequence

from telecine.core.enhance.options import Container
from telecine.core.enhance.plan import Sound
from telecine.core.enhance.targets import AUDIO, PCM
from telecine.core.media_info import AudioTrack

_AAC_BITRATES = {1: 128_000, 2: 256_000, 6: 512_000, 8: 640_000}
"""Bits per second by channels: generous, for what is made is often worked on again."""

_AAC_CHANNELS = 8
_MXF_SAMPLE_RATE = 48_000
"""Hz: the only one that the MXF writer knows."""


def plan_sounds(tracks: Sequence[AudioTrack], container: Container, notes: list[str]) -> tuple[Sound, ...]:
    """A sound for each of `tracks`, with a line in `notes` for each that cannot be copied."""
    return tuple(_sound(track, container, notes) for track in tracks)


def _sound(track: AudioTrack, container: Container, notes: list[str]) -> Sound:
    copied = track.codec in AUDIO[container] or track.codec in PCM[container]
    if copied and not (container == Container.MXF and track.sample_rate != _MXF_SAMPLE_RATE):
        return Sound(stream=track.index, language=track.language)
    made = "pcm_s24le" if PCM[container] else "aac"
    channels = min(track.channels, _AAC_CHANNELS)
    bitrate = _AAC_BITRATES.get(channels, 96_000 * channels) if made == "aac" else None
    notes.append(f"sound {track.order + 1}: {container} does not take {track.codec}; {made} is made of it.")
    return Sound(
        stream=track.index,
        codec=made,
        bitrate=bitrate,
        sample_rate=_MXF_SAMPLE_RATE if container == Container.MXF else None,
        language=track.language,
    )
