"""Where each preview picture is."""

from fractions import Fraction

from tests import plans

from telecine.core.plan import Colour
from telecine.media.thumbnails import Sheet, lay_out, rendition, sprite_arguments, sprite_map

HOUR = plans.plan(video=(plans.video("v0", size=(1920, 1080)),), duration=Fraction(3600), gop=Fraction(2))


def test_a_picture_every_ten_seconds_on_the_grid_a_hundred_to_a_sprite():
    sheet = lay_out(HOUR, HOUR.video[0])
    assert sheet == Sheet(interval=Fraction(10), count=360, width=160, height=90)
    assert (sheet.columns, sheet.rows) == (10, 10)
    entries = sprite_map(sheet, HOUR.duration, "sprite-%d.jpg").split("\n\n")[1:]
    assert len(entries) == 360
    assert entries[112] == "00:18:40.000 --> 00:18:50.000\nsprite-2.jpg#xywh=320,90,160,90"
    assert entries[-1].startswith("00:59:50.000 --> 01:00:00.000\nsprite-4.jpg")


def test_upright_pictures_keep_their_shape():
    sheet = lay_out(HOUR, plans.video("v0", size=(1080, 1920)))
    assert (sheet.width, sheet.height) == (90, 160)


def test_a_few_pictures_make_a_small_sprite():
    short = HOUR.model_copy(update={"duration": Fraction(25)})
    sheet = lay_out(short, short.video[0])
    assert (sheet.count, sheet.columns, sheet.rows) == (3, 3, 1)
    assert "00:00:20.000 --> 00:00:25.000" in sprite_map(sheet, short.duration, "sprite-%d.jpg")


def test_the_smallest_picture_in_standard_range_is_taken():
    small_hdr = plans.video("v0", size=(320, 180)).model_copy(update={"colour": Colour(transfer="smpte2084")})
    plan = plans.plan(video=(small_hdr, plans.video("v1", size=(1280, 720)), plans.video("v2", size=(640, 360))))
    assert rendition(plan).name == "v2"


def test_only_keyframes_are_decoded():
    arguments = sprite_arguments(lay_out(HOUR, HOUR.video[0]), ["in.mp4"], "out-%d.jpg")
    assert arguments[arguments.index("-skip_frame") + 1] == "nokey"
    assert arguments.index("-skip_frame") < arguments.index("-i")
    assert "tile=10x10" in arguments[arguments.index("-vf") + 1]
