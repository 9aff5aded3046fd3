"""Formula trees: written in three styles that read back to the same numbers, and tidied without changing them."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scalargrad import OPS, NotDifferentiableError
from scalargrad.expression import ExpressionError, parse
from scalargrad.ops import elementwise as ops
from scalargrad.symbolic import (
    Sym,
    as_sym,
    formula,
    latex,
    latex_name,
    latex_text,
    local_derivative,
    number_text,
    pretty_name,
    python,
    saved,
    text,
    tidy,
    written,
)
from tests.formulas import read, value_of

a, b, c, x = map(Sym.named, "abcx")
VARIABLES = {"p": 0.731, "q": -1.37, "r": 2.49, "s": 0.208}

# --- random trees ----------------------------------------------------------------------------------------------------

names = st.sampled_from(sorted(VARIABLES)).map(Sym.named)
constants = st.sampled_from([0.0, 1.0, -1.0, 2.0, 3.0, -2.0, 0.5, -0.25, 1e-5, 2.5e10, -1e-9, 0.1]).map(Sym.number)
N = 200
ARITHMETIC = [OPS[name] for name in ("add", "sub", "mul", "div", "neg", "pow", "square", "reciprocal", "exp")]
ROWS = [row for row in OPS.values() if row.name != "bce_with_logits"]  # in LaTeX it shows the sigmoid inside


def trees(rows):
    def nodes(inner):
        choices = [st.tuples(*[inner] * len(row.operands)).map(lambda args, row=row: row(*args)) for row in rows]
        return st.one_of(choices)

    return st.recursive(st.one_of(names, names, constants), nodes, max_leaves=8)


formulas = trees(ARITHMETIC) | trees(ROWS)
opaque = trees(ARITHMETIC) | trees(
    [row for row in ROWS if row.name not in ("hypot", "floor_divide")]
)  # LaTeX shows their insides
# tidying takes "equal" as false, and a zero as one without a sign
generic = trees(ARITHMETIC) | trees([row for row in ROWS if row.name not in ("equal", "arctan2", "copysign")])


def same(u, v):
    return u == v or (math.isnan(u) and math.isnan(v))


@settings(max_examples=N, deadline=None)
@given(formulas)
def test_the_text_of_a_formula_reads_back_to_the_same_number(sym):
    try:
        expression = parse(text(sym))
    except ExpressionError as error:
        assume("not a finite number" not in error.message)  # the parser takes no constants that are infinite
        raise
    value = expression.evaluate(**{name: VARIABLES[name] for name in expression.names})
    assert same(value, value_of(sym, VARIABLES)), text(sym)


@settings(max_examples=N, deadline=None)
@given(opaque)
def test_the_latex_of_a_formula_reads_back_to_the_same_number(sym):
    assert same(read(latex(sym), VARIABLES, "latex"), value_of(sym, VARIABLES)), latex(sym)


@settings(max_examples=N, deadline=None)
@given(formulas)
def test_the_python_of_a_formula_computes_the_same_number(sym):
    try:
        value = eval(python(sym), {row.name: row.number for row in ROWS}, VARIABLES)
    except ZeroDivisionError:
        return  # the engine computes this again in IEEE arithmetic
    assert same(float(value), value_of(sym, VARIABLES)), python(sym)


def finite_throughout(sym):
    return math.isfinite(value_of(sym, VARIABLES)) and all(map(finite_throughout, sym.args))


@settings(max_examples=N, deadline=None, derandomize=True)  # rounding may tip a comparison, once in a blue moon
@given(generic)
def test_tidying_keeps_the_value(sym):
    assume(finite_throughout(sym))
    before, after = value_of(sym, VARIABLES), value_of(tidy(sym), VARIABLES)
    assert after == pytest.approx(before, rel=1e-9, abs=1e-9), f"{text(sym)} became {text(tidy(sym))}"


@settings(max_examples=N, deadline=None)
@given(formulas)
def test_what_is_tidy_stays_as_it_is(sym):
    once = tidy(sym)
    assert tidy(once) == once, f"{text(once)} became {text(tidy(once))}"


# --- writing ---------------------------------------------------------------------------------------------------------

WRITTEN = [  # formula, text, LaTeX
    (a - (b - c), "a − (b − c)", r"a - \left(b - c\right)"),
    (a - b - c, "a − b − c", "a - b - c"),
    (a + (b + c), "a + (b + c)", r"a + \left(b + c\right)"),
    (a / (b / c), "a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
    (a / b / c, "a/b/c", r"\frac{\frac{a}{b}}{c}"),
    (a * (b + c), "a·(b + c)", r"a \cdot \left(b + c\right)"),
    (a / (b * c), "a/(b·c)", r"\frac{a}{b \cdot c}"),
    ((a**b) ** c, "(a^b)^c", r"\left(a^{b}\right)^{c}"),
    (a ** (b**c), "a^b^c", r"a^{b^{c}}"),
    (-(a + b), "−(a + b)", r"-\left(a + b\right)"),
    ((-a) ** 2, "(−a)^2", r"\left(-a\right)^{2}"),
    (-(a**2), "−a^2", "-a^{2}"),
    (a * -b, "a·(−b)", r"a \cdot \left(-b\right)"),
    (a * -2, "a·(−2)", r"a \cdot \left(-2\right)"),
    (a - -2, "a − (−2)", r"a - \left(-2\right)"),
    (a.exp() ** 2, "exp(a)^2", r"\left(e^{a}\right)^{2}"),
    ((a + b).square(), "(a + b)²", r"\left(a + b\right)^{2}"),
    ((a / b).square(), "(a/b)²", r"\left(\frac{a}{b}\right)^{2}"),
    ((a + b).sqrt(), "sqrt(a + b)", r"\sqrt{a + b}"),
    (abs(a - b), "abs(a − b)", r"\left|a - b\right|"),
    ((a - 1).reciprocal(), "1/(a − 1)", r"\frac{1}{a - 1}"),
    (a.greater(b + 1) * c, "[a > b + 1]·c", r"[a > b + 1] \cdot c"),
    (ops.where(a, b + 1, c), "where(a, b + 1, c)", r"\begin{cases} b + 1, & a \\ c, & \text{otherwise} \end{cases}"),
    (1e-5 * a, "1e−5·a", r"1 \cdot 10^{-5} \cdot a"),
    (a**1e10, "a^10000000000", "a^{10000000000}"),
]


@pytest.mark.parametrize(("sym", "as_text", "as_latex"), WRITTEN, ids=[row[1] for row in WRITTEN])
def test_parentheses_stand_where_they_must_and_nowhere_else(sym, as_text, as_latex):
    assert text(sym) == str(sym) == as_text
    assert latex(sym) == as_latex
    assert repr(sym) == f"Sym({as_text})"


def test_python_source_has_operators_and_calls():
    assert python(a - (b - c) * 2) == "a - (b - c) * 2.0"
    assert python(-(a + 1) / a.exp()) == "(-(a + 1.0)) / exp(a)"
    assert python(a**-2) == "pow(a, -2.0)"
    assert python(a * math.inf) == "a * float('inf')"


def test_a_name_of_several_words_is_enclosed():
    wide = Sym.named("learning rate")
    assert text(wide * a) == "(learning rate)·a"
    assert text(wide.exp()) == "exp(learning rate)"


@pytest.mark.parametrize(
    ("number", "as_text"),
    [(2.0, "2"), (-0.5, "−0.5"), (-0.0, "−0"), (1e-5, "1e−5"), (1e22, "1e22"), (math.inf, "∞"), (-math.inf, "−∞")],
)
def test_a_number_is_written_shortly_and_reads_back(number, as_text):
    assert number_text(number) == as_text
    if math.isfinite(number):
        value = parse(as_text).evaluate()
        assert (value, math.copysign(1, value)) == (number, math.copysign(1, number))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_written_so_that_it_reads_back(number):
    assert parse(number_text(number)).evaluate() == number
    assert read(latex(as_sym(number)), {}, "latex") == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "as_text", "as_latex"),
    [
        ("x", "x", "x"),
        ("w0", "w₀", "w_{0}"),
        ("x_12", "x₁₂", "x_{12}"),
        ("w₀", "w₀", "w_{0}"),
        ("loss", "loss", r"\text{loss}"),
        ("loss2", "loss₂", r"\text{loss}_{2}"),
        ("α", "α", r"\alpha"),
        ("alpha1", "alpha₁", r"\alpha_{1}"),
        ("Ω", "Ω", r"\Omega"),
        ("скорость", "скорость", r"\text{скорость}"),
        ("ж3", "ж₃", r"\text{ж}_{3}"),
        ("a_b", "a_b", r"\text{a\_b}"),
        ("50%", "50%", r"\text{50\%}"),
        ("a{b}\\c^d", "a{b}\\c^d", r"\text{a\{b\}\textbackslash{}c\textasciicircum{}d}"),
    ],
)
def test_names_are_written_as_people_write_them(name, as_text, as_latex):
    assert pretty_name(name) == as_text
    assert latex_name(name) == as_latex


def test_nothing_in_latex_text_is_a_command():
    assert latex_text("50% & #1 $x$ ~") == r"50\% \& \#1 \$x\$ \textasciitilde{}"


# --- local derivatives -----------------------------------------------------------------------------------------------

FORMULAS = [  # op, position, operands, the local derivative in text and in LaTeX
    ("add", 0, ("a", "b"), "1", "1"),
    ("sub", 1, ("a", "b"), "−1", "-1"),
    ("mul", 0, ("w0", "x0"), "x₀", "x_{0}"),
    ("div", 0, ("a", "b"), "1/b", r"\frac{1}{b}"),
    ("div", 1, ("a", "b"), "−a/b²", r"-\frac{a}{b^{2}}"),
    ("div", 1, (1.0, "x"), "−1/x²", r"-\frac{1}{x^{2}}"),
    ("neg", 0, ("x",), "−1", "-1"),
    ("reciprocal", 0, ("x",), "−1/x²", r"-\frac{1}{x^{2}}"),
    ("pow", 0, ("x", 2.0), "2·x", r"2 \cdot x"),
    ("pow", 0, ("x", 3.0), "3·x²", r"3 \cdot x^{2}"),
    ("pow", 0, ("x", "n"), "n·x^(n − 1)", r"n \cdot x^{n - 1}"),
    ("pow", 0, ("x", -1.0), "−x^(−2)", r"-x^{-2}"),
    ("pow", 1, (2.0, "x"), "2^x·log(2)", None),
    ("square", 0, ("x",), "2·x", r"2 \cdot x"),
    ("sqrt", 0, ("x",), "1/(2·sqrt(x))", r"\frac{1}{2 \cdot \sqrt{x}}"),
    ("exp", 0, ("x",), "exp(x)", "e^{x}"),
    ("log", 0, ("x",), "1/x", r"\frac{1}{x}"),
    ("tanh", 0, ("x",), "1 − tanh(x)²", r"1 - \tanh(x)^{2}"),
    ("sigmoid", 0, ("x",), "σ(x)·(1 − σ(x))", r"\sigma(x) \cdot \left(1 - \sigma(x)\right)"),
    ("relu", 0, ("x",), "[x > 0]", "[x > 0]"),
    ("bce_with_logits", 0, ("z", "y"), "σ(z) − y", r"\sigma(z) - y"),
    ("heaviside", 0, ("x",), "0", "0"),
]


@pytest.mark.parametrize(("name", "position", "operands", "as_text", "as_latex"), FORMULAS)
def test_local_derivatives_are_written_as_in_a_book(name, position, operands, as_text, as_latex):
    op = OPS[name]
    assert formula(op, position, operands) == op.formula(position, operands) == as_text
    if as_latex is not None:
        assert formula(op, position, operands, "latex") == as_latex


def test_an_operation_is_written_with_the_names_of_its_operands():
    assert written(ops.mul, ("w0", "x0")) == "w₀·x₀"
    assert written(ops.mul, ("w0", -2.0), "latex") == r"w_{0} \cdot \left(-2\right)"
    assert written(ops.exp, (a + 1,)) == "exp(a + 1)"


def test_what_a_partial_keeps_is_read_off_its_formula():
    assert saved(ops.mul, 0) == {"b"}
    assert saved(ops.tanh, 0) == {"output"}
    assert saved(ops.add, 1) == frozenset()
    assert saved(ops.div, 1) == {"output", "b"}


def test_the_output_may_have_a_name_in_a_local_derivative():
    assert text(local_derivative(ops.sigmoid, 0, ("x",), "y")) == "y·(1 − y)"


def test_what_has_no_derivative_has_no_formula():
    with pytest.raises(NotDifferentiableError, match="floor has no gradient"):
        local_derivative(ops.floor, 0, ("x",))


# --- trees -----------------------------------------------------------------------------------------------------------


def test_formulas_are_equal_if_they_are_written_alike():
    assert a + b == Sym.named("a") + Sym.named("b")
    assert hash(a + b) == hash(Sym.named("a") + Sym.named("b"))
    assert a + b != b + a
    assert Sym.named("1") != Sym.number(1)
    assert a != "a"


def test_the_names_in_a_formula():
    assert (a * b + a.exp() / 2).names() == {"a", "b"}
    assert as_sym(2.0).names() == frozenset()
    assert (as_sym(2.0).constant, a.constant, (a + 1).constant) == (2.0, None, None)


def test_numbers_of_every_kind_become_constants():
    assert [text(a + n) for n in (1, True, np.float32(0.5), np.int64(3))] == ["a + 1", "a + 1", "a + 0.5", "a + 3"]
    for wrong in ("b", None, 1j):
        with pytest.raises(TypeError):
            a + wrong
        with pytest.raises(TypeError):
            ops.exp(ops.add(a, wrong))


@pytest.mark.parametrize("question", [bool, lambda s: s > 0, lambda s: s < b, lambda s: s >= 1])
def test_a_formula_has_no_truth_value(question):
    with pytest.raises(TypeError, match="a formula has no truth value: write where, maximum, relu or greater"):
        question(a)


# --- tidying ---------------------------------------------------------------------------------------------------------

TIDIED = [
    (1 * a * 1, "a"),
    (0 * a + b, "b"),
    (a + 0 - 0, "a"),
    (a.neg().neg(), "a"),
    (a + -b, "a − b"),
    (a - -b, "a + b"),
    (a + -2, "a − 2"),
    (a - -2, "a + 2"),
    (0 - a, "−a"),
    (a * -1, "−a"),
    (-1 * a, "−a"),
    (-a * b, "−a·b"),
    (a * 2, "2·a"),
    (a / 1, "a"),
    (0 / a, "0"),
    (-a / b, "−a/b"),
    (a / -b, "−a/b"),
    (-2 / a, "−2/a"),
    (1 / a * b, "b/a"),
    (a * (1 / b), "a/b"),
    (1 / a * (1 / b), "1/(a·b)"),
    (a / b / c, "a/(b·c)"),
    (a / (b / c), "a·c/b"),
    (1 / (1 / a), "a"),
    (a * a, "a²"),
    (a**1, "a"),
    (a**0, "1"),
    (a**2, "a²"),
    (a ** (2 - 1), "a"),
    (2 * as_sym(3.0) * a, "6·a"),
    (ops.where(1, a, b), "a"),
    (ops.where(0, a, b), "b"),
    (ops.where(a.equal(0), b, c), "c"),
    (as_sym(2.0).log(), "log(2)"),
]


@pytest.mark.parametrize(("sym", "tidied"), TIDIED, ids=[f"{sym} is {tidied}" for sym, tidied in TIDIED])
def test_tidying_writes_what_one_would_write_by_hand(sym, tidied):
    assert text(tidy(sym)) == tidied
