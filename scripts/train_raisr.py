"""Train the bank of filters of `pabsr1` from pictures that this script draws: `python scripts/train_raisr.py`.

The pictures are dead leaves: shapes of every size that hide one another, with clouds of noise for texture. Their edges,
corners, contrasts and spectra are spread as in photographs (Lee, Mumford, Huang, "Occlusion Models for Natural Images",
International Journal of Computer Vision 41, 2001), and nobody else has rights in them. Each is halved and rounded; for
each class of samples the filter is the least squares solution that gives the picture back (RAISR, section II). What a
sample teaches is used for its eight reflections and quarter turns too.

How a source became small is not known when it is enlarged. So the pictures are halved in several ways, see `WAYS`, some
by H.264: a bank that has seen nothing but one clean kernel gains 1.7 dB over Lanczos there, but loses to it on video as
it comes. This one gains everywhere.

Takes about two minutes and 1 GB on two cores. The same seed gives the same pictures with the same OpenCV and numpy.
"""

import argparse
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.enhance.raisr_bank import PATCH, PHASES, TAPS, pack
from telecine.media.enhance.raisr_hash import ANGLES, BUCKETS, COHERENCES, STRENGTHS, buckets

VERSION = 1
SIDE = 512
CENTRE = TAPS // 2
RIDGE, FLOOR = 0.1, 50.0
"""How strongly a class's filter is held to the filter of all samples: by so much for each sample, and at least."""
CLASSES = (ANGLES, len(STRENGTHS) + 1, len(COHERENCES) + 1)

type Picture = NDArray[np.float32]
type Sums = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""For each class: products of taps with taps, of taps with what is to come out, and how many samples."""


def main() -> None:
    """Draw, learn, write."""
    options = argparse.ArgumentParser(description="Train the bank of filters of pabsr1.")
    options.add_argument("--pictures", type=int, default=120)
    options.add_argument("--seed", type=int, default=2026)
    options.add_argument("--to", type=Path, default=Path("src/telecine/media/enhance/raisr_x2.npz"))
    asked = options.parse_args()
    sums = empty_sums()
    for number in range(asked.pictures):
        picture = draw(np.random.default_rng((asked.seed, number)))
        learn(sums, picture, WAYS[number % len(WAYS)](picture))
    filters = solve(reflected(sums))
    about = {
        "material": f"{asked.pictures} pictures of {SIDE} x {SIDE}, drawn by this script",
        "licence": "Apache-2.0, as the package",
        "script": f"scripts/train_raisr.py, version {VERSION}",
        "seed": asked.seed,
        "samples": int(sums[2].sum()),
    }
    asked.to.write_bytes(pack(filters, about))
    print(f"{asked.to}: {asked.to.stat().st_size} bytes; {about['samples']} samples, each in 8 positions")


# drawing


def draw(chance: np.random.Generator) -> Picture:
    """Some hundred leaves, the later ones over the earlier; 0 to 255."""
    clouds = [cloud(chance) for _ in range(6)]
    picture = 128 + 30 * clouds[0]
    for _ in range(int(chance.integers(200, 700))):
        cover = leaf(chance).astype(np.float32) / 255
        if chance.random() < 0.4:  # out of focus
            cover = cv2.GaussianBlur(cover, (0, 0), chance.uniform(0.2, 2.4))
        shift = tuple(chance.integers(SIDE, size=2))
        rough = np.roll(clouds[chance.integers(len(clouds))], shift, (0, 1))
        surface = np.float32(chance.uniform(10, 245)) + np.float32(chance.choice([0, 4, 10, 25])) * rough
        picture = picture * (1 - cover) + surface * cover
    return np.clip(picture, 0, 255).astype(np.float32)


def cloud(chance: np.random.Generator) -> Picture:
    """Noise whose power falls with frequency, in a direction or alike in all; mean 0, deviation 1."""
    spectrum = np.fft.rfft2(chance.standard_normal((SIDE, SIDE)))
    down, across = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    turn, squeeze = chance.uniform(0, np.pi), chance.uniform(0.15, 1)
    along, beside = across * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - across * np.sin(turn)
    distance = np.hypot(along, squeeze * beside) + 1 / SIDE
    made = np.fft.irfft2(spectrum / distance ** chance.uniform(0.8, 2), s=(SIDE, SIDE))
    return ((made - made.mean()) / made.std()).astype(np.float32)


def leaf(chance: np.random.Generator) -> NDArray[np.uint8]:
    """Where one shape covers the picture, 0 to 255: an ellipse, a polygon, a line, or letters; small ones are many."""
    cover = np.zeros((SIDE, SIDE), np.uint8)
    size = min(8 * (chance.pareto(1.6) + 0.5), SIDE / 3)
    centre = chance.uniform(0, SIDE, 2)
    kind = chance.integers(4)
    if kind == 0:
        radii = (max(1, int(size)), max(1, int(size * chance.uniform(0.2, 1))))
        cv2.ellipse(cover, whole(centre), radii, chance.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    elif kind == 1:
        angles = np.sort(chance.uniform(0, 2 * np.pi, chance.integers(3, 7)))
        corners = centre + 1.3 * size * np.stack([np.cos(angles), np.sin(angles)], -1)
        cv2.fillPoly(cover, [np.int32(corners * 16)], 255, cv2.LINE_AA, 4)
    elif kind == 2:
        turn = chance.uniform(0, np.pi)
        half = size * chance.uniform(1, 4) * np.array([np.cos(turn), np.sin(turn)])
        cv2.line(cover, whole(centre - half), whole(centre + half), 255, int(chance.integers(1, 5)), cv2.LINE_AA)
    else:
        letters = "".join(map(chr, chance.integers(48, 122, chance.integers(1, 6))))
        font, thickness = int(chance.integers(0, 8)), int(chance.integers(1, 4))
        cv2.putText(cover, letters, whole(centre), font, size / 25 + 0.3, 255, thickness, cv2.LINE_AA)
    return cover


def whole(point: NDArray[np.float64]) -> tuple[int, int]:
    """The sample that a point lies in."""
    return int(point[0]), int(point[1])


# making small


def bicubic(picture: Picture) -> Picture:
    """Half the size by a bicubic kernel stretched by two (Keys, 1981, with a = -0.6 as in swscale)."""
    far = np.abs((np.arange(8) - 3.5) / 2)
    near = 1.4 * far**3 - 2.4 * far**2 + 1
    tail = -0.6 * (far**3 - 5 * far**2 + 8 * far - 4)
    kernel = np.where(far <= 1, near, tail)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    low = cv2.sepFilter2D(picture, cv2.CV_32F, kernel, kernel, anchor=(3, 3), borderType=cv2.BORDER_REPLICATE)
    return rounded(low[::2, ::2])


def area(picture: Picture) -> Picture:
    """Half the size by the mean of four, as a sensor sees."""
    return rounded(cv2.resize(picture, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA))


def rounded(picture: Picture) -> Picture:
    """As 8 bits hold it."""
    return np.clip(np.rint(picture), 0, 255).astype(np.float32)


def coded(picture: Picture) -> Picture:
    """As x264 gives it back at crf 22."""
    kept = BytesIO()
    with av.open(kept, "w", format="matroska") as file:
        stream = file.add_stream("libx264", 25, options={"crf": "22", "preset": "medium", "threads": "1"})
        height, stream.width = picture.shape
        stream.height, stream.pix_fmt = height, "yuv420p"
        grey = np.full((height // 2, stream.width), 128)
        file.mux(stream.encode(av.VideoFrame.from_ndarray(np.vstack([picture, grey]).astype(np.uint8), "yuv420p")))
        file.mux(stream.encode())
    kept.seek(0)
    with av.open(kept) as file:
        return next(file.decode(video=0)).to_ndarray()[:height].astype(np.float32)


WAYS: tuple[Callable[[Picture], Picture], ...] = (
    bicubic,
    bicubic,
    area,
    lambda picture: coded(bicubic(picture)),
    lambda picture: coded(area(picture)),
)


# learning


def empty_sums() -> Sums:
    """Nothing learned yet."""
    return np.zeros((BUCKETS, TAPS, TAPS)), np.zeros((BUCKETS, TAPS, PHASES)), np.zeros(BUCKETS)


def learn(sums: Sums, picture: Picture, small: Picture) -> None:
    """Add what a picture and its half teach. Taps and results are differences from the sample in the middle."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(small, PATCH // 2, mode="edge"), (PATCH, PATCH))
    taps = windows.reshape(-1, TAPS)
    results = np.stack([picture[down::2, across::2].ravel() for down in (0, 1) for across in (0, 1)], -1)
    numbers = buckets(small).ravel()
    order = np.argsort(numbers, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        middle = small.ravel()[members, None]
        given, wanted = taps[members] - middle, results[members] - middle
        number = numbers[members[0]]
        sums[0][number] += given.T @ given
        sums[1][number] += given.T @ wanted
        sums[2][number] += len(members)


def reflected(sums: Sums) -> Sums:
    """The sums as if every picture had been seen in all its eight positions; classes by `CLASSES`."""
    squares = sums[0].reshape(*CLASSES, TAPS, TAPS)
    products = sums[1].reshape(*CLASSES, TAPS, PHASES)
    counts = sums[2].reshape(CLASSES)
    made: Sums = np.zeros_like(squares), np.zeros_like(products), np.zeros_like(counts)
    angles = np.arange(ANGLES)
    for turns in range(4):
        for mirrored in (False, True):
            taps = np.rot90(np.arange(TAPS).reshape(PATCH, PATCH), turns)
            phases = np.rot90(np.arange(PHASES).reshape(2, 2), turns)
            become = (angles + turns * ANGLES // 2) % ANGLES
            if mirrored:
                taps, phases, become = taps[:, ::-1], phases[:, ::-1], ANGLES - 1 - become
            made[0][become] += squares[..., taps.ravel(), :][..., taps.ravel()]
            made[1][become] += products[..., taps.ravel(), :][..., phases.ravel()]
            made[2][become] += counts
    return made


def solve(sums: Sums) -> NDArray[np.float64]:
    """Each class's filter, (BUCKETS, TAPS, PHASES), held to the common one; the middle tap makes each sum 1."""
    squares, products, counts = (part.reshape(BUCKETS, *part.shape[3:]) for part in sums)
    one, total = np.eye(TAPS), squares.sum(0)
    common = np.linalg.solve(total + 1e-3 * np.trace(total) / TAPS * one, products.sum(0))
    hold = (RIDGE * counts + FLOOR)[:, None, None] * one
    filters = common + np.linalg.solve(squares + hold, products - squares @ common)
    filters[:, CENTRE] += 1 - filters.sum(1)
    return filters


if __name__ == "__main__":
    main()
