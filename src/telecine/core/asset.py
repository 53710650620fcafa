"""What was found in an asset that is encoded already, as plain values that the plan can reason about.

An asset is read into plain files, one for each rendition of its manifest, numbered like a job's input files. Each
file has a clock of its own; `shift` puts it on the asset's, on which all its tracks are in sync.
"""

from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from telecine.core.media_info import AudioTrack, MediaInfo, VideoTrack


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetPicture(_Frozen):
    """One video rendition. `name` is what the asset calls it; times of the file's clock are seconds."""

    name: str
    file: int
    demuxer: str
    track: VideoTrack
    time_base: Fraction
    """Seconds of a tick in the file."""
    shift: Fraction = Fraction(0)
    """Seconds to add to a time in the file to have it on the asset's clock."""
    keyframes: tuple[Fraction, ...]
    """Presentation times of all keyframes, ascending."""
    end: Fraction
    """Presentation time of the last picture's end."""

    @property
    def start(self) -> Fraction:
        """Where a decoder can begin, on the asset's clock."""
        return self.keyframes[0] + self.shift


class AssetSound(_Frozen):
    """One audio track. `choice` is equal for tracks that are the same sound at several bitrates."""

    name: str
    file: int
    demuxer: str
    track: AudioTrack
    shift: Fraction = Fraction(0)
    language: str = ""
    label: str = ""
    default: bool = False
    choice: str = ""

    @property
    def start(self) -> Fraction:
        """When it begins, on the asset's clock."""
        return self.track.start + self.shift


class AssetText(_Frozen):
    """Subtitles that were put into the job's subtitle file `file`."""

    file: int
    language: str
    label: str = ""


class Asset(_Frozen):
    """Everything that was found, and what was left out of it."""

    pictures: tuple[AssetPicture, ...] = ()
    sounds: tuple[AssetSound, ...] = ()
    texts: tuple[AssetText, ...] = ()
    files: tuple[MediaInfo, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def origin(self) -> Fraction:
        """The programme's zero on the asset's clock: the first picture, or the first sound where there is none."""
        starts = [picture.start for picture in self.pictures[:1]] or [sound.start for sound in self.sounds]
        return min(starts, default=Fraction(0))
