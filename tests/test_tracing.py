"""The Trace: a pure, immutable snapshot of a graph, with upstream × local = downstream on every edge."""

import copy
import dataclasses
import json
import math
import pickle
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Function, NotDifferentiableError, Trace, Value, no_grad, trace
from scalargrad.graph import topological_order
from scalargrad.tracing import StaleGraphError
from tests.running import calls


@pytest.fixture
def product():
    """L = (a·b + c)·f, worked out by hand: e = −6, d = 4, L = −8."""
    a, b, c, f = (Value(x, label=n) for x, n in ((2, "a"), (-3, "b"), (10, "c"), (-2, "f")))
    d = a * b + c
    d.label = "d"
    return d * f


def row(edge):
    return (edge.input.name, edge.position, edge.output.name, edge.upstream, edge.local, edge.downstream, edge.formula)


# --- the numbers -----------------------------------------------------------------------------------------------------


def test_every_edge_has_the_numbers_worked_out_by_hand(product):
    t = trace(product)
    assert [row(e) for e in t.edges] == [
        ("d", 0, "L", 1.0, -2.0, -2.0, "f"),
        ("f", 1, "L", 1.0, 4.0, 4.0, "d"),
        ("v₁", 0, "d", -2.0, 1.0, -2.0, "1"),
        ("c", 1, "d", -2.0, 1.0, -2.0, "1"),
        ("a", 0, "v₁", -2.0, -3.0, 6.0, "b"),
        ("b", 1, "v₁", -2.0, 2.0, -4.0, "a"),
    ]
    assert [(n.name, n.value, n.grad) for n in t.nodes] == [
        ("a", 2.0, 6.0),
        ("b", -3.0, -4.0),
        ("v₁", -6.0, -2.0),
        ("c", 10.0, -2.0),
        ("d", 4.0, -2.0),
        ("f", -2.0, 4.0),
        ("L", -8.0, 1.0),
    ]
    assert t.root is t.nodes[-1]
    assert [n.name for n in t.leaves] == ["a", "b", "c", "f"]


def test_a_fork_shows_its_shares_and_then_their_sum():
    a = Value(3.0, label="a")
    t = trace(a * a + a)
    assert [e.downstream for e in t.edges_from(0)] == [1.0, 3.0, 3.0]
    assert t.edges_from(t.nodes[0]) == t.edges_from(0)
    assert t.edges_from(t.root) == ()
    assert [(s.kind, s.node.name, [e.downstream for e in s.edges]) for s in t.backward] == [
        ("seed", "L", []),
        ("backward", "v₁", [1.0]),
        ("backward", "a", [1.0]),
        ("backward", "a", [3.0]),
        ("backward", "a", [3.0]),
        ("sum", "a", [1.0, 3.0, 3.0]),
    ]
    assert t.nodes[0].grad == 7.0


# A random expression: which op, and for each of its operands (a node to take if its value fits, a place in the domain).
draws = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.lists(st.tuples(st.integers(0, 10**6), st.floats(0.01, 0.99)), min_size=3, max_size=3),
    ),
    min_size=1,
    max_size=15,
)


def expression(draw):
    """A random expression over all ops that have a gradient, each inside its domain; its root and all its nodes."""
    rows = [r for r in sg.OPS.values() if not r.why_not]
    nodes = []
    for kind, choices in draw:
        r = rows[kind % len(rows)]
        operands = []
        for (low, high), (place, share) in zip(r.domain, choices):
            old = nodes[place % len(nodes)] if nodes and place % 3 else None
            fits = old is not None and low < old.data < high
            number = low + share * (high - low)
            operands.append(old if fits else number if place % 7 == 0 and operands else Value(number))
        if not any(isinstance(x, Value) for x in operands):
            operands[0] = Value(operands[0])
        nodes += [x for x in operands if isinstance(x, Value)]
        nodes.append(r(*operands))
    return sum(nodes[-3:], nodes[-1])


@settings(deadline=None)
@given(draws)
def test_downstream_is_upstream_times_local_and_gradients_are_sums_of_downstreams(draw):
    root = expression(draw)
    t = trace(root)
    for edge in t.edges:
        assert edge.downstream == edge.upstream * edge.local
        assert edge.upstream == edge.output.grad
        assert t.nodes[edge.input.index] is edge.input
    for node in t.nodes[:-1]:
        shares = [e.downstream for e in t.edges_from(node)]
        assert node.grad == pytest.approx(math.fsum(shares), rel=1e-9, abs=1e-9)
    root.backward()
    for node, engine in zip(t.nodes, topological_order(root), strict=True):
        assert node.value == engine.data
        assert node.grad == pytest.approx(engine.grad, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(draws)
def test_the_steps_go_through_the_graph_in_an_order_that_can_be_computed(draw):
    t = trace(expression(draw))
    known = set()
    for step in t.forward:
        assert step.kind == ("leaf" if step.node.is_leaf else "forward")
        assert all(x in known for x in step.node.operands if isinstance(x, int))
        known.add(step.node.index)
    assert len(known) == len(t.forward) == len(t.nodes)
    complete, pending = set(), {n.index: len(t.edges_from(n)) for n in t.nodes}
    for step in t.backward:
        if step.kind == "seed":
            assert not complete
            complete.add(step.node.index)
        elif step.kind == "backward":
            (edge,) = step.edges
            assert edge.output.index in complete
            pending[step.node.index] -= 1
            if len(t.edges_from(step.node)) == 1:
                complete.add(step.node.index)
        else:
            assert step.kind == "sum"
            assert pending[step.node.index] == 0
            assert sorted(step.edges, key=id) == sorted(t.edges_from(step.node), key=id)
            complete.add(step.node.index)
    assert complete == known


@settings(deadline=None)
@given(draws)
def test_json_gives_the_trace_back(draw):
    t = trace(expression(draw))
    assert Trace.from_json(t.to_json()) == t
    assert Trace.from_json(t.to_json(indent=2)).to_json() == t.to_json()


# --- pure and immutable ----------------------------------------------------------------------------------------------


def test_tracing_touches_no_gradient(product):
    product.backward()
    nodes = topological_order(product)
    for i, node in enumerate(nodes):
        node.grad = 100.0 + i
    trace(product)
    assert [node.grad for node in nodes] == [100.0 + i for i in range(len(nodes))]


def test_a_trace_stays_as_it_was_when_the_graph_changes(product):
    t = trace(product)
    before = t.to_json()
    for node in topological_order(product):
        node.data, node.grad, node.label = 0.0, 9.0, "gone"
    assert t.to_json() == before


def test_what_is_first_read_after_the_graph_has_changed_is_what_was(product):
    before, late = trace(product).to_json(), trace(product)
    parts = trace(product)
    assert parts.edges[0].formula == "f"
    for node in topological_order(product):
        node.data, node.grad, node.label, node.scope = 0.0, 9.0, "gone", "gone"
    assert late.to_json() == parts.to_json() == before


def test_a_trace_does_not_keep_its_graph():
    root = Value(2.0, label="x") * 3
    there = weakref.ref(root)
    t = trace(root)
    del root
    assert there() is None
    assert t.edges[0].input.name == "x"


def test_two_threads_that_read_a_trace_at_once_read_the_same():
    y = Value(0.5, label="x")
    for _ in range(300):
        y = (y * y + 1.5).tanh()
    expected = trace(y).to_json()
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            t = trace(y)
            assert set(threads.map(lambda _, t=t: t.to_json(), range(4))) == {expected}
            assert all(t.nodes[e.input.index] is e.input for e in t.edges)


@pytest.mark.parametrize(
    "root",
    [
        lambda: Value(2.0, label="x") * 3 - 1,
        lambda: sg.where(Value(-0.0), Value(2.0), 1.0) / 0.0,
        lambda: Value(1e200) * Value(1e200) * -0.0,
        lambda: sum(Value(0.0) ** 0.5 for _ in range(3)),
    ],
)
def test_numbers_kept_in_arrays_are_those_that_each_node_gives_bit_by_bit(root):
    order = topological_order(root())
    t = trace(order[-1])
    for edge in t.edges:
        shares = order[edge.output.index]._downstreams(edge.upstream)
        local, downstream = next(share[2:] for share in shares if share[0] == edge.position)
        assert (repr(edge.local), repr(edge.downstream)) == (repr(local), repr(downstream))
    for node, engine in zip(t.nodes, order, strict=True):
        assert repr(node.value) == repr(engine.data)


def test_a_trace_cannot_be_changed(product):
    t = trace(product)
    for record, field in ((t, "nodes"), (t.nodes[0], "value"), (t.edges[0], "local"), (t.forward[0], "kind")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, field, None)
    assert [type(x) for x in (t.nodes, t.edges, t.forward, t.backward, t.leaves)] == [tuple] * 5


def test_a_trace_can_be_copied_pickled_compared_and_used_as_a_key(product):
    t = trace(product)
    for other in (copy.deepcopy(t), pickle.loads(pickle.dumps(t)), trace(product)):
        assert other == t
        assert hash(other) == hash(t)
        assert all(other.nodes[e.input.index] is e.input for e in other.edges)
    assert repr(t) == "<Trace of L: 7 nodes, 6 edges>"


def test_the_trace_of_a_trace_is_itself(product):
    t = trace(product)
    assert trace(t) is t


def test_tracing_works_under_no_grad(product):
    with no_grad():
        assert len(trace(product).edges) == 6


# --- names and symbols -----------------------------------------------------------------------------------------------


def names(root):
    return [n.name for n in trace(root).nodes]


def test_labels_are_names_as_people_write_them():
    w, x, s = Value(1, label="w0"), Value(2, label="x_12"), Value(3, label="σ")
    y = w * x + s
    y.label = "итог"
    assert names(y) == ["w₀", "x₁₂", "v₁", "σ", "итог"]
    assert [n.label for n in trace(y).nodes] == ["w0", "x_12", None, "σ", "итог"]


def test_a_root_without_a_label_is_l_unless_that_name_is_taken():
    x = Value(1)
    assert names(x * 2) == ["v₁", "L"]
    assert names(Value(1, label="L") * 2) == ["L", "v₁"]
    assert names(x) == ["v₁"]


def test_automatic_names_avoid_labels():
    assert names(Value(1, label="v1") * Value(2) + Value(3, label="v₃")) == ["v₁", "v₂", "v₄", "v₃", "L"]


def test_no_two_nodes_have_the_same_name():
    same = [Value(i, label="a") for i in range(3)]
    written = [Value(1, label="w0"), Value(1, label="w₀"), Value(1, label="w_0"), Value(1, label="")]
    found = names(sum([*same, *written]))
    assert len(set(found)) == len(found)
    assert found[0] == "a"


def test_many_nodes_of_one_label_have_short_names_of_their_own():
    """A loop that labels its result at every turn is what students write."""
    h = Value(1.0, label="h")
    for _ in range(1500):
        h = h + 1
        h.label = "h"
    found = names(h)
    assert len(set(found)) == 1501
    assert max(map(len, found)) < 12


@pytest.mark.parametrize(
    ("function", "symbol", "formula"),
    [
        (lambda x: x + 1, "+1", "x + 1"),
        (lambda x: 1 + x, "+1", "1 + x"),
        (lambda x: x + -1, "+(−1)", "x + (−1)"),
        (lambda x: x * -1, "×(−1)", "x·(−1)"),
        (lambda x: -x, "×(−1)", "−x"),
        (lambda x: x * 2.5, "×2.5", "x·2.5"),
        (lambda x: x - 1, "x − 1", "x − 1"),
        (lambda x: 1 - x, "1 − x", "1 − x"),
        (lambda x: 1 / x, "1/x", "1/x"),
        (lambda x: x.reciprocal(), "1/x", "1/x"),
        (lambda x: x / 2, "x/2", "x/2"),
        (lambda x: x.square(), "x²", "x²"),
        (lambda x: x**3, "x^3", "x^3"),
        (lambda x: 2**x, "2^x", "2^x"),
        (lambda x: x.maximum(0), "maximum(x, 0)", "maximum(x, 0)"),
        (lambda x: x.exp(), "exp", "exp(x)"),
        (lambda x: x.sigmoid(), "σ", "σ(x)"),
        (lambda x: x * x, "×", "x·x"),
        (lambda x: x + math.inf, "+∞", "x + ∞"),
    ],
)
def test_a_constant_operand_stands_inside_the_node(function, symbol, formula):
    t = trace(function(Value(2.0, label="x")))
    assert (t.root.symbol, t.root.formula) == (symbol, formula)
    assert len(t.nodes) == 2


def test_the_second_power_is_shown_as_a_square():
    assert trace(Value(2.0, label="x") ** 2).root.symbol == "x²"


def test_constants_are_among_the_operands_as_floats_and_have_no_edge():
    t = trace(sg.where(1, Value(2.0, label="x"), 3))
    assert t.root.operands == (1.0, 0, 3.0)
    assert [type(x) for x in t.root.operands] == [float, int, float]
    assert [(e.input.name, e.position) for e in t.edges] == [("x", 1)]


def test_an_operand_without_a_label_is_x_in_the_short_formula_and_has_its_name_in_the_full_one():
    (edge,) = trace(1 / Value(2.0)).edges
    assert (edge.formula, edge.named) == ("−1/x²", "−1/v₁²")
    (edge,) = trace(1 / Value(2.0, label="d")).edges
    assert (edge.formula, edge.named, edge.latex) == ("−1/d²", "−1/d²", r"-\frac{1}{d^{2}}")


# --- stale graphs ----------------------------------------------------------------------------------------------------


def test_a_graph_whose_leaf_changed_is_refused_with_the_node_and_both_values():
    w = Value(2.0, label="w")
    y = w * 3
    y.label = "y"
    w.data -= 0.5
    with pytest.raises(StaleGraphError, match=r"y = w·3 was 6\.0 when it was computed and would be 4\.5 now"):
        trace(y)


def test_the_first_node_that_does_not_fit_is_the_one_named():
    x = Value(2.0, label="x")
    a = x * 3
    b = a + 1
    x.data = 1.0
    with pytest.raises(StaleGraphError, match=r"v₁ = x·3 was 6\.0 .* would be 3\.0"):
        trace(b * b)


def test_a_graph_whose_interior_node_changed_is_refused():
    x = Value(2.0, label="x")
    y = x * 3
    z = y + 1
    y.data = 0.0
    with pytest.raises(StaleGraphError, match=r"v₁ = x·3 was 0\.0 .* would be 6\.0"):
        trace(z)


@pytest.mark.parametrize(
    ("function", "before", "after"),
    [
        (lambda x: x.log(), 0.0, 1.0),
        (lambda x: 1 / x, 1.0, 0.0),
        (lambda x: x * 2, math.nan, 1.0),
        (lambda x: x * 2, 1.0, math.nan),
        (lambda x: x * 2, math.inf, -math.inf),
        (lambda x: x * 3, 0.1, 0.1 * (1 + 1e-10)),
        (lambda x: x - 1, 1.0, math.nextafter(1.0, 2.0)),
        (lambda x: x.exp(), -800.0, -700.0),
    ],
)
def test_a_change_to_or_from_nan_infinity_and_tiny_numbers_is_seen(function, before, after):
    x = Value(before)
    y = function(x)
    x.data = after
    with pytest.raises(StaleGraphError):
        trace(y)


def test_what_is_nan_or_infinite_from_the_beginning_is_not_stale():
    for number in (math.nan, math.inf, -math.inf):
        x = Value(number)
        t = trace(x * 2 - x)
        assert repr(t.nodes[0].value) == repr(number)
        assert math.isnan(t.root.value)


def test_a_difference_in_the_last_digits_as_of_another_machines_libm_is_not_stale():
    x = Value(0.7)
    y = x.exp().tanh()
    inner = y.inputs[0]
    inner.data = math.nextafter(inner.data, 10.0)
    assert trace(y).nodes[1].value == inner.data


def test_a_graph_computed_again_is_fresh():
    w = Value(2.0)
    y = w * 3
    w.data = 1.0
    with pytest.raises(StaleGraphError):
        trace(y)
    assert trace(w * 3).root.value == 3.0


# --- JSON ------------------------------------------------------------------------------------------------------------

ODD = ["", " ", '"', "\\", "a\nb", "</script>", "\u2028", "\x00", "w₀", "🙂", "\ud800", "nan", "x'); drop", "L" * 1000]


@pytest.mark.parametrize("label", ODD, ids=ascii)
def test_any_label_comes_through_json_written_to_a_file(label):
    t = trace(Value(2.0, label=label) * 3)
    again = Trace.from_json(t.to_json().encode("utf-8").decode("utf-8"))
    assert again == t
    assert again.nodes[0].label == label


def test_numbers_json_has_no_word_for_come_through_strict_json():
    x = Value(math.inf, label="x")
    t = trace(sg.where(x > 0, x * -math.inf + math.inf, 1.0) / 0.0)

    def refuse(word):
        raise AssertionError(word)

    assert isinstance(json.loads(t.to_json(), parse_constant=refuse), dict)
    again = Trace.from_json(t.to_json())
    assert repr(again.nodes) == repr(t.nodes)
    assert repr(again.edges) == repr(t.edges)
    assert any(math.isinf(x) for n in again.nodes for x in n.operands)
    assert any(math.isnan(e.downstream) or math.isnan(e.output.value) for e in again.edges)


def test_a_constant_that_is_nan_can_be_traced_and_written():
    t = trace(Value(2.0, label="x") * math.nan)
    assert "nan" in t.root.formula
    assert math.isnan(Trace.from_json(t.to_json()).root.operands[1])


FORMAT = '"format": "scalargrad.trace/1"'


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", "[" * 100_000, f"{{{FORMAT}}}", f'{{{FORMAT}, "nodes": 3, "edges": []}}']
    + [f'{{{FORMAT}, "nodes": {nodes}, "edges": []}}' for nodes in ("[]", "[{}]", "[3]")]
    + [f'{{{FORMAT}, "nodes": [], "edges": [{{"input": 5, "output": 0}}]}}'],
)
def test_json_that_is_no_trace_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r".+") as caught:
        Trace.from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


# --- what can be traced ----------------------------------------------------------------------------------------------


def test_the_trace_of_a_leaf_is_one_node_and_its_seed():
    t = trace(Value(1.5, label="x"))
    assert [(n.name, n.value, n.grad, n.symbol, n.formula) for n in t.nodes] == [("x", 1.5, 1.0, "", "")]
    assert t.edges == ()
    assert [s.kind for s in t.forward + t.backward] == ["leaf", "seed"]


@pytest.mark.parametrize("other", [3.0, None, "x", [Value(1.0)] * 1000, np.array([Value(1.0)] * 50), Value])
def test_what_is_no_node_is_refused_in_one_short_sentence(other):
    with pytest.raises(TypeError, match=r"expected a node of a graph \(a Value\) or a Trace, not ") as caught:
        trace(other)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_an_op_without_a_gradient_cannot_be_traced_and_says_why():
    with pytest.raises(NotDifferentiableError, match="round has no gradient: it is flat"):
        trace(Value(1.5).round() * 2)


def test_data_set_to_an_integer_or_a_numpy_number_is_traced_as_a_float():
    x, w = Value(1.0), Value(2.0)
    x.data, w.data = 3, np.float64(0.5)
    t = trace(x * w)
    assert [type(n.value) for n in t.nodes] == [float] * 3
    assert json.loads(t.to_json())["nodes"][2]["value"] == 1.5
    w.data = 2  # the product is an integer now
    assert [n.value for n in trace(x * w + 1).nodes] == [3.0, 2.0, 6.0, 7.0]


def test_a_chain_of_50_000_nodes_is_traced_without_recursion():
    x = y = Value(1.0)
    for i in range(25_000):
        y = sg.where(1.0, y, x) if i % 100 == 0 else (y * 1.0 + x)
    t = trace(y)
    assert len(t.nodes) > 49_000
    assert t.nodes[0].grad == 25_001.0 - 250
    assert len(t.forward) == len(t.nodes)


def test_the_work_of_a_trace_is_linear():
    def work(count):
        x = y = Value(0.5)
        for i in range(count):
            y = (y * x).tanh()
            y.label = f"{i} of {count}"  # so that no formula is known from the run before
        traces = []
        made = calls(lambda: traces.append(trace(y)))
        assert len(traces[0].backward) > len(traces[0].edges)
        return made

    assert work(960) < 32 * work(60)


def test_a_trace_of_a_chain_takes_few_bytes_a_node_and_works_out_no_text_until_it_is_read():
    y = Value(1.0)
    for _ in range(20_000):
        y = y * 1.0001
    trace(y)
    tracemalloc.start()
    try:
        t = trace(y)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept / 20_000 < 150
    assert peak / 20_000 < 300
    assert (t.root.grad, t.nodes[0].value, t.edges[-1].output.index) == (1.0, 1.0, 1)
    assert "names" not in vars(t._taken)
    assert (t.edges[0].named, t.root.formula) == ("1.0001", "v₂₀₀₀₀·1.0001")


def test_one_function_in_a_long_chain_does_not_slow_its_trace_down(monkeypatch):
    written = []
    text_of = type(sg.exp).text_of
    monkeypatch.setattr(type(sg.exp), "text_of", lambda op, *x, **k: written.append(op) or text_of(op, *x, **k))

    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, upstream):
            return upstream

    x = Value(0.5)
    y = Same.apply(x * 2)
    for _ in range(1000):
        y = y * 0.999 + x
    t = trace(y)
    assert not written  # only the texts of the Function are written at once, since what it saved may change
    assert t.nodes[2].formula == "Same(v₂)"
    y.backward()
    assert t.leaves[0].grad == x.grad
