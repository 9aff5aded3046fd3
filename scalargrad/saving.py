"""Writing files whole or not at all: what was there before is lost only once the new content is safely on the disk.

>>> import pathlib, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = write(pathlib.Path(folder) / "graph.txt", "one line of text")
...     path.name, path.read_text()
('graph.txt', 'one line of text')
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["replacing", "write"]


def write(path: str | os.PathLike[str], content: bytes | memoryview | str) -> Path:
    """Make ``content`` the content of a file, and give its path; a text is written as UTF-8.

    Raises OSError, of the class Python has for it (FileNotFoundError, PermissionError …), with one sentence.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as stream:
        stream.write(data)
    return Path(path)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary stream whose content becomes that of the file when the block ends without an error.

    It is written to a file of its own beside the target first, so that a full disk, Ctrl-C or a lost process leave the
    old file as it was, and several writers do not disturb each other: the last one to finish wins. A symbolic link
    stays one, and the file it leads to is replaced; a file that is replaced hands on its permissions. What is no
    regular file, such as a pipe, is written to as it is.
    """
    try:
        before = _status(path)
        if before is not None and not stat.S_ISREG(before.st_mode):
            with open(path, "wb") as stream:
                yield stream
            return
        target = os.path.realpath(path)
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"there is no folder {folder}")
        if before is not None and not os.access(target, os.W_OK):
            raise PermissionError("it is read-only")
        unfinished = os.path.join(folder, f".{secrets.token_hex(8)}.unfinished")
        try:
            with open(unfinished, "xb") as stream:
                if before is not None:
                    _hand_on(before, unfinished)
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise
        _settle(folder)
    except OSError as error:
        why = error.strerror or str(error)
        refusal = type(error)(f"{os.fspath(path)} could not be written ({why}): what was there before is unchanged")
        refusal.errno = error.errno
        raise refusal from None


def _status(path: str | os.PathLike[str]) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
    except ValueError:
        raise ValueError(f"{path!r} cannot be the name of a file") from None


def _hand_on(before: os.stat_result, path: str) -> None:
    """Give a new file the owner, where that is allowed, and the permissions of the one it is to replace."""
    if hasattr(os, "chown") and (before.st_uid, before.st_gid) != (os.getuid(), os.getgid()):
        with contextlib.suppress(OSError):
            os.chown(path, before.st_uid, before.st_gid)
    os.chmod(path, stat.S_IMODE(before.st_mode))


def _settle(folder: str) -> None:
    """Have the new name on the disk as well, where a folder can be asked for that."""
    with contextlib.suppress(OSError):
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
