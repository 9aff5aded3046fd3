"""Formulas pasted from papers, keyboards and other languages: understood, or answered with what to write."""

import numpy as np
import pytest

from scalargrad import parse
from scalargrad.cli import main
from scalargrad.expression import ExpressionError
from scalargrad.expression.grammar import WRITTEN
from scalargrad.symbolic import latex, tidy


def message(formula):
    with pytest.raises(ExpressionError) as caught:
        parse(formula)
    return caught.value.message


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("x∗y", 6.0), ("x∙y", 6.0), ("x•y", 6.0), ("x✕y", 6.0), ("x⨯y", 6.0), ("x\u2062y", 6.0), ("x∕y", 2 / 3),
        ("x⁄y", 2 / 3), ("x‐y", -1.0), ("x‑y", -1.0), ("x‒y", -1.0), ("x—y", -1.0), ("１２＋ｘ", 14.0), ("２＊（ｘ＋ｙ）", 10.0),
        ("１．５ｅ２", 150.0), ("x＊＊y", 8.0), ("［ｘ＜ｙ］", 1.0), ("x＾2", 4.0), ("[x ⩽ y]", 1.0), ("x\u3000＋\u00a0y", 5.0),
    ],
)  # fmt: skip
def test_signs_of_other_keyboards_and_of_web_pages_are_understood(formula, value):
    expression = parse(formula)
    given = {name: v for name, v in {"x": 2.0, "y": 3.0}.items() if name in expression.names}
    assert expression.evaluate(**given) == pytest.approx(value)


def test_a_full_width_name_is_the_same_variable():
    assert parse("ｘ＋x").names == ("x",)


@pytest.mark.parametrize(
    ("formula", "hint"),
    [
        ("\ufeffx", "the character U+FEFF has no place in a formula: it cannot be seen: delete it"),
        ("x\u200b+1", "U+200B has no place in a formula: it cannot be seen"),
        ("x + ٣", "٣ has no place in a formula: write the digit 3"),
        ("x + ३", "write the digit 3"),
        ("$x$", "it is not LaTeX"),
        ("\\frac{1}{x}", "it is not LaTeX"),
        ("{x}", "to group, use ( )"),
        ("“x”", "no texts in quotes"),
        ("x｜", "write abs(x) for |x|"),
        ("x ﹪ 2", "write %"),
    ],
)
def test_what_is_not_understood_is_answered_with_a_hint(formula, hint):
    assert hint in message(formula)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("2x", "write 2*x"), ("2(x)", "write 2*(…)"), ("(x)(y)", "write (…)*(…)"), ("(x)y", "write (…)*y"), ("x²y", "write x²*y"),
        ("x 2", "write x*2"), ("[x > 0]y", "write […]*y"), ("(x)²y", "write (…)²*y"), ("2" + "x" * 50, "write 2*xxxxx"),
    ],
)  # fmt: skip
def test_a_product_without_a_sign_is_refused_with_what_to_write(formula, wanted):
    told = message(formula)
    assert f"to multiply, {wanted}" in told
    assert len(told) < 150


@pytest.mark.parametrize("name", WRITTEN)
def test_a_function_there_is_not_is_answered_with_a_formula_that_is_one(name):
    told = message(f"1 + {name}(x)")
    assert told == f"there is no function {name}: write {WRITTEN[name]}"
    parse(WRITTEN[name])
    assert message(f"{name.upper()}(x)").endswith(WRITTEN[name])


def test_the_advised_formulas_are_right():
    import math

    right = {"exp10": lambda x: 10**x, "ld": math.log2, "coth": lambda x: 1 / math.tanh(x), "arsh": math.asinh}
    right |= {
        "sec": lambda x: 1 / math.cos(x),
        "cot": lambda x: 1 / math.tan(x),
        "acot": lambda x: math.atan(1 / x),
        "csch": lambda x: 1 / math.sinh(x),
    }
    for name, function in right.items():
        assert parse(WRITTEN[name]).evaluate(x=0.3) == pytest.approx(function(0.3)), name
    assert parse(WRITTEN["arch"]).evaluate(x=1.3) == pytest.approx(math.acosh(1.3))


def test_what_was_advised_before_is_a_function_now():
    for name, at in [
        ("log10", 0.3),
        ("lg", 0.3),
        ("log2", 0.3),
        ("lb", 0.3),
        ("exp2", 0.3),
        ("cbrt", -8),
        ("asin", 0.3),
    ]:
        known = getattr(np, {"lg": "log10", "lb": "log2", "asin": "arcsin"}.get(name, name))
        assert parse(f"{name}(x)").evaluate(x=at) == pytest.approx(known(at), rel=1e-15)
    assert parse("atan2(y, x) + hypot(x, y) + relu6(x)").evaluate(x=3, y=4) == np.arctan2(4, 3) + 5 + 3
    assert parse("logit(x) + acosh(1/x) + atanh(x) + asinh(x)").evaluate(x=0.5) == pytest.approx(
        np.arccosh(2) + np.arctanh(0.5) + np.arcsinh(0.5)
    )


def test_no_function_is_advised_whose_name_has_other_digits():
    assert "log1p" not in message("log3(x)")
    assert message("log1(x)") == "there is no function log1: did you mean log1p?"
    assert "if it is a variable" in message("relu9(x)")


def test_a_long_name_is_cut_in_every_message():
    long = "x" * 5000
    for told in (
        message(f"{long}(2)"),
        message(f"2 {long}"),
        message(f"exp({long}=1)"),
        message(f"exp({long}=1, {long}=2)"),
    ):
        assert len(told) < 200, told
    for call in (
        lambda: parse("y").evaluate(**{long: 1}),
        lambda: parse(long).evaluate(),
        lambda: parse(long).graph(**{long: "1"}),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert len(str(caught.value)) < 200
    many = parse("+".join(f"x{i}" for i in range(900)))
    with pytest.raises(TypeError) as caught:
        many.evaluate()
    assert str(caught.value).startswith("the formula needs a value for x0, x1, x2, x3, x4, x5, x6, x7, …: give x0=…")
    with pytest.raises(TypeError) as caught:
        parse(["x"] * 1000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "formula", ["+x" * 400, "+x" * 999, "x" + "*(-x)" * 300, "-" * 99 + "x", "x" + "^x" * 99, "x" + "*x" * 999]
)
def test_a_formula_as_long_as_is_allowed_can_be_written_tidied_and_compared(formula):
    symbol = parse(formula).symbol()
    again = parse(formula).symbol()
    assert str(symbol).count("x") == latex(symbol).count("x") == formula.count("x")
    assert symbol == again
    assert hash(symbol) == hash(again)
    assert symbol.names() == {"x"}
    assert tidy(symbol) == tidy(again)


def test_symbols_tell_zeros_of_both_signs_apart():
    from scalargrad.symbolic import Sym

    assert Sym.number(0.0) != Sym.number(-0.0)
    assert Sym.number(1.0) == Sym.number(1) != Sym.named("1.0")
    assert Sym.number(float("nan")) == Sym.number(float("nan"))


@pytest.mark.parametrize(
    "arguments",
    [["log3(x)"], ["2x"], ["∗x"], ["x" * 3000 + "(2)"], ["x", "y" * 3000 + "=1"], ["x", "x=" + "9" * 3000 + "a"]],
)
def test_the_command_line_says_it_in_a_short_line(arguments, capsys):
    assert main(["steps", *arguments]) == 2
    first = capsys.readouterr().err.split("\n")[0]
    assert first.startswith("scalargrad: ")
    assert len(first) < 300


def test_names_of_files_and_long_formulas_are_cut_in_messages(capsys):
    for arguments in (
        ["draw", "x", "x=1", "-o", "x" * 3000],
        ["steps", "x", "x=1", "--html", "x" * 3000],
        ["check", "+x" * 900],
    ):
        assert main(arguments) == 2
        assert len(capsys.readouterr().err) < 300
