"""The normal equation, and the sentence that says which features depend on which."""

from __future__ import annotations

import numpy as np

from scalargrad.settings import Array

SMALL = 1e-10
"""A column whose residual, relative to its length, is below this counts as a combination of the others."""

MANY = 6
"""How many columns an error message names; of the rest it says the number."""


def solve(X: Array, y: Array, intercept: bool) -> Array:
    """The weights w of least squared error: XᵀX·w = Xᵀy.

    ``X`` has the column of ones first if there is an ``intercept``. Solved through X = QR, which gives R·w = Qᵀy, since
    XᵀX itself would square the rounding errors. Raises ValueError on dependent columns: XᵀX has no inverse then.
    """
    n, columns = X.shape
    if n < columns:
        raise ValueError(
            f"the normal equation cannot find {columns} weights{' (one is the intercept)' if intercept else ''} "
            f"from {n} example{'s' * (n > 1)}, as XᵀX has no inverse then: give more examples or fewer features, "
            'or use method="gd"'
        )
    size = np.ldexp(1.0, np.frexp(np.abs(X).max(axis=0))[1] - 1)  # squares of 1e200 are infinite, of 1e-200 are 0
    lengths = np.linalg.norm(X / size, axis=0) * size
    scaled = X / np.where(lengths > 0, lengths, 1.0)
    found = dependent(scaled, intercept)
    if found:
        why = "; ".join(sentence for _, sentence in found)
        drop = ", ".join(str(column) for column, _ in found)
        raise ValueError(
            f"the features are dependent, so XᵀX has no inverse ({why}): drop column{'s' * (len(found) > 1)} {drop}, "
            'or use method="gd"'
        )
    q, r = np.linalg.qr(scaled)
    weights = np.linalg.solve(r, q.T @ y)
    return np.asarray((weights.T / lengths).T)


def dependent(X: Array, intercept: bool) -> list[tuple[int, str]]:
    """Each column that is a combination of those before it: its number, and the sentence that says so.

    ``X`` has columns of length 1 (or 0); numbers are those of the features, without the column of ones.
    """
    if np.linalg.svd(X, compute_uv=False)[-1] > SMALL:
        return []
    found: list[tuple[int, str]] = []
    independent: list[int] = []
    for j in range(X.shape[1]):
        column = X[:, j]
        shares = np.linalg.lstsq(X[:, independent], column, rcond=None)[0] if independent else np.zeros(0)
        left = np.linalg.norm(column - X[:, independent] @ shares)
        if left > SMALL * X.shape[1]:
            independent.append(j)
            continue
        others = [k for k, share in zip(independent, shares, strict=True) if abs(share) > 1e-8]
        found.append((j - intercept, _sentence(j, others, intercept)))
    return found


def _sentence(column: int, others: list[int], intercept: bool) -> str:
    name = f"column {column - intercept}"
    if not others:
        return f"{name} is 0 everywhere"
    ones = intercept and others[0] == 0
    features = [str(k - intercept) for k in others[1 if ones else 0 :]]
    if not features:
        return f"{name} is constant, and so is the intercept's column of ones"
    if len(features) == 1 and not ones:
        return f"{name} is a multiple of column {features[0]}"
    columns = f"column{'s' * (len(features) > 1)} {', '.join(features[:MANY])}"
    if len(features) > MANY:
        columns += f" and {len(features) - MANY} more"
    return f"{name} is a combination of {columns}{' and the intercept' if ones else ''}"
