# %% [markdown]
# # 3. Activations
#
# Between two layers stands a function that is not a straight line. Which one? What matters for learning is its slope:
# on the way back every gradient is multiplied by it.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalargrad import OPS, Value, grad, maximum, plots, relu, sigmoid, tanh

# %%
# isort: split
from lesson import draw, quiz, steps

# %% [markdown]
# ## The table
#
# Each activation is a row of the library's table of operations. The row knows its derivative, and can write it down:

# %%
names = ["sigmoid", "tanh", "softsign", "heaviside", "softplus", "relu", "leaky_relu", "elu"]
print(f"{'f(x)':20} {'∂f/∂x':32}   what it is")
for name in names:
    row = OPS[name]
    operands = ("x", *{"leaky_relu": "a", "elu": "α"}.get(name, ""))
    print(f"{row.text_of(*operands):20} {row.formula(0, operands):32}   {row.note.partition(';')[0]}")

# %% [markdown]
# The lecture has the same table. Are its slopes the library's? Away from 0, and at 0:

# %%
a, alpha = 0.01, 1.0  # the slope of the leaky ReLU, the α of the ELU
lecture = {
    "sigmoid": lambda x, f: f * (1 - f),
    "tanh": lambda x, f: 1 - f**2,
    "softsign": lambda x, f: 1 / (1 + abs(x)) ** 2,
    "heaviside": lambda x, f: 0,
    "softplus": lambda x, f: 1 / (1 + np.exp(-x)),
    "relu": lambda x, f: 1 if x >= 0 else 0,
    "leaky_relu": lambda x, f: 1 if x >= 0 else a,
    "elu": lambda x, f: 1 if x >= 0 else f + alpha,
}
for name, slope in lecture.items():
    f = OPS[name]
    away = all(abs(slope(x, f(x)) - float(grad(f)(x))) < 1e-12 for x in (-3.0, -0.5, 0.5, 3.0))
    here, there = float(grad(f)(0.0)), slope(0.0, f(0.0))
    at_zero = "agrees" if abs(here - there) < 1e-12 else f"lecture {there:g}, here {here:g}"
    print(f"{name:11} away from 0: {'agrees' if away else 'differs'}   at 0: {at_zero}")

# %% [markdown]
# ReLU and leaky ReLU have a corner at 0, with two slopes to choose from. The lecture takes the right one, this library
# the left one, as PyTorch does. ELU with α = 1 has no corner.

# %%
plots.activations()
plt.show()

# %% [markdown]
# One more: **maxout** has no fixed shape. It is the larger of two straight lines, $\max(w_1 x + b_1, w_2 x + b_2)$,
# and learns both. The gradient goes to the line that won.

# %%
x = Value(2.0, label="x")
w1, b1 = Value(0.5, label="w1"), Value(1.0, label="b1")
w2, b2 = Value(-1.0, label="w2"), Value(0.5, label="b2")
draw(maximum(w1 * x + b1, w2 * x + b2))

# %% [markdown]
# ## Saturation
#
# Far from 0 the sigmoid is flat. The neuron is sure of itself, and learns almost nothing: it is *saturated*.

# %%
print("   z      σ(z)         slope")
for z in (0.0, 1.0, 2.0, 5.0, 10.0, 20.0):
    node = Value(z)
    y = sigmoid(node)
    y.backward()
    print(f"{z:5.1f}   {y.data:.6f}   {node.grad:.10f}")

# %% [markdown]
# ## The vanishing gradient
#
# The slope of the sigmoid is at most ¼. In a chain of layers the slopes are multiplied, so each sigmoid takes at least
# three quarters of the gradient away. The lecture calls a deep network that has stopped learning for this reason
# *paralysed*.

# %%
x = Value(0.5, label="x")
y = x
for _ in range(4):
    y = sigmoid(y)
draw(y, precision=4)

# %%
depth = 30
figure, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
for activation, style in ((sigmoid, "o-"), (tanh, "s--"), (relu, "^:")):
    x = Value(0.5)
    layers = [x]
    for _ in range(depth):
        layers.append(activation(layers[-1]))
    layers[-1].backward()
    ax.semilogy([abs(node.grad) for node in layers], style, markersize=3, label=activation.name)
ax.set(xlabel="layer (the input is 0)", ylabel="gradient at the layer")
ax.legend(frameon=False)
plt.show()
x = Value(0.5)
y = x
for _ in range(depth):
    y = sigmoid(y)
y.backward()
print(f"after {depth} sigmoids the gradient is {x.grad:.1e}")

# %% [markdown]
# ReLU passes the gradient on as it is, as long as its input is positive. That is why deep networks use it. Its price:
# on the negative side nothing passes, and a neuron that is negative for all data is dead. Leaky ReLU and ELU leave a
# way back:

# %%
for name in ("relu", "leaky_relu", "elu"):
    print(f"{name:11} slope at −2: {float(grad(OPS[name])(-2.0)):.4f}")

# %% [markdown]
# ## By hand
#
# A neuron whose activation is tanh. Say each number before it is shown:

# %%
w, x = Value(0.5, label="w"), Value(2.0, label="x")
L = tanh(w * x) + relu(w)
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
# **1.** A chain of five sigmoids with weights 1. What is the largest number the gradient of its input can possibly be?
# (No input reaches it; it is a bound.) Put it in, with four decimals or as a power, and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    if abs(answer - 0.25**5) < 6e-5 and answer:
        print("right")
    elif answer == 1.25:
        print("not yet: the slopes are multiplied, not added")
    elif answer == 0.25:
        print("not yet: that is one sigmoid; there are five in a row")
    else:
        print("not yet: how steep is one sigmoid at most? And what happens to slopes in a chain?")


# %%
answer = 0.0
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (1.0, "1 − tanh²(0)", {0.0: "that is the value"}),
    (
        0.01,
        "on the negative side it is the small slope a",
        {1.0: "that is the positive side", 0.0: "that is ReLU without the leak"},
    ),
)

# %% [markdown]
# **2.** What is the slope of tanh at 0?

# %%
quick(1, None)

# %% [markdown]
# **3.** What is the slope of the leaky ReLU with $a = 0.01$ at −2?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# steepest = float(grad(sigmoid)(0.0))
# print(f"{steepest}⁵ = {steepest**5:.6f}")
# check(steepest**5)
# quick(1, 1)
# quick(2, 0.01)
# ```
#
# </details>
