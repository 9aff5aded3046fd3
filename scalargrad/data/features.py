"""New features made of old ones: powers and products, and those of the playground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from scalargrad.data.arrays import matrix
from scalargrad.settings import Array, count, flag, short

__all__ = ["PLAYGROUND", "playground", "polynomial"]

PLAYGROUND: dict[str, Callable[[Array, Array], Array]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1²": lambda x1, x2: x1 * x1,
    "x2²": lambda x1, x2: x2 * x2,
    "x1x2": lambda x1, x2: x1 * x2,
    "sin x1": lambda x1, x2: np.sin(x1),
    "sin x2": lambda x1, x2: np.sin(x2),
}
"""The features of :func:`playground` by name."""

_PLAIN = str.maketrans({"²": "2", "^": "", "*": "", "·": "", "(": "", ")": "", " ": "", "₁": "1", "₂": "2"})


def playground(X: Any, features: Sequence[str] = tuple(PLAYGROUND)) -> Array:
    """The features of the network "without leaving the browser" (lecture 002), made of two: (n, 2) → (n, features).

    ``features`` are names of :data:`PLAYGROUND`, in the order wanted; ``x1^2``, ``x1*x2`` and ``sin(x1)`` are
    understood too. Angles are in radians.

    Raises ValueError for an unknown feature, none, or an ``X`` that has not two columns.

    >>> playground([[3.0, 2.0], [0.5, 4.0]], ["x1", "x1²", "x1x2"])
    array([[3.  , 9.  , 6.  ],
           [0.5 , 0.25, 2.  ]])
    """
    rows = matrix(X, "playground: X")
    if rows.shape[1] != 2:
        raise ValueError(f"playground makes features of two, and X has {rows.shape[1]} columns")
    if not isinstance(features, (list, tuple)) or not features:
        raise ValueError(f"playground: features must be a list of names such as ['x1', 'x1²'], not {short(features)}")
    by_plain_name = {name.translate(_PLAIN): make for name, make in PLAYGROUND.items()}
    made = []
    for name in features:
        make = by_plain_name.get(str(name).lower().translate(_PLAIN))
        if make is None:
            raise ValueError(f"playground has no feature {short(name)}; it has {', '.join(PLAYGROUND)}")
        made.append(make(rows[:, 0], rows[:, 1]))
    return np.stack(made, axis=1)


def polynomial(X: Any, degree: int = 2, *, constant: bool = False) -> tuple[Array, list[str]]:
    """All products of powers of the columns up to ``degree``, and their names: (n, features) → (n, products), names.

    They come by degree, as x1, x2, x1², x1x2, x2², …; with ``constant`` the first is 1 (a bias has it already).

    Raises ValueError for a degree below 1.

    >>> features, names = polynomial([[3.0, 2.0]], degree=2)
    >>> names, features
    (['x1', 'x2', 'x1²', 'x1x2', 'x2²'], array([[3., 2., 9., 6., 4.]]))
    """
    rows, degree = matrix(X, "polynomial: X"), count(degree, "polynomial: degree")
    powers = [
        product
        for power in range(0 if flag(constant, "polynomial: constant") else 1, degree + 1)
        for product in combinations_with_replacement(range(rows.shape[1]), power)
    ]
    made = [np.prod(rows[:, list(product)], axis=1) for product in powers]
    return np.stack(made, axis=1), [_name(product) for product in powers]


def _name(product: tuple[int, ...]) -> str:
    """``(0, 0, 1)`` is x1²x2."""
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    powers = Counter(product).items()
    return "".join(f"x{i + 1}" + (str(p).translate(raised) if p > 1 else "") for i, p in powers) or "1"
