"""Tracing of functions over arrays: run once on stand-ins for their arguments, recorded as a Graph.

:mod:`.graph` has the :class:`~.graph.Graph`, plain data, which is all that a plan is made of, and ``traced``, which
takes it; :mod:`.tensors` the stand-ins, :mod:`.tracer` what is asked meanwhile, :mod:`.refusing` the errors with the
user's line, :mod:`.randomness` the line that draws random numbers, :mod:`.comparing` whether two Graphs are the same.
"""
