"""The language in which students are spoken to: English, or what a table makes of it.

In the code stand the English texts, with ``{0}`` for what is put in; :func:`say` gives them in the chosen language.
The texts of another language are one table, here in :mod:`.russian`, by the English ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["LANGUAGES", "VARIABLE", "chosen", "language", "say", "speaking"]

LANGUAGES = ("en", "ru")
VARIABLE = "SCALARGRAD_LANG"
"""The environment variable that chooses the language where nothing else does."""

_speaking: ContextVar[str | None] = ContextVar("scalargrad_language", default=None)


def language(lang: str | None = None) -> str:
    """The language that is meant: the one given, else that of :func:`speaking`, else ``SCALARGRAD_LANG``, else English.

    >>> language("ru"), language()
    ('ru', 'en')
    """
    if lang is not None:
        if lang not in LANGUAGES:
            raise ValueError(f"lang is 'en' or 'ru', not {lang!r}")
        return lang
    spoken = _speaking.get()
    if spoken is not None:
        return spoken
    named = os.environ.get(VARIABLE, "")
    code = named.lower().partition(".")[0].partition("_")[0].partition("-")[0]
    if code in LANGUAGES:
        return code
    if named and code not in ("c", "posix"):
        raise ValueError(f"the environment variable {VARIABLE} is 'en' or 'ru', not {named!r}")
    return "en"


@contextmanager
def speaking(lang: str | None) -> Iterator[str]:
    """Speak this language within a ``with`` block; None changes nothing.

    >>> with speaking("ru"):
    ...     say("Forward")
    'Прямой проход'
    """
    token = _speaking.set(None if lang is None and _speaking.get() is None else language(lang))
    try:
        yield language()
    finally:
        _speaking.reset(token)


def say(text: str, *values: object, lang: str | None = None) -> str:
    """The text in the language that is meant, with the values in the places of ``{0}``, ``{1}``, …

    >>> say("Compute {0} ({1})", "y", "exp", lang="ru")
    'Вычисляем y (exp)'
    """
    template = chosen(text, lang)
    return template.format(*values) if values else template


def chosen(text: str, lang: str | None = None) -> str:
    """The text in the language that is meant as it stands in the table; in English if the table does not have it."""
    if language(lang) == "en":
        return text
    from scalargrad.language.russian import RUSSIAN

    return RUSSIAN.get(text, text)
