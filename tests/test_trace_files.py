"""Traces from files: every type, place and number is looked at, and their LaTeX only writes formulas."""

import copy
import json

import pytest

import fastpath
from scalargrad import OPS, Trace, Value, steps, trace
from scalargrad.latex import is_mathematics
from tests.fuzzing import example


def edited(**changes):
    """A trace file with something else in one place: ``nodes__1__op="exp"``."""
    data = copy.deepcopy(example())
    for where, new in changes.items():
        *path, last = [int(step) if step.isdigit() else step for step in where.split("__")]
        place = data
        for step in path:
            place = place[step]
        if new is ...:
            del place[last]
        else:
            place[last] = new
    return json.dumps(data)


WRONG = {
    "another format": {"format": "scalargrad.trace/2"},
    "no root": {"root": ...},
    "another root": {"root": 0},
    "a root that is no number": {"root": "6"},
    "more than there is": {"more": 1},
    "nodes that are no list": {"nodes": {}},
    "a node without a name": {"nodes__0__name": ...},
    "a node with more": {"nodes__0__more": 1},
    "a name that is no text": {"nodes__0__name": 3},
    "a label that is no text": {"nodes__0__label": ["x"]},
    "a scope that is no text": {"nodes__2__scope": 3},
    "an op that is no text": {"nodes__2__op": True},
    "a formula that is no text": {"nodes__2__formula": None},
    "the index of another": {"nodes__1__index": 0},
    "an index that is no number": {"nodes__1__index": 1.0},
    "an index that is a truth value": {"nodes__1__index": True},
    "operands of a leaf": {"nodes__1__operands": [{"node": 0}]},
    "an operand that comes later": {"nodes__2__operands": [{"node": 5}, {"node": 0}]},
    "an operand before the first": {"nodes__2__operands": [{"node": -1}, {"node": 0}]},
    "itself as operand": {"nodes__2__operands": [{"node": 2}, {"node": 0}]},
    "an operand that is no number": {"nodes__2__operands": [{"node": "0"}, {"node": 1}]},
    "an operand that is two": {"nodes__2__operands": [{"node": 0, "constant": 1}, {"node": 1}]},
    "a constant that is no number": {"nodes__2__operands": [{"constant": "1"}, {"node": 1}]},
    "a value that is a text": {"nodes__0__value": "1.0"},
    "a value that is a truth value": {"nodes__0__value": True},
    "no value": {"nodes__0__value": None},
    "a value too large for a float": {"nodes__0__value": 10**400},
    "a shape that is no list": {"nodes__0__value": {"shape": 2, "dtype": "f", "mean": 1, "norm": 1, "entries": None}},
    "a negative axis": {"nodes__0__value": {"shape": [-2], "dtype": "f", "mean": 1, "norm": 1, "entries": None}},
    "elements of another shape": {"nodes__0__value": {"shape": [2], "dtype": "f", "mean": 1, "norm": 1, "entries": [1]}},
    "elements without end": {"nodes__0__value": {"shape": [99], "dtype": "f", "mean": 1, "norm": 1, "entries": [1] * 99}},
    "an array without a mean": {"nodes__0__value": {"shape": [2], "dtype": "f", "norm": 1, "entries": None}},
    "an edge to nowhere": {"edges__0__input": 99},
    "an edge from before the first": {"edges__0__output": -1},
    "an edge to what is no operand": {"edges__0__input": 0},
    "an edge of no position": {"edges__0__position": 7},
    "a position that is no number": {"edges__0__position": "0"},
    "a downstream that is none": {"edges__0__downstream": None},
    "a local that is a text": {"edges__0__local": "x"},
    "a formula of an edge that is no text": {"edges__0__named": 1},
    "a node without a gradient": {"nodes__0__grad": None},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_no_trace_has_is_refused_in_one_sentence(what):
    text = edited(**WRONG[what])
    with pytest.raises(ValueError, match="is not a trace as ") as caught:
        Trace.from_json(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
def test_numbers_no_float_has_are_refused(number):
    text = edited(nodes__0__value=123456.0).replace("123456.0", number)
    with pytest.raises(ValueError, match="is not a trace"):
        Trace.from_json(text)


def test_edges_out_of_order_and_edges_given_twice_are_refused():
    for change in (lambda edges: edges.reverse(), lambda edges: edges.insert(0, edges[0])):
        data = example()
        change(data["edges"])
        with pytest.raises(ValueError, match="not in the order of the backward pass"):
            Trace.from_json(json.dumps(data))


@pytest.mark.parametrize("text", [None, 3, b"\xff\xfe", b"", ["x"], "\ufeff{}", "nan", '"x"', "1" * 5000, "[" * 10_000])
def test_what_is_no_json_is_refused_alike(text):
    with pytest.raises(ValueError, match="is not a trace"):
        Trace.from_json(text)


def test_traces_of_tensors_and_of_plans_come_back_as_they_were():
    x = fastpath.Tensor([[1.0, 2.0], [3.0, float("inf")]], requires_grad=True, label="x")
    joined = fastpath.concatenate([x, x * 2, fastpath.Tensor([[0.0, 0.0]])])
    t = trace(fastpath.sum(joined @ fastpath.Tensor([[1.0], [2.0]]) + x[0, 1]))
    assert repr(Trace.from_json(t.to_json())) == repr(t)
    assert repr(Trace.from_json(t.to_json()).nodes) == repr(t.nodes)
    w = Value(2.0, label="w")
    plan = fastpath.compile(w * w + w).plan(w=3.0)
    assert Trace.from_json(trace(plan).to_json()) == trace(plan)


def wide(n):
    """A trace file of one sum with n operands."""
    data = json.loads(trace(Value(1.0, label="x") + Value(2.0, label="y")).to_json())
    leaf, _, root = data["nodes"]
    edge = data["edges"][0]
    data["nodes"] = [{**leaf, "index": i} for i in range(n)] + [
        {**root, "index": n, "op": "stack", "operands": [{"node": i} for i in range(n)]}
    ]
    data["edges"] = [{**edge, "input": i, "position": i, "output": n} for i in range(n)]
    return json.dumps({**data, "root": n})


def test_a_file_of_many_operands_is_read():
    assert len(Trace.from_json(wide(20_000)).edges) == 20_000


SAFE = [r"\frac{1}{x_{0}}", r"\text{50\% of \textbackslash{}input}", "x", "", r"\begin{cases}x & y \\ z & 1\end{cases}"]
SAFE += [r"\left(\bar{G} W^{\top}\right)", r"\operatorname{my\_op}(x)", r"\{x\}", "W·x"]
UNSAFE = [
    r"\input{x}",
    r"\write18{x}",
    r"\immediate\write18{x}",
    "^^5cinput x",
    "^^5c^^69nput",
    r"\csname input\endcsname",
]
UNSAFE += [
    r"\begin{filecontents}",
    r"\begin {filecontents}{x}\end{filecontents}",
    r"\end{align*}",
    r"\begin\foo",
    "a}b{",
]
UNSAFE += [
    "{",
    "}",
    "$x$",
    "100%",
    "#1",
    "x & y",
    r"\left(x",
    r"\openout1",
    r"\catcode`\@=0",
    "\\",
    r"\def\x{}",
    r"\\input",
]
UNSAFE += [r"\begin{cases}", r"\include{x}", r"\lstinputlisting{x}", r"\href{javascript:1}{x}", r"\url{x}", "\\\n"]


def test_latex_that_does_more_than_write_a_formula_is_told_from_latex_that_does_not():
    assert [latex for latex in SAFE if not is_mathematics(latex)] == []
    assert [latex for latex in UNSAFE if is_mathematics(latex)] == []


@pytest.mark.parametrize("latex", UNSAFE, ids=ascii)
def test_unsafe_latex_of_a_file_is_replaced_by_the_formula_in_words(latex):
    data = example()
    for record in [*data["nodes"], *data["edges"]]:
        record["latex"] = latex
    kept = json.loads(json.dumps(data))
    told = steps(Trace.from_json(json.dumps(kept)))
    assert r"\text{w·x" in told.latex.replace(r"\ensuremath{\cdot}", "·").replace("x₀", "x")
    for bad in (
        r"\input",
        r"\write",
        "^^",
        r"\begin{filecontents}",
        r"\csname",
        r"\def",
        r"\openout",
        r"\catcode",
        r"\include",
    ):
        assert bad not in told.latex
    assert not [step for step in told if bad in step.latex]


def test_the_latex_of_every_op_is_taken_as_it_is():
    for row in OPS.values():
        if not row.why_not:
            t = trace(row(*(Value(sum(interval) / 2, label="x_1 {α}") for interval in row.domain)) * -1e-9)
            assert all(is_mathematics(x.latex) for x in (*t.nodes, *t.edges)), row
    x = fastpath.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, label="x")
    y = fastpath.cross_entropy(fastpath.concatenate([x @ x.T, fastpath.softmax(x, axis=0)])[1:], [0, 1, 1])
    t = trace(y + fastpath.mean(x.reshape(4)) + fastpath.max(x) + fastpath.norm(x) + fastpath.pad(x, 1).sum())
    assert all(is_mathematics(x.latex) for x in (*t.nodes, *t.edges))


def test_an_op_of_a_file_that_takes_another_number_of_operands_is_only_told():
    data = example()
    for node in data["nodes"]:
        if node["op"] == "mul":
            node["op"] = "tanh"
    told = steps(Trace.from_json(json.dumps(data)))
    assert "tanh(3, −2)" in told.text
    assert r"\operatorname{tanh}" in told.latex
    assert steps(told.trace, rounding=1).text
