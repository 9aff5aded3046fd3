"""fastpath: the vectorized side of scalargrad, on the same op registry."""
