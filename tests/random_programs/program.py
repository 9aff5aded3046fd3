"""A program as text: parameters and helpers, a function, its arguments. What fails can be read, and run by hand."""

from dataclasses import dataclass, field, replace

import numpy as np

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, nn

KINDS = ("scalar", "layers", "tensor", "graph")
"""Scalar code; code for either backend; functions over Tensors; graphs built at one point and called at others."""


@dataclass(frozen=True)
class Program:
    kind: str
    seed: int
    setup: tuple[str, ...]
    """Statements before the function: parameters, layers, helpers."""
    body: tuple[str, ...]
    """The statements of the function."""
    result: str
    arguments: dict[str, str] = field(default_factory=dict)
    """Name and expression of each argument; N is the batch and rng a generator of random numbers."""
    batch: int = 2
    reduction: str = "mean"
    special: bool = False
    """Whether its numbers may leave the finite ones."""
    star: bool = False
    """Whether the function takes its arguments as ``*a``."""

    @property
    def function(self):
        lines = [line for statement in (*self.body, f"return {self.result}") for line in statement.split("\n")]
        names = ", ".join(self.arguments)
        if self.star:
            lines.insert(0, f"{names}, = a")
        return "\n    ".join([f"def f({'*a' if self.star else names}):", *lines])

    @property
    def text(self):
        """The whole program; run, it prints what compiled code gives."""
        backend = "tensor" if self.kind == "tensor" else "value"
        options = f', reduction="{self.reduction}"' if backend == "value" and self.reduction != "mean" else ""
        names = ", ".join(self.arguments)
        head = ["from functools import reduce", "import numpy as np", "import fastpath, scalargrad as sg"]
        head += ["from fastpath import Tensor", "from scalargrad import Value, nn", _PARAMETER[backend], ""]
        data = [f"N, rng = {self.batch}, np.random.default_rng({self.seed})"]
        data += [f"{name} = {how}" for name, how in self.arguments.items()]
        if self.kind == "graph":
            run = ["# compile(graph) at the first example, called at all: see tests/random_programs/checking.py"]
        else:
            run = [f'g = fastpath.compile(f, backend="{backend}"{options})', f"print(g({names}))"]
        return "\n".join([*head, *self.setup, self.function, *data, *run])

    def namespace(self, backend=None):
        """What the names mean after the setup, and the function, under "f"."""
        backend = backend or ("tensor" if self.kind == "tensor" else "value")
        space = {"np": np, "sg": sg, "nn": nn, "Value": Value, "Tensor": Tensor, "fastpath": fastpath}
        lines = [
            "from functools import reduce",
            _PARAMETER[backend],
            f"BACKEND = {backend!r}",
            *self.setup,
            self.function,
        ]
        exec(compile("\n".join(lines), f"<program {self.seed}>", "exec"), space)
        return space

    def data(self, batch=None):
        """The arguments, as arrays."""
        space = {"np": np, "N": self.batch if batch is None else batch, "rng": np.random.default_rng(self.seed)}
        with np.errstate(all="ignore"):
            return [eval(how, space) for how in self.arguments.values()]

    def but(self, **changes):
        return replace(self, **changes)


_PARAMETER = {
    "value": "parameter, BACKEND = np.frompyfunc(lambda v: Value(float(v)), 1, 1), 'value'",
    "tensor": "parameter, BACKEND = (lambda a: Tensor(a, requires_grad=True)), 'tensor'",
}


def parameters_of(space):
    """The Values, or Tensors with a gradient, a namespace holds: in the order in which they are written."""
    found = {}

    def look(x):
        if isinstance(x, (Value, Tensor)):
            if isinstance(x, Value) or x.requires_grad:
                found.setdefault(id(x), x)
        elif isinstance(x, nn.Module):
            look(list(x.parameters()))
        elif type(x).__name__ == "Cell":
            look([x.w, x.b])
        elif isinstance(x, dict):
            look(list(x.values()))
        elif isinstance(x, (list, tuple)) or (isinstance(x, np.ndarray) and x.dtype == object):
            for item in x:
                look(item)

    for name, x in space.items():
        if not name.startswith("__"):
            look(x)
    return list(found.values())
