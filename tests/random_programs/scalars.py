"""Scalar code for one example, as people write it: loops, comprehensions, lists, unpacking, helpers, closures."""

import numpy as np

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, nn
from tests.random_programs.program import _PARAMETER, Program
from tests.random_programs.writing import LARGEST, UNARY, Writer, names_in, used

HELPERS = {
    "Cell": "class Cell:\n    def __init__(self, w, b):\n        self.w, self.b = w, b\n    def __call__(self, v):\n        return sg.tanh(self.w * v + self.b)",
    "decay": "def decay(v, *, rate=0.5, times=2):\n    for _ in range(times):\n        v = v * rate\n    return v",
    "gate": "def gate(a, b):\n    s = sg.sigmoid(a)\n    return s * b + (1 - s) * a",
    "lerp": "lerp = lambda a, b: a + (b - a) * 0.5",
    "swish": "def swish(v):\n    return v * v.sigmoid()",
    "norm2": "def norm2(values):\n    total = 0\n    for v in values:\n        total = total + v ** 2\n    return (total + 1e-8).sqrt()",
    "hinge": "def hinge(m):\n    return sg.maximum(0, 1 - m)",
    "relu6": "def relu6(v):\n    return sg.clip(v, 0., 6.)",
    "dot": "def dot(u, v):\n    return sum(a * b for a, b in zip(u, v))",
}


class ScalarWriter(Writer):
    kind = "scalar"
    CLASSES = True
    """Whether an argument may be the class an example belongs to: a whole number."""

    def __init__(self, seed):
        super().__init__(seed)
        self.space = {"np": np, "sg": sg, "nn": nn, "Value": Value, "Tensor": Tensor, "fastpath": fastpath}
        exec("from functools import reduce\n" + _PARAMETER["value"], self.space)
        self.variables = []
        self.arguments = {}
        self.classes = {}

    def worth(self, x):
        flat = list(_flat(x))
        if not flat or len(flat) > 30:
            return False
        numbers = [abs(v.data if isinstance(v, Value) else float(v)) for v in flat]
        return self.special or all(v <= LARGEST for v in numbers)

    # --- what there is -----------------------------------------------------------------------------------------------

    def lists(self):
        return [n for n in self.variables if not isinstance(self.space[n], Value) and len(self.space[n]) > 0]

    def vector(self):
        """The name of a list, or of an object array, of Values."""
        found = [n for n in self.lists() if getattr(self.space[n], "ndim", 1) == 1]
        return self.pick(found[-3:] if self.chance(0.7) else found)

    def value(self):
        """A Value, as an expression."""
        if self.chance(0.25):
            v = self.vector()
            return f"{v}[{self.pick(0, -1, self.random.randrange(len(self.space[v])))}]"
        found = [n for n in self.variables if isinstance(self.space[n], Value)]
        if not found or self.chance(0.1):
            return self.parameter()
        return self.pick(found[-3:] if self.chance(0.7) else found)

    def parameter(self):
        if self.chance(0.5):
            known = [n for n in self.space if n.startswith("p_") and isinstance(self.space[n], Value)]
            if known:
                return self.pick(known)
        name = self.name("p_")
        label = f', label="{name}"' if self.chance(0.5) else ""
        self.define(f"{name} = Value({self.number()}{label})")
        return name

    def weights(self, *shape, array=None):
        """A list (or object array) of parameters."""
        name = self.name("w_")

        def nested(shape):
            return f"[{', '.join(nested(shape[1:]) for _ in range(shape[0]))}]" if shape else self.number()

        text = nested(shape)
        if array or (array is None and self.chance(0.3)):
            self.define(f"{name} = parameter(np.array({text}))")
        elif len(shape) == 1:
            self.define(f"{name} = [Value(v) for v in {text}]")
        else:
            self.define(f"{name} = [[Value(v) for v in row] for row in {text}]")
        return name

    def closed_over(self):
        """A plain number the function closes over."""
        name = self.name("c_")
        self.define(f"{name} = {self.pick('0', '1', '2', '0.5', '0.0', '-1.0')}")
        return name

    def cell(self):
        name = self.name("m_")
        self.helper("Cell")
        self.define(f"{name} = Cell({self.parameter()}, {self.parameter()})")
        return name

    def helper(self, name):
        if name not in self.space:
            self.define(HELPERS[name])
        return name

    def unary(self):
        return f"sg.{self.pick(UNARY)}"

    # --- statements --------------------------------------------------------------------------------------------------

    def dense(self):
        x = self.vector()
        n, k = len(self.space[x]), self.random.randint(1, 4)
        form = self.random.randrange(5)
        if form == 0:
            W, b = self.weights(k, n), self.weights(k)
            return f"[sum(w * v for w, v in zip(row, {x})) + c for row, c in zip({W}, {b})]"
        if form == 1:
            W = self.weights(k, n)
            return f"[{self.unary()}(sum((w * v for w, v in zip(row, {x})), {self.value()})) for row in {W}]"
        if form == 2:
            W = self.weights(n, k, array=True)
            return f"np.array({x}) @ {W}" + self.pick("", f" + {self.weights(k, array=True)}", f" + {self.value()}")
        if form == 3:
            return f"[sum({x}[i] * {self.weights(n)}[i] for i in range({n})) for _ in range({k})]"
        layer = self.name("layer_")
        how = self.pick(
            f"nn.Linear({n}, {k}, seed={self.seed % 100})",
            f"nn.MLP({n}, [{self.random.randint(1, 4)}], {k}, activation={self.pick('relu', 'tanh', 'sigmoid', 'elu', 'softplus', 'leaky_relu', 'prelu')!r}, seed={self.seed % 100})",
            f"nn.Maxout({n}, {k}, pieces=2, seed={self.seed % 100})",
            f"nn.Sequential(nn.Linear({n}, {k}, seed=1), nn.Tanh(), nn.Linear({k}, {k}, seed=2))",
        )  # fmt: skip
        self.define(f"{layer} = {how}")
        return f"{layer}(np.array({x}))"

    def activation(self):
        x = self.vector()
        return self.pick(
            f"[{self.unary()}(v) for v in {x}]", f"[v.{self.pick('tanh', 'relu', 'sigmoid', 'abs', 'square')}() for v in {x}]",
            f"{self.unary()}(np.array({x}))", f"[{self.helper('swish')}(v) for v in {x}]",
            f"[{self.helper('relu6')}(v) for v in {x}]", f"[sg.clip(v, {self.pick('-1', '0', '0.', '-0.5')}, {self.pick('1', '6.', '2', '0.5')}) for v in {x}]",
            f"list(map({self.unary()}, {x}))", f"sg.leaky_relu(np.array({x}), {self.pick('0.1', '0.0', '1')})",
        )  # fmt: skip

    def residual(self):
        x, y = self.vector(), self.vector()
        return self.pick(
            f"[a + b for a, b in zip({x}, {y})]", f"[a - b * {self.constant()} for a, b in zip({x}, {y})]",
            f"[{self.helper('gate')}(a, b) for a, b in zip({x}, {y})]", f"np.array({x}) * {self.value()} + np.array({x})",
            f"[{self.helper('lerp')}(a, {self.value()}) for a in {x}]",
            f"[sg.maximum(a, b) for a, b in zip({x}, {y})]", f"[sg.minimum(a, {self.constant()}) for a in {x}]",
            f"[a * b for a, b in zip({x}, reversed({y}))]",
        )  # fmt: skip

    def window(self):
        x = self.vector()
        size = self.random.randint(1, 3)
        kernel = self.weights(size)
        return self.pick(
            f"[sum(k * v for k, v in zip({kernel}, {x}[i:i + {size}])) for i in range(len({x}) - {size - 1})]",
            f"[sg.max({x}[i:i + {size}]) for i in range(0, len({x}), {size})]",
            f"[sum({x}[i:i + {size}]) / {size} for i in range(len({x}) - {size - 1})]",
            f"[b - a for a, b in zip({x}, {x}[1:])]",
            f"[{x}[i] * {x}[i - 1] for i in range(len({x}))]",
        )

    def attention(self):
        x = self.vector()
        if len(self.space[x]) < 2:
            return f"sg.softmax(np.array({x}))"
        a, b, c = self.value(), self.value(), self.value()
        scale = self.pick("", " / 2 ** 0.5", " * 0.5", f" / {self.constant()}")
        name = self.name("att_")
        self.define(
            f"def {name}(h, q, k, v):\n    out = []\n    for a in h:\n"
            f"        weights = sg.softmax(np.array([q * a * k * b{scale} for b in h]))\n"
            f"        out.append(sum(p * (v * b) for p, b in zip(weights, h)))\n    return out"
        )
        return f"{name}({x}, {a}, {b}, {c})"

    def reshaping(self):
        x = self.vector()
        return self.pick(
            f"{x}[1:]", f"{x}[::-1]", f"{x}[::2]", f"{x}[:-1]", f"{x}[-2:]", f"list({x}) + [{self.value()}]",
            f"[{self.value()}, *{x}]", f"list({x}) + list({self.vector()})", f"[{self.value()}, {self.value()}, {self.constant()}]",
            f"list({x}) * 2", f"sg.concatenate([np.array({x}), np.array({self.vector()})])", f"sg.flip(np.array({x}))",
            f"np.array({x})[[0, -1, 0]]", f"np.array({x}).reshape(-1, 1)[:, 0]", f"sg.cumsum(np.array({x}))",
            f"[{self.value()}] * 3",
        )  # fmt: skip

    def reduction(self):
        x = self.vector()
        n = len(self.space[x])
        hot = [0.0] * n
        hot[self.random.randrange(n)] = 1.0
        target = [float(self.number()) for _ in range(n)]
        return self.pick(
            f"sum({x})", f"sum({x}, 0.0)", f"sum({x}) / len({x})", f"sum(v * v for v in {x})", f"sum(v * i for i, v in enumerate({x}))",
            f"reduce(lambda a, b: a * 0.5 + b, {x})", f"reduce(sg.maximum, {x})", f"sg.max({x})", f"sg.min({x})", f"sg.mean({x})",
            f"sg.std(np.array({x}))", f"sg.norm({x})", f"sg.logsumexp({x})", f"sg.prod({x})", f"sg.var(np.array({x}))",
            f"sg.softmax(np.array({x}))[{self.pick(0, -1)}]", f"-sg.log_softmax(np.array({x}))[{self.pick(0, -1)}]",
            f"sg.cross_entropy(np.array({x}), np.array({hot}))", f"sg.cross_entropy(np.array({x}), {hot.index(1.0)})",
            f"nn.mse(np.array({x}), {target})", f"nn.mae(np.array({x}), {target})", f"nn.huber(np.array({x}), {target})",
            f"nn.multiclass_hinge(np.array({x}), {hot.index(1.0)})", *self.of_a_class(x, n), f"{self.helper('norm2')}({x})",
            f"{self.helper('dot')}({x}, {self.vector()})", f"sg.matmul(np.array({x}), np.array({x}))", f"sg.sum({x})",
        )  # fmt: skip

    def of_a_class(self, x, n):
        """What is done with the class an example belongs to."""
        if not self.CLASSES:
            return []
        k = f"k{n}"
        self.space[k] = self.random.randrange(n)
        self.classes[k] = f"rng.integers(0, {n}, N)"
        return [f"sg.cross_entropy(np.array({x}), {k})", f"nn.nll(sg.softmax(np.array({x})), {k})", f"np.array({x})[{k}]",
                f"sg.sum(sg.one_hot({k}, {n}) * np.array({x}))", f"sg.lookup(np.array({x}), {k})"]  # fmt: skip

    def scalar(self):
        a, b, c = self.value(), self.value(), self.constant()
        op = self.pick("+", "-", "*", "*", "/")
        return self.pick(
            f"{a} {op} {b}", f"{a} {op} {c}", f"{c} {op} {a}", f"{a} * {c} + {a} * {b}", f"({a} + {c}) * ({a} + {b})",
            f"{a} ** {self.pick('2', '2.0', '3', '0', '1', '0.5', '-1')}", f"{a} ** 2 + {a} ** {b}", f"{self.unary()}({a})",
            f"{a} / ({b} * {b} + 1)", f"1 / ({a} * {c}) - 1 / ({a} * {self.constant()})", f"sg.maximum({a}, {b})", f"sg.minimum({a}, {c})",
            f"sg.where(sg.greater({a}, {self.pick(b, c)}), {b}, {a})", f"sg.clip({a}, {self.pick('-1', '0.', '0')}, {self.pick('1', '6.', '2')})",
            f"sg.logaddexp({a}, {b})", f"sg.exp(-{a} * {a})", f"sg.log({a} * {a} + {self.pick('1', '1e-8', '0.5')})",
            f"sg.sqrt({a} * {a} + {self.pick('1', '1e-8', '0')})", f"{self.helper('gate')}({a}, {b})", f"{self.helper('hinge')}({a} * {b})",
            f"{a} - {a}", f"{a} + {a}", f"{a} * {a}", f"-{a}", f"+{a}", f"abs({a})", f"Value({c}) * {a}" if "(" not in c else f"{a} * {c}",
            f"({a} - {b}) ** 2", f"0.5 * ({a} - {c}) ** 2", f"{a} * True", f"{a} * {self.closed_over()}", f"{a} + {self.closed_over()} * {b}", f"{self.cell()}({a})", f"{self.helper('decay')}({a}, rate={self.pick('0.5', '2')})",
            f"sg.where({self.pick('True', '1', '0')}, {a}, {b})", f"sum([{a}, {b}, {c}])", f"max({self.pick('1, 2', '0.5, 0')}) * {a}", f"-{a} + {c} - {b}", f"{a} / {c} + {b} / {c}",
            f"{a} * {c} * {self.constant()}", f"({a} + {c}) + {self.constant()}", f"{a} * {a} - {b} * {b}", f"{c} - ({a} - {b})", f"sg.pow({c}, {a})", f"({a}, {b})[0] * {c}", f'{{"k": {a}}}["k"] - {c}',
            f"nn.mse({a}, {c})", f"nn.hinge({a}, 1)", f"nn.bce_with_logits({a}, {self.pick(0, 1)})", f"nn.logistic({a}, -1)",
            f"(lambda v: v * {b} + {c})({a})", f"np.float64({self.pick('0.5', '2', '0.0')}) * {a}",
        )  # fmt: skip

    def loop(self, name):
        x, s = self.vector(), self.value()
        start = self.pick("0", "0.0", "1", s, "Value(0.0)", f"{x}[0]")
        step = self.pick(
            f"{name} = sg.tanh({s} * {name} + v)", f"{name} += v * {self.constant()}", f"{name} = {name} * 0.5 + v",
            f"{name} = sg.maximum({name}, v)", f"{name} = {name} + v ** 2", f"{name} -= v", f"{name} = {name} * v + {self.constant()}",
            f"{name} = sg.sigmoid({name} * {self.parameter()} + v * {self.parameter()} + {self.parameter()})",
        )  # fmt: skip
        again = self.pick(
            "", "", f"\n    if {self.pick('v is not ' + x + '[0]', 'True')}:\n        {name} = {name} + {s}"
        )
        return f"{name} = {start}\nfor v in {x}:\n    {step}{again}"

    def growing(self, name):
        x, s = self.vector(), self.value()
        grown = self.pick(
            f"v * {self.constant()} + ({name}[-1] if {name} else {s})", f"v * {name}[i - 1] if i else v", f"v * i + {s}",
            f"sg.tanh(v + sum({name}))",
        )  # fmt: skip
        return f"{name} = []\nfor i, v in enumerate({x}):\n    {name}.append({grown})"

    def unpacking(self, name):
        x = self.vector()
        n = len(self.space[x])
        return self.pick(
            f"{name}, *rest = {x}", f"*rest, {name} = {x}",
            f"{', '.join([name, *[f'{name}_{i}' for i in range(1, n)]])}{',' if n == 1 else ''} = {x}",
        )  # fmt: skip

    def repeated(self, name):
        """A few steps of a recurrence in one number."""
        s, a = self.value(), self.value()
        return f"{name} = {s}\nfor i in range({self.pick(1, 2, 3)}):\n    {name} = {self.pick(f'{name} * 0.5 + i', f'sg.sin({name} + {a})', f'{name} - 0.1 * ({name} - {a})', f'{self.unary()}({name} * {a})')}"

    # --- the program -------------------------------------------------------------------------------------------------

    EXPRESSIONS = (
        ["dense"] * 4 + ["activation"] * 4 + ["residual"] * 3 + ["window"] * 2 + ["attention", "reshaping", "reshaping"]
        + ["reduction"] * 6 + ["scalar"] * 9
    )  # fmt: skip
    BLOCKS = ("loop", "growing", "unpacking", "repeated")

    def statement(self):
        name = self.name("h")
        if self.chance(0.2):
            text = getattr(self, self.pick(self.BLOCKS))(name)
        else:
            text = f"{name} = {getattr(self, self.pick(self.EXPRESSIONS))()}"
        if self.keep(text, name) and isinstance(self.space[name], (Value, list, np.ndarray)):
            x = self.space[name]
            if getattr(x, "ndim", 1) != 1:
                return
            self.variables.append(name)

    def program(self):
        n = self.random.randint(1, 5)
        self.arguments = {"x": self.numbers(f"(N, {n})")}
        self.space["x"] = np.array([Value(v) for v in np.linspace(-0.5, 1.2, n)], dtype=object)
        self.variables = ["x"]
        if self.chance(0.5):
            self.arguments["y"] = self.numbers("N")
            self.space["y"] = Value(0.7)
            self.variables.append("y")
        self.parameter()
        for _ in range(self.random.randint(2, 9)):
            self.statement()
        result = self.result()
        named = set().union(*map(names_in, [*self.body, result]))
        self.arguments |= {k: how for k, how in self.classes.items() if k in named}
        return Program(
            self.kind, self.seed, used(self.setup, [*self.body, result]), tuple(self.body), result, self.arguments,
            self.batch(), self.pick("mean", "mean", "sum"), self.special, self.CLASSES and self.chance(0.05),
        )  # fmt: skip

    def result(self):
        """One number of what was computed last, and of a parameter, so that there is something to differentiate by."""
        last = [n for n in self.variables if n not in self.arguments][-2:] or ["x"]
        parts = [n if isinstance(self.space[n], Value) else f"sum({n})" for n in last]
        p = self.parameter()
        whole = " + ".join(parts or ["x[0]"])
        if self.CLASSES and self.chance(0.06):
            return self.pick(
                f"{whole}, {p}, {self.value()}",
                f"[{whole}, {p} * x[0]]",
                f"{{'a': {whole} + {p}, 'b': {p}}}",
                f"np.array([{whole}, {p}])",
            )
        return self.pick(
            f"{whole} + {p}", f"({whole}) * {p}", f"({whole} - {self.value()}) ** 2 + {p}", f"{p} * x[0] + {whole}"
        )


def _flat(x):
    if isinstance(x, (list, tuple)) or (isinstance(x, np.ndarray) and x.ndim):
        for item in x:
            yield from _flat(item)
    else:
        yield x.item() if isinstance(x, np.ndarray) else x
