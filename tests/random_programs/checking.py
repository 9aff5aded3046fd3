"""A program run compiled and eager: what disagrees, as one sentence."""

import numpy as np

import fastpath
from fastpath import Tensor
from scalargrad import Value
from scalargrad.graph import topological_order
from tests.random_programs.program import parameters_of
from tests.random_programs.rounding import extent, magnitudes, moved, spread

OVERFLOW = 1e306
RTOL = 1e-9
"""How far two orders of summation may be apart, relative to the largest of what is summed."""


class Disagreement(AssertionError):
    """Compiled code gave another number than the eager engine."""


class Refusal(AssertionError):
    """The compiler refused (or failed on) what runs eagerly."""


def check(program, batch=None):
    """Raise Disagreement or Refusal if compiled and eager differ; give False if the program does not run at all."""
    with np.errstate(all="ignore"):
        return CHECKS[program.kind](program, program.batch if batch is None else batch)


def compiled(what, run):
    try:
        return run()
    except Disagreement:
        raise
    except Exception as error:
        raise Refusal(f"{what}: {type(error).__name__}: {str(error)[:300]}") from error


def close(found, expected, scale, rtol):
    """The same infinities and nans, and finite numbers that are close to what is summed.

    What overflows in one order of multiplying may not in another: from ``OVERFLOW`` on a number is as good as infinite.
    """
    found, expected = (np.clip(np.asarray(x, float), -OVERFLOW, OVERFLOW) for x in (found, expected))
    if found.shape != expected.shape:
        return False
    finite = np.isfinite(expected)
    same = np.where(np.isnan(expected), np.isnan(found), found == expected)
    if not same[~finite].all() or not np.isfinite(found[finite]).all():
        return False
    scale = np.broadcast_to(np.where(np.isfinite(scale), scale, 0.0), expected.shape)[finite]
    return bool((abs(found[finite] - expected[finite]) <= rtol * (abs(expected[finite]) + scale) + 1e-300).all())


def forgiven(found, expected, value=0.0):
    """Gradients, with any allowed where the eager one is nan, 0·∞: compiled code adds up before it multiplies.

    Of a value that is nan, gradients may be nan too.
    """
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        return found
    either = np.isnan(found) & (np.isinf(expected) | np.isnan(value))
    return np.where(np.isnan(expected) | either, expected, found)


def signed(found, expected, arrays):
    """What was found; where a zero may be divided by, the eager number for an infinity, or the nan they can add up to.

    The sign of a zero that is a sum of products is up to BLAS, and of one that is a maximum up to NumPy.
    """
    if not any((x == 0).any() for x in arrays):
        return found
    either = ~np.isfinite(found) & ~np.isfinite(expected)
    return np.where(either & (np.isinf(found) | np.isinf(expected)), expected, found)


def agree(what, found, expected, scale=0.0, rtol=RTOL):
    if not close(found, expected, scale, rtol):
        raise Disagreement(f"{what}: compiled {_shown(found)}, eager {_shown(expected)}")


def _shown(x):
    return np.array2string(np.asarray(x), threshold=12, precision=17)


# --- scalar code -----------------------------------------------------------------------------------------------------


def example_of(array, i):
    if array.dtype.kind == "i":
        return int(array[i])  # the class it belongs to
    return np.frompyfunc(Value, 1, 1)(array[i]) if array.ndim > 1 else Value(array[i])


def eager_scalars(space, arrays, batch):
    """Each example's value and gradients: (N,), (N, parameters)."""
    parameters = parameters_of(space)
    values, slopes = [], []
    for i in range(batch):
        out = space["f"](*[example_of(x, i) for x in arrays])
        out = out.item() if isinstance(out, np.ndarray) else out
        for p in parameters:
            p.grad = 0.0
        out.backward()
        values.append(out.data)
        slopes.append([p.grad for p in parameters])
    return np.array(values).reshape(batch), np.array(slopes).reshape(batch, len(parameters))


class Whole:
    """The eager value and gradients of a batch, and whether compiled ones are those."""

    def __init__(self, program, space, arrays, batch):
        self.program, self.space, self.arrays, self.batch = program, space, arrays, batch
        self.values, slopes = eager_scalars(space, arrays, batch)
        self.share = 1.0 if program.reduction == "sum" else 1.0 / batch if batch else np.nan
        self.value, self.gradients = self.values.sum() * self.share, slopes.sum(axis=0) * self.share
        self.sizes = [np.abs(x).sum(axis=0) * self.share for x in (self.values, slopes)]

    def agrees(self, what, value, slopes=None):
        if not self.batch and self.program.reduction == "mean":
            return  # of nothing: nan, or what does not depend on the examples
        if slopes is None:
            slopes = self.gradients
        try:
            agree(f"{what}, the value", value, self.value, self.sizes[0])
            if not self.batch and np.isnan(slopes).any():
                return  # 0·∞
            agree(f"{what}, the gradients", forgiven(slopes, self.gradients, self.value), self.gradients, self.sizes[1])
        except Disagreement:
            if not np.isfinite([self.value, value]).any() and any((x == 0).any() for x in self.arrays):
                return  # infinities, of which one has another sign, or nan is their sum
            if not self.batch or not honest(self.space, self.arrays, self.batch, self.share, value, slopes):
                raise


def check_scalars(program, batch):
    arrays = program.data(batch)
    plain, space = program.namespace("value"), program.namespace("value")
    parameters, names = parameters_of(space), numbers_in(space)
    try:
        if batch and several(plain, arrays):
            return check_several(plain, space, arrays, batch)
        whole = Whole(program, plain, arrays, batch)
        if not parameters:
            return False
        if not batch:
            eager_scalars(plain, program.data(1), 1)
    except (Disagreement, Refusal):
        raise
    except Exception:
        return False
    g = compiled("compile", lambda: fastpath.compile(space["f"], backend="value", reduction=program.reduction))
    value, by = compiled("value_and_grad", lambda: g.value_and_grad(*arrays))
    if set(by) - set(parameters):
        raise Disagreement("value_and_grad: gradients of Values that are no parameters")
    whole.agrees("value_and_grad", value, [by.get(p, 0.0) for p in parameters])  # 0 of what is not reached
    for p in parameters:
        p.grad = 0.0
    value = compiled("backward", lambda: g.backward(*arrays))
    whole.agrees("backward", value, [p.grad for p in parameters])
    whole.agrees("the call", compiled("call", lambda: g(*arrays)))
    if batch:
        check_step(g, whole, parameters, parameters_of(plain), batch > 17)
        each = fastpath.compile(program.namespace("value")["f"], backend="value", reduction="none")
        found = signed(compiled("reduction='none'", lambda: each(*arrays)), whole.values, arrays)
        if not close(found, whole.values, 0.0, RTOL) and not honest_values(program, arrays, batch, found):
            agree("reduction='none'", found, whole.values, np.abs(whole.values))
        check_rebound(g, whole, names, space)
    return True


def several(space, arrays):
    """Whether a function gives several results."""
    out = space["f"](*[example_of(x, 0) for x in arrays])
    return isinstance(out, (tuple, list, dict)) or (isinstance(out, np.ndarray) and out.size > 1)


def check_several(plain, space, arrays, batch):
    """Several results: each for every example."""
    rows = []
    for i in range(batch):
        results = flat(plain["f"](*[example_of(x, i) for x in arrays]))
        rows.append([float(v) for x in results for v in (x.flat if isinstance(x, np.ndarray) else [x])])
    g = compiled("compile", lambda: fastpath.compile(space["f"], backend="value"))
    found = [np.reshape(x, (batch, -1)) for x in flat(compiled("several results", lambda: g(*arrays)))]
    columns = np.concatenate(found, axis=1)
    rows = np.array(rows)
    columns = signed(columns, rows, arrays)
    agree("several results", columns, rows, np.abs(rows).max(initial=1.0, where=np.isfinite(rows)))
    return True


def check_step(g, whole, parameters, plain, long):
    """A step of descent; and at the parameters after it, the numbers there."""
    before = np.array([p.data for p in parameters])
    value = compiled("step", lambda: g.step(*whole.arrays, lr=0.125))
    after = np.array([p.data for p in parameters])
    if not np.isfinite(whole.gradients).all():
        for p, number in zip(parameters, before):
            p.data = number
        return
    step = (before - after) / 0.125
    whole.sizes[1] = whole.sizes[1] + np.abs(before)
    whole.agrees("step", value, np.where(abs(step - whole.gradients) <= 1e-13 * abs(before), whole.gradients, step))
    if long:
        return
    for p, number in zip(plain, after):
        p.data = number
    try:
        there = Whole(whole.program, whole.space, whole.arrays, whole.batch)
    except Exception:
        return
    there.agrees("the call after a step", compiled("call", lambda: g(*whole.arrays)))


def numbers_in(space):
    """The plain numbers a program closes over."""
    return [name for name, x in space.items() if name.startswith("c_") and isinstance(x, (int, float))]


def check_rebound(g, whole, names, space):
    """With other numbers in what it closes over: those, or a refusal."""
    for name in names:
        space[name] = whole.space[name] = space[name] + 0.5
    if not names:
        return
    try:
        there = Whole(whole.program, whole.space, whole.arrays, whole.batch)
    except Exception:
        return
    try:
        value = g(*whole.arrays)
    except Exception:  # a refusal is an answer
        return
    there.agrees(f"the call with other {', '.join(names)}", value)


def honest(space, arrays, batch, share, found, slopes):
    """Whether rounding explains it: the eager numbers move as far when their last bits do."""
    if batch > 50:
        return True
    low, high, sizes = spread(space, arrays, batch, share)
    return within(np.append(found, slopes), low, high, sizes)


def honest_values(program, arrays, batch, found):
    space = program.namespace("value")
    ranges = [spread(space, [x[i : i + 1] for x in arrays], 1, 1.0) for i in range(min(batch, 50))]
    return np.shape(found) == (batch,) and all(within(f, *[x[0] for x in r]) for f, r in zip(found, ranges))


def within(found, low, high, sizes):
    room = 20 * (high - low) + RTOL * np.maximum(np.abs(low), np.abs(high)) + 1e-13 * sizes
    same = (np.isnan(found) & (np.isnan(low) | np.isnan(high))) | (found == low) | (found == high)
    return bool((same | ((found >= low - room) & (found <= high + room))).all())


# --- graphs ----------------------------------------------------------------------------------------------------------


def graph_of(program, numbers, shapes):
    """The graph at these numbers of its leaves: (root, leaves)."""
    space = program.namespace("value")
    parameters = parameters_of(space)
    leaves = [Value(v, label=f"v{i}") for i, v in enumerate(numbers)]
    inputs, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        box = np.empty(size, object)
        box[:] = leaves[start : start + size]
        inputs.append(box.reshape(shape) if shape else box[0])
        start += size
    for p, number, leaf in zip(parameters, numbers[start:], leaves[start:], strict=True):
        p.data, p.label = number, leaf.label
    leaves[start:] = parameters
    out = space["f"](*inputs)
    return (out.item() if isinstance(out, np.ndarray) else out), leaves


def check_graph(program, batch):
    arrays = program.data(max(batch, 1) + 1)
    shapes = [x.shape[1:] for x in arrays]
    rows = np.concatenate([x.reshape(len(x), -1) for x in arrays], axis=1)
    own = np.array([p.data for p in parameters_of(program.namespace("value"))])
    rng = np.random.default_rng(program.seed)
    points = [np.concatenate([row, own if i < 2 else rng.permutation(own)]) for i, row in enumerate(rows)]
    points[0] = (
        np.zeros_like(points[0])
        if program.seed % 3 == 0
        else np.ones_like(points[0])
        if program.seed % 3 == 1
        else points[0]
    )
    try:
        expected = []
        for point in points:
            root, leaves = graph_of(program, point, shapes)
            root.backward()
            expected.append([root.data, *[v.grad for v in leaves]])
        root, leaves = graph_of(program, points[0], shapes)
    except Exception:
        return False
    g = compiled("compile(graph)", lambda: fastpath.compile(root))
    used = set(g.names)
    for point, wanted in list(zip(points, expected))[: 3 if batch > 2 else None]:
        given = {v.label: n for v, n in zip(leaves, point) if v.label in used}
        value, by = compiled("value_and_grad of a graph", lambda given=given: g.value_and_grad(**given))
        slopes = forgiven([by.get(v.label, 0.0) for v in leaves], wanted[1:], wanted[0])
        if program.special or np.isnan(wanted[1:]).any():  # 0·∞, as of sqrt at 0: undefined along every way
            slopes = np.where(np.isnan(slopes), wanted[1:], slopes)
        found = [value, *slopes]
        if program.special and np.isinf(value) and np.isnan(wanted[0]):  # a fused product does not overflow
            found[0] = wanted[0]
        size = np.abs(wanted).max(initial=1.0, where=np.isfinite(wanted))
        if not close(found, wanted, size, RTOL) and not honest_graph(program, point, shapes, found):
            at = ", ".join(f"{k}={v}" for k, v in given.items())
            raise Disagreement(
                f"a graph built at {points[0].tolist()}, at {at}: compiled {_shown(found)}, eager {_shown(wanted)}"
            )
    columns = np.array(points).T
    given = {v.label: c for v, c in zip(leaves, columns) if v.label in used}
    wanted = np.array(expected).T
    value, by = compiled("a graph over a batch", lambda: g.value_and_grad(**given))
    found = np.array([value, *[by.get(v.label, np.zeros(len(points))) for v in leaves]])
    found[1:] = forgiven(found[1:], wanted[1:], wanted[0])
    if program.special or np.isnan(wanted[1:]).any():  # ∞·0, also of an operand that the eager graph leaves out
        found[1:] = np.where(np.isnan(found[1:]), wanted[1:], found[1:])
    if program.special:
        found[0] = np.where(np.isinf(found[0]) & np.isnan(wanted[0]), wanted[0], found[0])
    for i in range(len(points)):
        size = np.abs(wanted[:, i]).max(initial=1.0, where=np.isfinite(wanted[:, i]))
        if not close(found[:, i], wanted[:, i], size, RTOL) and not honest_graph(
            program, points[i], shapes, found[:, i]
        ):
            raise Disagreement(
                f"a graph over a batch, row {i}: compiled {_shown(found[:, i])}, eager {_shown(wanted[:, i])}"
            )
    return True


def honest_graph(program, point, shapes, found):
    many = []
    for k in range(12):
        root, leaves = graph_of(program, point, shapes)
        many.append(moved(root, leaves, k))
    return within(np.array(found), *extent(many, magnitudes(root, leaves)))


# --- code for either backend -----------------------------------------------------------------------------------------


def check_layers(program, batch):
    """Values against Tensors, and each of them compiled: example by example."""
    if not check_scalars(program, batch):
        return False
    arrays = program.data(batch)
    values, slopes = eager_scalars(program.namespace("value"), arrays, batch)
    for mode in ("eager", "compiled"):
        space = program.namespace("tensor")
        parameters = parameters_of(space)
        g = fastpath.compile(space["f"], backend="tensor")
        for i in range(min(batch, 3)):
            inputs = [Tensor(x[i]) for x in arrays]
            for p in parameters:
                p.grad = None

            def run(inputs=inputs, space=space, g=g, mode=mode):
                if mode == "compiled":
                    return g.backward(*[x.data for x in inputs])
                out = space["f"](*inputs)
                out.backward()
                return out.item()

            value = compiled(f"{mode} Tensors", run)
            if not (np.isfinite(value) and np.isfinite(values[i])):
                continue  # the sign of a zero that is divided by depends on the order in which a product is summed
            grads = [np.zeros(p.shape) if p.grad is None else p.grad for p in parameters]
            found = forgiven(np.concatenate([np.ravel(x) for x in grads]), slopes[i], values[i])
            if program.special or any((x == 0).any() for x in arrays):  # 0·∞ in an element that Values leave out
                found = np.where(np.isnan(found), slopes[i], found)
            size = np.abs(slopes[i]).max(initial=1.0, where=np.isfinite(slopes[i]))
            if not (close(value, values[i], 1.0, RTOL) and close(found, slopes[i], size, RTOL)):
                one = [x[i : i + 1] for x in arrays]
                if not honest(program.namespace("value"), one, 1, 1.0, value, found):
                    raise Disagreement(
                        f"{mode} Tensors, example {i}: {value!r} {_shown(found)}, Values: {values[i]!r} {_shown(slopes[i])}"
                    )
    return True


# --- functions over Tensors ------------------------------------------------------------------------------------------


def flat(out):
    """The results of a function in a list, whatever it gives them in."""
    if isinstance(out, dict):
        return [x for key in out for x in flat(out[key])]
    if isinstance(out, (list, tuple)):
        return [x for item in out for x in flat(item)]
    return [out]


def _number(x):
    return x.data if isinstance(x, Tensor) else np.asarray(x)


def check_tensors(program, batch):
    arrays = program.data(batch)
    space = program.namespace("tensor")
    parameters = parameters_of(space)
    dtype = min([p.dtype for p in parameters], key=lambda d: d.itemsize, default=np.dtype(float))
    rtol = 1e-9 if dtype == np.float64 and not any(x.dtype == np.float32 for x in arrays) else 2e-4
    try:
        classes = [how.startswith("rng.integers(0, ") for how in program.arguments.values()]
        out = space["f"](*[x if is_class else Tensor(x) for x, is_class in zip(arrays, classes)])
        results = flat(out)
        last = results[-1]
        differentiable = isinstance(out, Tensor) and last.size == 1 and last.requires_grad
        if differentiable:
            last.backward()
        expected = [np.array(_number(x)) for x in results]
        gradients = [np.zeros(p.shape) if p.grad is None else p.grad for p in parameters]
    except Exception:
        return False
    fresh = program.namespace("tensor")
    own = parameters_of(fresh)
    g = compiled("compile", lambda: fastpath.compile(fresh["f"], backend="tensor"))
    found = flat(compiled("call", lambda: g(*arrays)))
    if len(found) != len(expected):
        raise Disagreement(f"call: {len(found)} results, eager {len(expected)}")
    for i, (a, b) in enumerate(zip(found, expected)):
        a = np.asarray(a)
        if np.ndim(a) and a.dtype.kind == "f" and a.dtype != b.dtype:
            raise Disagreement(f"result {i}: compiled of type {a.dtype}, eager {b.dtype}")
        agree_result(f"result {i}", a, b, rtol, (program, arrays, classes, i))
    if differentiable:
        for p in own:
            p.grad = None
        at = program, arrays, classes, 0
        value = compiled("backward", lambda: g.backward(*arrays))
        agree_result("backward, the value", np.reshape(value, ()), expected[0].reshape(()), rtol, at)
        for i, (p, b) in enumerate(zip(own, gradients)):
            a = np.zeros(p.shape) if p.grad is None else p.grad
            agree_arrays(f"backward, the gradient of parameter {i}", forgiven(a, b), b, rtol)
        before = [p.data.copy() for p in own]
        value = compiled("step", lambda: g.step(*arrays, lr=0.5))
        agree_result("step, the value", np.reshape(value, ()), expected[0].reshape(()), rtol, at)
        for i, (p, old, b) in enumerate(zip(own, before, gradients)):
            if np.isfinite(b).all():
                agree_arrays(f"step, parameter {i}", p.data, old - 0.5 * b, rtol * 10)
        for p, old in zip(own, before):
            p.data = old
        floats = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
        inputs = [
            x if is_class else Tensor(x, requires_grad=x.dtype.kind == "f") for x, is_class in zip(arrays, classes)
        ]
        space["f"](*inputs).backward()
        wanted = [np.zeros(inputs[i].shape) if inputs[i].grad is None else inputs[i].grad for i in floats]
        if floats and any(inputs[i].grad is not None for i in floats):
            _, by = compiled("argnums", lambda: g.value_and_grad(*arrays, argnums=floats))
            for i, a, b in zip(floats, by, wanted):
                agree_arrays(f"the gradient by argument {i}", forgiven(a, b), b, rtol)
    return True


def honest_result(program, arrays, classes, place, found):
    """Whether rounding explains a result: that of the eager function moves as far when its arguments' last bits do."""
    many, terms = [], 0.0
    for k in range(12):
        rng = np.random.default_rng(k)
        near = [
            x if is_class else Tensor(x * (1 + bool(k) * rng.uniform(-2, 2, x.shape) * np.finfo(float).eps), not k)
            for x, is_class in zip(arrays, classes)
        ]
        result = flat(program.namespace("tensor")["f"](*near))[place]
        many.append(np.asarray(_number(result), float))
        if isinstance(result, Tensor) and result.requires_grad:
            terms = max([terms, *(abs(x.data).sum() for x in topological_order(result))])
    low, high, sizes = extent(many, terms)
    low, high, found = low.reshape(np.shape(found)), high.reshape(np.shape(found)), np.asarray(found, float)
    return within(found, low, high, sizes)


def agree_result(what, found, expected, rtol, at):
    """``at``: of which program, at which arguments, which result."""
    try:
        agree_arrays(what, found, expected, rtol)
    except Disagreement:
        if np.size(found) != np.size(expected) or not honest_result(*at, found):
            raise


def agree_arrays(what, found, expected, rtol):
    expected = np.asarray(expected)
    size = np.abs(expected).max(initial=1.0, where=np.isfinite(expected))
    agree(what, found, expected, size, rtol)


CHECKS = {"scalar": check_scalars, "layers": check_layers, "tensor": check_tensors, "graph": check_graph}
