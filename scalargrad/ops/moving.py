"""The operations that move elements: one row each."""
# fmt: off

from scalargrad.modes import is_unknown as _is_unknown
from scalargrad.ops import axes as _axes
from scalargrad.ops.given import require_unmasked as _require_unmasked
from scalargrad.ops.structure import structural as _op


def _float_type(xp, dtype):
    if xp.dtype(dtype).kind != "f":
        raise TypeError(f"astype: expected a float type, not {xp.dtype(dtype)}")
    return dtype


def _concatenate_pullback(g, y, *arrays, place, axis):
    return _concatenate_pullbacks(g, y, *arrays, needed=[i == place for i in range(len(arrays))], axis=axis)[place]


def _concatenate_pullbacks(g, y, *arrays, needed, axis):
    found = list[object]()
    end = 0
    for a, need in zip(arrays, needed):
        start, end = end, end + (a.size if axis is None else a.shape[axis])
        part = slice(start, end)
        if not need:
            found.append(None)
        elif axis is None:
            found.append(g[part].reshape(a.shape))
        else:
            found.append(g[(slice(None),) * (axis % g.ndim) + (part,)])
    return found


def _index(a, key):
    """The key, with lists and Tensors of integers as arrays of their own: changing them later changes nothing."""
    parts = tuple(map(_key_part, key)) if isinstance(key, tuple) else (_key_part(key),)
    for part in parts:
        if hasattr(type(part), "_apply_structural"):
            a = part._beside(a)
    return (a,), {"key": parts}


def _key_part(part):
    if part is None or part is ... or isinstance(part, (int, slice)):
        return part
    import numpy as np

    _require_unmasked("index", part)
    if hasattr(type(part), "_apply_structural"):
        if _is_unknown(part):
            return part
        part = part._data
    array = np.array(part)
    if array.size == 0 and isinstance(part, (list, tuple)):
        array = array.astype(int)
    if array.dtype.kind not in "iub":
        raise TypeError(f"index: a key is made of integers, slices, bools, None and ..., not of {array.dtype}")
    return array[()]


def _repeats(key):
    """Whether a key may name an element twice."""
    return any(getattr(part, "ndim", 0) and part.dtype.kind != "b" for part in key)


def _scatter(xp, a, *, shape, key):
    out = xp.zeros(shape, a.dtype)
    if _repeats(key):
        xp.add.at(out, key, a)
    else:
        out[key] = a
    return out


# --- the table -------------------------------------------------------------------------------------------------------
reshape      = _op("reshape",      lambda xp, a, *, shape: xp.reshape(a, shape),
    (lambda g, y, a, shape: g.reshape(a.shape),),
    note="the same elements in another shape; one length may be −1",
    formulas=("reshape(Ḡ)",),
    samples=(lambda x: reshape(x(2, 6), (3, -1)), lambda x: reshape(x(2, 3), -1)))

transpose    = _op("transpose",    lambda xp, a, *, axes=None: xp.transpose(a, axes),
    (lambda g, y, a, axes: g.transpose(None if axes is None else _axes.inverse(_axes.normalized(tuple(axes), a.ndim))),),
    note="the axes in another order; reversed if none is given",
    formulas=("Ḡᵀ",), symbol="ᵀ",
    samples=(lambda x: transpose(x(2, 3)), lambda x: transpose(x(2, 3, 4), (1, -1, 0))))

broadcast_to = _op("broadcast_to", lambda xp, a, *, shape: xp.broadcast_to(a, shape),
    (lambda g, y, a, shape: g,),
    note="repeated along new axes and axes of length 1, to a shape",
    formulas=("Σ Ḡ",),
    samples=(lambda x: broadcast_to(x(3), (2, 3)), lambda x: broadcast_to(x(3, 1), (2, 3, 4))))

astype       = _op("astype",       lambda xp, a, *, dtype: a.astype(_float_type(xp, dtype)),
    (lambda g, y, a, dtype: g,),
    note="the same numbers as floats of another type",
    expand=lambda xp, a, dtype: _float_type(xp, dtype) and a[()], formulas=("Ḡ",),
    samples=(lambda x: astype(x(3), "float64"),))

concatenate  = _op("concatenate",  lambda xp, *arrays, axis=0: xp.concatenate(arrays, axis=axis),
    (_concatenate_pullback,),
    note="arrays joined along an axis they have",
    many=True, together=_concatenate_pullbacks, formulas=("its part of Ḡ",), symbol="⧺",
    samples=(lambda x: concatenate([x(2, 3), x(1, 3)]), lambda x: concatenate([x(2, 1), x(2, 2), x(2, 3)], axis=-1),
             lambda x: concatenate([x(2, 2), x(3)], axis=None)))

index        = _op("index",        lambda xp, a, *, key: a[key],
    (lambda g, y, a, key: scatter(g, shape=a.shape, key=key),),
    note="the elements NumPy's a[key] gives; those named twice receive both gradients",
    arrange=_index, formulas=("scatter(Ḡ)",), symbol="[ ]",
    samples=(lambda x: index(x(4), 2), lambda x: index(x(3, 4), (slice(None, None, 2), slice(-1, 0, -1))),
             lambda x: index(x(3, 4), [2, 0, 2]), lambda x: index(x(3, 4), ([0, 0, 2], [1, 1, -1])),
             lambda x: index(x(3), [True, False, True]), lambda x: index(x(2, 3), (..., None, 1))))

scatter      = _op("scatter",      _scatter,
    (lambda g, y, a, shape, key: index(g, key),),
    note="zeros of a shape with the elements added at a key: what index does backward",
    arrange=lambda a, shape, key: (_index(a, key)[0], {"shape": shape, **_index(a, key)[1]}), formulas=("Ḡ[key]",),
    samples=(lambda x: scatter(x(2), (4,), slice(1, 3)), lambda x: scatter(x(3), (4,), [3, 1, 3])))
