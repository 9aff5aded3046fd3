# %% [markdown]
# # 5. Gradient descent
#
# The gradient tells in which direction the error grows. So take a step the other way:
#
# $w \leftarrow w - \eta\, \partial E/\partial w$
#
# and again. Two questions remain: how long is a step (the *learning rate* η), and how many examples must be seen before
# each?

# %%
import matplotlib.pyplot as plt
import numpy as np

from fastpath import Tensor
from scalargrad import (
    Value,
    data,
    eta_max,
    eta_opt,
    fit,
    grad,
    hessian,
    largest_eigenvalue,
    mean,
    nn,
    plots,
    square,
)  # fmt: skip

# %%
# isort: split
from lesson import quiz, steps

# %% [markdown]
# ## One weight
#
# $E = \frac12 \lambda w^2$ is a parabola with its bottom at 0. The slope is $\lambda w$, so a step takes $w$ to
# $w - \eta\lambda w = (1 - \eta\lambda)\,w$. Everything depends on the factor $1 - \eta\lambda$.

# %%
curvature = 2.0


def error(w):
    return 0.5 * curvature * w**2


def descend(error, w, rate, steps):
    path = [w]
    for _ in range(steps):
        w = w - rate * float(grad(error)(w))
        path.append(w)
    return np.array(path)


figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.5), sharey=True, layout="constrained")
line = np.linspace(-2.8, 2.8, 101)
for ax, rate, told in zip(axes, (0.15, 0.5, 0.9, 1.05), ("too small: slow", "1/λ: one step", "goes past", "too large")):
    path = descend(error, 1.8, rate, 4)
    ax.plot(line, error(line), "k", linewidth=0.8)
    ax.plot(path, error(path), "o-", markersize=4)
    ax.set(title=f"η = {rate}: {told}", xlabel="w", xlim=(-3, 3))
    ax.title.set_fontsize(9)
axes[0].set_ylabel("E")
plt.show()

# %% [markdown]
# The factor is 0 at the **optimal rate** $\eta_{opt} = 1/E''$. It is −1 at twice that rate: from there on every step
# ends farther from the bottom than it began. So $\eta_{max} = 2\,\eta_{opt}$. The second derivative is one call away:

# %%
w = Value(1.8, label="w")
second = grad(grad(error(w), w), w)
print(f"E'' = {second.data:g}, η_opt = {1 / second.data:g}, η_max = {2 / second.data:g}")
for rate in (0.15, 0.5, 0.9, 1.0, 1.05):
    path = descend(error, 1.8, rate, 3)
    print(f"η = {rate:4}: factor {1 - rate * second.data:5.2f}   w =", "  ".join(f"{x:8.4f}" for x in path))

# %% [markdown]
# ## Two weights: the lecture's example
#
# Lecture 001 has 100 examples of two classes, each a cloud around its centre, and one linear neuron with the error
# $E = \frac12 \cdot$ mean of $(w \cdot x - y)^2$. The data are rebuilt here: centres ±(0.4, 0.8), variance 0.04.

# %%
X, y = data.gaussians(100, seed=0, labels=(-1, 1))
figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
for label, marker in ((-1, "x"), (1, "o")):
    ax.scatter(*X[y == label].T, s=18, marker=marker, label=f"y = {label:+d}")
ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# With two weights there are two curvatures: the eigenvalues of the **Hessian**, the table of second derivatives. The
# steepest direction sets the limit for all of them. (`largest_eigenvalue` never makes the table: for a million weights
# it would be too large. It needs only the products Hv.)


# %%
def verdict(what, lecture, exact):
    half_a_digit = 0.5 * 10.0 ** -len(lecture.partition(".")[2])
    print(f"{what:8} lecture {lecture}   exact {exact:.6f}   ", end="")
    print("agrees" if abs(exact - float(lecture)) <= half_a_digit else "differs")


def set_error(w, inputs=X, targets=y):
    return mean(square(inputs @ w - targets)) / 2


start = np.array([-1.5, 0.5])
H = np.array(hessian(set_error, start), dtype=float)
print("Hessian:", H.round(6).tolist(), "  eigenvalues:", np.linalg.eigvalsh(H).round(6))
verdict("λ_max", "0.84", largest_eigenvalue(set_error, start))
verdict("η_max", "2.38", eta_max(set_error, start))
print(f"η_opt, for this direction alone: {eta_opt(set_error, start):.6f}")

# %% [markdown]
# (The lecture's neuron has a bias as well. Its input is always 1, which is a third direction with a curvature of its
# own: the mean of 1². Without it the numbers are the lecture's.)

# %%
with_bias = np.column_stack([X, np.ones(len(X))])
H3 = np.array(hessian(lambda w: set_error(w, with_bias), np.zeros(3)), dtype=float)
print("eigenvalues with a bias:", np.linalg.eigvalsh(H3).round(6))

# %% [markdown]
# The lecture runs it at η = 2.5, above the limit. In the steep direction each step multiplies the distance from the
# bottom by $|1 - 2.5 \cdot 0.84| = 1.1$.


# %%
def batch_descent(rate, steps):
    w = Tensor(start, requires_grad=True)
    path, errors = [w.data.copy()], []
    for _ in range(steps):
        w.grad = None
        error = set_error(w)
        error.backward()
        errors.append(error.item())
        w.data -= rate * w.grad
        path.append(w.data.copy())
    return np.array(path), np.array(errors)


best = np.linalg.lstsq(X, y, rcond=None)[0]
directions = np.linalg.eigh(H)[1]
path, errors = batch_descent(2.5, 40)
distance = np.abs((path - best) @ directions[:, 1])
print("distance in the steep direction:", "  ".join(f"{d:.4f}" for d in distance[:6]))
print("each divided by the one before: ", "  ".join(f"{d:.4f}" for d in distance[1:6] / distance[:5]))


# %%
def draw_paths(ax, error, paths):
    window = {"x": (-2, 4), "y": (-2, 3), "xlabel": "$w_1$", "ylabel": "$w_2$"}
    plots.optimizer_paths(lambda a, b: error(np.array([a, b])), paths, ax, minimum=best, **window)


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for rate, style in ((0.2, "-"), (1.2, "--"), (2.3, ":"), (2.5, "-.")):
    path, errors = batch_descent(rate, 40)
    left.semilogy(errors - set_error(best), style, label=f"η = {rate}")
left.set(xlabel="step", ylabel="E above its minimum")
left.legend(frameon=False, fontsize=8)
paths = {f"η = {rate}": batch_descent(rate, 7)[0] for rate in (0.2, 2.3, 2.5)}
draw_paths(right, set_error, paths)
plt.show()

# %% [markdown]
# Even the good rates creep in the flat direction: its curvature is 21 times smaller, and no rate suits both. Momentum
# and adaptive steps (the next notebook) are made for that.
#
# ## Batch, stochastic, mini-batch
#
# So far every step looked at all 100 examples: **batch** gradient descent. **Stochastic** descent takes a step after
# each single example, **mini-batch** descent after a few. A look at all examples is an *epoch*, a step is an
# *iteration*.


# %%
def descend_in_batches(rate, size, epochs, seed=0):
    w = Tensor(start, requires_grad=True)
    path, rng = [start], np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for batch in np.split(order, len(X) // size):
            w.grad = None
            set_error(w, X[batch], y[batch]).backward()
            w.data -= rate * w.grad
            path.append(w.data.copy())
    return np.array(path)


paths = {
    "batch, η = 2": descend_in_batches(2.0, 100, 2),
    "mini-batch of 10, η = 1": descend_in_batches(1.0, 10, 2),
    "stochastic, η = 0.2": descend_in_batches(0.2, 1, 2),
}
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3), sharey=True, layout="constrained")
for ax, (name, path) in zip(axes, paths.items()):
    draw_paths(ax, set_error, {name: path})
    ax.set_title(name, fontsize=9)
    ax.get_legend().remove()
plt.show()

# %% [markdown]
# Two epochs each. Batch descent took two steps, stochastic descent two hundred. They are noisy, but the gradient of a
# few examples is already nearly that of all, and so an epoch goes much farther. The lecture ran the stochastic one with
# η = 0.2 and calls that a batch rate of 20, a hundred steps of 0.2. As a batch step, 20 would be far above the limit of
# 2.38; in small steps it is fine.

# %%
print("method                     iterations an epoch   E above its minimum after 2, 5, 20 epochs")
lowest = set_error(best)
for name, rate, size in (("batch", 2.0, 100), ("mini-batch of 10", 1.0, 10), ("stochastic", 0.2, 1)):
    per_epoch = len(X) // size
    path = descend_in_batches(rate, size, 20)
    left = "  ".join(f"{set_error(path[epochs * per_epoch]) - lowest:.6f}" for epochs in (2, 5, 20))
    print(f"{name + f', η = {rate:g}':26} {per_epoch:19}   {left}")

# %% [markdown]
# The noise has its price: with a fixed rate the small batches never come to rest. They jump about near the bottom, the
# farther the larger the rate is. A rate that shrinks, as 1/t, cures it.
#
# ## When to stop
#
# When the error is small enough, or when the iterations are spent:

# %%
w = Tensor(start, requires_grad=True)
goal, most = lowest + 1e-3, 1000
current, taken = set_error(w), 0
while current.item() > goal and taken < most:
    w.grad = None
    current.backward()
    w.data -= 1.2 * w.grad
    current, taken = set_error(w), taken + 1
print(f"stopped after {taken} steps at E = {current.item():.6f}; the minimum is {lowest:.6f}")

# %% [markdown]
# The library has this loop, with batches, validation and a history: `fit`.

# %%
neuron = nn.Linear(2, 1, bias=False, init=start[:, None], backend="tensor")
history = fit(neuron, X, y[:, None], loss=lambda p, t: nn.mse(p, t) / 2, lr=1.2, epochs=most, stop=goal)
print(history)

# %% [markdown]
# ## By hand
#
# The slope of one example's error. Say each number before it is shown:

# %%
w, x = Value(-1.0, label="w"), Value(2.0, label="x")
L = 0.5 * (w * x - 1) ** 2
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
# **1.** The error is $E(w_1, w_2) = 4 w_1^2 + \frac12 w_2^2$. What is the largest learning rate at which gradient
# descent does not diverge? Put it in, and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    curvatures = np.linalg.eigvalsh(np.array(hessian(lambda w: 4 * w[0] ** 2 + w[1] ** 2 / 2, [1.0, 1.0]), float))
    hints = {
        2 / curvatures[1]: "right",
        1 / curvatures[1]: "not yet: that is the best rate for the steep direction; the limit is twice as large",
        2 / curvatures[0]: "not yet: that suits the flat direction; the steep one sets the limit",
        0.5: "not yet: the second derivative of 4w² is not 4",
    }
    for number, hint in hints.items():
        if abs(answer - number) < 1e-6:
            return print(hint)
    return print("not yet: write down the second derivatives; the limit is 2 divided by the larger one")


# %%
answer = 0.0
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (0.8, "w − η·dE/dw, and dE/dw is 2w", {1.2: "the step goes against the slope", 0.9: "the slope of w² is 2w"}),
    (0.2, "one over the second derivative", {0.4: "that is the largest rate", 5.0: "that is the second derivative"}),
)

# %% [markdown]
# **2.** $E = w^2$, $w = 1$, $\eta = 0.1$. Where is $w$ after one step?

# %%
quick(1, None)

# %% [markdown]
# **3.** $E = \frac{5}{2} w^2$. What is the optimal learning rate?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# limit = eta_max(lambda w: 4 * w[0] ** 2 + w[1] ** 2 / 2, np.array([1.0, 1.0]))
# print(f"the second derivatives are 8 and 1, and 2/8 = {2 / 8}; eta_max says {limit:.6f}")
# check(2 / 8)
# quick(1, 1 - 0.1 * 2)
# quick(2, 1 / 5)
# ```
#
# </details>
