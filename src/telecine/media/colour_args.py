"""What every encoder is told of colours, so that players read the numbers as they were meant."""

from telecine.core.plan import Colour


def colour_signalling(colour: Colour) -> list[str]:
    """Output options of ffmpeg that write a picture's colours down; none for what is not known."""
    named = {
        "-color_primaries": colour.primaries,
        "-color_trc": colour.transfer,
        "-colorspace": colour.matrix,
        "-color_range": colour.range,
    }
    return [part for option, value in named.items() if value for part in (option, value)]
