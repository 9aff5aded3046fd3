"""Numbers of a module in an ``.npz`` file: written whole or not at all, and checked when read."""

from __future__ import annotations

import ast
import math
import os
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from scalargrad import saving
from scalargrad.settings import Array

Declared = dict[str, tuple[tuple[int, ...], Any]]
"""The shape and the dtype of each array, by name."""

_END = struct.Struct("<4sHHHHIIH")
"""The last record of a zip file: signature, two numbers of disks, entries (here, in all), size, place, comment."""
_HEADER = 10_000
"""The longest header of an array that is accepted, in bytes."""


def write(path: str | os.PathLike[str], state: dict[str, Array]) -> Path:
    """Write arrays to an ``.npz`` file."""
    target = Path(path)
    if target.suffix.lower() != ".npz":
        raise ValueError(f"a module is saved as .npz, not as {target.name!r}")
    odd = next((name for name in state if "\0" in name), None)
    if odd is not None:
        raise ValueError(f"a parameter called {odd!r} cannot be saved: its name has a NUL in it")
    whole = BytesIO()  # in memory first: a zip file on its way to the disk hides Ctrl-C behind errors of its own
    with zipfile.ZipFile(whole, "w") as archive:
        for name, array in state.items():
            entry = BytesIO()
            np.lib.format.write_array(entry, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", entry.getbuffer())
    return saving.write(target, whole.getbuffer())


def read(path: str | os.PathLike[str], check: Callable[[Declared], None]) -> dict[str, Array]:
    """The arrays in an ``.npz`` file, if ``check`` lets their names, shapes and dtypes pass.

    Only then are the numbers read, and no more of them than the shapes say: what a file claims costs no memory.
    Raises ValueError if it is no such file, or is damaged; OSError if it cannot be opened.
    """
    with open(path, "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = {name.filename.removesuffix(".npy"): name for name in archive.infolist()}
                if not len(entries) == len(archive.infolist()) == _counted(stream):
                    raise ValueError("a name stands twice, or entries are missing")
                declared = {name: _declared(archive, entry) for name, entry in entries.items()}
        except Exception:  # whatever zipfile and NumPy make of a file that is none
            raise _damaged(path) from None
        check({name: (shape, dtype) for name, (shape, dtype, _) in declared.items()})
        try:
            with zipfile.ZipFile(stream) as archive:
                return {name: _numbers(archive, entry) for name, entry in entries.items()}
        except Exception:
            raise _damaged(path) from None


def _counted(stream: BinaryIO) -> int:
    """How many entries a zip file says it has, at its end, where zipfile does not look."""
    stream.seek(-_END.size, os.SEEK_END)
    signature, *_, entries, _, _, comment = _END.unpack(stream.read())
    if signature != b"PK\5\6" or comment:
        raise ValueError("no end as save() and NumPy write it")
    return int(entries)


def _damaged(path: str | os.PathLike[str]) -> ValueError:
    return ValueError(f"{Path(path).name} is not a file that save() wrote (.npz, arrays only), or it is damaged")


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Any:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("compressed in a way that save() and NumPy do not use")
    return archive.open(entry)


def _declared(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[tuple[int, ...], Any, bool]:
    with _opened(archive, entry) as stream:
        return _header(stream)


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], Any, bool]:
    """The shape, the dtype and whether columns come first, of an array in a file; ValueError if it makes no sense."""
    length = {(1, 0): 2, (2, 0): 4}[np.lib.format.read_magic(stream)]
    size = int.from_bytes(stream.read(length), "little")
    if size > _HEADER:
        raise ValueError("a header that is too long")
    header = ast.literal_eval(stream.read(size).decode("latin1"))
    shape, columns_first = header["shape"], header["fortran_order"]
    dtype = np.lib.format.descr_to_dtype(header["descr"])
    if not (isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)) or dtype.hasobject:
        raise ValueError("no shape of an array, or an array of objects")
    return shape, dtype, bool(columns_first)


def _numbers(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    with _opened(archive, entry) as stream:
        shape, dtype, columns_first = _header(stream)
        wanted = math.prod(shape) * dtype.itemsize
        data = stream.read(wanted)
        if len(data) != wanted or stream.read(1):  # the second makes zipfile compare the checksum
            raise ValueError("not as long as it says")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if columns_first else "C")
