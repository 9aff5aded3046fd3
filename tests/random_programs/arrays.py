"""Functions over arrays: of a batch of Tensors, or of one example for either backend."""

import numpy as np

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import nn
from tests.random_programs.program import _PARAMETER, Program
from tests.random_programs.writing import LARGEST, UNARY, Writer, used

ELEMENTWISE = [f"sg.{name}" for name in UNARY]
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "softplus", "leaky_relu", "prelu"]


class TensorWriter(Writer):
    kind = "tensor"

    def __init__(self, seed):
        super().__init__(seed)
        self.space = {"np": np, "sg": sg, "nn": nn, "Tensor": Tensor, "fastpath": fastpath}
        exec("from functools import reduce\n" + _PARAMETER["tensor"], self.space)
        self.variables, self.arguments = [], {}
        self.single = self.chance(0.15)

    def worth(self, x):
        if not isinstance(x, Tensor) or x.dtype.kind != "f" or x.size > 200 or x.ndim > 4:
            return False
        return self.special or bool((abs(x.data) <= LARGEST).all())

    # --- what there is -----------------------------------------------------------------------------------------------

    def array(self):
        return self.pick(self.variables[-3:] if self.chance(0.7) else self.variables)

    def shape(self, name):
        return self.space[name].shape

    def parameter(self, *shape):
        known = [n for n, x in self.space.items() if n.startswith("w_") and x.shape == shape]
        if known and self.chance(0.4):
            return self.pick(known)
        name = self.name("w_")

        def nested(shape):
            return f"[{', '.join(nested(shape[1:]) for _ in range(shape[0]))}]" if shape else self.number()

        dtype = ", np.float32" if self.single else ""
        self.define(f"{name} = parameter(np.array({nested(shape)}{dtype}))")
        return name

    def closed_over(self):
        """A plain number the function closes over."""
        name = self.name("c_")
        self.define(f"{name} = {self.pick('0', '1', '2', '0.5', '0.0', '-1.0')}")
        return name

    def against(self, x):
        """Something that broadcasts against an array: a parameter, another array, a number."""
        shape = self.shape(x)
        others = [n for n in self.variables if _fit(self.shape(n), shape)]
        if others and self.chance(0.4):
            return self.pick(others)
        if self.chance(0.35):
            return self.constant() if self.chance(0.8) else self.closed_over()
        inner = [self.pick(n, n, 1) for n in shape[1:]][-self.random.randint(0, 2) :]
        return self.parameter(*inner)

    def axis(self, x):
        ndim = self.space[x].ndim
        among = ["None", *range(ndim), *range(-ndim, 0)] + ([(0, 1), (-1, 0)] if ndim > 1 else [])
        return self.pick([str(a) for a in among])

    def how(self, x):
        return f"axis={self.axis(x)}{self.pick('', ', keepdims=True')}"

    def key(self, shape, batched=True):
        """An index, as NumPy takes it."""
        parts, arrays = [], 0
        length = self.random.randint(2, 3)
        for i, n in enumerate(shape):
            if i == 0 and batched and self.chance(0.6):
                parts.append(self.pick(":", ":", "::-1", "1:", "::2", ":-1", "-5:", "...", "-5:0:-1"))
                continue
            if self.chance(0.15):
                parts.append("None")
            form = self.random.randrange(9)
            if form < 3 or not n:
                parts.append(self.pick(":", "::-1", "1:", "::2", ":-1", f"-{n + 1}:0:-1", "-1:", ":2", "::-2", "0:0"))
            elif form < 5:
                parts.append(self.pick("0", "-1", str(self.random.randrange(n))))
            elif form == 5:
                parts.append(f"[{', '.join(str(self.random.randrange(-n, n)) for _ in range(length))}]")
                arrays += 1
            elif form == 6 and "..." not in parts:
                parts.append("...")
                break
            elif form == 7 and not batched:
                parts.append(str([self.chance(0.6) for _ in range(n)]))
            else:
                parts.append(":")
            if self.chance(0.3):
                break
        if parts.count("...") > 1:
            parts = [p if p != "..." else ":" for p in parts]
        if self.chance(0.15) and "..." not in parts:
            parts.insert(self.random.randint(0, len(parts)), "...")
        return ", ".join(parts) or "..."

    # --- expressions -------------------------------------------------------------------------------------------------

    def dense(self):
        x = self.array()
        n, k = (self.shape(x) or (1,))[-1] or 1, self.random.randint(1, 4)
        layer = self.name("layer_")
        form = self.random.randrange(6)
        if form < 3:
            return f"{x} @ {self.parameter(n, k)}" + self.pick("", f" + {self.parameter(k)}", f" + {self.parameter()}")
        if form == 3:
            return f"{x} @ {self.parameter(n)}"
        if form == 4:
            return self.pick(
                f"sg.einsum('...i,ij->...j', {x}, {self.parameter(n, k)})",
                f"sg.dot({x}, {self.parameter(n)})",
                f"{x} @ {x}.T",
            )
        how = self.pick(
            f"nn.Linear({n}, {k}, seed=1, backend=BACKEND)", f"nn.MLP({n}, [2], {k}, activation={self.pick(ACTIVATIONS)!r}, seed=2, backend=BACKEND)",
            f"nn.Maxout({n}, {k}, pieces=2, seed=3, backend=BACKEND)",
        )  # fmt: skip
        self.define(f"{layer} = {how}")
        return f"{layer}({x})"

    def activation(self):
        x = self.array()
        return self.pick(
            f"{self.pick(ELEMENTWISE)}({x})", f"{x}.{self.pick('tanh', 'relu', 'square', 'sigmoid')}()", f"{x} * sg.sigmoid({x})",
            f"sg.clip({x}, {self.pick('-1', '0', '0.')}, {self.pick('1', '6.', '0.5')})", f"sg.leaky_relu({x}, {self.pick('0.1', '0', '1')})",
            f"sg.exp(-{x} * {x})", f"sg.log({x} * {x} + {self.pick('1', '0.5')})", f"sg.sqrt({x} ** 2 + {self.pick('1', '1e-8')})",
        )  # fmt: skip

    def binary(self):
        x = self.array()
        y = self.against(x)
        return self.pick(
            f"{x} + {y}", f"{x} - {y}", f"{y} - {x}", f"{x} * {y}", f"{x} * {y} + {x}", f"{x} / ({y} * {y} + 1)", f"{x} / {y}", f"{y} / {x}",
            f"sg.maximum({x}, {y})", f"sg.minimum({x}, {y})", f"sg.where(sg.greater({x}, {y}), {x}, {self.constant()})", f"{x} ** {self.pick('2', '3', '0', '1', '2.0')}",
            f"sg.logaddexp({x}, {y})", f"({x} + {self.constant()}) * ({x} + {y})", f"{x} * {self.constant()} + {x} * {y}", f"{x} - {x}",
            f"sg.equal({x}, {y}) * {x}", f"abs({x} - {y})", f"{x} + {y} + {x}", f"-{x}",
        )  # fmt: skip

    def reduction(self):
        x = self.array()
        how = self.how(x)
        return self.pick(
            f"sg.{self.pick('sum', 'mean', 'max', 'min', 'norm', 'logsumexp', 'std', 'var', 'prod')}({x}, {how})", f"{x}.{self.pick(self.METHODS)}({how})",
            f"{x} - {x}.mean(axis=-1, keepdims=True)", f"{x} / ({x}.{self.pick(self.METHODS)}(axis=-1, keepdims=True) + {self.pick('1', '1e-8', '0.5')})",
            f"sg.softmax({x}, axis={self.pick(0, -1)})", f"sg.log_softmax({x}, axis={self.pick(0, -1)})", f"sg.cumsum({x}, axis={self.pick('None', 0, -1)})",
        )  # fmt: skip

    def moving(self):
        x = self.array()
        ndim = self.space[x].ndim
        order = list(range(ndim))
        self.random.shuffle(order)
        return self.pick(
            f"{x}[{self.key(self.shape(x))}]", f"{x}[{self.key(self.shape(x))}]", f"{x}[{self.key(self.shape(x))}]", f"{x}.T", f"sg.transpose({x}, {tuple(order)})",
            f"sg.reshape({x}, {self.pick('-1', '(-1,)', '(-1, 1)', '(1, -1)')})", f"sg.concatenate([{x}, {self.array()}], axis={self.pick(0, -1)})",
            f"sg.stack([{x}, {x} * {self.constant()}], axis={self.pick(0, -1, 1)})", f"sg.expand_dims({x}, {self.pick(0, -1, 1)})", f"sg.squeeze({x})", f"sg.flip({x}, {self.pick(0, -1)})",
            f"sg.swapaxes({x}, 0, -1)", f"sg.pad({x}, {self.pick(1, '(0, 1)')})", f"sg.split({x}, {self.pick(1, 2, '[1]')}, axis=-1)[{self.pick(0, -1)}]",
            f"sg.broadcast_to({x}, (2, *{x}.shape))", f"{x}[..., None] * {x}[..., None, :]" , f"sg.concatenate([{x}[1:], {x}[:1]])",
            f"sg.outer({x}, {x})" if ndim == 1 else f"[row for row in {x}.T][{self.pick(0, -1)}]", f"sg.diagonal({x})",
        )  # fmt: skip

    def losses(self):
        x = self.array()
        n = (self.shape(x) or (1,))[-1]
        y, t = self.classes(n), self.against(x)
        return self.pick(
            f"sg.cross_entropy({x}, {y})", f"nn.nll(sg.softmax({x}), {y})", f"nn.multiclass_hinge({x}, {y})", f"sg.one_hot({y}, {n}) * {x}",
            f"{self.parameter(n, 2)}[{y}]", f"nn.mse({x}, {t})", f"nn.mae({x}, {t})", f"nn.huber({x}, {t})", f"sg.cross_entropy({x}, {y}, reduction='none')", f"{x}[np.arange(len({y})), {y}]",
            f"nn.bce_with_logits({x}, {self.pick('0', '1')})", f"nn.hinge({x}, {self.pick('1', '-1')})", f"nn.squared_hinge({x}, 1)",
        )  # fmt: skip

    def classes(self, n):
        """An argument of classes below n."""
        for name, how in self.arguments.items():
            if how == f"rng.integers(0, {n}, N)":
                return name
        name = f"y{n}"
        self.arguments[name] = f"rng.integers(0, {n}, N)"
        self.space[name] = np.arange(self.size) % n
        return name

    METHODS = ("sum", "mean", "max", "std", "norm")
    size = 3
    """How many examples the program is written with."""
    EXPRESSIONS = (
        ["dense"] * 4 + ["activation"] * 4 + ["binary"] * 6 + ["reduction"] * 4 + ["moving"] * 5 + ["losses"]
    )  # fmt: skip

    def statement(self):
        name = self.name("h")
        if self.keep(f"{name} = {getattr(self, self.pick(self.EXPRESSIONS))()}", name):
            self.variables.append(name)

    # --- the program -------------------------------------------------------------------------------------------------

    def begin(self):
        n = self.random.randint(1, 4)
        for name in ("x", "z")[: self.random.randint(1, 2)]:
            shape = self.pick(
                f"(N, {n})", f"(N, {n})", f"(N, {n})", "N", f"(N, 2, {n})", f"({n},)" if name == "z" else f"(N, {n})"
            )
            self.arguments[name] = self.numbers(shape)
            if self.single:
                self.arguments[name] += ".astype(np.float32)" if "zeros" not in self.arguments[name] else ""
            elif self.chance(0.12):
                self.arguments[name] = (
                    f"rng.integers(-3, 4, {shape}){self.pick('', '.astype(np.int8)', '.astype(np.int32)')}"
                )
            space = {"np": np, "N": self.size, "rng": np.random.default_rng(self.seed)}
            self.space[name] = Tensor(eval(self.arguments[name], space))
            self.variables.append(name)

    def program(self):
        self.begin()
        for _ in range(self.random.randint(2, 8)):
            self.statement()
        result = self.result()
        named = " ".join([*self.body, result])
        arguments = {n: how for n, how in self.arguments.items() if n in named or n == "x"}
        return Program(
            self.kind, self.seed, used(self.setup, [*self.body, result]), tuple(self.body), result, arguments, self.batch(),
            special=self.special,
        )  # fmt: skip

    def result(self):
        last = [n for n in self.variables if n not in self.arguments][-2:] or ["x"]
        form = self.random.randrange(8)
        if form == 0:
            return self.pick(
                f"{', '.join(last)}, {self.array()}",
                f"[{', '.join(last)}]",
                f"{{{', '.join(f'{n!r}: {n}' for n in last)}}}",
            )
        if form == 1:
            return last[-1]
        parts = [f"sg.{self.pick('sum', 'sum', 'mean')}({n})" for n in last]
        return f"{' + '.join(parts)}{self.pick('', f' + {self.parameter()}', f' * {self.parameter()}')}"


class LayerWriter(TensorWriter):
    """Code of one example for either backend."""

    kind = "layers"
    METHODS = ("sum", "mean")  # of arrays of Values, as NumPy has them
    EXPRESSIONS = ["dense"] * 4 + ["activation"] * 4 + ["binary"] * 6 + ["reduction"] * 4 + ["moving"] * 5

    def __init__(self, seed):
        super().__init__(seed)
        self.single = False

    def key(self, shape, batched=False):
        return super().key(shape, batched)

    def begin(self):
        n = self.random.randint(1, 4)
        shape = self.pick((n,), (n,), (2, n))
        self.arguments["x"] = self.numbers(f"({', '.join(map(str, ('N', *shape)))})")
        self.space["x"] = Tensor(np.linspace(-0.5, 1.2, int(np.prod(shape))).reshape(shape))
        self.variables.append("x")

    def result(self):
        last = [n for n in self.variables if n not in self.arguments][-2:] or ["x"]
        parts = [f"sg.{self.pick('sum', 'sum', 'mean')}({n})" for n in last]
        return f"{' + '.join(parts)} + {self.parameter()}"


def _fit(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True
