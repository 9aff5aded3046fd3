"""The walks over a graph: topological order, edges, leaves."""

import gc
import operator
import weakref

from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, no_grad
from scalargrad.graph import Node, edges, leaves, reverse, topological_order
from tests.running import together

# The plan of a graph: how many leaves, then for each further node the places of its operands (None: a constant).
place = st.one_of(st.none(), st.integers(0, 10**6))
plans = st.tuples(st.integers(1, 4), st.lists(st.lists(place, min_size=1, max_size=3), max_size=30))


def built(plan):
    """The nodes of a plan, in the order in which they were made; an operand's place counts modulo what there is."""
    count, places = plan
    nodes = [Value(i) for i in range(count)]
    for operands in places:
        chosen = [0.5 if p is None else nodes[p % len(nodes)] for p in operands]
        if all(isinstance(x, float) for x in chosen):
            chosen[-1] = nodes[-1]
        op = {1: sg.neg, 2: sg.add, 3: sg.where}[len(chosen)]
        nodes.append(op(*chosen))
    return nodes


def reached(*roots):
    """What the roots depend on, found the simple way."""
    seen, waiting = set(), list(roots)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [x for x in node.inputs if isinstance(x, Node)]
    return seen


def depth_first(root, seen):
    """Depth first, operands from left to right, by the definition."""
    if root in seen:
        return []
    seen.add(root)
    found = []
    for x in root.inputs:
        if isinstance(x, Node):
            found += depth_first(x, seen)
    return [*found, root]


@given(plans)
def test_every_node_comes_once_and_after_its_inputs(plan):
    root = built(plan)[-1]
    order = topological_order(root)
    assert set(order) == reached(root)
    assert len(set(order)) == len(order)
    position = {node: i for i, node in enumerate(order)}
    assert all(position[x] < position[node] for node in order for x in node.inputs if isinstance(x, Node))
    assert order[-1] is root


@given(plans)
def test_the_order_is_depth_first_from_left_to_right_so_the_same_in_every_run(plan):
    root = built(plan)[-1]
    assert topological_order(root) == depth_first(root, set())


@given(plans, st.lists(st.integers(0, 100), min_size=1, max_size=4))
def test_several_roots_are_walked_one_after_the_other(plan, places):
    nodes = built(plan)
    roots = [nodes[p % len(nodes)] for p in places]
    seen = set()
    assert topological_order(*roots) == [node for root in roots for node in depth_first(root, seen)]


@given(plans)
def test_a_second_walk_is_not_disturbed_by_an_earlier_one(plan):
    nodes = built(plan)
    first = topological_order(nodes[-1])
    for node in nodes:
        topological_order(node)
    assert topological_order(nodes[-1]) == first


@given(plans)
def test_edges_are_input_position_output_for_every_operand_that_is_a_node(plan):
    root = built(plan)[-1]
    assert list(edges(root)) == [
        (x, i, node)
        for node in topological_order(root)
        for i, x in enumerate(node.inputs)
        if isinstance(x, Node)
    ]  # fmt: skip


@given(plans)
def test_leaves_are_the_nodes_no_operation_made(plan):
    root = built(plan)[-1]
    assert leaves(root) == [node for node in topological_order(root) if not node.inputs]


def test_a_node_used_twice_by_one_op_has_two_edges():
    a = Value(3.0)
    square = a * a
    assert list(edges(square)) == [(a, 0, square), (a, 1, square)]
    assert topological_order(square) == [a, square]
    same = sg.where(a, a, a)
    assert [(position, output) for _, position, output in edges(same)] == [(0, same), (1, same), (2, same)]


def test_constants_are_among_the_inputs_but_not_among_the_nodes():
    a = Value(3.0)
    y = 2 - a
    assert y.inputs == (2.0, a)
    assert topological_order(y) == [a, y]
    assert list(edges(y)) == [(a, 1, y)]
    assert sg.where(1.0, 2.0, a).inputs == (1.0, 2.0, a)
    assert [edge[:2] for edge in edges(sg.where(1.0, 2.0, a))] == [(a, 2)]


def test_a_leaf_alone_is_its_own_graph():
    a = Value(1.0)
    assert topological_order(a) == leaves(a) == [a]
    assert list(edges(a)) == []
    assert topological_order() == []


def test_a_result_of_no_grad_is_a_leaf():
    a = Value(1.0)
    with no_grad():
        b = a * 2
    assert leaves(b * a) == [b, a]


def test_a_root_may_be_inside_the_graph_of_another():
    a = Value(1.0)
    b = a * 2
    c = b * 3
    assert topological_order(b, c) == [a, b, c]
    assert topological_order(c, b, a) == [a, b, c]


def test_a_chain_of_100_000_is_walked_without_recursion():
    x = y = Value(1.0)
    for i in range(100_000):
        y = sg.where(1.0, y, x) if i % 1000 == 0 else y + x if i % 2 else x + y
    order = topological_order(y)
    assert len(order) == 100_001
    assert leaves(y) == [x]
    assert sum(1 for _ in edges(y)) == 200_000


def test_a_chain_that_doubles_at_every_step_is_walked_in_linear_time():
    y = Value(1.0)
    for _ in range(300):  # 2**300 paths
        y = y + y
    assert len(topological_order(y)) == 301
    y.backward()
    assert leaves(y)[0].grad == 2.0**300


def test_threads_walk_one_graph_at_the_same_time():
    y = Value(1.0)
    for _ in range(5000):
        y = y + y
    expected = topological_order(y)

    def walk():
        assert topological_order(y) == expected

    together(*[walk] * 3, rounds=10)


# --- in reverse ------------------------------------------------------------------------------------------------------


def unchanged(node, upstream):
    """What a node passes on if every local derivative is 1."""
    return [(x, upstream) for x in node.inputs if isinstance(x, Node)]


@given(plans)
def test_what_reaches_a_node_in_reverse_is_the_sum_over_all_its_edges(plan):
    root = built(plan)[-1]
    paths = {root: 1}
    for node in reversed(topological_order(root)):
        for x in node.inputs:
            if isinstance(x, Node):
                paths[x] = paths.get(x, 0) + paths[node]
    assert reverse(topological_order(root), [(root, 1)], unchanged) == paths


def test_downstreams_are_added_in_the_order_in_which_they_come():
    a = Value(1.0, label="a")
    left, right = a * 2, a * 3
    root = left + right
    names = {root: "L", left: "l", right: "r"}
    named = lambda node, upstream: [(x, names[node]) for x in node.inputs if isinstance(x, Node)]
    order = topological_order(root)
    assert reverse(order, [(root, "1")], named)[a] == "rl"  # the right one is the later one in the order
    assert reverse(order, [(root, "1"), (a, "s")], named)[a] == "srl"
    assert reverse(order, [(root, "1")], named, add=lambda x, y: f"({x}+{y})")[a] == "(r+l)"


def test_what_is_received_may_be_lists_and_nodes_may_be_places():
    operands = {3: (2, 1), 2: (0, 0), 1: (0,)}
    passed = lambda node, upstreams: [(x, [node]) for x in operands.get(node, ())]
    assert reverse(range(4), [(3, [])], passed, add=operator.iadd) == {3: [], 2: [3], 1: [3], 0: [2, 2, 1]}


def test_a_node_that_nothing_reaches_passes_nothing_on():
    a, b = Value(1.0), Value(2.0)
    root = a * b
    only_left = lambda node, upstream: [(x, upstream) for x in node.inputs[:1]]
    assert reverse(topological_order(root), [(root, 1.0)], only_left) == {root: 1.0, a: 1.0}
    assert reverse(topological_order(root), [], only_left) == {}


class Gradient:
    """A gradient whose end can be observed."""


def test_what_is_not_kept_is_dropped_as_soon_as_it_is_passed_on_and_no_cycle_is_left():
    x = y = Value(1.0)
    for _ in range(50):
        y = -y
    alive, most = weakref.WeakSet(), []

    def fresh(node, upstream):
        for operand in node.inputs:
            found = Gradient()
            alive.add(found)
            most.append(len(alive))
            yield operand, found

    gc.disable()
    try:
        received = reverse(topological_order(y), [(y, Gradient())], fresh, keep={x})
        assert list(received) == [x]
        assert max(most) <= 3
        del received
        assert not alive
        assert len(reverse(topological_order(y), [(y, Gradient())], fresh)) == 51
    finally:
        gc.enable()
