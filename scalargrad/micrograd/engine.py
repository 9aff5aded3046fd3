"""micrograd's ``Value``."""

from scalargrad import engine

__all__ = ["Value"]


class Value(engine.Value):
    """A Value that may be given attributes of one's own, as optimizers and drawings written for micrograd do.

    (``scalargrad.Value`` may not: a node without them is smaller and made faster.)

    >>> p = Value(2.0)
    >>> p.momentum = 0.0
    >>> type(p * 3).__module__
    'scalargrad.micrograd.engine'
    """
