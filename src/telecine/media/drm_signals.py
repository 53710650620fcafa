"""What one key needs said about it, system by system: boxes for init segments, elements for MPDs, lines for playlists.

A key server's own words come first; what it leaves out is made here. Pure. Which system is named where:

| | `pssh` in init segments | MPD | HLS |
|---|---|---|---|
| Widevine | yes | yes | yes, `urn:uuid:edef8ba9-…` |
| PlayReady | yes | yes, with `mspr:pro` | yes, `com.microsoft.playready` |
| FairPlay | no: it has none | no: no player reads it there | cbcs only, `com.apple.streamingkeydelivery` |
| ClearKey | yes, the common box | yes, by DASH's own UUID and without box | yes, `org.w3.clearkey` with the key id |

The common system is no ContentProtection of its own (DASH-IF IOP 4.3, 7.6.2.4): dash.js would take its box for
ClearKey's key ids. And hls.js takes the data of a ClearKey line for the key id itself.

In MPEG-TS only FairPlay reads SAMPLE-AES, so there it stands alone.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from lxml import etree

from telecine.core.drm import (
    HLS_METHODS,
    KEY_FORMATS,
    SIGNAL_SPACES,
    SYSTEM_IDS,
    ContentKey,
    DrmSystem,
    Scheme,
    Signal,
    Signalling,
)
from telecine.media.drm_boxes import common_pssh, playready_object, playready_pssh, widevine_pssh
from telecine.media.hls_attributes import parse_attributes
from telecine.media.read_mpd import NAMESPACE, parse_xml

MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
CLEARKEY_IN_DASH = "e2719d58-a985-b3c9-781a-b030af78d30e"
CENC, PLAYREADY, LICENCE_URL = (SIGNAL_SPACES[prefix] for prefix in ("cenc", "mspr", "dashif"))

_NAMES = {DrmSystem.WIDEVINE: "Widevine", DrmSystem.PLAYREADY: "MSPR 2.0"}


@dataclass(frozen=True, slots=True)
class Marks:
    """The signals of one key under one scheme. `content_id` is what the key server knows the content by."""

    key: ContentKey
    scheme: Scheme
    content_id: str
    house: Signalling

    def boxes(self) -> bytes:
        """All `pssh` boxes of an init segment, one after the other."""
        return b"".join(self.pssh(system) for system in self.house.systems)

    def pssh(self, system: DrmSystem) -> bytes:
        """The `pssh` box of one system; empty where it has none."""
        given = self._given(system).pssh
        if given:
            return given
        match system:
            case DrmSystem.WIDEVINE:
                return widevine_pssh(self.key, self.scheme, self.content_id, self.house.widevine_provider)
            case DrmSystem.PLAYREADY:
                return playready_pssh(self.key, self.scheme, self.house.playready_url)
            case DrmSystem.CLEARKEY:
                return common_pssh(self.key)
            case DrmSystem.FAIRPLAY:
                return b""

    def elements(self) -> list[etree._Element]:
        """The ContentProtection elements of an AdaptationSet (ISO/IEC 23009-1, 5.8.4.1; DASH-IF IOP part 6)."""
        first = _protection(MP4_PROTECTION, self.scheme.value)
        first.set(f"{{{CENC}}}default_KID", str(UUID(bytes=self.key.kid)))
        systems = [system for system in self.house.systems if system in _NAMES]
        return [first, *(self._element(system) for system in systems), *self._clearkey_in_dash()]

    def key_lines(self, *, transport_stream: bool = False) -> list[str]:
        """The EXT-X-KEY lines before the first encrypted segment."""
        systems = [DrmSystem.FAIRPLAY] if transport_stream else self._in_hls()
        lines: list[str] = []
        for system in systems:
            given = self._given(system).hls_media.strip()
            lines += given.splitlines() if given else [f"#EXT-X-KEY:{self._attributes(system)}"]
        return [self._with_iv(line) for line in lines] if transport_stream else lines

    def session_lines(self, *, transport_stream: bool = False) -> list[str]:
        """The EXT-X-SESSION-KEY lines of a multivariant playlist, by which players ask for keys early."""
        systems = [DrmSystem.FAIRPLAY] if transport_stream else self._in_hls()
        lines = []
        for system in systems:
            given = self._given(system).hls_master.strip()
            lines += given.splitlines() if given else [f"#EXT-X-SESSION-KEY:{self._attributes(system)}"]
        return lines

    def _with_iv(self, line: str) -> str:
        """A key line that names the IV, which nothing else in MPEG-TS does; key servers leave that to the packager."""
        named = "IV" in parse_attributes(line.partition(":")[2])
        return line if named or not self.key.iv else f"{line.rstrip().rstrip(',')},IV=0x{self.key.iv.hex()}"

    def _in_hls(self) -> list[DrmSystem]:
        known = [system for system in KEY_FORMATS if system in self.house.systems]
        return [system for system in known if system is not DrmSystem.FAIRPLAY or self.scheme is Scheme.CBCS]

    def _given(self, system: DrmSystem) -> Signal:
        wanted = SYSTEM_IDS[system]
        return next((signal for signal in self.key.signals if signal.system_id == wanted), Signal(wanted))

    def _element(self, system: DrmSystem) -> etree._Element:
        given = self._given(system)
        if given.mpd:
            return _protection(f"urn:uuid:{SYSTEM_IDS[system]}", _NAMES[system], given.mpd)
        element = _protection(f"urn:uuid:{SYSTEM_IDS[system]}", _NAMES[system])
        _child(element, CENC, "pssh", self.pssh(system))
        if system is DrmSystem.PLAYREADY:
            _child(element, PLAYREADY, "pro", playready_object(self.key, self.scheme, self.house.playready_url))
        return element

    def _clearkey_in_dash(self) -> Iterator[etree._Element]:
        """DASH's own way to name ClearKey, which is not the common system by which its box is known."""
        if DrmSystem.CLEARKEY in self.house.systems:
            element = _protection(f"urn:uuid:{CLEARKEY_IN_DASH}", "ClearKey1.0")
            if self.house.clearkey_url:
                address = etree.SubElement(element, f"{{{LICENCE_URL}}}Laurl", licenseType="EME-1.0")
                address.text = self.house.clearkey_url
            yield element

    def _attributes(self, system: DrmSystem) -> str:
        key_id = f",KEYID=0x{self.key.kid.hex()}" if system is not DrmSystem.FAIRPLAY else ""
        method = HLS_METHODS[self.scheme]
        return (
            f'METHOD={method},URI="{self._uri(system)}"{key_id},KEYFORMAT="{KEY_FORMATS[system]}",KEYFORMATVERSIONS="1"'
        )

    def _uri(self, system: DrmSystem) -> str:
        if system is DrmSystem.FAIRPLAY:
            names = {"{content_id}": quote(self.content_id, safe=""), "{kid}": self.key.kid.hex()}
            uri = self.house.fairplay_uri
            for name, value in names.items():
                uri = uri.replace(name, value)
            return uri
        if system is DrmSystem.PLAYREADY:
            header = playready_object(self.key, self.scheme, self.house.playready_url)
            return f"data:text/plain;charset=UTF-16;base64,{b64encode(header).decode()}"
        data = self.key.kid if system is DrmSystem.CLEARKEY else self.pssh(system)
        return f"data:text/plain;base64,{b64encode(data).decode()}"


def _protection(scheme: str, value: str, inner: str = "") -> etree._Element:
    """A ContentProtection element; `inner` is XML from a key server, which may use the usual prefixes."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SIGNAL_SPACES.items())
    text = f'<ContentProtection xmlns="{NAMESPACE}" {spaces}>{inner}</ContentProtection>'
    element = parse_xml("ContentProtection", text)
    element.set("schemeIdUri", scheme)
    element.set("value", value)
    return element


def _child(parent: etree._Element, space: str, name: str, content: bytes) -> None:
    etree.SubElement(parent, f"{{{space}}}{name}").text = b64encode(content).decode()
