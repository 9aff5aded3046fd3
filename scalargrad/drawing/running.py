"""Running a program of others: for a bounded time, with bounded output, and with an end to all it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

SHORTLY = 2.0
"""How many seconds its pipes may stay open after a program has ended: what it has started may hold them."""


class TooLongError(Exception):
    """It took too long."""


class TooMuchError(Exception):
    """It wrote too much."""


@dataclass(frozen=True)
class Done:
    """What became of a program."""

    code: int
    output: bytes
    complaint: bytes


class _Reader(threading.Thread):
    """Reads a pipe to its end, or until there is more than ``most``."""

    def __init__(self, pipe: int, most: int, full: threading.Event) -> None:
        super().__init__(daemon=True)
        self.pipe = pipe
        self.most = most
        self.full = full
        self.read = bytearray()

    def run(self) -> None:
        with suppress(OSError):
            while piece := os.read(self.pipe, 1 << 16):
                self.read += piece
                if len(self.read) > self.most:
                    self.full.set()
                    return


def run(command: Sequence[str], given: bytes, seconds: float, most: int) -> Done:
    """What the program makes of what it is given.

    Raises TooLongError and TooMuchError, OSError if it cannot be started. However it ends, nothing that it has started
    goes on, unless it has left the program's group of processes.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    full = threading.Event()
    readers = [_Reader(pipe.fileno(), most, full) for pipe in pipes]
    writer = threading.Thread(target=_write, args=(process, given), daemon=True)
    try:
        for thread in (*readers, writer):
            thread.start()
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            if full.wait(0.002):
                raise TooMuchError
            if time.monotonic() > deadline:
                raise TooLongError
        for reader in readers:
            reader.join(SHORTLY)
        if full.is_set():
            raise TooMuchError
        return Done(process.returncode, bytes(readers[0].read), bytes(readers[1].read))
    finally:
        _end(process, any(reader.is_alive() for reader in readers))
        for reader, pipe in zip(readers, pipes):
            reader.join(SHORTLY)
            if not reader.is_alive():  # else it still waits there, for what has left the group
                pipe.close()


def _write(process: subprocess.Popen[bytes], given: bytes) -> None:
    assert process.stdin is not None
    with suppress(OSError), process.stdin as pipe:
        left = memoryview(given)
        while left:
            left = left[pipe.write(left) :]


def _end(process: subprocess.Popen[bytes], others: bool) -> None:
    """End a program and all in its group; ``others`` says whether something there is left once it has ended."""
    if process.poll() is None or others:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()
