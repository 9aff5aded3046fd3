"""The subscripts of einsum, read as text: ``"ij,jk->ik"``."""

from __future__ import annotations

import string
from collections import Counter


def parse(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with ``...`` spelled out and an implied output made explicit.

    As in NumPy, an implied output has the letters that occur once, in the order of the alphabet, after the axes of
    ``...``. Raises ValueError in one sentence if the subscripts do not suit operands with that many axes.

    >>> parse("ij,jk", [2, 2])
    (['ij', 'jk'], 'ik')
    >>> parse("...i->...", [3])
    (['ABi'], 'AB')
    """
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise ValueError(f"einsum: {subscripts!r} is for {len(inputs)} operands, not {len(ndims)}")
    for part in [*inputs, output]:
        if not all(c in string.ascii_letters for c in part.replace("...", "", 1)):
            raise ValueError(f"einsum: {subscripts!r} has {part!r} in it; expected letters and at most one ... in each")
    free = [c for c in string.ascii_uppercase + string.ascii_lowercase if c not in text]
    most = max([n - len(part) + 3 for part, n in zip(inputs, ndims) if "..." in part], default=0)
    if most > len(free):
        raise ValueError("einsum: too many axes for the letters of the alphabet")
    dots = "".join(free[: max(most, 0)])
    inputs = [_spelled(part, n, dots, subscripts) for part, n in zip(inputs, ndims)]
    if arrow:
        output = output.replace("...", dots)
    else:
        count = Counter("".join(inputs))
        output = dots + "".join(sorted(c for c in count if count[c] == 1 and c not in dots))
    unknown = [c for c in output if c not in "".join(inputs)]
    if unknown or len(set(output)) < len(output):
        why = f"{unknown[0]!r}, which no operand has" if unknown else "a letter twice"
        raise ValueError(f"einsum: the output of {subscripts!r} has {why}")
    return inputs, output


def _spelled(part: str, ndim: int, dots: str, subscripts: str) -> str:
    """The letters of one operand; its ``...`` stands for the last of ``dots``, as broadcasting aligns them."""
    rest = ndim - len(part) + 3 * ("..." in part)
    if rest < 0 or (rest and "..." not in part):
        raise ValueError(f"einsum: {part!r} of {subscripts!r} is given an operand with {ndim} axes")
    return part.replace("...", dots[len(dots) - rest :])
