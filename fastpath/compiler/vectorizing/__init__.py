"""Vectorizing: scalar code for one example as a short program over arrays for a batch of them.

The graph of a scalar network has a node for every number. But the neurons of a layer do the same with different
weights: their additions of products over the same inputs are the columns of a matrix product. So

    z0 = x0*w00 + x1*w10 + b0      becomes      Z = matmul(X, W) + b
    z1 = x0*w01 + x1*w11 + b1

in these steps:

1. :mod:`.numbering` numbers the nodes, folds constants, makes equal nodes one, and marks which depend on the example;
2. :mod:`.statements` turns chains of additions into sums of products;
3. :mod:`.packing` puts together what does the same at the same depth: each group is one instruction, unless
   :mod:`.splitting` finds that its operands lie too far apart;
4. :mod:`.layout` orders the parameters in one vector, the *store*, so that every matrix is a slice of it;
5. :mod:`.lowering` writes the instructions, which gather what they need by slicing where possible.

What comes out, a :class:`.program.Program`, uses the registry's functions only: it runs on Tensors, and is planned like
any function over Tensors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.compiler.vectorizing.layout import order_of_parameters
from fastpath.compiler.vectorizing.lowering import Lowering
from fastpath.compiler.vectorizing.numbering import Constant, Operand, Scalars, read
from fastpath.compiler.vectorizing.packing import groups
from fastpath.compiler.vectorizing.program import Place, Program
from fastpath.compiler.vectorizing.statements import items
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
    arguments: Mapping[Value, tuple[int, int]],
    sizes: Sequence[int],
    names: Sequence[str] = (),
    known: Mapping[Value, int] | None = None,
    size: int = 0,
    split: bool = False,
    constants: Collection[Value] = (),
) -> Vectorized:
    """The program for these results.

    ``arguments`` says of each leaf that depends on the example in which argument and column its numbers come, and
    ``sizes`` how many columns each argument has. ``known`` has the place of each parameter in a store of ``size`` that
    is there already. With ``split`` the only result is to be averaged over the examples: it is given in parts, the
    first of which depends on the example, and the others do not. ``constants`` are leaves that keep their numbers.
    """
    graph = read(roots, arguments, constants)
    signs = _split(graph) if split else [1] * len(roots)
    found = items(graph)
    grouped = groups(graph, found)
    number = {leaf: node for node, leaf in graph.leaves.items()}
    given = {number[leaf] for leaf in arguments if leaf in number}
    order = order_of_parameters(graph, grouped, given)
    leaves = [graph.leaves[x] for x in order]
    where = {leaf: i for i, leaf in enumerate(leaves)} if known is None else known
    program = Program()
    for i, columns in enumerate(sizes):
        program.array(names[i] if i < len(names) else f"x{i}", columns, True)
    store = program.array("parameters", len(leaves) if known is None else size, False)
    places: dict[int, Place] = {number[leaf]: place for leaf, place in arguments.items() if leaf in number}
    places.update({number[leaf]: (store, where[leaf]) for leaf in leaves})
    lowering = Lowering(graph, program, places)
    for group in grouped:
        lowering.group(group)
    outputs: list[Operand] = [
        x if isinstance(x, Constant) else lowering.gather([x], graph.batched[x]) for x in graph.roots
    ]
    return Vectorized(program, leaves, outputs, signs, len(graph.ops))


def _split(graph: Scalars) -> list[int]:
    """The root as what depends on the example and, apart from it, what is added or taken off; the signs of all."""
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
