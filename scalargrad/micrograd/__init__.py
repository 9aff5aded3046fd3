"""micrograd's modules, for programs that were written for it: ``from scalargrad.micrograd.engine import Value``.

What micrograd calls ``engine`` and ``nn`` is here under these names, and gives the same numbers. Everything of
scalargrad works with it: ``draw``, ``steps``, ``optim``, ``fastpath.compile``.

>>> from scalargrad.micrograd import MLP, Value
>>> model = MLP(2, [16, 16, 1])
>>> len(model.parameters()), type(model([Value(1.0), 2.0])).__name__
(337, 'Value')
"""

from scalargrad.micrograd import engine, nn
from scalargrad.micrograd.engine import Value
from scalargrad.micrograd.nn import MLP, Layer, Module, Neuron

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value", "engine", "nn"]
