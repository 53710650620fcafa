"""Films in memory for tests that lay a leak on its title: made scenes, leaks cut from them, and what was done to them.

    title = Film(scenes(1, 2, 3))
    leak = Film(shown(title, begin=2.0, seconds=8.0, warp=scaled(1.25)))

A picture is one of `LOOK`, 25 a second unless said otherwise.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.detect.pieces import Look, Thumbs, Transform, mirror, thumb
from telecine.media.mark_mask import LOOK

RATE = 25.0
SECONDS = 4.0
"""How long a made scene is."""
_SIZE = LOOK[::-1]
_MIDDLE = ((LOOK[1] - 1) / 2, (LOOK[0] - 1) / 2)


class Film:
    """A film of pictures in memory: a `LookSource`. Thumbnails are those of every fifth picture."""

    def __init__(self, pictures: Sequence[Look], rate: float = RATE) -> None:
        self.pictures, self.rate = list(pictures), rate
        some = range(0, len(self.pictures), 5)
        small = np.array([thumb(self.pictures[number]) for number in some], dtype=np.float32)
        self.thumbs = Thumbs(np.array(some) / rate, small)

    @property
    def seconds(self) -> float:
        return len(self.pictures) / self.rate

    def looks(self, times: Sequence[float]) -> list[Look]:
        numbers = np.rint(np.asarray(times) * self.rate).astype(int).clip(0, len(self.pictures) - 1)
        return [self.pictures[number] for number in numbers]


def scenes(*seeds: int, moving: bool = True, seconds: float = SECONDS) -> list[Look]:
    """Scenes of so many seconds, one for each seed: a thing moves before ground that the camera pans over, or not."""
    return [picture for seed in seeds for picture in _scene(seed, moving, seconds)]


def _scene(seed: int, moving: bool, seconds: float) -> list[Look]:
    random = np.random.default_rng(seed)
    ground, thing = texture(random, 520, 900), texture(random, 110, 150)
    way, step = random.uniform(-1.2, 1.2, 2) * moving, random.uniform(1, 3, 2)
    start = random.uniform(40, 200, 2)
    pictures = []
    for number in range(round(seconds * RATE)):
        left, top = np.array([130.0, 80.0]) + way * number
        picture = cv2.warpAffine(ground, np.array([[1, 0, -left], [0, 1, -top]]), _SIZE)
        column, row = (start + step * number).astype(int) % (480, 240)
        picture[row : row + 110, column : column + 150] = thing
        pictures.append(picture)
    return pictures


def texture(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.uint8]:
    """Ground of coarse and fine grain, like that of a photograph."""
    total = np.zeros((rows, columns), np.float32)
    for grain in (4, 9, 20, 45, 90, 200):
        coarse = random.normal(size=(rows // grain + 3, columns // grain + 3)).astype(np.float32)
        total += grain**0.5 * cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.clip(120 + 40 * total / total.std(), 0, 255).astype(np.uint8)


def shown(
    title: Film,
    begin: float = 0,
    seconds: float = 8,
    *,
    speed: float = 1,
    rate: float = RATE,
    warp: Transform | None = None,
    mirrored: bool = False,
) -> list[Look]:
    """What a leak has of `title` from `begin` on, for `seconds` of the leak; `warp` maps title to leak. Coded badly."""
    random = np.random.default_rng(7)
    noise = random.normal(0, 4, (4, *LOOK)).astype(np.int8)
    darker = (255 * ((np.arange(256) * 0.9 + 10) / 255) ** 1.2).clip(0, 255).astype(np.uint8)
    times = begin + speed * np.arange(round(seconds * rate)) / rate
    leak = []
    for number, look in enumerate(title.looks(list(times))):
        laid = look if warp is None else cv2.warpPerspective(look, warp, _SIZE)
        noisy = cv2.add(cv2.LUT(mirror(laid) if mirrored else laid, darker), noise[number % 4], dtype=cv2.CV_8U)
        leak.append(cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0))
    return leak


def scaled(wide: float, high: float | None = None, right: float = 0, down: float = 0) -> Transform:
    """About the middle; above 1 for a crop, below for a frame around it."""
    high = wide if high is None else high
    return np.array([[wide, 0, (1 - wide) * _MIDDLE[0] + right], [0, high, (1 - high) * _MIDDLE[1] + down], [0, 0, 1]])


def turned(degrees: float) -> Transform:
    return np.vstack([cv2.getRotationMatrix2D(_MIDDLE, degrees, 1), [0, 0, 1]])


def askew(pixels: float) -> Transform:
    """As a camera sees a screen that it does not face."""
    right, bottom = LOOK[1] - 1, LOOK[0] - 1
    before = np.array([(0, 0), (right, 0), (right, bottom), (0, bottom)], np.float32)
    after = before + pixels * np.array([(1, 0.5), (-0.6, 0.1), (-1.2, -0.4), (0.5, -0.8)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(before, after), np.float64)


def misplaced(transform: Transform, warp: Transform | None) -> float:
    """How far (pixels of the title, at most) a transform of leak to title is off where the leak shows the title."""
    columns, rows = np.meshgrid(np.linspace(0, LOOK[1] - 1, 9), np.linspace(0, LOOK[0] - 1, 9))
    title = np.column_stack([columns.ravel(), rows.ravel()])
    leak = title if warp is None else cv2.perspectiveTransform(title[None], warp)[0]
    inside = ((leak >= 0) & (leak <= (LOOK[1] - 1, LOOK[0] - 1))).all(axis=1)
    found = cv2.perspectiveTransform(leak[inside][None], transform)[0]
    return float(np.linalg.norm(found - title[inside], axis=1).max())
