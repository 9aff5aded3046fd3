"""Plans: a computation on arrays, traced once, differentiated, and written down as NumPy calls on reused buffers.

A function over Tensors goes through five stages:

1. It is run once on stand-ins for its arguments, which record every op (``tracing``).
2. The rows of the registry are run on what is recorded, but on Exprs, arrays yet to be computed (``ir.expr``,
   ``ir.build``): their forwards give the forward instructions (``ir.rows``), their partials and pullbacks the backward
   ones (``differentiation``). An Expr is made only once, constants are worked out, and what can be simplified is
   (``rewriting``). Indexing, cross-entropy and what has to be called as it is have forms of their own (``indexing``,
   ``losses``, ``calling``).
3. What the results do not depend on is dropped; of the rest it is known when it is needed last (``liveness``).
4. Every instruction gets a place for its result and a line of Python that writes it there: over an operand that is not
   needed any more, straight into a larger array or a gradient, or into free memory (``emission``, ``writing``,
   ``memory``).
5. The lines are compiled into one function, which the Plan runs (``program``), prints (``listing``) and shows as a
   graph (``picture``).

>>> import numpy as np
>>> from fastpath import Tensor, relu
>>> W, b = Tensor(np.ones((3, 2)), requires_grad=True, label="W"), Tensor([0.5, -9.0], requires_grad=True, label="b")
>>> plan = Plan(traced(lambda x: relu(x @ W + b).mean(), [np.ones((4, 3))], ["x"]), [W, b])
>>> print(plan)
Forward
  1   b2 = matmul(x, W)             (4, 2)  float64  64 B   ← matmul #2
  2   b2 = add(b2, b)               (4, 2)  float64  64 B*  ← add #4
  3   b2 = maximum(b2, 0)           (4, 2)  float64  64 B*  ← relu #5
  4   b7 = add.reduce(b2, axis=0)   (2,)    float64  16 B   ← mean #6
  5   b8 = add.reduce(b7)           ()      float64  8 B    ← mean #6
  6   b11 = multiply(b8, 0.125)     ()      float64  8 B*   ← mean #6
Backward
  7   b14 = greater(b2, 0)          (4, 2)  bool     8 B*   ← relu #5
  8   b16 = multiply(b14, 0.125)    (4, 2)  float64  64 B*  ← relu #5
  9   ∂b = add.reduce(b16, axis=0)  (2,)    float64  16 B   ← add #4
  10  ∂W = matmul(xᵀ, b16)          (3, 2)  float64  48 B   ← matmul #2
10 instructions, 384 bytes of buffers and results, about 147 flops a run; * memory used before
>>> print(plan.source)
def run(x0):
    t1 = _t1._data
    t3 = _t3._data
    v19 = x0.T
    dot(x0, t1, b2)
    add(b2, t3, b2)
    maximum(b2, full1_0, out=b2)
    dot(ones4d, b2, b7)
    dot(ones2d, b7, b8)
    multiply(b8, c10, b11)
    greater(b2, c5, b14)
    multiply(b14, c10, b16)
    dot(ones4d, b16, b17)
    dot(v19, b16, b20)
    return (b11.item(), r1, r2,)
<BLANKLINE>
"""

from fastpath.plan.listing import Instruction
from fastpath.plan.program import Plan
from fastpath.traced.graph import traced
from fastpath.traced.refusing import TracingError, refuse
from fastpath.traced.tensors import Traced

__all__ = ["Instruction", "Plan", "Traced", "TracingError", "refuse", "traced"]
