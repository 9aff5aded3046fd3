"""The part ``texts``: all hostile texts in all documents and in a browser, formulas, command lines and trace files by
chance, and programs killed while they save. Each takes its share of the seconds given.
"""

import os
import random
import shutil
import time

import pytest

from tests.fuzzing import (
    command_line,
    damaged,
    example,
    formula,
    parsed_or_refused,
    read_or_refused,
    told_in_short_lines,
)
from tests.hostile import TEXTS, documents, harmless, labelled, stored
from tests.killing import killed, require_whole, whole_versions

SECONDS = float(os.environ.get("NIGHTLY_SECONDS", "20"))
SEED = int(os.environ.get("NIGHTLY_SEED", "0"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def rounds(share, least, most):
    """Numbers from 0 on until the share of the time is over: not fewer than ``least``, not more than ``most``."""
    end = time.monotonic() + share * SECONDS
    for i in range(most):
        if i >= least and time.monotonic() > end:
            return
        yield i


def test_every_hostile_text_is_text_in_every_document(tmp_path):
    cases = [(make, text) for text in TEXTS for make in (labelled, stored)]
    random.Random(SEED).shuffle(cases)
    plain = {make: documents(make("x"), tmp_path) for make in (labelled, stored)}
    for i in rounds(0.35, 10, len(cases)):
        make, text = cases[i]
        harmless(documents(make(text), tmp_path), plain[make])


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_no_hostile_text_runs_in_a_browser(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    texts = random.Random(SEED).sample(TEXTS, len(TEXTS))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        troubles = []
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on(
            "request", lambda asked: None if asked.url.startswith(("file:", "data:")) else troubles.append(asked.url)
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        for i in rounds(0.25, 5, len(texts)):
            found = documents(labelled(texts[i]), tmp_path)
            (tmp_path / "block-page.html").write_text(
                "<!DOCTYPE html><meta charset=utf-8>" + found["block.html"] + found["sheet-block.html"],
                encoding="utf-8",
            )
            (tmp_path / "predict.html").write_text(found["predict.html"], encoding="utf-8")
            for name in ("steps.html", "predict.html", "sheet.html", "key.html", "drawing.svg", "block-page.html"):
                page.goto((tmp_path / name).as_uri())
                ran = [frame.evaluate("() => window.ran") for frame in page.frames]
                assert not any(ran), (name, texts[i])
                if name == "steps.html":
                    page.keyboard.press("End")
                    assert page.evaluate("() => document.querySelector('.sg-count').textContent") == "15 / 15"
                assert not troubles, (name, texts[i], troubles)
        browser.close()


def test_nothing_gets_out_of_the_parser():
    r = random.Random(SEED)
    for _ in rounds(0.15, 1_000, 110_000):
        parsed_or_refused(formula(r))


def test_no_traceback_reaches_whoever_types_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    r = random.Random(SEED)
    for _ in rounds(0.05, 50, 100_000):
        told_in_short_lines(command_line(r))


def test_a_damaged_trace_is_refused_or_harmless():
    r, data = random.Random(SEED), example()
    for _ in rounds(0.05, 100, 100_000):
        read_or_refused(damaged(r, data))


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_program_killed_while_it_saves_leaves_whole_files(tmp_path):
    r, versions = random.Random(SEED), whole_versions()
    for _ in rounds(0.15, 5, 320):
        killed(tmp_path, r.uniform(0.0, 0.1))
        require_whole(tmp_path, versions)
