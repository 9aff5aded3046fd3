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

PICTURE = draw(Value(1.0, label="x") * 2)
SVG = PICTURE.svg.encode()
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


def refusal(form="svg"):
    """The one sentence in which a picture is refused."""
    with pytest.raises(LayoutError) as caught:
        layout.render("digraph {}", form)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 800
    return message


WRONG_SVG = {
    "rubbish": (b"\x00\xff rubbish", "not whole"),
    "words": (b"Warning: no fonts", "not whole"),
    "half of it": (SVG[: len(SVG) // 2], "not whole"),
    "all but its end": (SVG.rstrip()[:-1], "not whole"),
    "two of them": (SVG + SVG[SVG.index(b"<svg") :], "not whole"),
    "another encoding": (SVG.decode().encode("utf-16"), "not whole"),
    "a web page": (b"<html><body>no</body></html>", "no drawing"),
    "another language": (b'<svg xmlns="http://example.org"><g/></svg>', "no drawing"),
    "nothing drawn": (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "no drawing"),
    "a PNG": (PNG, "not whole"),
    "a script": (SVG.replace(b"</svg>", b"<script>alert(1)</script></svg>"), "holds <script>"),
    "a script of no namespace": (SVG.replace(b"</svg>", b'<script xmlns="">1</script></svg>'), "holds <script>"),
    "HTML in it": (SVG.replace(b"</svg>", b"<foreignObject/></svg>"), "holds <foreignObject>"),
    "a picture from elsewhere": (SVG.replace(b"</svg>", b'<image width="1"/></svg>'), "holds <image>"),
    "a style sheet": (SVG.replace(b"</svg>", b"<style>@import 'x'</style></svg>"), "holds <style>"),
    "an animation": (SVG.replace(b"</svg>", b"<set attributeName='href'/></svg>"), "holds <set>"),
    "a handler": (SVG.replace(b"<svg ", b'<svg onload="alert(1)" '), "attribute onload"),
    "a link": (SVG.replace(b"xlink:title=", b'xlink:href="https://x" xlink:title=', 1), "attribute href"),
    "a fill from elsewhere": (SVG.replace(b'fill="#ffffff"', b'fill="url(http://x/#a)"', 1), "attribute fill"),
    "an instruction": (SVG.replace(b"<svg", b"<?xml-stylesheet href='x'?><svg", 1), "instructions"),
    "an entity": (SVG.replace(b"<svg", b"<!DOCTYPE x [<!ENTITY a 'b'>]><svg", 1), "instructions"),
}


@pytest.mark.parametrize("what", WRONG_SVG)
def test_what_is_no_whole_harmless_svg_is_refused(program, what):
    printed, reason = WRONG_SVG[what]
    program(printed)
    assert reason in refusal()


WRONG_PNG = {
    "an SVG": SVG,
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
    program(SVG)
    assert layout.render("digraph {}", "svg") == SVG
    program(PNG)
    assert layout.render("digraph {}", "png") == PNG
    assert checking.fault(SVG, "svg") == checking.fault(PNG, "png") == ""


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
    (tmp_path / "picture").write_bytes(SVG)
    path = program(
        script="import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {str(tmp_path / 'dot')!r}])\n"
        f"sys.stdout.buffer.write(open({str(tmp_path / 'picture')!r}, 'rb').read())"
    )
    before = time.monotonic()
    assert layout.render("digraph {}", "svg") == SVG
    assert time.monotonic() - before < 50
    assert not started(path)


def test_a_program_that_does_not_read_is_no_trouble(program, tmp_path):
    program(SVG)
    assert layout.render("digraph {}" + " " * 2_000_000, "svg") == SVG


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
    program(WRONG_SVG["a script"][0])
    with pytest.raises(LayoutError):
        draw(Value(1.0) * 2).save(tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()
