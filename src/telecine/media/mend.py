"""Manifests as the packager wrote them → manifests that say what is so.

Everything here is pure text to text. What is mended, and why:

In HLS
- NAME, LANGUAGE, DEFAULT and AUTOSELECT come from the plan. Labels are never given to the packager (see
  `package_args`); without a language it writes LANGUAGE=""; its only way to mark the default audio would also switch
  on subtitles of that language, unasked.
- FRAME-RATE: in MPEG-TS the packager computes it from rounded 90 kHz ticks (23.981 for 23.976).
- BANDWIDTH and AVERAGE-BANDWIDTH are measured: the packager leaves subtitles out of a variant's sum, and takes a
  short last I-frame segment for the peak.
- Subtitle playlists end with the programme, not with their last full segment, so that all renditions last alike.
- WebVTT segments of fragmented MP4 trees get the X-TIMESTAMP-MAP that RFC 8216 asks for; in MPEG-TS they have it.

In DASH
- Label, Role and language, as above; Label comes before Role, as the schema orders them.
- `frameRate` of what passes through is the plan's.
- `startWithSAP` on video, which IOP asks for and the grid guarantees.
- @bandwidth is measured, and is the average where the job asked for that (the packager has no such option).
- AdaptationSet ids are their positions; the packager's depend on which of its threads is first.
- Plain WebVTT is one file per language: with segment templates the packager can only make segments, and
  segmented plain text is not what DASH players expect.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

from lxml import etree

from telecine.core.layout import TrackFiles, audio_group, display_names
from telecine.core.plan import AudioOutput, Plan, SubtitleOutput, VideoOutput
from telecine.media.bandwidth import Rate
from telecine.media.hls_attributes import Attributes, bare, format_attributes, parse_attributes
from telecine.media.mpd_elements import number_sets, printed, put_in_order, tag, track_of
from telecine.media.read_mpd import ROLE, parse_xml

_EXTINF = re.compile(r"^#EXTINF:([\d.]+),", re.MULTILINE)
_UNDETERMINED = ("", "und")
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0"

type Output = VideoOutput | AudioOutput | SubtitleOutput


def mend_master(
    text: str,
    plan: Plan,
    files: Mapping[str, TrackFiles],
    variants: Mapping[tuple[str, str], Rate],
    iframes: Mapping[str, Rate],
) -> str:
    """A multivariant playlist, mended.

    `variants` has the measured rate of each variant by its playlist and audio group, `iframes` that of each I-frame
    playlist; names are relative to the multivariant playlist.
    """
    media = _media_attributes(plan, files)
    frame_rates = {files[video.name].playlist: video.frame_rate for video in plan.video}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        tag, _, rest = line.partition(":")
        if tag not in ("#EXT-X-MEDIA", "#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF"):
            continue
        attributes = parse_attributes(rest)
        if tag == "#EXT-X-MEDIA":
            attributes |= media.get(bare(attributes["URI"]), {})
            if bare(attributes.get("LANGUAGE", "")) in _UNDETERMINED:
                attributes.pop("LANGUAGE", None)
        elif tag == "#EXT-X-STREAM-INF":
            playlist = lines[number + 1]
            _set_rate(attributes, variants[playlist, bare(attributes.get("AUDIO", ""))])
            if playlist in frame_rates:
                attributes["FRAME-RATE"] = f"{float(frame_rates[playlist]):.3f}"
        else:
            _set_rate(attributes, iframes[bare(attributes["URI"])])
        lines[number] = f"{tag}:{format_attributes(attributes)}"
    return "\n".join(lines) + "\n"


def mend_subtitle_playlist(text: str, duration: Fraction) -> str:
    """A subtitle media playlist whose segments together last `duration` seconds: the last one is cut off."""
    lengths = [Fraction(match[1]) for match in _EXTINF.finditer(text)]
    last = duration - sum(lengths[:-1], Fraction(0))
    if not lengths or not 0 < last < lengths[-1]:
        return text
    head, _, tail = text.rpartition("#EXTINF:")
    return f"{head}#EXTINF:{float(last):.3f},{tail.partition(',')[2]}"


def mend_vtt_segment(text: str) -> str:
    """A WebVTT segment that says which media time its cue times mean."""
    if "X-TIMESTAMP-MAP" in text:
        return text
    return text.replace("WEBVTT\n", f"WEBVTT\n{TIMESTAMP_MAP}\n", 1)


def mend_mpd(
    text: str,
    plan: Plan,
    files: Mapping[str, TrackFiles],
    rates: Mapping[str, Rate],
    sidecars: Mapping[str, int],
) -> str:
    """An MPD, mended. `rates` (measured) and `sidecars` (sizes in bytes) are by track name."""
    mpd = parse_xml("stream.mpd", text)
    period = mpd.find(tag("Period"))
    assert period is not None
    outputs: dict[str, Output] = {video.name: video for video in plan.video}
    outputs |= {audio.name: audio for audio in plan.audio} | {subtitle.name: subtitle for subtitle in plan.subtitles}
    names = display_names(plan.audio) | display_names(plan.subtitles)
    number_sets(period)
    for adaptation in period.findall(tag("AdaptationSet")):
        for representation in adaptation.findall(tag("Representation")):
            name = track_of(representation, files)
            rate = rates[name]
            representation.set("bandwidth", str(max(1, rate.average if plan.average_bandwidth else rate.peak)))
            _mend_adaptation(adaptation, outputs[name], names.get(name, ""), default_audio(plan))
            _mend_frame_rate(adaptation, representation, outputs[name])
    for subtitle in plan.subtitles:
        if subtitle.name in sidecars:
            bandwidth = max(1, ceil(sidecars[subtitle.name] * 8 / plan.duration))
            _add_sidecar(period, subtitle, files[subtitle.name].sidecar, names[subtitle.name], bandwidth)
    return printed(mpd)


def _mend_frame_rate(adaptation: etree._Element, representation: etree._Element, output: Output) -> None:
    """Of what passes through, the packager takes the first frame's length, rounded by the source's clock, for all."""
    if isinstance(output, VideoOutput) and output.copied:
        for name in ("frameRate", "minFrameRate", "maxFrameRate"):
            adaptation.attrib.pop(name, None)
        representation.set("frameRate", f"{output.frame_rate.numerator}/{output.frame_rate.denominator}")


def default_audio(plan: Plan, group: str | None = None) -> str:
    """Name of the audio track that plays unless the viewer chooses: the plan's, else the first (of one HLS group)."""
    tracks = [audio for audio in plan.audio if group is None or audio_group(plan, audio) == group]
    return next((audio.name for audio in tracks if audio.default), tracks[0].name if tracks else "")


def _media_attributes(plan: Plan, files: Mapping[str, TrackFiles]) -> dict[str, Attributes]:
    """What EXT-X-MEDIA should say, by the playlist it names."""
    result: dict[str, Attributes] = {}
    groups: list[Sequence[AudioOutput | SubtitleOutput]] = [plan.subtitles]
    for group in dict.fromkeys(audio_group(plan, audio) for audio in plan.audio):
        groups.append([audio for audio in plan.audio if audio_group(plan, audio) == group])
    names = display_names(plan.audio) | display_names(plan.subtitles)
    for members in groups:
        chosen = ""
        if members and isinstance(members[0], AudioOutput):
            chosen = default_audio(plan, audio_group(plan, members[0]))
        automatic = _automatic(members, chosen)
        for output in members:
            result[files[output.name].playlist] = {
                "LANGUAGE": f'"{output.language}"',
                "NAME": f'"{names[output.name]}"',
                "DEFAULT": "YES" if output.name == chosen else "NO",
                "AUTOSELECT": "YES" if output.name in automatic else "NO",
            }
    return result


def _automatic(members: Sequence[AudioOutput | SubtitleOutput], chosen: str) -> set[str]:
    """Tracks that a player may choose by the viewer's language: one per language, or it could not tell them apart."""
    by_language: dict[str, str] = {}
    for output in sorted(members, key=lambda member: member.name != chosen):
        by_language.setdefault(output.language, output.name)
    return set(by_language.values())


def _set_rate(attributes: Attributes, rate: Rate) -> None:
    attributes["BANDWIDTH"] = str(rate.peak)
    attributes["AVERAGE-BANDWIDTH"] = str(rate.average)


def _mend_adaptation(adaptation: etree._Element, output: Output, label: str, default: str) -> None:
    if isinstance(output, VideoOutput):
        adaptation.set("startWithSAP", "1")
        return
    adaptation.set("lang", output.language or "und")
    for old in [*adaptation.findall(tag("Label")), *adaptation.findall(tag("Role"))]:
        adaptation.remove(old)
    role = "subtitle" if isinstance(output, SubtitleOutput) else "main" if output.name == default else ""
    _describe(adaptation, label, role)


def _describe(adaptation: etree._Element, label: str, role: str) -> None:
    """Add Label and Role, each where there is one."""
    if label:
        etree.SubElement(adaptation, tag("Label")).text = label
    if role:
        etree.SubElement(adaptation, tag("Role"), schemeIdUri=ROLE, value=role)
    put_in_order(adaptation)


def _add_sidecar(period: etree._Element, subtitle: SubtitleOutput, file: str, label: str, bandwidth: int) -> None:
    adaptations = period.findall(tag("AdaptationSet"))
    representations = period.findall(f"{tag('AdaptationSet')}/{tag('Representation')}")
    adaptation = etree.SubElement(
        period, tag("AdaptationSet"), id=str(len(adaptations)), contentType="text", mimeType="text/vtt"
    )
    adaptation.set("lang", subtitle.language or "und")
    _describe(adaptation, label, "subtitle")
    representation = etree.SubElement(
        adaptation, tag("Representation"), id=str(len(representations)), bandwidth=str(bandwidth)
    )
    etree.SubElement(representation, tag("BaseURL")).text = file
