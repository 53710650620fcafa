"""Every word by which an enhancement is asked for: the document's values, those that its clients send, and ours.

Values that are ours, and in no document: `Stabilizer.STEADY`, `Scaler.GENERATIVE`, `Tier`.
"""

from enum import StrEnum


class Container(StrEnum):
    """Files that can be made."""

    MOV = "mov"
    MXF = "mxf"
    MP4 = "mp4"
    MTS = "mts"


class Codec(StrEnum):
    """Codecs that can be made."""

    H264 = "h264"
    PRORES = "prores"
    DNXHD = "dnxhd"
    XDCAM = "xdcam"
    HEVC = "hevc"
    MPEG2 = "mpeg2"
    FFV1 = "ffv1"


class ProresProfile(StrEnum):
    """Profiles of Apple ProRes."""

    PROXY = "proxy"
    LT = "lt"
    STANDARD = "standard"
    HQ = "hq"
    FOUR = "4444"
    FOUR_XQ = "4444xq"


class DnxProfile(StrEnum):
    """Profiles of Avid DNxHD (fixed sizes, rates and bitrates) and DNxHR (any)."""

    DNXHD_LB = "dnxhd_lb"
    DNXHD_SQ = "dnxhd_sq"
    DNXHD_HQ = "dnxhd_hq"
    DNXHD_HQX = "dnxhd_hqx"
    DNXHD_444 = "dnxhd_444"
    DNXHR_LB = "dnxhr_lb"
    DNXHR_SQ = "dnxhr_sq"
    DNXHR_HQ = "dnxhr_hq"
    DNXHR_HQX = "dnxhr_hqx"
    DNXHR_444 = "dnxhr_444"


class Chroma(StrEnum):
    """Chroma subsampling, as the document writes it."""

    C410 = "4:1:0"
    C411 = "4:1:1"
    C420 = "4:2:0"
    C422 = "4:2:2"
    C440 = "4:4:0"
    C444 = "4:4:4"

    @property
    def spacing(self) -> tuple[int, int]:
        """Samples of luma for one of chroma, across and down."""
        return _SPACING[self]


_SPACING = {
    Chroma.C410: (4, 4),
    Chroma.C411: (4, 1),
    Chroma.C420: (2, 2),
    Chroma.C422: (2, 1),
    Chroma.C440: (1, 2),
    Chroma.C444: (1, 1),
}


class Scan(StrEnum):
    """How the pictures of an output lie in its frames."""

    AUTO = "auto"
    """As the source, but for what filters make of it."""
    PROGRESSIVE = "progressive"
    TOP_FIRST = "interlaced_tff"
    BOTTOM_FIRST = "interlaced_bff"


class Deinterlacer(StrEnum):
    """All but `yadif` make a frame of each field."""

    DEINT = "deint"
    YADIF = "yadif"
    BWDIF = "bwdif"
    WESTON3F = "weston3f"


class Denoiser(StrEnum):
    """Ways to take noise away."""

    DENOISE = "denoise"
    HQDN3D = "hqdn3d"


class Stabilizer(StrEnum):
    """`dejit` puts displaced scan lines back; `steady`, which is ours, calms a shaking camera."""

    DEJIT = "dejit"
    STEADY = "steady"


class Scaler(StrEnum):
    """Ways to another size. `generative`, ours, invents detail, and only a request that says so gets it."""

    PABSR1 = "pabsr1"
    DVRES = "dvres"
    DVRES2 = "dvres2"
    SCALE = "scale"
    GENERATIVE = "generative"


class Clarity(StrEnum):
    """How much contrast `pabsr1` adds; 0 to 6 in later clients."""

    NONE = "none"
    MARGINAL = "marginal"
    VERY_LOW = "very_low"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


class Converter(StrEnum):
    """Ways to another frame rate: repeat, blend, follow motion, let a network draw."""

    FPS = "fps"
    FBLEND = "fblend"
    MCINTERPOLATE = "mcinterpolate"
    VFI = "vfi"


class PostProcessor(StrEnum):
    """What comes last."""

    FILMGRAIN = "filmgrain"


class Tier(StrEnum):
    """What an option may cost where several engines can do it."""

    FAST = "fast"
    QUALITY = "quality"
