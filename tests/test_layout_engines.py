"""Programs that lay out drawings: found, bounded, ended with all they started, and not believed before a look."""

import os
import shutil
import subprocess
import sys
import time
import zlib

import pytest

from scalargrad import Value, draw
from scalargrad.drawing import checking, layout, running
from scalargrad.drawing.layout import LayoutError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")

PICTURE = draw((Value(1.0, label="x") * 2).tanh())
LAID = layout.render("digraph { a -> b }", "json0")
PNG = PICTURE.png


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a program of a Python script, or of what it prints, and have it lay out the drawings."""

    def make(prints=b"", script=""):
        (tmp_path / "printed").write_bytes(prints)
        path = tmp_path / "dot"
        copy = f"import sys, shutil; shutil.copyfileobj(open({str(tmp_path / 'printed')!r}, 'rb'), sys.stdout.buffer)"
        path.write_text(f"#!{sys.executable}\n{script or copy}\n")
        path.chmod(0o755)
        monkeypatch.setenv(layout.VARIABLE, str(path))
        return path

    return make


def refusal(form="json0"):
    """The one sentence in which a picture is refused."""
    with pytest.raises(LayoutError) as caught:
        layout.render("digraph {}", form)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 800
    return message


WRONG = {
    "rubbish": (b"\x00\xff rubbish", "not whole"),
    "words": (b"Warning: no fonts", "not whole"),
    "half of it": (LAID[: len(LAID) // 2], "not whole"),
    "all but its end": (LAID.rstrip()[:-1], "not whole"),
    "another encoding": (LAID.decode().encode("utf-16"), "not whole"),
    "a web page": (b"<html><body>no</body></html>", "not whole"),
    "a PNG": (PNG, "not whole"),
    "too deep": (b"[" * 100_000, "not whole"),
    "something else": (b'{"objects": []}', "no drawing"),
    "a list": (b"[1]", "no drawing"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_whole_layout_is_refused(program, what):
    printed, reason = WRONG[what]
    program(printed)
    assert reason in refusal()


NO_LAYOUT = {
    "nothing in it": b'{"bb": "0,0,1,1"}',
    "no numbers": LAID.replace(b'"pos": "', b'"pos": "x'),
    "no box": b'{"bb": "0"}',
    "texts for lists": b'{"bb": "0,0,1,1", "objects": "abc"}',
    "another graph": LAID,
    "two of them": LAID + LAID,
}


@pytest.mark.parametrize("what", NO_LAYOUT)
def test_a_layout_of_something_else_is_refused_and_nothing_of_it_is_shown(program, what):
    picture = draw((Value(1.0, label="x") * 2).tanh())
    program(NO_LAYOUT[what])
    with pytest.raises(LayoutError, match="something that is no layout"):
        _ = picture.svg


WRONG_PNG = {
    "an SVG": PICTURE.svg.encode(),
    "a wrong header": b"\x89PNG\r\r\n\x1a\n" + PNG[8:],
    "half of it": PNG[: len(PNG) // 2],
    "no end": PNG[:-12],
    "more behind its end": PNG + b"<script>",
    "a flipped bit": PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:],
    "nothing but a header": PNG[:8],
    "no picture": PNG[:8] + b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big"),
}


@pytest.mark.parametrize("what", WRONG_PNG)
def test_what_is_no_whole_png_is_refused(program, what):
    program(WRONG_PNG[what])
    assert "is not to be shown as png" in refusal("png")


def test_what_is_whole_is_taken_as_it_is(program):
    program(LAID)
    assert layout.render("digraph {}", "json0") == LAID
    program(PNG)
    assert layout.render("digraph {}", "png") == PNG
    assert checking.fault(LAID, "json0") == checking.fault(PNG, "png") == ""


def test_a_program_that_writes_nothing_or_fails_is_told_in_one_line(program):
    program()
    assert "it wrote nothing" in refusal()
    program(script="import sys; sys.stderr.write('\\x1b[31mred\\x00\\u202e ' + 'x' * 9999); sys.exit(3)")
    message = refusal()
    assert r"failed: \x1b[31mred\x00\u202e xxx" in message
    assert message.endswith("…")
    program().write_bytes(b"\x7fELF nothing that runs")
    assert "cannot be run" in refusal()


def test_output_without_an_end_is_bounded(program, monkeypatch):
    monkeypatch.setattr(layout, "LEAST", 100_000)
    for stream in ("stdout", "stderr"):
        program(script=f"import sys\nwhile True: sys.{stream}.write('x' * 10000)")
        assert "writes without end" in refusal()
    program(script="import sys; sys.stdout.write('x' * 200000)")
    assert "writes without end" in refusal()


def started(path):
    """The processes that have this file's name in their command line."""
    told = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if str(path) in line and "ps -eo" not in line]


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_a_hanging_program_is_ended_with_all_it_started(program, monkeypatch):
    monkeypatch.setattr(layout, "SECONDS", 1)
    script = (
        "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {0!r}])"
    )
    path = program(script="")
    mark = str(path) + "-child"
    program(script=script.format(mark) + "; time.sleep(60)")
    assert "took more than 1 s" in refusal()
    assert not started(path)


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_a_program_whose_child_holds_the_pipes_is_not_waited_for(program, monkeypatch, tmp_path):
    monkeypatch.setattr(running, "SHORTLY", 0.3)
    (tmp_path / "picture").write_bytes(LAID)
    path = program(
        script="import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {str(tmp_path / 'dot')!r}])\n"
        f"sys.stdout.buffer.write(open({str(tmp_path / 'picture')!r}, 'rb').read())"
    )
    before = time.monotonic()
    assert layout.render("digraph {}", "json0") == LAID
    assert time.monotonic() - before < 50
    assert not started(path)


def test_where_a_layout_takes_too_long_the_boxes_stand_in_columns(program, monkeypatch):
    monkeypatch.setattr(layout, "SECONDS", 0.5)
    program(script="import time; time.sleep(60)")
    svg = draw((Value(1.0, label="x") * 2).tanh()).svg
    assert "tanh" in svg
    assert "x" in svg


def test_a_program_that_does_not_read_is_no_trouble(program, tmp_path):
    program(LAID)
    assert layout.render("digraph {}" + " " * 2_000_000, "json0") == LAID


def test_its_version_is_one_line_or_nothing(program):
    program(script="import sys; print('dot - \\x1b graphviz version 9', file=sys.stderr)")
    assert layout.engine().version == r"dot - \x1b graphviz version 9"
    program(script="while True: print('x' * 1000)")
    assert layout.engine().version == ""
    path = program()
    found = layout.engine()
    path.unlink()
    assert found.version == ""


def test_the_wheel_may_be_missing_or_hold_no_program(monkeypatch):
    def missing(name):
        raise layout.metadata.PackageNotFoundError(name)

    layout._in_the_wheel.cache_clear()
    try:
        monkeypatch.setattr(layout.metadata, "files", missing)
        assert layout._in_the_wheel() is None
        layout._in_the_wheel.cache_clear()
        monkeypatch.setattr(layout.metadata, "files", lambda name: None)
        assert layout._in_the_wheel() is None
    finally:
        layout._in_the_wheel.cache_clear()


def test_nothing_is_saved_of_what_is_refused(program, tmp_path):
    program(WRONG["rubbish"][0])
    with pytest.raises(LayoutError):
        draw((Value(1.0) * 2).tanh()).save(tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()
