"""What autograd has under this name: ``flatten``, and optimizers that are functions of a gradient."""

from fastpath.misc.flatten import flatten as flatten

__all__ = ["flatten"]
