# %% [markdown]
# # 9. Your own function
#
# Every operation knows two things: how to compute its result, and its local derivative. Tell the library these two, and
# your operation takes part in everything: graphs, drawings, steps, networks. Then let finite differences check that you
# told the truth.

# %%
import matplotlib.pyplot as plt
import numpy as np

import fastpath
from scalargrad import (
    Function,
    NotDifferentiableError,
    Value,
    argmax,
    exp,
    grad,
    gradcheck,
    heaviside,
    parse,
    relu,
    sigmoid,
    softmax,
    trace,
)
from scalargrad.ops import op

# %%
# isort: split
from lesson import draw, quiz, steps

# %% [markdown]
# ## A function with a forward and a backward
#
# The lecture's example. `forward` computes $z = xy$ and saves what `backward` will need. `backward` gets the upstream
# gradient and gives each operand its downstream gradient: upstream × local.


# %%
class Multiply(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, grad_z):
        x, y = ctx.saved_tensors
        grad_x = y * grad_z
        grad_y = x * grad_z
        return grad_x, grad_y


x, y = Value(3.0, label="x"), Value(-4.0, label="y")
draw(Multiply.apply(x, y) ** 2)

# %% [markdown]
# The upstream gradient is −24 here, and the two operands get it times each other's number: `grad_x = y·g`,
# `grad_y = x·g`.

# %%
for step in steps(Multiply.apply(x, y) ** 2, precision=0):
    print(step.text)

# %% [markdown]
# ## A backward from the output
#
# The slope of the sigmoid is $(1 - \sigma)\,\sigma$: the result is all that `backward` needs. So the result is what is
# saved, as in PyTorch's own code on the lecture's slide: `gradInput = gradOutput * (1. - z) * z`.


# %%
class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        z = 1 / (1 + exp(-x))
        ctx.save_for_backward(z)
        return z

    @staticmethod
    def backward(ctx, grad_z):
        (z,) = ctx.saved_tensors
        return grad_z * (1 - z) * z


x = Value(1.0, label="x")
mine, built_in = Sigmoid.apply(x), x.sigmoid()
slope, slope_built_in = grad(mine, x), grad(built_in, x)
print(f"value  {mine.data:.6f}   built in {built_in.data:.6f}")
print(f"slope  {slope.data:.6f}   built in {slope_built_in.data:.6f}   lecture .2")
print(f"slope of the slope  {float(grad(slope, x)):.6f}   built in {float(grad(slope_built_in, x)):.6f}")

# %% [markdown]
# ## A row of the table
#
# What is one line of arithmetic needs no class. The library's own operations are rows of a table: the forward, and one
# local derivative for each operand (`y` is the output). A new row is at once a function, a method, a word in formulas,
# and works on arrays.

# %%
swish = op(
    "swish",
    lambda xp, a: a / (1 + xp.exp(-a)),
    (lambda y, a: sigmoid(a) + y * (1 - sigmoid(a)),),
    note="a·σ(a), an activation",
)
print(f"as a function {swish(1.0):.6f}, as a method {Value(1.0).swish().data:.6f},", end=" ")
print(f"in a formula {parse('swish(x)^2').evaluate(x=1.0):.6f}")
print("its derivative, written out:", swish.formula(0, ("x",)))

# %%
t = np.linspace(-6, 4, 201)
figure, ax = plt.subplots(figsize=(5, 2.8), layout="constrained")
ax.plot(t, swish(t), label="swish")
ax.plot(t, [float(grad(swish)(number)) for number in t], linestyle="--", label="its derivative")
ax.axhline(0, color="k", linewidth=0.5)
ax.legend(frameon=False)
ax.set_xlabel("x")
plt.show()

# %% [markdown]
# ## Is the derivative right?
#
# A derivative is a limit, so a small step shows it: the forward difference of the lecture,
# $\frac{f(x + \Delta) - f(x)}{\Delta}$, or the central one, $\frac{f(x + \Delta) - f(x - \Delta)}{2\Delta}$. How small?

# %%
f, point = np.exp, 1.0
sizes = 10.0 ** np.arange(-15, 0.5, 0.5)
forward = np.abs((f(point + sizes) - f(point)) / sizes - f(point))
central = np.abs((f(point + sizes) - f(point - sizes)) / (2 * sizes) - f(point))
figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.loglog(sizes, forward, "o-", markersize=3, label="forward: error ≈ Δ")
ax.loglog(sizes, central, "s--", markersize=3, label="central: error ≈ Δ²")
ax.set(xlabel="step Δ", ylabel="error of the slope of exp at 1", ylim=(1e-13, 10))
ax.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# Too large a step misses the limit, too small a step drowns in rounding. `gradcheck` chooses the step, checks every
# edge and every leaf, and knows how much error to allow.

# %%
x, y = Value(3.0, label="x"), Value(-4.0, label="y")
print(gradcheck(Sigmoid.apply(swish(x) + Multiply.apply(x, y) / 4)))

# %% [markdown]
# Now a slip. Somebody mixed up the operands: the number of each goes to itself.


# %%
class WrongMultiply(Multiply):
    @staticmethod
    def backward(ctx, grad_z):
        x, y = ctx.saved_tensors
        return x * grad_z, y * grad_z


report = gradcheck(WrongMultiply.apply(x, y) + x)
print(report)

# %% [markdown]
# The edges are checked one by one, so the sum is acquitted and the culprit has a name.
#
# ## What has no derivative
#
# Where a derivative jumps, one of the two slopes must be chosen. At the corner of ReLU the library says 0 (as PyTorch
# does; the lecture's table says 1), and the check tells that there is nothing to compare:

# %%
print(gradcheck(relu(Value(0.0, label="x"))))

# %% [markdown]
# The step function is flat, so its derivative is 0 and nothing is learned through it. The index of the largest element
# is a whole number: a small change leaves it as it is, or makes it jump. Asked for a gradient, the library refuses
# rather than give a zero that looks like an answer. So too for rounding. Sampling and nearest neighbours are of the
# same kind.

# %%
x = Value(0.5, label="x")
print("step:   derivative", float(grad(heaviside(x), x)))
scores = fastpath.Tensor([5.0, 4.0, 2.0], requires_grad=True)
for name, refused in {"argmax": lambda: argmax(scores).backward(), "round": lambda: round(x * 3).backward()}.items():
    try:
        refused()
    except NotDifferentiableError as error:
        print(f"{name + ':':7} {error}")
print("softmax of the same scores:", softmax(scores).data.round(3))

# %% [markdown]
# ## Dynamic graphs: define by run
#
# A graph is a record of what was computed. `if` and `for` are Python's own, and the graph holds the branch that was
# taken. Run with another number, the program has another graph.


# %%
def collatz(x):
    """Halve it or triple it, three times."""
    for _ in range(3):
        x = x / 2 if x.data % 2 == 0 else 3 * x + 1
    return x


draw(collatz(Value(6.0, label="x")), precision=3)

# %%
draw(collatz(Value(8.0, label="x")), precision=3)

# %% [markdown]
# ## Static graphs: define, then run
#
# The other way, the *symbolic* one of lecture 002: first write the whole graph, without numbers, then run it as often
# as you like. $C = B \cdot A$, $D = C + 1$, run with `A = ones(10)`, `B = 2·ones(10)`. The imperative way, for
# comparison, computes at once:

# %%
a = np.ones(10)
b = np.ones(10) * 2
c = b * a
d = c + 1
print("imperative:", d)

# %%
A, B = Value(1.0, label="A"), Value(2.0, label="B")
C = B * A
D = C + 1
draw(D)

# %% [markdown]
# This graph was built from single numbers. Compiled, it is a function of whole arrays, and the labels are its
# arguments:

# %%
f = fastpath.compile(D)
d_compiled = f(A=np.ones(10), B=np.ones(10) * 2)
print("compiled:  ", d_compiled)
print("the same as the imperative one:", np.array_equal(d, d_compiled))

# %% [markdown]
# It has its gradients too: $\partial D/\partial A = B$ and $\partial D/\partial B = A$, for each element.

# %%
value, gradients = f.value_and_grad(A=np.arange(4.0), B=np.full(4, 2.0))
print("D =", value)
for name in ("A", "B"):
    print(f"dD/d{name} =", gradients[name])

# %% [markdown]
# A graph may also begin as text, a formula. This is the graph of lecture 004, at (1, 2, ½):

# %%
expression = parse("root(exp(mul(x3, add(x1, x2))))")
result = expression.graph(x1=1, x2=2, x3=0.5)
draw(result)

# %%
print(f"value {result.data:.6f}")
for leaf in trace(result).leaves:
    print(f"∂/∂{leaf.name} = {leaf.grad:.6f}")

# %% [markdown]
# ## By hand
#
# Your own operation is stepped through like all others. Say each number before it is shown:

# %%
x, y = Value(3.0, label="x"), Value(-4.0, label="y")
L = Multiply.apply(x, y) ** 2
steps(L).player(predict=True)

# %% [markdown]
# And on paper:

# %%
steps(L).worksheet("backward")

# %% [markdown]
# ## Exercises
#
# Put your answers in and run the cells. The answers are at the end, folded.
#
# **1.** Write the backward of a division, $z = x/y$. The class runs as it stands, but its two
# gradients are wrong. Mend the backward, and run the cell.


# %% jupyter={"source_hidden": true}
def check(function):
    x, y = Value(3.0), Value(2.0)
    (5 * function.apply(x, y)).backward()
    by_x, by_y = 5 / 2, -5 * 3 / 2**2
    if abs(x.grad - by_x) < 1e-9 and abs(y.grad - by_y) < 1e-9:
        print("right")
    elif abs(5 * x.grad - by_x) < 1e-9:
        print("not yet: multiply the local derivative by the upstream gradient, grad_z")
    elif abs(x.grad - by_x) < 1e-9 and abs(y.grad + by_y) < 1e-9:
        print("not yet: only the sign of the second is wrong: a larger y makes the quotient smaller")
    elif abs(x.grad - by_x) < 1e-9:
        print("not yet: the first is right; for the second, what is the slope of 1/y?")
    else:
        print(
            f"not yet: 5x/y at x = 3, y = 2 should have the slopes {by_x} and {by_y}, yours are {x.grad} and {y.grad}"
        )


# %%
class Divide(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x / y

    @staticmethod
    def backward(ctx, grad_z):
        # the operands are in ctx.saved_tensors
        return grad_z, grad_z


check(Divide)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (
        -16.0,
        "upstream × local, and the local derivative by x is y",
        {12.0: "that is the share of y", -4.0: "the upstream gradient is missing"},
    ),
    (-1.5, "the slope of 1/y is −1/y²", {1.5: "the sign: a larger y makes the quotient smaller"}),
)

# %% [markdown]
# **2.** $z = x y$ at $x = 3$, $y = -4$, and the upstream gradient is 4. What does $x$ get?

# %%
quick(1, None)

# %% [markdown]
# **3.** $z = x/y$ at $x = 6$, $y = 2$. What is the local derivative by $y$?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# class Quotient(Divide):
#     @staticmethod
#     def backward(ctx, grad_z):
#         x, y = ctx.saved_tensors
#         return grad_z / y, -grad_z * x / (y * y)
#
#
# check(Quotient)
# quick(1, 4 * -4)
# quick(2, -6 / 2**2)
# ```
#
# </details>
