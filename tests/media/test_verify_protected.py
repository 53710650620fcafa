"""Encrypted trees: whole ones pass, and in trees broken on purpose each fault is found and named with its file."""

import shutil
from base64 import b64encode
from dataclasses import replace
from uuid import UUID

import pytest
from tests import plans
from tests.keys import keys_of, known_key
from tests.media import packaging
from tests.media.breaking import Breakable
from tests.media.packaging import packaged, plan_of, workspace_of

from telecine.core.drm import SYSTEM_IDS, ContentKey, DrmSystem, Label, Scheme, Signal
from telecine.core.plan import Plan
from telecine.media.drm_boxes import playready_object
from telecine.media.package import package
from telecine.media.protection_boxes import read_fragment, read_init
from telecine.media.structure import boxes
from telecine.media.verify import judge, verify_tree
from telecine.media.workspace import Workspace

KEYS = {known_key("content", label).kid: known_key("content", label).key for label in Label}
SD, HD, AUDIO = (known_key("content", label).kid for label in (Label.SD, Label.HD, Label.AUDIO))
PICTURES = (plans.video("v0", size=(160, 90)), plans.video("v1", size=(1280, 720)))
SOUND = (plans.audio("a0"), plans.audio("a1", "ko", codec="ac3"))


def job(**wanted: object) -> Plan:
    """DASH in cenc, HLS in MPEG-TS and CMAF in cbcs, as a house usually has them."""
    trees = (plans.tree("dash"), plans.tree("hls", transport_stream=True), plans.tree("cmaf", "mp4_vtt"))
    subtitles = (plans.subtitle("s0", "en"),)
    plan = plan_of(*trees, video=PICTURES, audio=SOUND, subtitles=subtitles)
    cenc, cbcs = (plans.protected(plan, scheme, **wanted) for scheme in ("cenc", "cbcs"))
    return plan.model_copy(update={"trees": (cenc.trees[0], *cbcs.trees[1:])})


PLAN = job(multi_key=True, clear_lead=2, track_types=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return packaged(tmp_path_factory.mktemp("whole"), PLAN)


@pytest.fixture
def broken(whole, tmp_path):
    shutil.copytree(whole.workspace.root, tmp_path / "job")
    return Breakable(PLAN, Workspace(tmp_path / "job"), keys=dict(KEYS))


def test_a_whole_tree_passes_with_every_check_asked(broken):
    report = broken.report()
    assert report.ok, report.explain()
    assert {check.name for check in report.checks if check.outcome == "skipped"} == {"thumbnails"}
    assert report.check("decryption").detail == "12 renditions decrypted with 3 keys"
    assert report.check("samples").detail == "2652 samples compared with the encoder's files"


def test_a_tree_alone_is_decrypted_with_the_keys_that_are_there(broken):
    context = packaging.context(broken)
    assert verify_tree(broken.tree, context, KEYS).ok
    report = verify_tree(broken.tree, context, {AUDIO: KEYS[AUDIO]})
    assert report.ok, report.explain()
    assert report.check("decryption").detail == (
        f"6 renditions decrypted with 1 keys; no key for KID {', '.join(sorted([SD.hex(), HD.hex()]))}"
    )


def test_without_keys_a_tree_alone_is_judged_from_outside(broken):
    context = packaging.context(broken)
    report = verify_tree(broken.tree, context)
    assert report.ok, report.explain()
    assert report.check("decryption").outcome == "skipped"
    assert AUDIO.hex() in report.check("decryption").detail
    broken.change("cmaf/stream.mpd", r'default_KID="\w', 'default_KID="0')
    assert not verify_tree(broken.tree, context).ok


def test_a_job_without_its_keys_is_at_fault(broken):
    del broken.keys[HD]
    found = broken.faults("decryption")
    assert f"dash/video/avc1/2: cannot be decrypted: there is no key with the id {HD.hex()}" in found
    assert len(found) == 3


@pytest.mark.parametrize("tree", ["dash", "hls", "cmaf"])
def test_a_wrong_key_opens_nothing(broken, tree):
    broken.keys[SD] = broken.keys[HD]
    assert any(fault.startswith(f"{tree}/video/avc1/1/") for fault in broken.faults("samples"))


@pytest.mark.parametrize(
    "name",
    [
        "dash/video/avc1/2/seg-2.m4s",
        "dash/audio/en/mp4a/1/seg-3.m4s",
        "hls/video/avc1/1/segment-3.ts",
        "hls/audio/en/mp4a/1/segment-2.aac",
        "cmaf/video/avc1/1/seg-2.m4s",
        "cmaf/audio/ko/ac-3/1/seg-4.m4s",
        "cmaf/video/avc1/1/seg-1.m4s",
    ],
)
def test_one_flipped_bit_in_a_segment_is_found_and_the_file_is_named(broken, name):
    broken.flip(name, 0.8)
    assert any(fault.startswith(f"{name}: ") for check in broken.report().checks for fault in map(str, check.faults))


@pytest.mark.parametrize(
    ("name", "missing"), [("dash/video/avc1/1/seg-3.m4s", 100), ("hls/audio/en/mp4a/1/segment-2.aac", 5)]
)
def test_a_short_segment_is_found(broken, name, missing):
    broken.cut(name, missing)
    (fault,) = broken.faults("structure")
    assert fault.startswith(f"{name}: ")


WIDEVINE = r'<ContentProtection schemeIdUri="urn:uuid:edef8ba9[^>]*>.*?</ContentProtection>'
HD_FILE, SOUND_FILE = "hls/video/avc1/2/stream.m3u8", "hls/audio/en/mp4a/1/stream.m3u8"
HD_CMAF, HD_IFRAMES = "cmaf/video/avc1/2/stream.m3u8", "cmaf/video/avc1/2/iframes.m3u8"


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "check", "says"),
    [
        ("hls/master.m3u8", r":BANDWIDTH=\d+", ":BANDWIDTH=1000", "bandwidth", "hls/master.m3u8: BANDWIDTH of the"),
        ("dash/stream.mpd", r'_KID="\w{8}', '_KID="01234567', "key ids", "dash/stream.mpd: says default_KID 01234567"),
        ("dash/stream_SD_ONLY.mpd", r'_KID="\w{8}', '_KID="01234567', "key ids", "SD_ONLY.mpd: says default_KID 0123"),
        ("dash/stream.mpd", r' cenc:default_KID="[^"]*"', "", "key ids", "says no default_KID of dash/video/avc1/1"),
        ("dash/stream.mpd", r'value="cenc"', 'value="cbcs"', "key ids", "stream.mpd: says cbcs of dash/video/avc"),
        ("cmaf/stream.mpd", r"(?s)<cenc:pssh>[^<]*", "<cenc:pssh>AAAA", "key ids", "cmaf/stream.mpd: what it tells wi"),
        ("cmaf/stream.mpd", r"(?s)<mspr:pro>[^<]*", "<mspr:pro>AAAA", "key ids", "cmaf/stream.mpd: what it tells play"),
        ("cmaf/stream.mpd", f"(?s){WIDEVINE}", "", "protection", "stream.mpd: does not tell widevine how vid"),
        ("cmaf/stream.mpd", r"(?s)<ContentProtection.*?(<Role)", r"\1", "protection", "stream.mpd: does not say that"),
        ("cmaf/stream.mpd", f"(?s)({WIDEVINE})", r"\1\1", "manifests", "stream.mpd: has the ContentProtection urn"),
        (HD_CMAF, r"KEYID=0x\w{8}", "KEYID=0x01234567", "key ids", f"{HD_CMAF}: what it tells widevine means key 012"),
        (HD_CMAF, r"kid=\w{8}", "kid=01234567", "key ids", f"{HD_CMAF}: what it tells fairplay means key 01234567"),
        (HD_IFRAMES, r"kid=\w{8}", "kid=01234567", "key ids", f"{HD_IFRAMES}: what it tells fairplay means key 01234"),
        (HD_CMAF, r"#EXT-X-KEY.*skd.*\n", "", "protection", f"{HD_CMAF}: does not tell fairplay how video track"),
        (HD_CMAF, r"(#EXT-X-KEY.*skd.*\n)", r"\1\1", "manifests", f"{HD_CMAF}: has two key lines with KEYFORMAT com.a"),
        (HD_FILE, r"#EXT-X-KEY.*\n", "", "protection", f"{HD_FILE}: does not say that hls/video/avc1/2 is encrypted"),
        ("hls/video/avc1/2/iframes.m3u8", r"#EXT-X-KEY.*\n", "", "protection", "iframes.m3u8: has no key line for hls"),
        (HD_FILE, r"SAMPLE-AES", "SAMPLE-AES-CTR", "key ids", f"{HD_FILE}: says SAMPLE-AES-CTR of hls/video/avc1/2"),
        (HD_FILE, r",IV=\w+", "", "decryption", "hls/video/avc1/2: cannot be decrypted: its key lines name no IV"),
        (HD_FILE, r",IV=0x\w{8}", ",IV=0x01234567", "samples", "hls/video/avc1/2/segment-2.ts: differs from what was"),
        (SOUND_FILE, r"kid=\w{8}", "kid=01234567", "decryption", "hls/audio/en/mp4a/1: cannot be decrypted: there is"),
        ("hls/master.m3u8", r"#EXT-X-SESSION-KEY.*\n", "", "protection", "master.m3u8: has no EXT-X-SESSION-KEY"),
        ("cmaf/master.m3u8", r"(#EXT-X-SESSION-KEY.*\n)", r"\1\1", "protection", "the same EXT-X-SESSION-KEY twice"),
        ("cmaf/master.m3u8", r"SESSION-KEY(.*)skd://", r"SESSION-KEY\1skd://x", "protection", "none of its playlists"),
    ],
)  # fmt: skip
def test_what_a_manifest_says_wrongly_is_found(broken, name, pattern, replacement, check, says):
    broken.change(name, pattern, replacement)
    assert any(says in fault for fault in broken.faults(check)), broken.report().explain()


def test_a_key_line_before_the_clear_lead_is_found(broken):
    name = "cmaf/audio/en/mp4a/1/stream.m3u8"
    lines = broken.read(name).splitlines(keepends=True)
    keys = [line for line in lines if line.startswith("#EXT-X-KEY")]
    rest = [line for line in lines if line not in keys]
    first = next(number for number, line in enumerate(rest) if line.startswith("#EXTINF"))
    (broken.tree / name).write_text("".join([*rest[:first], *keys, *rest[first:]]))
    assert broken.faults("protection") == [f"{name}: has a key line for cmaf/audio/en/mp4a/1/seg-1.m4s, which is clear"]


def test_a_key_line_on_a_clear_track_is_found(broken):
    (key,) = [line for line in broken.read("hls/video/avc1/1/stream.m3u8").splitlines() if "EXT-X-KEY" in line]
    broken.change("hls/subtitle/en/subtitle.m3u8", "#EXTINF", f"{key}\n#EXTINF")
    assert broken.faults("protection") == [
        "hls/subtitle/en/subtitle.m3u8: says that hls/subtitle/en is encrypted, which is clear"
    ]


@pytest.mark.parametrize("kind", ["tenc", "widevine", "playready", "common"])
def test_a_wrong_key_id_in_an_init_segment_is_found(broken, kind):
    name = "cmaf/video/avc1/1/init.mp4"
    little = UUID(bytes=SD).bytes_le
    other = bytes(16)

    def changed(content: bytes) -> bytes:
        head, mark, systems = content.partition(b"pssh")
        if kind == "tenc":
            return head.replace(SD, other) + mark + systems
        if kind == "playready":
            said, lie = (b64encode(kid).decode().encode("utf-16-le") for kid in (little, other))
            return head + mark + systems.replace(said, lie)
        before, between, after = systems.split(SD)
        first, second = (other, SD) if kind == "widevine" else (SD, other)
        return head + mark + before + first + between + second + after

    broken.edit(name, changed)
    if kind == "tenc":
        assert any("cmaf/video/avc1/1" in fault and other.hex() in fault for fault in broken.faults("decryption"))
        assert any(fault.startswith("cmaf/stream.mpd: says default_KID") for fault in broken.faults("key ids"))
    else:
        (fault,) = broken.faults("key ids")
        called = "clearkey" if kind == "common" else kind
        assert fault.startswith(f"{name}: its pssh box of {called} means key {other.hex()}")


def test_a_playready_key_id_in_the_wrong_byte_order_is_told_so(broken):
    little = UUID(bytes=SD).bytes_le
    said, lie = (b64encode(kid).decode().encode("utf-16-le") for kid in (little, SD))
    broken.edit("dash/video/avc1/1/init.mp4", lambda content: content.replace(said, lie))
    (fault,) = broken.faults("key ids")
    assert "its bytes are in the wrong order" in fault


@pytest.mark.parametrize("name", ["dash/video/avc1/1/init.mp4", "dash/stream.mpd"])
def test_a_playready_checksum_of_another_key_is_found(broken, name):
    key = known_key("content", Label.SD)
    truth = playready_object(key, Scheme.CENC, "")
    lie = playready_object(replace(key, key=KEYS[HD]), Scheme.CENC, "")
    if name.endswith(".mpd"):
        truth, lie = b64encode(truth), b64encode(lie)
    broken.edit(name, lambda content: content.replace(truth, lie))
    (fault,) = broken.faults("key ids")
    assert fault.startswith(f"{name}: ")
    assert fault.endswith(f"has the checksum of another key than that of {SD.hex()}")


def test_another_scheme_in_the_sample_entry_is_found(broken):
    broken.edit("cmaf/video/avc1/1/init.mp4", lambda content: content.replace(b"schm\0\0\0\0cbcs", b"schm\0\0\0\0cenc"))
    assert "cmaf/video/avc1/1/init.mp4: is encrypted by cenc; the plan says cbcs" in broken.faults("encryption")


@pytest.mark.parametrize(
    ("lead", "name", "says"),
    [
        (0, "cmaf/video/avc1/1/seg-1.m4s", "is encrypted, but the first 2.002 s are to be clear"),
        (4, "cmaf/video/avc1/1/seg-2.m4s", "is clear, but is to be encrypted"),
        (0, "hls/audio/en/mp4a/1/segment-1.aac", "is encrypted, but the first 2.002 s are to be clear"),
        (4, "hls/video/avc1/1/segment-2.ts", "is clear, but is to be encrypted"),
    ],
)
def test_a_lead_of_another_length_is_found(broken, tmp_path, lead, name, says):
    """The segment is taken from a tree with another lead; its samples decrypt well, so only the lead is wrong."""
    other = packaged(tmp_path / "other", job(multi_key=True, clear_lead=lead))
    shutil.copy(other.tree / name, broken.tree / name)
    assert f"{name}: {says}" in broken.faults("encryption")


def test_a_clear_segment_after_encrypted_ones_is_found_without_a_plan(broken, tmp_path):
    name = "cmaf/video/avc1/1/seg-3.m4s"
    other = packaged(tmp_path / "other", job(multi_key=True, clear_lead=6))
    shutil.copy(other.tree / name, broken.tree / name)
    report = verify_tree(broken.tree, packaging.context(broken), KEYS)
    assert f"{name}: is clear, but segments before it are encrypted" in map(str, report.check("encryption").faults)


def test_a_track_that_should_be_clear_is_found(broken):
    """The plan of the same job with `skip_audio`."""
    broken.plan = job(multi_key=True, clear_lead=2, track_types=True, skip_audio=True)
    assert "hls/audio/en/mp4a/1/segment-2.aac: is encrypted, but the plan has its track clear" in broken.faults(
        "encryption"
    )


def test_a_track_that_should_be_encrypted_is_found(tmp_path):
    programme = packaged(tmp_path, job(multi_key=True, skip_audio=True))
    faulty = Breakable(job(multi_key=True), programme.workspace, keys=KEYS)
    says = "is clear, but the plan has it encrypted with the key for AUDIO"
    assert f"hls/audio/en/mp4a/1: {says}" in faulty.faults("encryption")
    assert f"cmaf/audio/ko/ac-3/1: {says}" in faulty.faults("encryption")


def test_encrypted_subtitles_are_found(broken):
    broken.edit("cmaf/subtitle/en/init.mp4", lambda content: sealed_entry(content, b"wvtt", b"enct", AUDIO))
    assert "cmaf/subtitle/en/seg-1.m4s: is encrypted, but the plan has its track clear" in broken.faults("encryption")
    report = verify_tree(broken.tree, packaging.context(broken), KEYS)
    assert "cmaf/subtitle/en/seg-1.m4s: is an encrypted subtitle, which no player expects" in map(
        str, report.check("encryption").faults
    )


def sealed_entry(init: bytes, kind: bytes, sealed_kind: bytes, kid: bytes) -> bytes:
    """An init segment whose sample entry says that its samples are encrypted."""

    def box(name: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4) + name + body

    tenc = box(b"tenc", bytes(6) + b"\1\0" + kid + b"\x10" + bytes(16))
    added = box(b"sinf", box(b"frma", kind) + box(b"schm", bytes(4) + b"cbcs\0\1\0\0") + box(b"schi", tenc))
    start, end, around = 0, len(init), []
    for name in ("moov", "trak", "mdia", "minf", "stbl", "stsd", kind.decode()):
        body, stop = next((body, stop) for found, body, stop in boxes(init, start, end) if found == name)
        around.append(body - 8)
        start, end = body + (8 if name == "stsd" else 0), stop
    changed = bytearray(init)
    for at in around:
        changed[at : at + 4] = (int.from_bytes(init[at : at + 4]) + len(added)).to_bytes(4)
    changed[around[-1] + 4 : around[-1] + 8] = sealed_kind
    return bytes(changed[:end]) + added + bytes(changed[end:])


@pytest.mark.parametrize("same_id", [True, False])
def test_two_labels_with_one_key_are_found(tmp_path, same_id):
    plan = job(multi_key=True)
    programme = workspace_of(tmp_path, plan)

    def shared(protection):
        keys = keys_of(protection)
        kid = keys[Label.SD if same_id else Label.HD].kid
        return keys | {Label.HD: replace(keys[Label.SD], label=Label.HD, kid=kid)}

    package(plan, programme.workspace, packaging.context(programme), shared)
    faulty = Breakable(plan, programme.workspace, keys=KEYS | {HD: KEYS[SD]})
    assert faulty.faults("encryption") == [
        f"{tree}/video/avc1/2: is for HD, but has the key of SD" for tree in ("dash", "hls", "cmaf")
    ]


def test_labels_that_have_each_others_keys_are_found(tmp_path):
    """Everything decrypts, but whoever may see SD could see HD."""
    plan = plans.protected(plan_of(plans.tree("cmaf"), video=PICTURES), multi_key=True)
    programme = workspace_of(tmp_path, plan)

    def swapped(protection):
        keys = keys_of(protection)
        sd, hd = replace(keys[Label.HD], label=Label.SD), replace(keys[Label.SD], label=Label.HD)
        return keys | {Label.SD: sd, Label.HD: hd}

    package(plan, programme.workspace, packaging.context(programme), swapped)
    owners = {known_key("content", label).kid: label for label in Label}
    report = judge(programme.tree, plan, programme.workspace, packaging.context(programme), "sampled", KEYS, owners)
    assert [str(fault) for check in report.checks for fault in check.faults] == [
        "cmaf/video/avc1/1: is for SD, but has the key of HD",
        "cmaf/video/avc1/2: is for HD, but has the key of SD",
    ]


def test_one_label_with_two_keys_is_found(broken):
    broken.plan = job(clear_lead=2)
    assert any("has another key than the rest of ALL" in fault for fault in broken.faults("encryption"))


def test_repeated_counters_are_found(tmp_path):
    """Two tracks under one key whose counters overlap betray each other's samples."""
    programme = packaged(tmp_path, plans.protected(plan_of(plans.tree("dash"), video=PICTURES), "cenc"))
    name = "dash/video/avc1/{}/seg-2.m4s"
    init = read_init((programme.tree / "dash/video/avc1/1/init.mp4").read_bytes())
    mine, theirs = (
        read_fragment((programme.tree / name.format(number)).read_bytes(), init).counters[0][0].to_bytes(16)[:8]
        for number in (1, 2)
    )
    faulty = Breakable(programme.plan, programme.workspace, keys=KEYS)
    faulty.edit(name.format(2), lambda content: content.replace(theirs, mine, 1))
    assert "repeats AES counters (IVs) of dash/video/avc1/1 under the same key" in faulty.faults("encryption")[0]


def test_manifests_for_some_screens_hold_no_others(broken):
    shutil.copy(broken.tree / "dash/stream.mpd", broken.tree / "dash/stream_SD_ONLY.mpd")
    assert broken.faults("track types") == ["dash/stream_SD_ONLY.mpd: has dash/video/avc1/2, which is not for SD_ONLY"]


def test_manifests_for_some_screens_keep_all_sound(broken):
    broken.change("cmaf/master_SD_HD.m3u8", r'#EXT-X-MEDIA:TYPE=AUDIO.*LANGUAGE="ko".*\n', "")
    assert "cmaf/master_SD_HD.m3u8: has not the same sound and subtitles as cmaf/master.m3u8" in broken.faults(
        "track types"
    )


def test_manifests_for_some_screens_keep_every_variant(broken):
    broken.change("cmaf/master_SD_HD.m3u8", r"#EXT-X-STREAM-INF.*\n.*\n", "")
    says = "cmaf/master_SD_HD.m3u8: has not the same variants of its pictures as cmaf/master.m3u8"
    assert says in broken.faults("track types")


def test_a_system_without_its_box_is_found(broken):
    name = "cmaf/video/avc1/2/init.mp4"
    system = UUID(SYSTEM_IDS[DrmSystem.WIDEVINE]).bytes
    broken.edit(name, lambda content: content.replace(system, bytes(16)))
    assert broken.faults("key ids") == [f"{name}: has no pssh box of widevine"]


def test_a_missing_manifest_for_some_screens_is_found(broken):
    (broken.tree / "hls/master_SD_ONLY.m3u8").unlink()
    assert broken.faults("manifests") == ["hls/master_SD_ONLY.m3u8: does not exist"]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
def test_every_codec_in_mp4_is_decrypted_and_decodes(tmp_path, codec, scheme):
    sound = tuple(plans.audio(f"a{number}", codec=codec) for number, codec in enumerate(("aac", "ac3", "eac3")))
    plan = plan_of(plans.tree("dash"), video=(plans.video("v0", codec),), audio=sound)
    programme = packaged(tmp_path, plans.protected(plan, scheme, multi_key=True, clear_lead=3))
    report = Breakable(programme.plan, programme.workspace, keys=KEYS).report()
    assert report.ok, report.explain()
    assert report.check("decryption").detail == "4 renditions decrypted with 2 keys"


def test_every_codec_in_transport_streams_is_decrypted_and_decodes(tmp_path):
    sound = tuple(plans.audio(f"a{number}", codec=codec) for number, codec in enumerate(("aac", "ac3", "eac3")))
    plan = plan_of(plans.tree("hls", transport_stream=True), audio=sound)
    programme = packaged(tmp_path, plans.protected(plan, "cbcs"))
    report = Breakable(programme.plan, programme.workspace, keys=KEYS).report()
    assert report.ok, report.explain()
    assert report.check("decoding").detail.startswith("5 renditions decoded")


@pytest.mark.parametrize("uri", ["skd://{kid}:{iv}", "skd://asset-7"])
def test_transport_streams_with_a_key_servers_own_line_are_decrypted(tmp_path, uri):
    """Its URI holds other numbers than the key id, or none, and its line leaves the IV to the packager."""
    plan = plans.protected(plan_of(plans.tree("hls", transport_stream=True)))
    programme = workspace_of(tmp_path, plan)
    key = known_key("content", Label.ALL)
    about = f'METHOD=SAMPLE-AES,URI="{uri.format(kid=UUID(bytes=key.kid), iv=key.iv.hex())}"'
    about += ',KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
    system = SYSTEM_IDS[DrmSystem.FAIRPLAY]
    signal = Signal(system, hls_media=f"#EXT-X-KEY:{about}", hls_master=f"#EXT-X-SESSION-KEY:{about}")
    theirs = ContentKey(key.label, key.kid, key.key, key.iv, (signal,))
    package(plan, programme.workspace, packaging.context(programme), lambda _protection: {Label.ALL: theirs})
    report = Breakable(plan, programme.workspace, keys={key.kid: key.key}).report()
    assert report.ok, report.explain()
    assert report.check("decryption").detail == "3 renditions decrypted with 1 keys"
