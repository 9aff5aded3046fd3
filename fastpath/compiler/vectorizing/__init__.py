r"""Vectorizing: scalar code for one example as a short program over arrays for a batch of them.

The graph of a scalar network has a node for every number. But the neurons of a layer do the same with different
weights: their sums of products over the same inputs are the columns of a matrix product. So

    z0 = x0*w00 + x1*w10 + b0      becomes      Z = matmul(X, W) + b
    z1 = x0*w01 + x1*w11 + b1

Compilers know this as SLP vectorization (superword-level parallelism): isomorphic statements of straight-line code are
packed, and a pack is one vector instruction. Here a pack is as wide as a layer. See S. Larsen, S. Amarasinghe,
Exploiting superword level parallelism with multimedia instruction sets, PLDI 2000; and the SLP vectorizers of LLVM and
GCC.

    Values ─ number_values ─▶ ScalarGraph    :mod:`.numbering`: constants folded, equal nodes made one
           ─ find_statements ▶ statements    :mod:`.statements`: chains of additions become sums of products
           ─ pack ───────────▶ packs         :mod:`.packing`: what does the same at the same depth
           ─ split ──────────▶ packs         :mod:`.splitting`: cut where their operands are not side by side
           ─ lower ──────────▶ Program       :mod:`.lowering`: array instructions, and gathering by slices

:mod:`.layout` orders the parameters in one vector, the *store*, so that every matrix is a slice of it. Each stage is a
function from data to data that can be printed:

    >>> from scalargrad import Value
    >>> x, w0, w1, b0, b1 = (Value(n, label=name) for name, n in dict(x=2, w0=1, w1=3, b0=4, b1=5).items())
    >>> y = (x * w0 + b0).relu() * (x * w1 + b1).relu()
    >>> graph = number_values([y], [x])
    >>> print(graph)
    0 = x  for each example
    1 = w0
    2 = mul(0, 1)  for each example
    3 = b0
    4 = add(2, 3)  for each example
    5 = relu(4)  for each example
    6 = w1
    7 = mul(0, 6)  for each example
    8 = b1
    9 = add(7, 8)  for each example
    10 = relu(9)  for each example
    11 = mul(5, 10)  for each example
    results: 11
    >>> packs = pack(graph, find_statements(graph))
    >>> print(*packs, sep="\n")
    4, 9: 2 sums of 1 product, 4 nodes
    5, 10: 2 × relu
    11: 1 × mul
    >>> print(vectorize([y], {x: (0, 0)}, [1], ["x"]))
    a2   (2,)       parameters[0:2]
    a3   (2,)       reshape(a2, (1, 2))
    a4   (N, 2)     matmul(x, a3)  ← 2 sums of 1 product, 4 nodes
    a5   (2,)       parameters[2:4]
    a6   (N, 2)     a4 + a5  ← + 2
    a7   (N, 2)     relu(a6)  ← 2 × relu
    a8   (N, 1)     a7[0:1]
    a9   (N, 1)     a7[1:2]
    a10  (N, 1)     (a8)·(a9)  ← 1 × mul

The program uses the registry's functions only: it runs on Tensors, and is planned like any function over Tensors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.compiler.vectorizing.layout import Lane, order_of_parameters
from fastpath.compiler.vectorizing.lowering import lower
from fastpath.compiler.vectorizing.numbering import Constant, Operand, ScalarGraph, number_values
from fastpath.compiler.vectorizing.packing import pack
from fastpath.compiler.vectorizing.program import ArrayInfo, Program
from fastpath.compiler.vectorizing.splitting import split
from fastpath.compiler.vectorizing.statements import find_statements
from scalargrad.engine import Value
from scalargrad.ops.structural import astype, broadcast_to, index, reshape

__all__ = ["Vectorized", "columns_of", "repeated", "vectorize"]


@dataclass
class Vectorized:
    """A program, and what it takes and gives.

    Its arrays are first the arguments, one of shape (N, size) each, then the store, the vector of all parameters.
    """

    program: Program
    parameters: list[Value]
    """The leaves the store consists of, in its order."""
    outputs: list[Operand]
    """For each result: the number of an array with a single column, or a constant."""
    signs: list[int]
    """With which sign each belongs to the whole."""
    nodes: int
    """How many nodes the scalar graph has."""

    def run(self, arguments: Sequence[Any], store: Any) -> list[Any]:
        """The results: of shape (N, 1) where they depend on the example, else (1,) or a number.

        A store of another type than the arguments is read as one of theirs.
        """
        if arguments and store is not None and store.dtype != arguments[0].dtype:
            store = astype(store, arguments[0].dtype)
        known = self.program.run([*arguments, store])
        return [x.number if isinstance(x, Constant) else known[x] for x in self.outputs]

    def __str__(self) -> str:
        return str(self.program)


def vectorize(
    roots: Sequence[Value],
    arguments: Mapping[Value, Lane],
    sizes: Sequence[int],
    names: Sequence[str],
    known: Mapping[Value, int] | None = None,
    size: int = 0,
    hoist: bool = False,
    constants: Collection[Value] = (),
) -> Vectorized:
    """The program for these results.

    ``arguments`` says of each leaf that depends on the example in which argument and column its numbers come;
    ``sizes`` how many columns each argument has, and ``names`` what it is called. ``known`` has the place of each
    parameter in a store of ``size`` that is there already. With ``hoist`` the only result is to be averaged over the
    examples: terms that do not depend on the example become results of their own, after the rest of it.
    ``constants`` are leaves that keep their numbers.
    """
    graph = number_values(roots, arguments, constants)
    signs = _hoist(graph) if hoist else [1] * len(roots)
    packs = pack(graph, find_statements(graph))
    given = {node: arguments[leaf] for node, leaf in graph.leaves.items() if leaf in arguments}
    order = order_of_parameters(graph, packs, given)
    parameters = [graph.leaves[node] for node in order]
    if known is None:
        known, size = {leaf: i for i, leaf in enumerate(parameters)}, len(parameters)
    lanes = given | {node: (len(sizes), known[graph.leaves[node]]) for node in order}
    arrays = [ArrayInfo(name, columns, True) for name, columns in zip(names, sizes, strict=True)]
    arrays.append(ArrayInfo("parameters", size, False))
    program, outputs = lower(graph, split(graph, packs, lanes), arrays, lanes)
    return Vectorized(program, parameters, outputs, signs, len(graph.ops))


def _hoist(graph: ScalarGraph) -> list[int]:
    """Make each term that does not depend on the example a root of its own; the signs of all roots."""
    (root,) = graph.roots
    parts: list[Operand] = []
    signs = [1]
    while isinstance(root, int) and graph.ops[root] is not None and graph.ops[root].name in ("add", "sub"):
        a, b = graph.operands[root]
        shared = [isinstance(x, Constant) or not graph.batched[x] for x in (a, b)]
        is_difference = graph.ops[root].name == "sub"
        if shared[0] == shared[1] or (is_difference and shared[0]):
            break
        root, part = (b, a) if shared[0] else (a, b)
        parts.append(part)
        signs.append(-1 if is_difference else 1)
    graph.roots = [root, *parts]
    return signs


def columns_of(x: Any, size: int) -> Any:
    """An argument as (N, size)."""
    if x.ndim == 1:
        return index(x, (slice(None), None))
    return x if x.ndim == 2 else reshape(x, (x.shape[0], size))


def repeated(x: Any, size: int) -> Any:
    """A result as (size, 1), whether it depends on the example or not."""
    if getattr(x, "ndim", 0) == 2:
        return x
    return broadcast_to(reshape(x, (1, 1)) if hasattr(x, "ndim") else np.full((1, 1), x), (size, 1))
