# %% [markdown]
# # 1. Values and the chain rule
#
# A computation is a graph. Every node is a number; every edge says what that number was used for. Going backward over
# the edges, one rule gives all derivatives at once:
#
# **downstream = upstream × local**
#
# *upstream* is what the result's derivative is at the node an edge leads to, *local* is the derivative of that one
# operation, and *downstream* is the share that goes to the node the edge comes from.

# %%
from scalargrad import Value, draw, exp, lectures, steps, trace

# %% [markdown]
# ## The sigmoid neuron
#
# Two inputs, two weights and a bias, and the logistic function written out in its own operations:
# $f = 1/(1 + e^{-(w_0 x_0 + w_1 x_1 + w_2)})$.

# %%
w0, x0 = Value(2.0, label="w0"), Value(-1.0, label="x0")
w1, x1 = Value(-3.0, label="w1"), Value(-2.0, label="x1")
w2 = Value(-3.0, label="w2")
f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))
draw(f)

# %% [markdown]
# Green is what the forward pass computed, red what the backward pass did: on each edge upstream × local = downstream,
# and below it the formula of the local derivative. The same step by step: press ▶, or the arrow keys after a click into
# it. (Where no script may run, a picture and a table stand here.)

# %%
steps(f, precision=2)

# %% [markdown]
# ### The numbers of the lecture
#
# The slides round to two digits at each step. So `x0` gets 0.2 × 2 = 0.4 there, and 0.39 here. With `rounding=2` the
# steps are computed as on the slides, and tell the exact number beside:

# %%
for step in steps(f, rounding=2)[-4:]:
    print(step.text)
lectures.system("sigmoid-neuron")

# %% [markdown]
# The last four operations are one function, the sigmoid, whose derivative is $\sigma(1 - \sigma)$. As a single gate the
# graph is shorter and the gradients are the same.

# %%
gate = (w0 * x0 + w1 * x1 + w2).sigmoid()
draw(gate)

# %% [markdown]
# ## Forks
#
# A node that is used more than once gets a share from each use, and its gradient is their sum. In $a \cdot a + a$ the
# node `a` has three edges: two into the product, one into the sum.

# %%
a = Value(3.0, label="a")
y = a * a + a
draw(y)

# %%
for edge in trace(y).edges_from(0):
    print(f"{edge.upstream:g} × {edge.local:g} = {edge.downstream:g}   (∂ = {edge.formula})")

# %% [markdown]
# ## Exercise
#
# Without running it first: what is $\partial y/\partial a$ for $y = a^2 b + b$ at $a = 2$, $b = 5$, and what is
# $\partial y/\partial b$? Put your numbers in, and run the cell.

# %%
answer_a, answer_b = 0.0, 0.0


def check(answer_a, answer_b):
    a, b = Value(2.0, label="a"), Value(5.0, label="b")
    (a**2 * b + b).backward()
    if (answer_a, answer_b) == (a.grad, b.grad):
        print("right")
    elif answer_a != a.grad:
        print("not yet: only one of the two terms has an a, and its local derivative is 2a·b")
    else:
        print("not yet: count the edges that leave b")


check(answer_a, answer_b)

# %% [markdown]
# Try it before you run the next cell: it gives the answer.

# %%
print(f"∂y/∂a = 2ab = {2 * 2 * 5}, ∂y/∂b = a² + 1 = {2**2 + 1}")
check(2 * 2 * 5, 2**2 + 1)
