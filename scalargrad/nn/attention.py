"""Embeddings and attention: what transformers are made of."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad.nn.backends import backend_of, parameter
from scalargrad.nn.initialisers import drawn
from scalargrad.nn.layers import Linear, features
from scalargrad.nn.module import Module
from scalargrad.nn.parameters import OtherName
from scalargrad.nn.regularisation import Dropout
from scalargrad.ops import elementwise as ops
from scalargrad.ops.composite import expand_dims, lookup, swapaxes
from scalargrad.ops.given import as_array, integer, require_numbers, require_unmasked
from scalargrad.ops.structural import matmul, mean, reshape, softmax, transpose
from scalargrad.settings import Seed, flag, generator, number, size

__all__ = ["Embedding", "MultiheadAttention", "scaled_dot_product_attention"]


class Embedding(Module):
    """A row of numbers for each token: tokens (…) → (…, embedding_dim), from W (num_embeddings, embedding_dim).

    Tokens are whole numbers from 0 on; W begins as normal, as in PyTorch. The token ``padding_idx`` gives zeros, and
    its row is not learned.

    >>> from scalargrad import nn
    >>> [[w.data for w in row] for row in nn.Embedding(3, 2, init=[[1, 2], [3, 4], [5, 6]])([2, 0])]
    [[5.0, 6.0], [1.0, 2.0]]
    """

    parameter_labels = MappingProxyType({"W": "W"})
    weight = OtherName("W")

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: Any = "normal",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        self.tokens = size(num_embeddings, "Embedding: num_embeddings")
        self.outputs = size(embedding_dim, "Embedding: embedding_dim")
        rng, kind = generator(seed, "Embedding: seed"), backend_of(backend, "Embedding")
        numbers = drawn(init, (self.tokens, self.outputs), rng, "Embedding: init")
        self.padding = None
        if padding_idx is not None:
            place = integer(padding_idx, "Embedding", "padding_idx")
            if not -self.tokens <= place < self.tokens:
                raise ValueError(f"Embedding: padding_idx {place} is no token: there are {self.tokens}")
            self.padding = place % self.tokens
            numbers[self.padding] = 0
        self.W = parameter(numbers, kind, "W")

    def forward(self, x: Any) -> Any:
        """The rows of the tokens."""
        rows = lookup(self.W, x)
        if self.padding is None:
            return rows
        kept = 1.0 - ops.equal(x, float(self.padding))
        return rows * (expand_dims(kept, -1) if np.ndim(kept) else kept)

    def extra(self) -> str:
        return f"{self.tokens}, {self.outputs}"


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """softmax(Q·Kᵀ/√d)·V: of each query the values, weighted by how well their keys fit, (…, L, d) → (…, L, d_v).

    ``attn_mask`` (…, L, S) is True where a query may look, or a number that is added to the score; ``is_causal`` lets
    each look at itself and what came before. ``scale`` takes the place of 1/√d. Vaswani et al. 2017; arguments as in
    PyTorch.

    >>> scaled_dot_product_attention([[1.0, 0.0]], [[9.0, 0.0], [0.0, 9.0]], [[1.0], [5.0]]).round(3)
    array([[1.007]])
    """
    return _attended(query, key, value, attn_mask, dropout_p, is_causal, scale)[0]


def _attended(
    query: Any, key: Any, value: Any, mask: Any, dropout: float, causal: Any, scale: Any, drop: Any = None
) -> tuple[Any, Any]:
    """The outputs, and the weights of the values."""
    where = "scaled_dot_product_attention"
    for name, x in (("query", query), ("key", key), ("value", value)):
        require_unmasked(f"{where}: {name}", x)
    q, k, v = (as_array(x, f"{where}: {name}") for name, x in (("query", query), ("key", key), ("value", value)))
    for name, x in (("query", q), ("key", k), ("value", v)):
        if x.ndim < 2:
            raise ValueError(f"{where}: {name} is an array (…, positions, features), not of shape {tuple(x.shape)}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"{where}: a query of shape {tuple(q.shape)}, a key of {tuple(k.shape)} and a value of {tuple(v.shape)} do "
            "not fit: queries and keys need as many features, keys and values as many positions"
        )
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else number(scale, f"{where}: scale")
    scores = matmul(q * factor, swapaxes(k, -1, -2))
    if flag(causal, f"{where}: is_causal"):
        if mask is not None:
            raise ValueError(f"{where}: is_causal is a mask itself: give it or attn_mask, not both")
        mask = np.tril(np.ones((q.shape[-2], k.shape[-2]), dtype=bool))
    if mask is not None:
        require_unmasked(f"{where}: attn_mask", mask)
        mask = as_array(mask, f"{where}: attn_mask")
        _require_mask(mask, tuple(scores.shape), f"{where}: attn_mask")
        if isinstance(mask, np.ndarray) and mask.dtype.kind == "b":
            scores = ops.where(mask, scores, -math.inf)
        else:
            scores = scores + mask
    weights = softmax(scores, axis=-1)
    if number(dropout, f"{where}: dropout_p", least=0, below=1):
        weights = (drop or Dropout(dropout))(weights)
    return matmul(weights, v), weights


def _require_mask(mask: Any, scores: tuple[int, ...], where: str) -> None:
    """Refuse what is no mask of these scores."""
    if isinstance(mask, np.ndarray) and mask.dtype.kind not in "fiubO":
        raise TypeError(f"{where} is True and False, or numbers to add, not {mask.dtype}")
    if isinstance(mask, np.ndarray) and mask.dtype == object:
        require_numbers(mask, where)
    try:
        fits = np.broadcast_shapes(mask.shape, scores) == scores
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{where} of shape {tuple(mask.shape)} does not fit scores of shape {scores}")


class MultiheadAttention(Module):
    """Attention by several heads, each on its own share of the features: softmax(Q·Kᵀ/√d)·V of projected inputs.

    Inputs are (positions, batch, features), with ``batch_first`` (batch, positions, features), or (positions, features)
    of a single example; called as in PyTorch, with query, key and value, it gives the outputs and the weights, averaged
    over the heads. ``attn_mask`` and ``key_padding_mask`` (batch, positions) are True where *not* to look, as PyTorch
    has it here; ``attn_mask`` may be numbers to add. Vaswani et al. 2017.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> attention = nn.MultiheadAttention(4, 2, batch_first=True, backend="tensor", seed=0)
    >>> x = np.ones((3, 5, 4))
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    ((3, 5, 4), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = False,
        init: Any = "xavier_uniform",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        self.inputs, self.heads = size(embed_dim, f"{where}: embed_dim"), size(num_heads, f"{where}: num_heads")
        if self.inputs % self.heads:
            raise ValueError(f"{where}: embed_dim {self.inputs} is no multiple of num_heads {self.heads}")
        rng = generator(seed, f"{where}: seed")
        self.batch_first = flag(batch_first, f"{where}: batch_first")
        number(dropout, f"{where}: dropout", least=0, below=1)
        self.dropout = Dropout(dropout, seed=rng)
        backend_of(backend, where)
        drawn(init, (self.inputs, self.inputs), np.random.default_rng(0), f"{where}: init")
        options: dict[str, Any] = {"bias": flag(bias, f"{where}: bias"), "init": init, "backend": backend, "seed": rng}
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            Linear(self.inputs, self.inputs, **options) for _ in range(4)
        )

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Any:
        """The outputs and the weights; of one input alone, attention of it to itself."""
        key = query if key is None else key
        value = key if value is None else value
        given = [features(x, self.inputs, "MultiheadAttention") for x in (query, key, value)]
        single, flipped = given[0].ndim == 2, given[0].ndim == 3 and not self.batch_first
        if flipped:
            given = [swapaxes(x, 0, 1) for x in given]
        q, k, v = (self._split(project(x)) for project, x in zip((self.q_proj, self.k_proj, self.v_proj), given))
        masks = [self._may_look(attn_mask, None), self._may_look(key_padding_mask, q.ndim)]
        mask = masks[1] if masks[0] is None else masks[0] if masks[1] is None else masks[0] + masks[1]
        if is_causal and mask is None:
            mask = np.triu(np.full((q.shape[-2], k.shape[-2]), -math.inf), 1)
        p = self.dropout.p if self.training else 0.0
        y, weights = _attended(q, k, v, mask, p, False, None, self.dropout)
        order = (1, 0, 2) if single else (0, 2, 1, 3)
        y = transpose(y, order)
        y = self.out_proj(reshape(y, (*y.shape[:-2], self.inputs)))
        weights = mean(weights, axis=-3) if average_attn_weights else weights
        return (swapaxes(y, 0, 1) if flipped else y), (weights if need_weights else None)

    def _split(self, x: Any) -> Any:
        """(…, positions, features) as (…, heads, positions, features of a head)."""
        parts = reshape(x, (*x.shape[:-1], self.heads, self.inputs // self.heads))
        return transpose(parts, (1, 0, 2) if parts.ndim == 3 else (0, 2, 1, 3))

    def _may_look(self, given: Any, ndim: int | None) -> Any:
        """A mask that is True where not to look, as numbers to add; of a padding mask for each key of an example."""
        if given is None:
            return None
        mask = as_array(given, "MultiheadAttention")
        if isinstance(mask, np.ndarray) and mask.dtype.kind == "b":
            mask = np.where(mask, -math.inf, 0.0)
        if ndim is None:  # (L, S), or one for each head of each example, one after the other
            return reshape(mask, (-1, self.heads, *mask.shape[1:])) if mask.ndim == 3 else mask
        return reshape(mask, (mask.shape[0], 1, 1, mask.shape[1])) if mask.ndim == 2 else mask

    def extra(self) -> str:
        return f"{self.inputs}, {self.heads}"
