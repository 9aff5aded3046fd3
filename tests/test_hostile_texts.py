"""No text in a label, a scope or a file is markup, an address or code; the nightly command tries all of them."""

import functools
import tempfile

import mistune
import pytest

from scalargrad.lectures.claims import Claim, Text
from scalargrad.lectures.system import System
from tests.hostile import TEXTS, Structure, documents, harmless, labelled, stored

SAMPLE = [TEXTS[i] for i in (3, 13, 47, 51, 52, 60)]


@functools.cache
def plain(make):
    with tempfile.TemporaryDirectory() as folder:
        return documents(make("x"), folder)


@pytest.mark.parametrize("make", [labelled, stored])
@pytest.mark.parametrize("text", SAMPLE, ids=lambda text: ascii(text)[:30])
def test_a_text_is_shown_as_text_wherever_it_is_written(text, make, tmp_path):
    harmless(documents(make(text), tmp_path), plain(make))


@pytest.mark.parametrize(
    "text", [t for t in TEXTS if len(t) < 400 and "{" not in t and "http" not in t and "www" not in t]
)
def test_the_texts_of_a_lecture_are_text_in_its_table(text):
    system = System(
        "x",
        text,
        Text(text, text),
        Text(text, text),
        check=lambda: [Claim(Text(text, text), "1.0", 1.0, why=Text(text, text))],
    )
    page = Structure(mistune.create_markdown(escape=False, plugins=["table"])(system.markdown()))
    assert {tag for tag, *_ in page.elements} <= {"p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    page = Structure(system.html())
    assert {tag for tag, *_ in page.elements} <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert not page.scripts
