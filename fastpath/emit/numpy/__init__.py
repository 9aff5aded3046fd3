"""Exprs as straight-line NumPy code on reused buffers."""
