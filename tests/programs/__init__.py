"""Programs such as people have, written for other libraries: here they run with their import lines changed.

Each file is our own rewriting of one of them. A line ``import fastpath.numpy as np  # autograd: import autograd.numpy as np``
says in its comment what stands there in the original, and nothing else differs. ``main()`` gives numbers by name;
``EXPECTED`` is what the original library gives, up to ``TOLERANCE`` (1e-9, relative, if the file says nothing).
``python -m tests.programs rosenbrock`` prints the numbers of both, ``--time`` the time each takes.
"""

import contextlib
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

FOLDER = Path(__file__).parent
NAMES = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith(("_", "test_")))
_IMPORT = re.compile(r"^((?:import|from) .*?)  # (\w+): (.+)$", re.MULTILINE)


def source(name):
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def libraries(name):
    """The libraries whose import lines stand in the comments of a program."""
    return sorted({library for _, library, _ in _IMPORT.findall(source(name))})


def original(name):
    """The program as a module of the library it was written for."""
    for library in libraries(name):
        importlib.import_module(library)
    if "jax" in libraries(name):
        sys.modules["jax"].config.update("jax_enable_x64", True)
    if "minitorch" in libraries(name):  # its Scalar has a derivative, its Tensor a grad
        sys.modules["minitorch"].Scalar.grad = property(lambda self: self.derivative)
    module = ModuleType(f"{name}_as_it_was")
    code = _IMPORT.sub(lambda line: line[3], source(name))
    exec(compile(code, f"{name}.py as it was", "exec"), module.__dict__)
    return module


def ours(name):
    return importlib.import_module(f"tests.programs.{name}")


def numbers(module):
    """What ``main()`` of a program gives, as plain numbers and lists."""
    with _doubles(module):
        return {name: _plain(x) for name, x in module.main().items()}


@contextlib.contextmanager
def _doubles(module):
    """What an original needs: PyTorch computes in float32 if nobody says otherwise, and old libraries warn."""
    torch = sys.modules.get("torch") if module.__name__.endswith("_as_it_was") else None
    if torch is None:
        yield
        return
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)


def _plain(x):
    if hasattr(x, "detach"):
        x = x.detach()
    return np.asarray(getattr(x, "data", x) if not isinstance(x, np.ndarray) else x, dtype=float).tolist()
