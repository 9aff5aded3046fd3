"""What nobody would type: formulas, command lines and trace files by chance, and what must not come of them."""

import contextlib
import copy
import io
import json

from scalargrad import Trace, Value, draw, parse, scope, steps, trace
from scalargrad.cli import main
from scalargrad.expression import ExpressionError

SIGNS = list(
    "xyαw₀0123456789.+-*/^()[]=<>!,·×÷²½πσ√ \t\n'\"|&%$#@\\{}_~`;:?∗∙∕１２＋（ｘ\ufeff\u200b٣ⁿ−–′変\ud800\x00\x1b\u202e"
)
PIECES = ["exp(", "log(", "sqrt(", "where(", "clip(", "σ(", "1e", "e5", "1e999", "inf", "nan", "pi", "**", "==", "<="]
PIECES += [
    "__import__",
    "os.system",
    "lambda",
    "x if",
    "import",
    ").__class__",
    "[x>0]",
    "a=1",
    "slope=",
    "log10(",
    "2x",
]
PIECES += ["x" * 200, "(" * 50, ")" * 50, "+x" * 100, "9" * 400, "-" * 60, "²" * 3, "{0}", "%s"]
BASES = ["1/(1 + exp(-(w0*x0 + w1)))", "x*y + sqrt(x)", "[a > b]·a + [a < b]·b", "elu(x, alpha=0.5)", "x² + y^(1/3)"]


def formula(r):
    """A text that is hardly a formula, or one with a fault."""
    if r.random() < 0.4:
        text = r.choice(BASES)
        for _ in range(r.randint(1, 3)):
            at = r.randint(0, len(text))
            text = text[:at] + r.choice([*SIGNS, *PIECES, ""]) + text[at + r.randint(0, 2) :]
        return text
    return "".join(r.choice(SIGNS if r.random() < 0.7 else PIECES) for _ in range(r.randint(0, 15)))


def parsed_or_refused(text):
    """A formula is read and its program is nothing but numbers, names and ops; or it is refused in one sentence."""
    try:
        found = parse(text)
    except ExpressionError as caught:
        found = caught
    if isinstance(found, ExpressionError):
        assert "\n" not in found.message
        assert len(found.message) < 300, found.message
        assert 0 <= found.column <= len(text)
        assert all(line.isprintable() for line in str(found).split("\n"))
        return
    assert all(isinstance(item, (float, str)) or hasattr(item, "partials") for item in found.program)
    assert all(name in found.names for name in found.program if isinstance(name, str))
    found.symbol()
    result = found.graph(**dict.fromkeys(found.names, 0.5))
    assert isinstance(float(result), float)


WORDS = ["draw", "steps", "check", "demo", "lecture", "ops", "--help", "-h", "--version", "--lang", "ru", "en", "fr"]
WORDS += ["--precision", "--rounding", "--latex", "--markdown", "-o", "--output", "--html", "--predict", "--worksheet"]
WORDS += ["--order", "--method", "forward", "--theme", "dark", "--show", "values", "--max-nodes", "--depth", "--graph"]
WORDS += ["x=1", "x=-1", "y=nan", "y=inf", "x=1e400", "x=", "=3", "x", "x*x", "log(x)", "1/x", "x=1/0", "x=y", "--draw"]
WORDS += ["--steps", "softmax", "a.svg", "a.json", "a.txt", "a.md", "a.tex", "a.html", "/dev/null", "no/a.svg", ".", ""]
WORDS += ["--", "-x", "0", "-1", "17", "18", "9" * 5000, "٣", "1.5", "a\nb.svg", "x\ud800=1", "\x1b[31m", "x" * 3000]


def command_line(r):
    """Arguments, some of which may belong together."""
    others = [r.choice(WORDS) if r.random() < 0.8 else formula(r) for _ in range(r.randint(0, 4))]
    if r.random() < 0.4:
        return others
    told = r.choice(["x*x", "exp(x)+y", "log(x)", "x^y", "[x>0]*x", formula(r)])
    return [r.choice(["draw", "steps", "check"]), told, r.choice(WORDS), r.choice(["x=0", "x=-1", "x=1e308"]), *others]


def told_in_short_lines(arguments):
    """A command line ends with an exit code, and what is wrong is told in a line, or in three for a formula."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    told = err.getvalue()
    lines = told.rstrip("\n").split("\n")
    assert code in (0, 1, 2), arguments
    assert "should not have happened" not in told, (arguments, told)
    assert "Traceback" not in told
    if told and arguments:
        assert len(lines) in (1, 3), (arguments, told)
        assert lines[0].startswith("scalargrad: ")
    assert all(line.isprintable() for line in [*lines, *out.getvalue().split("\n")]), (arguments, told)


def example():
    """A trace with everything in it: labels, a scope, a constant, a fork, a nan."""
    x, w = Value(-2.0, label="x0"), Value(3.0, label="w")
    with scope("net"), scope("layer 1"):
        y = (w * x + x).tanh() + 1
    return json.loads(trace(y + x.log()).to_json())


THINGS = [None, True, False, 0, -1, 1, 2, 99, 1.5, -0.0, 10**400, "", "x", "nan", "inf", "1", [], {}, [1], {"node": 0}]
THINGS += [
    {"constant": "inf"},
    {"node": -1},
    {"node": 1.0},
    {"node": True},
    "\ud800",
    "add",
    "mul",
    "log",
    "a/b//",
    "/",
]
THINGS += [{"shape": [2], "dtype": "f", "mean": 1, "norm": 1, "entries": [1, 2]}]
THINGS += [{"shape": [2], "dtype": "f", "mean": 1, "norm": 1, "entries": [1]}]
THINGS += [{"shape": [10**9, 10**9], "dtype": "f", "mean": 1, "norm": 1, "entries": None}]


def places(data, found):
    """Every place in nested lists and dicts: the container and the key."""
    for key in range(len(data)) if isinstance(data, list) else list(data):
        found.append((data, key))
        if isinstance(data[key], (list, dict)):
            places(data[key], found)
    return found


def damaged(r, data):
    """A trace file with a fault or two."""
    data = copy.deepcopy(data)
    for _ in range(r.randint(1, 3)):
        container, key = r.choice(places(data, []))
        kind = r.random()
        if kind < 0.6:
            container[key] = copy.deepcopy(r.choice(THINGS))
        elif kind < 0.8:
            del container[key]
        elif isinstance(container, list):
            container.insert(r.randint(0, len(container)), copy.deepcopy(r.choice([container[key], *THINGS])))
        else:
            container[r.choice(["label", "op", "more", "shape", "grad"])] = copy.deepcopy(r.choice(THINGS))
        if not data:
            break
    text = json.dumps(data)
    if r.random() < 0.1:
        at = r.randint(0, len(text))
        text = text[:at] + r.choice(["NaN", "Infinity", "1e999", "{", "]", '"', "\x00", ""]) + text[at + 1 :]
    return text


def read_or_refused(text):
    """A trace that can be told and drawn, or a refusal in one sentence."""
    try:
        found = Trace.from_json(text)
    except ValueError as caught:
        found = caught
    if isinstance(found, ValueError):
        assert "is not a trace as Trace.to_json writes it" in str(found)
        assert str(found).isprintable()
        assert len(str(found)) < 300
        return
    assert Trace.from_json(found.to_json()).to_json() == found.to_json()
    told = steps(found)
    told.text, told.latex, told.markdown  # noqa: B018
    draw(found).dot, draw(found, depth=0).dot
    with contextlib.suppress(ValueError):  # of arrays
        steps(found, rounding=1).text  # noqa: B018
