"""How far rounding may carry a program's numbers: the eager graph again, with its last bits moved.

A result that is not exact is moved by an ulp or so: the same for the same operation on the same numbers (so what is
equal because it is computed alike stays equal), and by chance where numbers are added up, since compiled code may add
them in another order. What is exact, a sum of halves, stays so: a tie is a tie.
"""

import random
from fractions import Fraction

import numpy as np

from scalargrad import Value
from scalargrad.graph import topological_order
from tests.random_programs.program import parameters_of

EXACT = {"maximum", "minimum", "where", "relu", "abs", "neg", "sign", "heaviside", "clip", "greater", "greater_equal", "less", "less_equal",
         "equal", "not_equal", "leaky_relu", "prelu"}  # fmt: skip
_set = Value.__dict__["data"].__set__


def is_exact(name, y, numbers):
    if not np.isfinite([y, *numbers]).all() or name in EXACT:
        return True
    if name in ("add", "sub", "mul", "square"):
        a, b = map(Fraction, numbers) if len(numbers) == 2 else (Fraction(numbers[0]),) * 2
        return {"add": a + b, "sub": a - b}.get(name, a * b) == Fraction(y)
    if name in ("div", "reciprocal"):
        top, bottom = map(Fraction, numbers if name == "div" else (1.0, *numbers))
        return bottom != 0 and top / bottom == Fraction(y)
    return y in (0.0, 1.0, -1.0)


def moved(root, leaves, k):
    """The root's value and the leaves' gradients with last bits moved: the k-th time."""
    chance = random.Random(k)
    for node in topological_order(root):
        if node.op is None:
            continue
        numbers = tuple(float(x.data) if isinstance(x, Value) else float(x) for x in node.inputs)
        y = float(node.op.recomputed(0.0, numbers)) if hasattr(node.op, "recomputed") else float(node.op(*numbers))
        name = node.op.name
        if k and not is_exact(name, y, numbers):
            seed = (name, k, *sorted(numbers)) if name in ("add", "mul") else (name, k, *numbers)
            noise = chance if k % 2 and name in ("add", "sub", "mul") else random.Random(repr(seed))
            y *= 1 + noise.uniform(-4, 4) * 2.0**-52
        _set(node, y)
    for leaf in leaves:
        leaf.grad = 0.0
    root.backward()
    return [root.data, *[leaf.grad for leaf in leaves]]


def magnitudes(root, leaves):
    """For the value and each leaf's gradient the sum of the absolute terms it is made of."""
    upstream, size = {root: 1.0}, {}
    order = topological_order(root)
    for node in order:
        name, numbers = node.op and node.op.name, [size.get(x, abs(float(x))) for x in node.inputs or ()]
        terms = sum(numbers) if name in ("add", "sub") else np.prod(numbers) if name in ("mul", "neg") else 0.0
        size[node] = max(abs(node.data), terms)
    for node in reversed(order):
        if node.op is not None:
            for _, operand, local, _ in node._downstreams(0.0):
                upstream[operand] = upstream.get(operand, 0.0) + upstream.get(node, 0.0) * abs(local)
    sizes = np.array([size[root], *[upstream.get(leaf, 0.0) for leaf in leaves]])
    return np.where(np.isfinite(sizes), abs(sizes), 0.0)


def extent(many, sizes):
    """The least, the largest; nan where one of them is."""
    many = np.array(many)
    return many.min(axis=0), many.max(axis=0), sizes


def spread(space, arrays, batch, share):
    """The least and the largest value and gradients over a few ways of rounding, and how large their parts are."""
    from tests.random_programs.checking import example_of

    parameters = parameters_of(space)
    wholes, sizes = [], 0.0
    for k in range(12):
        rows = []
        for i in range(batch):
            out = space["f"](*[example_of(x, i) for x in arrays])
            out = out.item() if isinstance(out, np.ndarray) else out
            rows.append(moved(out, parameters, k * (batch + 1) + i if k else 0))
            if not k:
                sizes = sizes + magnitudes(out, parameters) * share
        wholes.append(np.sum(rows, axis=0) * share)
    return extent(wholes, sizes)
