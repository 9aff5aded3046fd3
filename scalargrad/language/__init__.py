"""The language in which students are spoken to: English, or one that has a table here.

In the code stand the English texts, with ``{0}`` for what is put in; :func:`say` gives them in the chosen language, and
a :class:`Text` is one to be given later. A language is one file of this folder, ``ru.py`` for ``lang="ru"``: its NAME,
and its TEXTS by the English ones. It is found by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

__all__ = ["VARIABLE", "Text", "either", "language", "languages", "name_of", "say", "speaking", "template"]

VARIABLE = "SCALARGRAD_LANG"
"""The environment variable that chooses the language where nothing else does."""

_speaking: ContextVar[str | None] = ContextVar("scalargrad_language", default=None)


@cache
def languages() -> tuple[str, ...]:
    """The languages there are: English, and one for each table.

    >>> languages()[0], "ru" in languages()
    ('en', True)
    """
    return ("en", *sorted(module.name for module in iter_modules(__path__)))


def name_of(lang: str) -> str:
    """What a language calls itself."""
    return "English" if lang == "en" else str(import_module(f"{__name__}.{lang}").NAME)


def language(lang: str | None = None) -> str:
    """The language that is meant: the one given, else that of :func:`speaking`, else ``SCALARGRAD_LANG``, else English.

    >>> language("ru"), language()
    ('ru', 'en')
    """
    if lang is not None:
        if lang not in languages():
            raise ValueError(f"lang is {_choices()}, not {lang!r}")
        return lang
    spoken = _speaking.get()
    if spoken is not None:
        return spoken
    wanted = os.environ.get(VARIABLE, "")
    code = wanted.lower().partition(".")[0].partition("_")[0].partition("-")[0]
    if code in ("", "c", "posix"):
        return "en"
    if code not in languages():
        raise ValueError(f"the environment variable {VARIABLE} is {_choices()}, not {wanted!r}")
    return code


def _choices() -> str:
    return either(map(repr, languages()), lang="en")


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

    >>> say("Compute {0}: {1}", "y", "exp", lang="ru")
    'Вычисляем y: exp'
    """
    found = template(text, lang)
    return found.format(*values) if values else found


def template(text: str, lang: str | None = None) -> str:
    """The text in the language that is meant as it stands in the table; in English if the table does not have it."""
    code = language(lang)
    if code == "en":
        return text
    found: dict[str, str] = import_module(f"{__name__}.{code}").TEXTS
    return found.get(text, text)


def either(choices: Iterable[str], lang: str | None = None) -> str:
    """All the choices there are, as a sentence lists them.

    >>> either([".svg", ".png", ".dot"])
    '.svg, .png or .dot'
    """
    *others, last = choices
    return say("{0} or {1}", ", ".join(others), last, lang=lang) if others else last


class Text:
    """A text to be said later, with its values: ``str`` gives it in the language that is spoken then.

    >>> text = Text("Compute {0}: {1}", "y", "exp")
    >>> str(text), text.told("ru")
    ('Compute y: exp', 'Вычисляем y: exp')
    """

    def __init__(self, english: str, *values: object) -> None:
        self.english = english
        self.values = values

    def told(self, lang: str | None = None) -> str:
        """The text in the language that is meant, see :func:`language`."""
        return say(self.english, *self.values, lang=lang)

    def __str__(self) -> str:
        return self.told()

    def __repr__(self) -> str:
        return f"<Text {str(self)!r}>"
