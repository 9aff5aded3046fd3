"""The languages: every text a student reads exists in all of them, with the same places to fill."""

import ast
import os
import re
import string
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from scalargrad import OPS, STRUCTURAL, Value, draw, parse, steps
from scalargrad.cli import main
from scalargrad.cli.commands import COMMANDS
from scalargrad.cli.inputs import ARGPARSE
from scalargrad.expression.tokens import _HINTS
from scalargrad.language import either, language, languages, name_of, say, speaking
from scalargrad.stepper.texts import TITLES, UNDEFINED

PACKAGE = Path(__file__).parent.parent / "scalargrad"
STATUSES = {"ok", "wrong", "kink", "skipped"}
PARTS_OF_A_DRAWING = {"node", "value", "gradient", "made by", "(given)"}
FINDINGS = {"drawing", "layout engine", "console", "optional"}


def said():
    """Every text given to ``say`` or ``Text``, literally or from a table."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                text = node.args[0]
                if name in ("say", "_say", "_said", "Text", "Endings") and isinstance(text, ast.Constant):
                    found[text.value] = path.name
    tables = [
        TITLES.values(),
        UNDEFINED.values(),
        ARGPARSE,
        _HINTS.values(),
        STATUSES,
        PARTS_OF_A_DRAWING,
        FINDINGS,
    ]
    tables += [[c.description for c in COMMANDS.values()], [op.note for op in OPS.values()]]
    tables += [[op.why_not for op in [*OPS.values(), *STRUCTURAL.values()] if op.why_not]]
    tables += [["Fill in the lines; their numbers stand in the drawing. On every edge upstream × local = downstream."]]
    return found | {text: "a table" for table in tables for text in table}


def fields(text):
    return sorted(f"{name}!{conversion}:{spec}" for _, name, spec, conversion in string.Formatter().parse(text) if name)


def texts(lang):
    """The table of a language."""
    return import_module(f"scalargrad.language.{lang}").TEXTS


CHOICES = either(map(repr, languages()))
EVERY = pytest.mark.parametrize("lang", languages()[1:])


@EVERY
def test_every_text_exists_in_every_language(lang):
    missing = {text: where for text, where in said().items() if text not in texts(lang)}
    assert not missing
    assert name_of(lang)


@EVERY
def test_no_text_is_left_over(lang):
    assert not set(texts(lang)) - set(said())


@EVERY
def test_all_languages_have_the_same_places_to_fill(lang):
    for english, other in texts(lang).items():
        assert set(fields(english)) == set(fields(other)), english


# names, signs, and formulas that need no words
ALIKE = {"Adagrad", "Adam", "RMSProp", "Markdown", "root(exp(mul(x₃, add(x₁, x₂))))"}


def test_the_russian_texts_are_russian():
    for english, russian in texts("ru").items():
        if english not in ALIKE:
            words = re.sub(r"[^а-яё]", "", re.sub(r"\{\d[^}]*\}", "", russian.lower()))
            assert words, english


def test_a_language_is_one_new_file(tmp_path, monkeypatch, capsys):
    import scalargrad.language

    table = {text: text if "{" in text else f"·{text}·" for text in said()} | {"Forward": "Ahead"}
    (tmp_path / "qq.py").write_text(f"NAME = 'Quack'\nTEXTS = {table!r}\n", encoding="utf-8")
    monkeypatch.setattr(scalargrad.language, "__path__", [*scalargrad.language.__path__, str(tmp_path)])
    scalargrad.language.languages.cache_clear()
    try:
        assert steps(Value(1.0), lang="qq").text.startswith("Ahead")
        assert '<html lang="qq">' in steps(Value(1.0), lang="qq").html
        with pytest.raises(ValueError, match=r"lang is 'en', .*'qq'.*, not 'fr'"):
            draw(Value(1.0), lang="fr")
        assert main(["steps", "x", "x=1", "--lang", "qq"]) == 0
        assert main(["steps", "--help"]) == 0
        shown = capsys.readouterr().out
        assert "Ahead" in shown
        assert re.search(r"en \(English\), .*qq \(Quack\)", " ".join(shown.split()))
    finally:
        scalargrad.language.languages.cache_clear()
        sys.modules.pop("scalargrad.language.qq", None)


def test_texts_are_told_by_say_and_nowhere_else():
    """No error message of the command line or of formulas is put together without it."""
    for part in ("cli", "expression", "drawing", "stepper"):
        for path in sorted((PACKAGE / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                    first = node.exc.args[0]
                    name = getattr(node.exc.func, "attr", getattr(node.exc.func, "id", ""))
                    if name not in ("AssertionError", "type"):
                        assert not isinstance(first, (ast.JoinedStr, ast.Constant)), f"{path}:{node.lineno}"


def test_the_language_is_the_one_given_then_the_one_spoken_then_that_of_the_environment(monkeypatch):
    monkeypatch.delenv("SCALARGRAD_LANG", raising=False)
    assert language() == "en"
    monkeypatch.setenv("SCALARGRAD_LANG", "ru_RU.UTF-8")
    assert language() == "ru"
    assert say("Forward") == "Прямой проход"
    with speaking("en"):
        assert say("Forward") == "Forward"
        with speaking(None):
            assert language() == "en"
    assert language("en") == "en"


@pytest.mark.parametrize("wrong", ["fr", "", "english", None])
def test_a_language_there_is_not_is_an_error(wrong, monkeypatch):
    if wrong:
        monkeypatch.setenv("SCALARGRAD_LANG", wrong)
        with pytest.raises(ValueError, match=f"SCALARGRAD_LANG is {CHOICES}"):
            language()
    if wrong is not None:
        monkeypatch.delenv("SCALARGRAD_LANG", raising=False)
        with pytest.raises(ValueError, match=f"lang is {CHOICES}"):
            steps(Value(1.0), lang=wrong)
        with pytest.raises(ValueError, match=f"lang is {CHOICES}"):
            draw(Value(1.0), lang=wrong)


ENGLISH = re.compile(r"\b(the|and|step|input|compute|start|from|back|value|gradient|forward|backward|is|of)\b", re.I)


def test_steps_and_drawings_speak_russian_all_through():
    x = Value(3.0, label="x")
    told = steps(x * x + x, lang="ru")
    for text in (told.text, told.markdown, draw(x.exp(), lang="ru").text):
        assert not ENGLISH.search(text), text
    assert all(not ENGLISH.search(step.title) for step in told)
    assert "значение" in draw(x.exp(), lang="ru").dot
    assert r"\subsection*{Прямой проход}" in told.latex
    page = told.player(predict=True)
    assert '<html lang="ru">' in page
    assert "Это один вклад из нескольких" in page


def test_a_stepper_keeps_its_language(monkeypatch):
    told = steps(Value(2.0, label="x").exp(), lang="ru")
    monkeypatch.setenv("SCALARGRAD_LANG", "en")
    assert told.text.startswith("Прямой проход")
    assert "Прямой" in told.text


def test_errors_of_formulas_speak_russian():
    with speaking("ru"), pytest.raises(ValueError, match="нет функции sigmod: может быть, sigmoid"):
        parse("sigmod(x)")


COMMAND_LINES = [
    ["steps", "x*x", "x=3"],
    ["draw", "x*x", "-o", "x.pdf"],
    ["draw", "x*x"],
    ["check", "x^3", "x=2"],
    ["ops"],
    ["doctor"],
    ["--help"],
    ["steps", "--help"],
    ["draw", "--help"],
    [],
    ["paint"],
    ["steps"],
    ["steps", "x", "x=2", "--precision", "a"],
    ["steps", "x", "x=2", "--precision"],
    ["check", "x", "x=1", "--method", "left"],
    ["steps", "x+", "x=1"],
    ["demo", "-o", "neuron.svg"],
]


@pytest.mark.parametrize("arguments", COMMAND_LINES, ids=" ".join)
def test_the_command_line_speaks_russian(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main([*arguments, "--lang", "ru"])
    captured = capsys.readouterr()
    told = captured.out + captured.err
    assert re.search("[а-я]{3}", told)
    for line in told.splitlines():
        prose = re.sub(r"--?[\w-]+|scalargrad.*|\S*[/\\=]\S*|[a-z]+,[a-z,]+|\(.*?\)", "", line)
        assert not re.search(r"\b(the|and|is|of|not|expected|with|usage|options|show this)\b", prose), line


def test_lang_may_stand_anywhere_and_must_be_known(capsys):
    assert main(["--lang", "ru", "steps", "x", "x=1"]) == 0
    assert "Прямой проход" in capsys.readouterr().out
    assert main(["steps", "--lang=ru", "x", "x=1"]) == 0
    assert "Прямой проход" in capsys.readouterr().out
    assert main(["steps", "x", "x=1", "--lang", "fr"]) == 2
    assert capsys.readouterr().err == f"scalargrad: --lang is {either(languages())}, not 'fr'\n"
    assert main(["steps", "x", "x=1", "--lang"]) == 2


def test_the_environment_chooses_the_language_of_the_command_line():
    for name, word in (("ru", "Прямой"), ("en", "Forward")):
        environment = {**os.environ, "SCALARGRAD_LANG": name, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-m", "scalargrad", "steps", "x*2", "x=1"]
        done = subprocess.run(command, capture_output=True, env=environment, check=True)
        assert word in done.stdout.decode("utf-8")
    environment["SCALARGRAD_LANG"] = "xx"
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 2
    assert f"SCALARGRAD_LANG is {CHOICES}, not 'xx'" in done.stderr.decode("utf-8")
