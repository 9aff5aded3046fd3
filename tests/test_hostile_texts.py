"""No text in a label, a scope or a file is markup, an address or code; the nightly command tries all of them."""

import functools
import tempfile

import pytest

from tests.hostile import TEXTS, documents, harmless, labelled, stored

SAMPLE = [TEXTS[i] for i in (3, 13, 47, 51, 52, 60)]


@functools.cache
def plain(make):
    with tempfile.TemporaryDirectory() as folder:
        return documents(make("x"), folder)


@pytest.mark.parametrize("make", [labelled, stored])
@pytest.mark.parametrize("text", SAMPLE, ids=lambda text: ascii(text)[:30])
def test_a_text_is_shown_as_text_wherever_it_is_written(text, make, tmp_path):
    harmless(documents(make(text), tmp_path), plain(make))
