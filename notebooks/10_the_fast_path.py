# %% [markdown]
# # 10. The fast path
#
# Scalar code is easy to read and slow to run: a network of 337 weights makes a graph of more than a thousand nodes for
# every single example. But the neurons of a layer all do the same, with other weights. `fastpath.compile` finds that
# out: it runs your function once, looks at the graph, and turns it into a few products of matrices. The code stays as
# it is.

# %%
import matplotlib.pyplot as plt
import numpy as np

import fastpath
from scalargrad import Value, data, metrics, nn, optim, plots, relu, sigmoid
from scalargrad.graph import topological_order

# %%
# isort: split
from lesson import draw

# %% [markdown]
# ## One neuron, many examples
#
# Here is the lecture's sigmoid neuron as a function of one example `x`. Compiled, it takes a whole table of examples,
# one in each row. The three weights are ordinary Values.

# %%
w0, w1, w2 = Value(2.0, label="w0"), Value(-3.0, label="w1"), Value(-3.0, label="w2")


def neuron(x):
    return sigmoid(w0 * x[0] + w1 * x[1] + w2)


many = fastpath.compile(neuron, reduction="none")
X = np.array([[-1.0, -2.0], [0.5, 0.1], [2.0, 0.0]])
print("compiled  ", many(X).round(6))
print("one by one", np.array([neuron(x).data for x in X]).round(6))

# %% [markdown]
# What has it made of the code? First the scalar graph becomes a short program over arrays. `N` is the number of
# examples: two multiplications and one addition have become a product of the table with the vector of weights.

# %%
print(many.lifted(X))

# %% [markdown]
# ## A network becomes three matrix products
#
# This is micrograd's own demonstration: two half-moons, a network with two hidden layers of 16, the hinge loss, and a
# penalty on the squares of all weights. The loss is written for **one** example.

# %%
X, y = data.moons(100, noise=0.1, labels=(-1, 1), seed=0)
model = nn.MLP(2, [16, 16], 1, activation="relu", seed=0)


def loss(x, y):
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    return relu(1 - y * model(x)) + penalty


one = loss(X[0], float(y[0]))
print(f"the scalar graph of one example: {len(topological_order(one))} nodes")

f = fastpath.compile(loss)
plan = f.plan(X, y)
print(f"the plan for all {len(X)} examples, with all gradients: {len(plan.instructions)} instructions")

# %%
print(plan)

# %% [markdown]
# Three products forward, five backward: one for each layer's weights and one for each layer's inputs, but nobody needs
# the gradient of `x`. The gradients of all weights are written side by side into one vector, and the arrays marked `*`
# use memory that was used before.

# %%
draw(plan, legend=False)

# %% [markdown]
# The numbers are those of the scalar engine, up to the last digits:

# %%
value = f.backward(X, y)
compiled = np.array([p.grad for p in model.parameters()])

twin = nn.MLP(2, [16, 16], 1, activation="relu", seed=0)
whole = sum(relu(1 - float(b) * twin(a)) for a, b in zip(X, y)) / len(X)
whole = whole + 1e-4 * sum(p * p for p in twin.parameters())
whole.backward()
scalar = np.array([p.grad for p in twin.parameters()])
print(f"loss: compiled {value:.12f}, scalar {whole.data:.12f}")
print("the gradients agree to 1e-12:", bool(np.allclose(compiled, scalar, rtol=1e-12, atol=1e-14)))

# %% [markdown]
# ## Training
#
# An optimizer is given the model as ever. The Values show the trained numbers whenever they are read, although no
# step has touched them one by one.

# %%
optimizer = optim.Momentum(model, lr=0.05, momentum=0.9)
model.zero_grad()
losses = []
for _ in range(300):
    optimizer.zero_grad()
    losses.append(f.backward(X, y))
    optimizer.step()
first = model.parameters()[0]
print(f"{first.label} = {first.data:.4f}, after a loss from {losses[0]:.3f} down to {losses[-1]:.4f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
plots.loss_curves({"moons": losses}, left, log=True, xlabel="step")
plots.decision_regions(model, X, y, right)
plt.show()
guesses = np.sign([float(model(x)) for x in X])
print("accuracy:", metrics.accuracy(y, guesses))

# %% [markdown]
# ## What cannot be compiled
#
# A plan is made once and runs for every example. So the code may not look at a number to decide what to do: the answer
# would be frozen. It is told which line did it, and what to write instead.


# %%
def branching(x, y):
    score = model(x)
    if score > 0:
        return relu(1 - y * score)
    return 0.1 * score


try:
    fastpath.compile(branching)(X, y)
except TypeError as error:
    print(error)

# %% [markdown]
# ## Static and dynamic graphs
#
# The lecture compares two styles. In the *imperative* one every line computes at once. In the *symbolic* one you first
# define the graph, then compile it, then run it with numbers: `C = B·A`, `D = C + 1`.

# %%
A, B = Value(1.0, label="A"), Value(1.0, label="B")
C = B * A
D = C + 1
run = fastpath.compile(D)
print(run(A=np.ones(10), B=2 * np.ones(10)))
value, gradients = run.value_and_grad(A=np.arange(3.0), B=2.0)
print("D =", value, "  ∂D/∂A =", gradients["A"], "  ∂D/∂B, added up over all places =", gradients["B"])

# %% [markdown]
# ## Exercise
#
# Write the loss of logistic regression, $-\log\sigma(t \cdot z)$ with labels $t = \pm 1$ and
# $z = x_0 v_0 + x_1 v_1 + v_2$, for **one** example. (`-sigmoid(…).log()` would do, but is infinite far out; `softplus`
# is better: $-\log\sigma(m)$ is $\text{softplus}(-m)$.)


# %% jupyter={"source_hidden": true}
def check(f):
    expected = np.logaddexp(0, -y * (X @ [0.5, -1.0] + 0.25))
    try:
        given = fastpath.compile(f, reduction="none")(X, y)
    except TypeError as error:
        return f"not yet: {error}"
    if np.allclose(given, expected):
        return "right"
    if np.allclose(given, np.logaddexp(0, y * (X @ [0.5, -1.0] + 0.25))):
        return "not yet: look at the sign of t·z"
    if np.allclose(given, np.logaddexp(0, -y * (X @ [0.5, -1.0]))):
        return "not yet: the bias v2 is missing"
    return "not yet: z is the weighted sum with the bias, and the loss is softplus(−t·z)"


# %%
v = [Value(0.5, label="v0"), Value(-1.0, label="v1"), Value(0.25, label="v2")]


def logistic(x, t):
    return v[0] * x[0]  # your code


print(check(logistic))

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# def solved(x, t):
#     z = v[0] * x[0] + v[1] * x[1] + v[2]
#     return (-t * z).softplus()
#
#
# print(check(solved))
# ```
#
# </details>
