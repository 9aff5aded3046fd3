"""Windows that slide over an array, and the sum that undoes them: one row each."""
# fmt: off

from scalargrad.ops.given import as_array as _as_array
from scalargrad.ops.given import axes as _as_axes
from scalargrad.ops.given import integer as _integer
from scalargrad.ops.structure import structural as _op


def _numbers(given, count, what, name):
    """A positive number for each axis, from one for all or a tuple."""
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(several) != count:
        raise ValueError(f"{name}: {what} {given} is not one number, nor one for each of {count} axes")
    found = tuple([_integer(n, name, what) for n in several])
    if min(found, default=1) < 1:
        raise ValueError(f"{name}: {what} is at least 1, not {given}")
    return found


def _settings(name, shape, window_shape, axis, stride, dilation):
    """The settings of a call, each as a tuple with an entry for each axis the window slides along."""
    over = tuple(range(len(shape))) if axis is None else _as_axes(axis, name, shape)
    window = _numbers(window_shape, len(over), "window_shape", name)
    dilation = _numbers(dilation, len(over), "dilation", name)
    for i, n, d in zip(over, window, dilation):
        if (n - 1) * d + 1 > shape[i]:
            raise ValueError(f"{name}: a window of length {(n - 1) * d + 1} does not fit into axis {i} of shape {tuple(shape)}")
    return {"window_shape": window, "axis": over, "stride": _numbers(stride, len(over), "stride", name), "dilation": dilation}


def _windows_call(x, window_shape, axis=None, stride=1, dilation=1):
    x = _as_array(x, "sliding_window_view")
    return (x,), _settings("sliding_window_view", x.shape, window_shape, axis, stride, dilation)


def _sum_call(a, shape, window_shape, axis=None, stride=1, dilation=1):
    shape = tuple([_integer(n, "overlap_add", "shape") for n in shape])
    settings = _settings("overlap_add", shape, window_shape, axis, stride, dilation)
    a, counts = _as_array(a, "overlap_add"), list(shape)
    for i, n, s, d in zip(settings["axis"], settings["window_shape"], settings["stride"], settings["dilation"]):
        counts[i] = (shape[i] - (n - 1) * d - 1) // s + 1
    expected = (*counts, *settings["window_shape"])
    if a.shape != expected:
        raise ValueError(f"overlap_add: the windows of shape {shape} have the shape {expected}, not {a.shape}")
    return (a,), {"shape": shape, **settings}


def _windows(xp, x, *, window_shape, axis, stride, dilation):
    lengths = tuple([(n - 1) * d + 1 for n, d in zip(window_shape, dilation)])
    views = xp.lib.stride_tricks.sliding_window_view(x, lengths, axis=axis)
    key = [slice(None)] * x.ndim
    for i, s in zip(axis, stride):
        key[i] = slice(None, None, s)
    return views[(*key, *[slice(None, None, d) for d in dilation])]


def _overlap_add(xp, a, *, shape, window_shape, axis, stride, dilation):
    found = xp.zeros(shape, a.dtype)
    for place in xp.ndindex(window_shape):
        key = [slice(None)] * len(shape)
        for i, o, s, d in zip(axis, place, stride, dilation):
            key[i] = slice(o * d, o * d + s * (a.shape[i] - 1) + 1, s)
        found[tuple(key)] += a[(..., *place)]
    return found


# --- the table -------------------------------------------------------------------------------------------------------
sliding_window_view = _op("sliding_window_view", _windows,
    (lambda g, y, x, **settings: overlap_add(g, x.shape, **settings),),
    note="all windows of a shape along axes, as new last axes: every stride-th of them, of every dilation-th element",
    arrange=_windows_call, formulas=("overlap add(Ḡ)",), symbol="[▭]",
    samples=(lambda x: sliding_window_view(x(5), 3), lambda x: sliding_window_view(x(4, 5), (2, 3)),
             lambda x: sliding_window_view(x(2, 7), 2, axis=-1, stride=2, dilation=3),
             lambda x: sliding_window_view(x(2, 5, 4), (3, 2), (1, 2), stride=(2, 1))))

overlap_add         = _op("overlap_add",         _overlap_add,
    (lambda g, y, a, shape, **settings: sliding_window_view(g, **settings),),
    note="an array of windows added up where they overlap, to an array of a shape: what sliding_window_view does backward",
    arrange=_sum_call, wide=True, formulas=("windows of Ḡ",),
    samples=(lambda x: overlap_add(x(3, 3), (5,), 3), lambda x: overlap_add(x(2, 2, 2, 2), (3, 5), (2, 2), stride=(1, 2)),
             lambda x: overlap_add(x(2, 2, 2), (2, 7), 2, axis=1, stride=3, dilation=2)))
