"""Scalar code compiled: what ``compile`` does with Values. Both ways vectorize a scalar graph (:mod:`.vectorizing`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastpath.compiler.examples import CompiledScalars
from fastpath.compiler.graphs import CompiledGraph


def compile_function(
    function: Callable[..., Any], reduction: str | None = None, dtype: Any = "float64"
) -> CompiledScalars:
    """A function of one example, to be run over batches."""
    return CompiledScalars(function, reduction, dtype)


def compile_graph(roots: Any, reduction: str = "sum") -> CompiledGraph:
    """A graph, or an array of them, to be run over arrays."""
    return CompiledGraph(roots, reduction)
