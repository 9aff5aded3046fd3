"""``numpy.random`` on Tensors and Values as on arrays; see :mod:`fastpath.numpy`."""

import numpy.random as _module

from fastpath.numpy.wrapping import names_of as _names_of

__all__ = sorted(_module.__all__)
__getattr__, __dir__ = _names_of(_module, globals())
