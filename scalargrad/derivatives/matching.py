"""Upstream gradients, tangents and vectors, which are given in the same tree as what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalargrad import tree
from scalargrad.derivatives.variables import Output, Variable, as_list, is_array
from scalargrad.graph import Node
from scalargrad.ops.given import as_number, shown


def matching(
    targets: Sequence[Variable | Output], structure: tree.Structure, x: Any, name: str, what: str
) -> list[Any]:
    """What is given for each node of these, a number, an array or a node, in the same tree: ``v`` of :func:`hvp`."""
    where = f"{name}: {what}"
    if structure is tree.LEAF:
        return spread(targets[0], x, where)
    leaves = as_list(x) if is_array(x) else tree.flatten(x)[0]
    if len(leaves) != len(targets):
        of = "variables" if isinstance(targets[0], Variable) else "results"
        raise ValueError(f"{name}: {len(targets)} {of} need a {what} of as many numbers, not {len(leaves)}")
    if not is_array(x):
        leaves = structure.leaves_of(x, where)
    return [g for target, leaf in zip(targets, leaves) for g in spread(target, leaf, where)]


def spread(target: Variable | Output, x: Any, where: str) -> list[Any]:
    """One number or array for each node of a target."""
    nodes = target.nodes
    if not target.shape and not hasattr(nodes[0], "dtype"):
        return [_upstream(x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x, where)]
    import numpy as np

    if hasattr(nodes[0] if nodes else None, "dtype"):  # a Tensor
        node: Any = nodes[0]
        given: Any = x if isinstance(x, Node) else np.asarray(x)
        if not isinstance(x, Node) and given.dtype.kind not in "fiub":
            raise TypeError(f"{where} is of numbers, not {shown(x)}")
        if given.shape != node.shape and not given.size == node.size == 1:
            raise ValueError(f"{where} has the shape {given.shape}, where {node.shape} is expected")
        return [given]
    boxes = np.array(x, dtype=object)
    if boxes.shape != target.shape:
        raise ValueError(f"{where} has the shape {boxes.shape}, where {target.shape} is expected")
    return [_upstream(g, where) for g in boxes.ravel().tolist()]


def _upstream(x: Any, where: str) -> Any:
    return x if isinstance(x, Node) else as_number(x, where)
