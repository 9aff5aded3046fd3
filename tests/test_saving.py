"""Files are written whole or not at all, keep their permissions and links, and writers do not disturb each other."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scalargrad.saving import replacing, write

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links are those of POSIX")


def leftovers(folder):
    return [p.name for p in folder.iterdir() if "unfinished" in p.name]


def test_texts_and_bytes_are_written_as_they_are(tmp_path):
    assert write(tmp_path / "a.txt", "é\n") == tmp_path / "a.txt"
    assert (tmp_path / "a.txt").read_bytes() == "é\n".encode()
    write(str(tmp_path / "a.txt"), b"\x00\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\x00\r\n"
    assert not leftovers(tmp_path)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o777])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    write(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o007])
def test_a_new_file_has_the_permissions_the_user_asked_for_by_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / "a.txt", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~mask


@posix
@pytest.mark.parametrize("old", ["old", None])
def test_a_symbolic_link_stays_one(tmp_path, old):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.txt", tmp_path / "link.txt"
    if old is not None:
        target.write_text(old)
    link.symlink_to(Path("elsewhere") / "real.txt")
    write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert not leftovers(tmp_path)
    assert not leftovers(tmp_path / "elsewhere")


@posix
def test_what_is_no_regular_file_is_written_to_as_it_is(tmp_path):
    write("/dev/null", "lost")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe, "through")
    reader.join()
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ZeroDivisionError()]
)
@pytest.mark.parametrize("place", ["block", "fsync", "replace"])
def test_the_old_file_stays_when_writing_fails(tmp_path, monkeypatch, error, place):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_):
        raise error

    if place != "block":
        monkeypatch.setattr(os, place, fail)

    def work():
        with replacing(path) as stream:
            stream.write(b"half")
            if place == "block":
                fail()

    with pytest.raises(type(error)) as caught:
        work()
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)
    if isinstance(error, OSError):
        assert str(caught.value) == (
            f"{path} could not be written (No space left on device): what was there before is unchanged"
        )
        assert caught.value.errno == errno.ENOSPC


@posix
def test_the_old_file_stays_on_a_disk_that_is_full(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = (
        "import resource, signal, sys; from scalargrad.saving import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write(sys.argv[1], b'x' * 100_000)\n"
        "except OSError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"OSError {path} could not be written (")
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)


def test_impossible_targets_are_told_in_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write(tmp_path / "none" / "a.txt", "")
    with pytest.raises(OSError, match="could not be written"):
        write(tmp_path, "")
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        write(tmp_path / "a\0b", "")
    assert not list(tmp_path.iterdir())


@posix
def test_a_file_that_is_read_only_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o400)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError, match="read-only"):
        write(path, "new")
    assert path.read_text() == "old"


def test_many_writers_at_once_leave_one_whole_file(tmp_path):
    path, errors = tmp_path / "a.txt", []

    def work(letter):
        try:
            for _ in range(30):
                write(path, letter * 50_000)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(letter,)) for letter in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert path.read_text() in [letter * 50_000 for letter in "abcd"]
    assert not leftovers(tmp_path)
