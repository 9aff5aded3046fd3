"""A graph of Values, compiled: its labelled leaves are arguments, given as arrays or as numbers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from copy import copy, deepcopy
from functools import partial
from typing import Any

import numpy as np

from fastpath.compiler.arguments import as_array
from fastpath.compiler.compiled import PLANS, Recent
from fastpath.compiler.functions import CompiledFunction
from fastpath.compiler.vectorizing import Vectorized, columns_of, repeated, vectorize
from fastpath.numerics import Array, shown
from fastpath.plan import Plan, traced
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.graph import topological_order
from scalargrad.ops.structural import concatenate, reshape
from scalargrad.ops.structural import sum as total
from scalargrad.rules import Expanded


class CompiledGraph:
    """A graph of Values that runs over arrays: its labelled leaves are the arguments, the others keep their numbers.

    ``f(A=…, B=…)`` takes an array (any shape; they broadcast together) or a number for each argument, and gives an
    array of that shape, or a number. A graph of several results, an array of Values, gives their shape at the end.
    """

    def __init__(self, roots: Any, reduction: str = "sum") -> None:
        if reduction not in ("sum", "mean"):
            raise ValueError(
                f"compile: reduction is 'sum' or 'mean' (of a shared argument's gradient), not {reduction!r}"
            )
        self.reduction = reduction
        self.shape = np.shape(roots) if isinstance(roots, np.ndarray) else ()
        self.roots: list[Value] = list(roots.flat) if isinstance(roots, np.ndarray) else [roots]
        for root in self.roots:
            if not isinstance(root, Value):
                raise TypeError(f"compile: expected a Value or an array of Values, not {shown(root)}")
        self.roots = rebuilt(self.roots)
        leaves = list(dict.fromkeys(x for root in self.roots for x in topological_order(root) if x.op is None))
        self._leaves = {x.label: x for x in leaves if x.label is not None}
        self._others = [x for x in leaves if x.label is None]
        twice = [x.label for x in leaves if x.label is not None and self._leaves[x.label] is not x]
        if twice:
            raise ValueError(f"compile: two leaves are labelled {twice[0]}; give each argument a label of its own")
        self._made: dict[tuple[str, ...], CompiledFunction] = {}
        self._plans: Recent[Any, Plan] = Recent(PLANS)
        self._lock = threading.RLock()

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments: the labels of the leaves."""
        return tuple(self._leaves)

    def __call__(self, **given: Any) -> Any:
        """The result for these arguments."""
        arrays, batch, batched = self._given(given)
        results = self._function(batched)(*self._columns(arrays, batch, batched))
        whole = np.asarray(results).reshape((*batch, *self.shape))
        return whole if whole.ndim else float(whole)

    def value_and_grad(self, **given: Any) -> tuple[Any, dict[str, Any]]:
        """The result, and its gradient by each argument, in a dict by label.

        An argument given as an array gets the gradient at each place; one given as a single number the sum (or, with
        ``reduction="mean"``, the mean) over all. Raises ValueError for a graph of several results.
        """
        value, gradients, _ = self._differentiated(given)
        return value, gradients

    def backward(self, **given: Any) -> Any:
        """The result; the ``grad`` of the graph's leaves receives its gradient, as :meth:`Value.backward` gives it.

        Over a batch it is that of the sum (or the mean) of the results. All gradients change, or none.
        """
        value, gradients, others = self._differentiated(given)
        count = np.size(value) if self.reduction == "mean" else 1
        slopes = [
            (self._leaves[name], float(np.sum(g)) / (count if np.ndim(g) else 1)) for name, g in gradients.items()
        ]
        slopes += zip(self._others, others)
        before = [(leaf, leaf.grad) for leaf, _ in slopes]
        try:
            for leaf, slope in slopes:
                leaf.grad += slope
        except BaseException:
            for leaf, grad in before:
                leaf.grad = grad
            raise
        return value

    def _differentiated(self, given: dict[str, Any]) -> tuple[Any, dict[str, Any], list[float]]:
        """The result, its gradient by each argument, and by the leaves that are none."""
        if self.shape:
            raise ValueError(f"compile: a gradient is of one result, and this graph has {len(self.roots)}")
        arrays, batch, batched = self._given(given)
        columns = self._columns(arrays, batch, batched)
        _, each, *slopes = self._with_gradients(columns, batched).run(*columns)
        value = each.reshape(batch)
        count = value.size if self.reduction == "mean" else 1
        shared = [slope / count for slope in slopes[-1].tolist()]
        names = [name for name in self.names if name not in batched]
        gradients: dict[str, Any] = {}
        for name, x in arrays.items():
            if name in batched:
                gradients[name] = _summed_to(slopes[batched.index(name)].reshape(batch), x.shape)
            else:
                gradients[name] = shared[names.index(name)]
        return (value if value.ndim else float(value)), gradients, shared[len(names) :]

    def plan(self, **given: Any) -> Plan:
        """The plan for arguments like these: print or draw it."""
        arrays, batch, batched = self._given(given)
        columns = self._columns(arrays, batch, batched)
        return (
            self._function(batched).plan(*columns) if self.shape else self._with_gradients(columns, batched).of(columns)
        )

    def __repr__(self) -> str:
        return f"<compiled graph of {', '.join(self.names)}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledGraph:
        make, arguments = self.__reduce__()
        new: CompiledGraph = make(*deepcopy(arguments, memo))
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        roots: Any = np.empty(self.shape, dtype=object)
        roots.flat = self.roots
        return CompiledGraph, (roots if self.shape else self.roots[0], self.reduction)

    def _given(self, given: dict[str, Any]) -> tuple[dict[str, Array], tuple[int, ...], tuple[str, ...]]:
        """The arguments as arrays of floats, the shape of the batch, and those that are given for each place of it."""
        missing, unknown = [n for n in self.names if n not in given], [n for n in given if n not in self.names]
        if missing or unknown:
            wrong = [f"{what} {', '.join(names)}" for what, names in (("no", missing), ("unknown", unknown)) if names]
            raise TypeError(f"this graph takes {', '.join(self.names) or 'no argument'}: {'; '.join(wrong)} given")
        if modes.active and modes.derivers():
            for x in self._others:
                modes.concretized(x, "a compiled call")
        arrays = {}
        for name in self.names:
            x = given[name]
            array = as_array(x, name, "a number or an array")
            arrays[name] = array if array.dtype.kind == "f" else array.astype(float)
        try:
            batch = np.broadcast_shapes(*[x.shape for x in arrays.values()])
        except ValueError:
            shapes = ", ".join(f"{name} {x.shape}" for name, x in arrays.items())
            raise ValueError(f"compile: the arguments do not broadcast together: {shapes}") from None
        return arrays, batch, tuple(name for name, x in arrays.items() if x.ndim)

    def _columns(self, arrays: dict[str, Array], batch: tuple[int, ...], batched: tuple[str, ...]) -> list[Array]:
        """One vector of the batch's size for each batched argument, then one of all shared numbers."""
        floats = [arrays[name].dtype for name in batched] or [np.dtype(float)]
        columns = [np.ascontiguousarray(np.broadcast_to(arrays[name], batch)).reshape(-1) for name in batched]
        shared = [float(x) for name, x in arrays.items() if name not in batched] + [x.data for x in self._others]
        return [*columns, np.array(shared, dtype=np.result_type(*floats))]

    def _function(self, batched: tuple[str, ...]) -> CompiledFunction:
        """The results for these batched arguments, from the columns."""
        with self._lock:
            if batched not in self._made:
                places = {self._leaves[name]: (i, 0) for i, name in enumerate(batched)}
                shared = [leaf for name, leaf in self._leaves.items() if name not in batched] + self._others
                known = {leaf: i for i, leaf in enumerate(shared)}
                lifted = vectorize(self.roots, places, [1] * len(batched), batched, known, len(shared))
                self._made[batched] = CompiledFunction(partial(_results, lifted), names=[*batched, "shared"])
            return self._made[batched]

    def _with_gradients(self, columns: list[Array], batched: tuple[str, ...]) -> Plan:
        """The plan for the result's sum over the batch, the result itself, and the gradients of the sum."""
        key = (batched, *[(x.shape, x.dtype) for x in columns])
        with self._lock:
            plan = self._plans.get(key)
            if plan is None:
                function = self._function(batched).function

                def summed(*arrays: Any) -> tuple[Any, Any]:
                    each = function(*arrays)
                    return total(each), each

                graph = traced(summed, columns, [*batched, "shared"])
                plan = Plan(graph, graph.arguments, "graph")
            return self._plans.use(key, plan)


def _results(lifted: Vectorized, *arguments: Any) -> Any:
    """The results: (N,) of one, (N, k) of several; N is 1 if no argument is batched."""
    *columns, shared = arguments
    size = columns[0].shape[0] if columns else 1
    results = lifted.run([columns_of(x, 1) for x in columns], shared)
    whole = concatenate([repeated(x, size) for x in results], axis=-1)
    return whole if len(results) > 1 else reshape(whole, (size,))


def _summed_to(x: Array, shape: tuple[int, ...]) -> Array:
    """An array summed over the axes along which a shape was broadcast."""
    extra = x.ndim - len(shape)
    axes = tuple(i for i in range(x.ndim) if i < extra or shape[i - extra] == 1 != x.shape[i])
    return np.asarray(x.sum(axis=axes, keepdims=True)).reshape(shape)


# --- graphs that were built without being traced ---------------------------------------------------------------------
# The expansion of a structural op may look at the numbers of Values: of tied ones it makes another graph. Its results
# remember what they expand (scalargrad.ops.structure.Expansion); here it is expanded again, traced.


class _Refusing(modes.Tracer):
    """The tracer of an expansion, which has no business with numbers."""

    def concretized(self, value: Value, what: str) -> None:
        raise AssertionError(f"an expansion looked at a number by {what}")


def rebuilt(roots: Sequence[Value]) -> list[Value]:
    """These results as they come from the leaves at any numbers; the leaves stay, and all that need not change."""
    if not any(isinstance(node._rule, Expanded) for node in topological_order(*roots)):
        return list(roots)
    made: dict[Value, Value] = {}
    expanded: dict[Any, list[Any]] = {}
    with modes.enable_grad(), modes.tracing(_Refusing()):
        stack = list(reversed(roots))
        while stack:
            node = stack[-1]
            rule = node._rule
            expansion = rule.expansion if isinstance(rule, Expanded) else None
            operands = expansion.operands if expansion else [x for x in node.inputs if isinstance(x, Value)]
            missing = [x for x in operands if x not in made]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            if node in made:
                continue
            if expansion is None:
                made[node] = _with_operands(node, made)
                continue
            if expansion not in expanded:
                with modes.scope(node.scope) if node.scope else modes.enable_grad():
                    expanded[expansion] = expansion.again(lambda x: made.get(x, x))
            made[node] = expanded[expansion][rule.place]  # type: ignore[attr-defined]
    return [made[root] for root in roots]


def _with_operands(node: Value, made: dict[Value, Value]) -> Value:
    """The node, or one like it of what was made in its operands' places."""
    inputs = tuple([made[x] if isinstance(x, Value) else x for x in node.inputs])
    if all(a is b for a, b in zip(inputs, node.inputs)):
        return node
    other = copy(node)
    other._set_inputs(inputs)
    return other
