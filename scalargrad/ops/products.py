"""Products of matrices, and sums of products by subscripts: one row each."""
# fmt: off

import math as _math
import string as _string

from scalargrad.ops.given import as_array as _as_array
from scalargrad.ops.given import integer as _integer
from scalargrad.ops.moving import astype as _astype
from scalargrad.ops.structure import structural as _op
from scalargrad.ops.subscripts import parse as _parse


def _swapped(a):
    """The last two axes exchanged."""
    return a.T if a.ndim == 2 else a.swapaxes(-1, -2)


def _column(a):
    return a.reshape((*a.shape, 1))


def _row(a):
    return a.reshape((*a.shape[:-1], 1, a.shape[-1]))


def _matmul_left(g, y, a, b):
    if a.ndim == b.ndim == 2:
        return g @ b.T
    if b.ndim == 1:
        return _column(g) * b
    return g @ _swapped(b) if a.ndim > 1 else (b @ _column(g)).reshape(b.shape[:-1])


def _matmul_right(g, y, a, b):
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if a.ndim == 1:
        return _column(a) * _row(g) if b.ndim > 1 else g * a
    if b.ndim > 2:
        return _swapped(a) @ g
    rows = a if a.ndim == 2 else a.reshape((_math.prod(a.shape[:-1]), a.shape[-1]))
    return rows.T @ g.reshape((rows.shape[0], *b.shape[1:]))


def _matmul_misfit(a, b):
    if not (a.ndim and b.ndim):
        return "a single number is multiplied by * instead"
    inner = a.shape[-1], b.shape[-2 if b.ndim > 1 else 0]
    return "" if inner[0] == inner[1] else f"the inner sizes are {inner[0]} and {inner[1]}"


def _einsum(subscripts, *operands, optimize=False, dtype=None, out=None):
    """The order of products is chosen by their sizes, whatever ``optimize`` says: it changes no number."""
    from scalargrad.ops.picking import diagonal

    if out is not None:
        raise TypeError("einsum: out= is not taken; the result is a new array")
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, *operands)
    if dtype is not None:
        operands = tuple([_astype(x, dtype) for x in operands])
    arrays = [_as_array(x, "einsum") for x in operands]
    inputs, output = _parse(subscripts, [a.ndim for a in arrays])
    for i, letters in enumerate(inputs):
        while twice := [c for c in letters if letters.count(c) > 1]:
            first, second = letters.index(twice[0]), letters.rindex(twice[0])
            arrays[i] = diagonal(arrays[i], 0, first, second)
            letters = letters[:first] + letters[first + 1:second] + letters[second + 1:] + twice[0]
        inputs[i] = letters
    return tuple(arrays), {"subscripts": f"{','.join(inputs)}->{output}"}


_LETTERS = _string.ascii_letters


def _from_lists(*given):
    """NumPy's second form, ``einsum(a, [0, 1], b, [1, 2], [0, 2])``, as subscripts and operands."""
    operands, lists = given[0:-1:2], [*given[1::2], *given[-1:] * (len(given) % 2)]
    if len(given) < 2 or not all(isinstance(x, (list, tuple)) for x in lists):
        raise TypeError(
            f"einsum: the subscripts come first, as a text such as 'ij,jk->ik', or each operand has a list of them, not "
            f"{given[0]!r}"
        )
    words = ["".join([_letter(i) for i in x]) for x in lists]
    inputs = ",".join(words[:len(operands)])
    return (f"{inputs}->{words[-1]}" if len(given) % 2 else inputs), operands


def _letter(i):
    if i is Ellipsis:
        return "..."
    if not 0 <= _integer(i, "einsum", "a subscript") < len(_LETTERS):
        raise ValueError(f"einsum: a subscript is an integer from 0 to {len(_LETTERS) - 1}, not {i}")
    return _LETTERS[i]


def _sums_of_products(xp, *arrays, subscripts):
    return xp.einsum(subscripts, *arrays, optimize=sum(a.size for a in arrays) > 4096)


def _einsum_pullback(g, y, *arrays, place, subscripts):
    left, output = subscripts.split("->")
    inputs = left.split(",")
    own, others = inputs[place], inputs[:place] + inputs[place + 1:]
    found = [c for c in own if c in output + "".join(others)]  # the rest was summed on its own: g is repeated along it
    share = einsum(f"{','.join([output, *others])}->{''.join(found)}", g, *arrays[:place], *arrays[place + 1:])
    lengths = iter(share.shape)
    return share.reshape(tuple([next(lengths) if c in found else 1 for c in own]))


# --- the table -------------------------------------------------------------------------------------------------------
matmul = _op("matmul", lambda xp, a, b: xp.matmul(a, b),
    (_matmul_left, _matmul_right),
    note="matrix product; stacks of matrices broadcast",
    explain=_matmul_misfit, wide=True, formulas=("Ḡ #2ᵀ", "#1ᵀ Ḡ"), symbol="@",
    samples=(lambda x: matmul(x(2, 3), x(3, 4)), lambda x: matmul(x(3), x(3)), lambda x: matmul(x(2, 3), x(3)),
             lambda x: matmul(x(3), x(3, 2)), lambda x: matmul(x(2, 2, 3), x(3, 2)),
             lambda x: matmul(x(2, 3), x(2, 3, 2)), lambda x: matmul(x(2, 1, 2, 3), x(3, 3, 2)),
             lambda x: matmul(x(2, 2, 3), x(3)), lambda x: matmul(x(3), x(2, 3, 2))))

einsum = _op("einsum", _sums_of_products,
    (_einsum_pullback,),
    note="sums of products, by subscripts as 'ij,jk->ik'",
    many=True, arrange=_einsum, wide=True, formulas=("einsum(Ḡ, the others)",), symbol="Σ∏",
    samples=(lambda x: einsum("ij,jk->ik", x(2, 3), x(3, 2)), lambda x: einsum("ij,jk", x(2, 3), x(3, 2)),
             lambda x: einsum("ii->i", x(3, 3)), lambda x: einsum("ii", x(3, 3)), lambda x: einsum("ij->j", x(2, 3)),
             lambda x: einsum("i,j,k->kji", x(2), x(3), x(2)),
             lambda x: einsum("...ij,...jk->...ik", x(2, 2, 3), x(3, 2)),
             lambda x: einsum("ij,ij->", x(2, 3), x(1, 3)), lambda x: einsum("iij,j->i", x(2, 2, 3), x(3))))
