"""What the numbers of the pictures mean: carried, and said where a change of size would unsay it."""

from telecine.core.enhance.resolution import Frame
from telecine.core.media_info import VideoTrack
from telecine.core.plan import Colour
from telecine.core.plan_picture import KNOWN_MATRICES, KNOWN_PRIMARIES, KNOWN_TRANSFERS, source_colour

_FULL_HD_ERA = 720
"""Lines from which players take unsigned pictures for BT.709, and below which for BT.601."""


def carried_colour(track: VideoTrack, frame: Frame, warnings: list[str]) -> Colour:
    """The source's signalling, for every stage and the target; unset where the source says nothing.

    No stage changes the numbers. But where an unsigned source goes over the size at which players guess differently,
    what they guessed of the source is written into the target, and said in `warnings`.
    """
    guessed = source_colour(track)
    if not track.color_space and (track.height >= _FULL_HD_ERA) != (frame.height >= _FULL_HD_ERA):
        warnings.append(f"the source does not say its colours; {guessed.matrix}, as players take it, is written down.")
        return guessed
    return Colour(
        primaries=track.color_primaries if track.color_primaries in KNOWN_PRIMARIES else "",
        transfer=track.color_transfer if track.color_transfer in KNOWN_TRANSFERS else "",
        matrix=track.color_space if track.color_space in KNOWN_MATRICES else "",
        range="pc" if track.pixel_format.startswith("yuvj") else track.color_range,
        mastering_display=track.mastering_display,
        content_light=track.content_light,
    )
