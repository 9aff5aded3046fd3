"""Checking the gradients of arrays: element by element, each leaf of a Tensor's graph or each Tensor argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scalargrad import tree
from scalargrad.checking.quotient import Quotient, Sample, Sides
from scalargrad.checking.report import EdgeCheck, LeafCheck
from scalargrad.checking.subject import arguments_of, checked, require_repeatable
from scalargrad.derivatives import hessian
from scalargrad.derivatives.reverse import gradients
from scalargrad.derivatives.variables import Variable, backend_for
from scalargrad.graph import Node, topological_order
from scalargrad.naming import names_of

Play = Callable[[Sequence[Any]], tuple[float, Sides]]
"""Computes a number again with these arrays in the leaves, and says where that lies among the kinks."""


def holds_arrays(target: Any, inputs: Any) -> bool:
    """Whether it is Tensors, or arrays, that are to be checked."""
    return hasattr(target, "_computed_again") or backend_for(inputs, "") == "tensor"


def check_arrays(target: Any, inputs: Any, order: int, quotient: Quotient) -> Iterator[EdgeCheck | LeafCheck]:
    """A row for every edge, and for every element of every leaf; with ``order`` 2 also for its second derivatives."""
    leaves: list[Any]
    if isinstance(target, Node):
        if order == 2:
            raise ValueError(
                "gradcheck: the second derivatives of Tensors are checked of a function, gradcheck(f, inputs)"
            )
        leaves = [x for x in topological_order(target) if x.op is None and getattr(x, "requires_grad", False)]
        root: Any = target

        def play(arrays: Sequence[Any]) -> tuple[float, Sides]:
            y, sides = root._computed_again(dict(zip(leaves, arrays)))
            return float(y), sides
    else:
        leaves, again = _function(target, inputs)
        root = again(leaves)

        def play(arrays: Sequence[Any]) -> tuple[float, Sides]:
            y = again([type(x)(array, requires_grad=True) for x, array in zip(leaves, arrays)])
            return float(y._data), y._computed_again({})[1]

    if not hasattr(root, "_computed_again") or root.data.size != 1:
        raise TypeError(f"gradcheck: expected the result to be one number, not {root!r}; reduce it with sum() first")
    for leaf in leaves:
        if leaf.data.dtype.itemsize < 8:
            raise TypeError(f"gradcheck: {leaf.data.dtype} is too coarse for finite differences; use float64 Tensors")
    bases = [leaf.data.copy() for leaf in leaves]
    if not isinstance(target, Node):
        require_repeatable(lambda: play(bases)[0])
    yield from _edges(root, quotient)
    names = [leaf.label or f"x{i}" for i, leaf in enumerate(leaves)]
    gradient = [slope.data for slope in gradients([root], [1.0], leaves)]
    yield from _rows(bases, names, quotient, play, [("", gradient)])
    if order == 2:
        curvature = hessian(root, leaves)
        for i, base in enumerate(bases):
            for place in _places(base):
                columns = [curvature[i][j].data[place] for j in range(len(bases))]
                yield from _rows(
                    bases, names, quotient, _slope(again, leaves, i, place), [(_of(names[i], place), columns)]
                )


def _edges(root: Any, quotient: Quotient) -> Iterator[EdgeCheck]:
    """A row for every edge, of its operation alone, along one direction: Σ (downstream · d) for some upstream and d."""
    import numpy as np

    order = topological_order(root)
    names = dict(zip(order, names_of(order)))
    numbers = np.random.default_rng(0)
    for node in order:
        if node.op is None or node.data.dtype.kind != "f" or not node.data.size:
            continue
        upstream = numbers.uniform(0.5, 1.5, node.shape)
        called = tuple(names[x] if isinstance(x, Node) else float(x) for x in node.inputs)
        for position, operand, _, downstream in node._downstreams(upstream):
            direction = numbers.uniform(0.5, 1.5, operand.shape) * numbers.choice([-1.0, 1.0], operand.shape)

            def sample(t: float, position: int = position, direction: Any = direction) -> tuple[float, Sides]:
                y, distances = node._once_more(position, t * direction)  # noqa: B023 - it is called before the next one
                return float((upstream * y).sum()), ((), distances)  # noqa: B023

            analytic = float((downstream * direction).sum())
            noise = float(abs(upstream * node.data).sum())
            found = quotient.check(analytic, sample, 0.0, noise)
            if found["status"] == "wrong" and _is_between(sample, 0.0, analytic):
                found["status"] = "kink"
            yield EdgeCheck(
                output=names[node], input=names[operand], by="", op=node.op.name, position=position,
                formula=node.op.formula(position, called), **found,
            )  # fmt: skip


def _function(function: Callable[..., Any], inputs: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The leaves that stand for the inputs of a function, and what it gives on others.

    Tensors vary if there are any, else arrays and numbers of floats, if there are any; what is beside them stays.
    """
    arguments, names = arguments_of(function, inputs)
    given, structure = tree.flatten(arguments)
    labels = [label for name, x in zip(names, arguments) for label, _ in tree.named(x, name)]
    kinds: list[Callable[[Any], bool]] = [
        lambda x: isinstance(x, Node),
        lambda x: isinstance(x, float) or getattr(getattr(x, "dtype", None), "kind", "") == "f",
        lambda x: True,
    ]
    varies = next(kind for kind in kinds if any(map(kind, given)))
    leaves = []
    for label, x in zip(labels, given):
        if varies(x):
            leaf = Variable.standing_for(x, "tensor", "gradcheck").stand_in
            leaf.label = leaf.label or label
            leaves.append(leaf)

    def again(own: Sequence[Any]) -> Any:
        rest = iter(own)
        filled = tree.unflatten(structure, [next(rest) if varies(x) else x for x in given])
        return checked(lambda: function(*filled), own)

    return leaves, again


def _slope(again: Callable[[Sequence[Any]], Any], kinds: Sequence[Any], which: int, place: tuple[int, ...]) -> Play:
    """The first derivative by one element, as the arrays vary."""

    def play(arrays: Sequence[Any]) -> tuple[float, Sides]:
        own = [type(x)(array, requires_grad=True) for x, array in zip(kinds, arrays)]
        y = again(own)
        return float(gradients([y], [1.0], [own[which]])[0]._data[place]), y._computed_again({})[1]

    return play


def _rows(bases: Any, names: Any, quotient: Quotient, play: Play, analytic: Any) -> Iterator[LeafCheck]:
    for of, slopes in analytic:
        for i, base in enumerate(bases):
            for place in _places(base):

                def sample(x: float, i: int = i, place: tuple[int, ...] = place) -> tuple[float, Sides]:
                    arrays = [b.copy() for b in bases]
                    arrays[i][place] = x
                    return play(arrays)

                noise = abs(sample(float(base[place]))[0]) * base.size
                numbers = quotient.check(float(slopes[i][place]), sample, float(base[place]), noise)
                if numbers["status"] == "wrong" and _is_between(sample, float(base[place]), numbers["analytic"]):
                    numbers["status"] = "kink"
                by = _of(names[i], place) if of else ""
                yield LeafCheck(output="L", input=of or _of(names[i], place), by=by, **numbers)


def _is_between(sample: Sample, x: float, slope: float) -> bool:
    """Whether the slopes to both sides differ however near one looks, as at a tie of max, and this is one between."""
    gaps = []
    for step in (1e-4, 1e-6):
        low, here, high = sample(x - step)[0], sample(x)[0], sample(x + step)[0]
        sides = sorted([(here - low) / step, (high - here) / step])
        gaps.append(sides[1] - sides[0])
        if not sides[0] - 1e-4 <= slope <= sides[1] + 1e-4:
            return False
    return gaps[1] > 1e-3 * max(1.0, abs(slope)) and gaps[1] > 0.5 * gaps[0]


def _places(array: Any) -> Iterator[tuple[int, ...]]:
    import numpy as np

    return np.ndindex(array.shape)


def _of(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, place))}]" if place else name
