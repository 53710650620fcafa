"""The input options are exactly these: a changed line here is a changed defence."""

from telecine.core.limits import MediaLimits
from telecine.media.safe_input import safe_input

LIMITS = MediaLimits(pixels=1000, streams=8)


def test_a_movie_is_opened_by_its_demuxer_alone() -> None:
    assert " ".join(safe_input("mov", "input/0/source", LIMITS)) == (
        "-protocol_whitelist file,pipe -format_whitelist mov -f mov -enable_drefs 0 -use_absolute_path 0 "
        "-max_streams 8 -max_pixels 1000 -max_alloc 16000 -probesize 50000000 -analyzeduration 20000000 "
        "-i file:input/0/source"
    )


def test_only_movies_get_the_options_of_movies() -> None:
    assert "-enable_drefs" not in safe_input("matroska", "x", LIMITS)


def test_a_name_is_kept_from_being_an_option() -> None:
    assert safe_input("mov", "-i.mp4", LIMITS)[-2:] == ["-i", "file:-i.mp4"]
