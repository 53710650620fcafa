"""Encryption for real: Shaka Packager encrypts, FFmpeg decrypts, and every DRM system is told about the key."""

import re
from dataclasses import replace

import av
import pytest
from tests import plans
from tests.keys import keys_of, known_key
from tests.media import packaging
from tests.media.packaging import Programme, packaged, plan_of

from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.layout import main_manifests
from telecine.media.package import package
from telecine.media.verify import verify

PICTURES = (plans.video("v0", size=(160, 90)), plans.video("v1", size=(1280, 720)))
TREES = (plans.tree("dash"), plans.tree("hls"), plans.tree("cmaf"))


def job(*trees, scheme="cbcs", **wanted):
    return plans.protected(plan_of(*(trees or TREES), video=PICTURES), scheme=scheme, **wanted)


def packets(path, kind: str, key: bytes | None = None) -> list[bytes]:
    options = {"decryption_key": key.hex()} if key else {}
    with av.open(path, format="mp4", options=options) as container:
        return [bytes(packet) for packet in container.demux(container.streams.best(kind)) if packet.size]


def whole(programme: Programme, tree: str, folder: str, first: int = 1) -> bytes:
    """A rendition's init segment and its segments from number `first`, as one file."""
    root = programme.tree / tree / folder
    segments = sorted(root.glob("seg*-*.m4s"), key=lambda path: int(re.search(r"-(\d+)\.", path.name)[1]))
    return b"".join(path.read_bytes() for path in [root / "init.mp4", *segments[first - 1 :]])


@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
@pytest.mark.parametrize("multi_key", [False, True])
def test_every_track_decrypts_with_its_labels_key_to_what_was_encoded(tmp_path, scheme, multi_key):
    programme = packaged(tmp_path, job(scheme=scheme, multi_key=multi_key))
    made = tmp_path / "whole.mp4"
    for tree in programme.plan.trees:
        for name, label in tree.protection.labels.items():
            kind = "video" if name.startswith("v") else "audio"
            folder = {"v0": "video/avc1/1", "v1": "video/avc1/2", "a0": "audio/en/mp4a/1"}[name]
            encoded = (programme.workspace.video if kind == "video" else programme.workspace.audio)(name)
            made.write_bytes(whole(programme, tree.folder, folder))
            key = known_key("content", label).key
            assert packets(made, kind, key) == packets(encoded, kind)
            assert packets(made, kind, b"wrong key of 16b") != packets(encoded, kind)
            assert packets(made, kind) != packets(encoded, kind), "it is encrypted"


def test_the_clear_lead_is_clear_and_the_rest_is_not(tmp_path):
    programme = packaged(tmp_path, job(plans.tree("cmaf"), clear_lead=2.5))
    made = tmp_path / "part.mp4"
    root = programme.tree / "cmaf/video/avc1/1"
    encoded = set(packets(programme.workspace.video("v0"), "video"))
    clear = []
    for number in range(1, 5):
        made.write_bytes((root / "init.mp4").read_bytes() + (root / f"seg-{number}.m4s").read_bytes())
        clear.append(set(packets(made, "video")) <= encoded)
    assert clear == [True, True, False, False], "two segments of 2.002 s"
    playlist = programme.read("cmaf/video/avc1/1/stream.m3u8")
    assert playlist.index("seg-2.m4s") < playlist.index("#EXT-X-KEY") < playlist.index("seg-3.m4s")


def test_skipped_audio_is_clear_and_not_signalled(tmp_path):
    programme = packaged(tmp_path, job(plans.tree("cmaf"), skip_audio=True))
    made = tmp_path / "whole.mp4"
    made.write_bytes(whole(programme, "cmaf", "audio/en/mp4a/1"))
    assert packets(made, "audio") == packets(programme.workspace.audio("a0"), "audio")
    assert "EXT-X-KEY" not in programme.read("cmaf/audio/en/mp4a/1/stream.m3u8")
    sound = programme.read("cmaf/stream.mpd").partition('contentType="audio"')[2].partition("</AdaptationSet>")[0]
    assert "ContentProtection" not in sound


def test_manifests_for_some_screens_stand_beside_the_full_ones(tmp_path):
    programme = packaged(tmp_path, job(multi_key=True, track_types=True))
    assert set(main_manifests(programme.plan)) <= set(programme.files())
    small = programme.read("dash/stream_SD_ONLY.mpd")
    assert "video/avc1/1/" in small
    assert "video/avc1/2/" not in small
    assert "video/avc1/2/" in programme.read("dash/stream_SD_HD.mpd")
    hd = known_key("content", Label.HD).kid.hex()
    assert hd in programme.read("hls/master.m3u8")
    assert hd not in programme.read("hls/master_SD_ONLY.m3u8")


def test_keys_are_on_no_command_line_and_in_no_file(tmp_path):
    programme = packaged(tmp_path, job(multi_key=True))
    secrets = [key.key for key in keys_of(programme.plan.trees[0].protection).values()]
    assert programme.commands
    for secret in secrets:
        assert not any(secret.hex() in line for line in programme.commands)
        for path in tmp_path.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert secret not in content, path
            assert secret.hex().encode() not in content, path


def test_without_keys_nothing_is_made(tmp_path):
    programme = packaging.workspace_of(tmp_path, job())
    with pytest.raises(TelecineError) as caught:
        package(programme.plan, programme.workspace, packaging.context(programme))
    assert caught.value.kind is ErrorKind.KEYS_REFUSED
    assert not programme.files()


def test_every_trees_keys_are_there_before_the_first_tree_is_made(tmp_path):
    """Else a key server that goes away, or a rotation, meets a job whose trees are made in part."""
    programme = packaging.workspace_of(tmp_path, job(plans.tree("dash"), plans.tree("hls")))
    asked = []

    def keys(protection):
        asked.append(protection)
        if len(asked) > 1:
            raise TelecineError(ErrorKind.KEYS_UNREACHABLE, "it is gone.")
        return keys_of(protection)

    with pytest.raises(TelecineError) as caught:
        package(programme.plan, programme.workspace, packaging.context(programme), keys)
    assert caught.value.kind is ErrorKind.KEYS_UNREACHABLE
    assert not programme.files()


def test_a_packager_that_repeats_what_it_read_gives_no_key_away(tmp_path):
    programme = packaging.workspace_of(tmp_path / "job", job(plans.tree("dash")))
    tool = tmp_path / "packager"
    tool.write_text("#!/bin/sh\ncat >&2\nexit 1\n")
    tool.chmod(0o755)
    context = packaging.context(programme)
    with pytest.raises(TelecineError) as caught:
        package(
            programme.plan,
            programme.workspace,
            replace(context, tools=replace(context.tools, packager=tool)),
            keys_of,
        )
    assert caught.value.kind is ErrorKind.PACKAGE_FAILED
    key = known_key("content", Label.ALL)
    assert key.kid.hex() in caught.value.detail
    assert key.key.hex() not in caught.value.detail


def test_init_segments_hold_one_box_per_system(tmp_path):
    programme = packaged(tmp_path, job(plans.tree("cmaf"), multi_key=True))
    for folder, label in (("video/avc1/1", Label.SD), ("video/avc1/2", Label.HD), ("audio/en/mp4a/1", Label.AUDIO)):
        init = (programme.tree / "cmaf" / folder / "init.mp4").read_bytes()
        assert init.count(b"pssh") == 3
        kids = {known_key("content", other).kid for other in (Label.SD, Label.HD, Label.AUDIO)}
        found = {kid for kid in kids if kid in init}
        assert found == {known_key("content", label).kid}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_encrypted_transport_streams_say_fairplay(tmp_path, codec):
    plan = plan_of(plans.tree("hls", transport_stream=True), video=(plans.video("v0", codec),))
    programme = packaged(tmp_path, plans.protected(plan))
    entry = "avc1" if codec == "h264" else "hvc1"
    playlist = programme.read(f"hls/video/{entry}/1/stream.m3u8")
    formats = re.findall(r'KEYFORMAT="([^"]+)"', playlist)
    if codec == "h264":
        assert formats == ["com.apple.streamingkeydelivery"]
        assert ",IV=0x" in playlist
    else:
        assert len(formats) == 4, "h265 is in fragmented MP4"


def test_every_scheme_is_signalled_in_every_format(tmp_path):
    programme = packaged(tmp_path, job(scheme="cenc", clear_lead=1))
    for tree in ("hls", "cmaf"):
        for name in ("video/avc1/1/stream.m3u8", "video/avc1/1/iframes.m3u8", "audio/en/mp4a/1/stream.m3u8"):
            text = programme.read(f"{tree}/{name}")
            assert text.count("METHOD=SAMPLE-AES-CTR,") == 3, "FairPlay does not know cenc"
            segment = "segment" if tree == "hls" else "seg"
            assert text.index(f"{segment}-1.m4s") < text.index("#EXT-X-KEY") < text.index(f"{segment}-2.m4s")


def test_a_key_without_iv_gets_one_that_transport_streams_name(tmp_path):
    plan = plans.protected(plan_of(plans.tree("hls", transport_stream=True), video=(plans.video("v0"),)))
    programme = packaging.workspace_of(tmp_path, plan)
    bare = {label: replace(key, iv=b"") for label, key in keys_of(plan.trees[0].protection).items()}
    package(plan, programme.workspace, packaging.context(programme), lambda _protection: bare)
    assert re.search(r",IV=0x[0-9a-f]{32}", programme.read("hls/video/avc1/1/stream.m3u8"))
    ids = {key.kid: key.key for key in bare.values()}
    report = verify(plan, programme.workspace, packaging.context(programme), ids)
    assert report.ok, report.explain()
