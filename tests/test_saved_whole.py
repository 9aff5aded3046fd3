"""Drawings, steps, worksheets and traces are replaced as a whole or not at all."""

import errno
import os
import random

import pytest

from scalargrad import Value, draw, saving, steps
from scalargrad.cli import main
from tests.killing import FILES, killed, require_whole, whole_versions


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_program_killed_while_it_saves_leaves_whole_files(tmp_path):
    r, versions = random.Random(0), whole_versions()
    for _ in range(3):
        killed(tmp_path, r.uniform(0.05, 0.15))
        require_whole(tmp_path, versions)
    assert (tmp_path / FILES[0]).exists()


def root():
    x = Value(2.0, label="x")
    return x * x


WRITERS = {
    "x.svg": lambda path: draw(root()).save(path),
    "x.png": lambda path: draw(root()).save(path),
    "x.dot": lambda path: draw(root()).save(path),
    "x.json": lambda path: draw(root()).save(path),
    "steps.txt": lambda path: steps(root()).save(path),
    "steps.md": lambda path: steps(root()).save(path),
    "steps.tex": lambda path: steps(root()).save(path),
    "steps.html": lambda path: steps(root()).save(path),
    "sheet.html": lambda path: steps(root()).worksheet().save(path),
    "sheet.md": lambda path: steps(root()).worksheet().save(path),
    "sheet.tex": lambda path: steps(root()).worksheet().key.save(path),
}


class Full:
    """A disk on which nothing more fits."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        self.stream.__enter__()
        return self

    def __exit__(self, *error):
        return self.stream.__exit__(*error)

    def write(self, data):
        self.stream.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name):
        return getattr(self.stream, name)


def full(*given):
    return Full(open(*given))


@pytest.mark.parametrize("name", WRITERS)
def test_on_a_full_disk_the_old_file_stays(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr(saving, "open", full, raising=False)
    with pytest.raises(OSError, match=r"could not be written \(No space left on device\)") as caught:
        WRITERS[name](path)
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_on_a_full_disk_the_command_line_says_so_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saving, "open", full, raising=False)
    for command in (
        ["draw", "x", "x=1", "-o", "a.json"],
        ["steps", "x", "x=1", "-o", "a.txt"],
        ["lecture", "softmax", "-o", "a.md"],
    ):
        assert main(command) == 1
        told = capsys.readouterr().err
        assert "No space left on device" in told
        assert told.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_is_not_there_is_told(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        WRITERS[name](tmp_path / "no" / name)
