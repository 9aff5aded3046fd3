# %% [markdown]
# # 6. Optimizers
#
# Gradient descent has one rate for all directions, and forgets every step it took. Each of the rules below remembers
# something: the last step, or how large the gradients have been.

# %%
from itertools import islice, pairwise

import matplotlib.pyplot as plt
import numpy as np

from fastpath import Tensor
from scalargrad import Value, data, grad, nn, optim, plots

# %%
# isort: split
from lesson import quiz, steps

# %% [markdown]
# ## The rules, as the lecture writes them
#
# With $g$ for the gradient $\nabla f(x)$. Each is a few lines: it hands out $x$, makes a step, and begins again.
# (Lecture 000; Rprop is a heading of lecture 003.)


# %%
def descent(g, x, rate):
    while True:
        yield x
        x = x - rate * g(x)


def momentum(g, x, rate, beta=0.9):
    before = x
    while True:
        yield x
        x, before = x - rate * g(x) + beta * (x - before), x


def nesterov(g, x, rate, beta=0.9):
    v = 0 * x
    while True:
        yield x
        v = beta * v - rate * g(x + beta * v)
        x = x + v


def adagrad(g, x, rate, epsilon=1e-10):
    total = 0 * x
    while True:
        yield x
        total = total + g(x) ** 2
        x = x - rate / np.sqrt(total + epsilon) * g(x)


def rmsprop(g, x, rate, gamma=0.9, epsilon=1e-10):
    total = 0 * x
    while True:
        yield x
        total = gamma * total + (1 - gamma) * g(x) ** 2
        x = x - rate / np.sqrt(total + epsilon) * g(x)


def adam(g, x, rate, beta1=0.9, beta2=0.999, epsilon=1e-10):
    v = total = 0 * x
    while True:
        yield x
        v = beta1 * v + (1 - beta1) * g(x)
        total = beta2 * total + (1 - beta2) * g(x) ** 2
        x = x - rate / np.sqrt(total + epsilon) * v


def rprop(g, x, rate, grow=1.2, shrink=0.5):
    step, before = rate + 0 * x, 0 * x
    while True:
        yield x
        now = g(x)
        step = step * np.where(now * before > 0, grow, np.where(now * before < 0, shrink, 1))
        x, before = x - step * np.sign(now), now


# %% [markdown]
# (Rprop looks only at the sign of each slope: the same sign again, and the step grows; another sign, and it shrinks.)
#
# On $f(x) = x^2$ from $x = 1$, with $\alpha = 0.1$ and $\beta = 0.9$, the first iterates:


# %%
def slope(x):
    return float(grad(lambda x: x**2)(x))


def first(rule, count=4, **settings):
    return list(islice(rule(slope, 1.0, 0.1, **settings), 1, count + 1))


for rule in (descent, momentum, nesterov, adagrad, rmsprop, adam, rprop):
    print(f"{rule.__name__:9}", "  ".join(f"{x:9.6f}" for x in first(rule)))

# %% [markdown]
# ## The same in the library, and in PyTorch
#
# The library has all of them, in the lecture's form and in PyTorch's, which bears the same names but is not always the
# same:


# %%
def iterates(kind, start=1.0, count=4, **settings):
    """The first iterates of one of the library's optimizers on x²."""
    x = Value(start)
    optimizer = kind([x], **settings)

    def gradient():
        optimizer.zero_grad()
        (x * x).backward()

    path = []
    for _ in range(count):
        optimizer.step(gradient)
        path.append(x.data)
    return path


print(f"{'':9} {'as the lecture writes it':44} as PyTorch does it")
for kind in (optim.GD, optim.Momentum, optim.Nesterov, optim.Adagrad, optim.RMSProp, optim.Adam, optim.Rprop):
    two = (iterates(kind, lr=0.1, variant=variant) for variant in ("lecture", "torch"))
    print(f"{kind.__name__:9}", "     ".join("  ".join(f"{round(x, 4) + 0.0:8.4f}" for x in path) for path in two))

# %% [markdown]
# Three differ. **Nesterov**: PyTorch's $x$ is the lecture's point of looking ahead, $x + \beta v$. **RMSProp**: PyTorch
# remembers longer, γ = 0.99 instead of 0.9, so its first step is $\alpha/\sqrt{0.01}$, ten times α. **Adam**: PyTorch
# *corrects* both averages, which begin at 0 and so are too small at first. (And ε stands outside of PyTorch's roots.)

# %%
x = [1.0, *first(nesterov)]
ahead = [after + 0.9 * (after - before) for before, after in pairwise(x)]
print("lecture's x + βv:", [round(number, 6) for number in ahead])
print("PyTorch's x:     ", [round(number, 6) for number in iterates(optim.Nesterov, lr=0.1, variant="torch")])

# %% [markdown]
# And Adam's first step. The gradient is 2, so $v = 0.1 \cdot 2$ and $G = 0.001 \cdot 2^2$. Uncorrected, the step is
# $\alpha \cdot 0.1/\sqrt{0.001}$, more than three times α. Corrected, it is α, whatever the gradient:

# %%
for variant in ("lecture", "torch"):
    (x,) = iterates(optim.Adam, lr=0.1, variant=variant, count=1)
    print(f"{variant}: the first step is {(1 - x) / 0.1:.4f} α")
print(f"0.1/√0.001 = {0.1 / np.sqrt(0.001):.4f}")

# %% [markdown]
# ## Their paths
#
# A valley that bends: $f(x, y) = (1 - x)^2 + 5(y - x^2)^2$, its lowest point at (1, 1). Sixty steps each from the same
# point.


# %%
def valley(p):
    return (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2


def valley_slope(p):
    x, y = p
    return np.array([-2 * (1 - x) - 20 * x * (y - x**2), 10 * (y - x**2)])


by_graph = np.array(grad(valley)(np.array([-1.0, 1.5])), dtype=float)
print("the slope by hand agrees with the graph:", np.allclose(by_graph, valley_slope([-1.0, 1.5])))


def adam_torch(g, x, rate):
    x = Tensor(x, requires_grad=True)
    optimizer = optim.Adam([x], lr=rate, variant="torch")
    while True:
        yield x.data.copy()
        x.grad = g(x.data)
        optimizer.step()


rules = {
    "descent, α = 0.03": (descent, 0.03),
    "momentum, α = 0.01": (momentum, 0.01),
    "Nesterov, α = 0.01": (nesterov, 0.01),
    "Adagrad, α = 0.4": (adagrad, 0.4),
    "RMSProp, α = 0.05": (rmsprop, 0.05),
    "Adam, α = 0.05": (adam, 0.05),
    "PyTorch's Adam, α = 0.15": (adam_torch, 0.15),
    "Rprop, α = 0.1": (rprop, 0.1),
}
figure, axes = plt.subplots(2, 4, figsize=(10.5, 4.6), sharex=True, sharey=True, layout="constrained")
for ax, (name, (rule, rate)) in zip(axes.flat, rules.items()):
    path = np.array(list(islice(rule(valley_slope, np.array([-1.4, 0.3]), rate), 61)))
    window = {"x": (-1.8, 1.8), "y": (-0.8, 2.2), "xlabel": "", "ylabel": ""}
    plots.optimizer_paths(lambda x, y: valley((x, y)), path, ax, minimum=(1, 1), **window)
    ax.set_title(f"{name}\nends at f = {valley(path[-1]):.4f}", fontsize=9)
    if ax.get_legend():
        ax.get_legend().remove()
plt.show()

# %% [markdown]
# Momentum and Nesterov run fast along the valley and overshoot; Nesterov looks ahead and brakes earlier. Adagrad never
# forgets, so its steps get shorter and shorter. RMSProp forgets: its steps keep their length. Adam has momentum and
# RMSProp's scale.
#
# ## A network
#
# What do the rules do for a real loss? Two half moons, and a network 2-8-8-1. The loop is always the same: forget the
# old gradients, go forward, go backward, step.

# %%
X, y = data.moons(n=200, noise=0.1, seed=0)


def train(make_optimizer, steps=200):
    model = nn.MLP(2, [8, 8], 1, seed=0, backend="tensor")
    optimizer = make_optimizer(model)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.bce_with_logits(model(X)[:, 0], y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


runs = {
    "descent, α = 0.3": lambda model: optim.GD(model, lr=0.3),
    "momentum, α = 0.3": lambda model: optim.Momentum(model, lr=0.3),
    "Nesterov, α = 0.3": lambda model: optim.Nesterov(model, lr=0.3),
    "Adagrad, α = 0.1": lambda model: optim.Adagrad(model, lr=0.1),
    "RMSProp, α = 0.02": lambda model: optim.RMSProp(model, lr=0.02),
    "Adam, α = 0.02": lambda model: optim.Adam(model, lr=0.02),
}
trained = {name: train(make) for name, make in runs.items()}
ax = plots.loss_curves({name: losses for name, (_, losses) in trained.items()})
ax.set(xlabel="step", yscale="log")
plt.show()

# %%
model, losses = trained["momentum, α = 0.3"]
plots.decision_regions(model, X, y)
plt.show()

# %% [markdown]
# (Compare with care: another rate, another winner.)
#
# ## Rates that change
#
# Large steps in the beginning, small ones at the end. The usual plans, for 100 steps:

# %%
plan = optim.schedules
schedules = {
    "constant": plan.constant(1),
    "halved every 25 steps": plan.step(1, every=25, factor=0.5),
    "exponential": plan.exponential(1, 0.97),
    "1/t": plan.inverse(1, steps=10),
    "cosine": plan.cosine(1, 100),
    "warm-up, then cosine": plan.warmup(10) * plan.cosine(1, 100),
}
figure, axes = plt.subplots(2, 3, figsize=(8, 3), sharex=True, sharey=True, layout="constrained")
for ax, (name, schedule) in zip(axes.flat, schedules.items()):
    ax.step(range(100), [schedule(t) for t in range(100)], where="post")
    ax.set_title(name, fontsize=9)
    ax.set_ylim(-0.05, 1.1)
plt.show()

# %% [markdown]
# A noisy gradient shows what they are for. Descent on $f(x) = x^2$, with noise of size 1 added to each slope:

# %%
for name, schedule in schedules.items():
    rng = np.random.default_rng(0)
    x = np.full(1000, 3.0)  # a thousand runs side by side
    for t in range(100):
        x = x - 0.4 * schedule(t) * (2 * x + rng.normal(size=1000))
    print(f"{name:22} mean of f at the end: {np.mean(x**2):.5f}")

# %% [markdown]
# ## Weight decay
#
# Add $\frac{\lambda}{2} x^2$ to the loss, and the slope gets an addition of $\lambda x$: in each step every weight
# shrinks a little, unless the data hold it. The bottom of $(x - 1)^2 + \frac{\lambda}{2} x^2$ is at
# $2/(2 + \lambda)$:

# %%
for decay in (0.0, 0.5, 2.0):
    x = Value(0.0)
    optimizer = optim.GD([x], lr=0.1, weight_decay=decay)
    for _ in range(200):
        optimizer.zero_grad()
        ((x - 1) ** 2).backward()
        optimizer.step()
    print(f"λ = {decay}: ends at {x.data:.6f}, and 2/(2 + λ) = {2 / (2 + decay):.6f}")

# %% [markdown]
# ## By hand
#
# The slope of the valley at one point. Say each number before it is shown:

# %%
x, y = Value(-1.0, label="x"), Value(1.5, label="y")
L = (1 - x) ** 2 + 5 * (y - x**2) ** 2
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
# **1.** $f(x) = x^2$, momentum as the lecture writes it, $\alpha = 0.2$, $\beta = 0.5$, and $x_0 = 1$. The first step
# has no momentum: $x_1 = 1 - 0.2 \cdot 2 = 0.6$. What is $x_2$? Put it in, and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    _, x1, x2 = islice(momentum(slope, 1.0, 0.2, beta=0.5), 3)
    hints = {
        x2: "right",
        x1 - 0.2 * 2 * x1: "not yet: that is plain descent; β times the last step is missing",
        x1 - 0.2 * 2 * x1 + 0.5 * (1 - x1): "not yet: the last step went down, so momentum carries on downward",
        x1 - 0.2 * 2 + 0.5 * (x1 - 1): "not yet: the gradient is taken at the new place, 0.6",
        x1: "not yet: that is x1; one more step",
    }
    for number, hint in hints.items():
        if abs(answer - number) < 1e-6:
            return print(hint)
    return print("not yet: from 0.6, a step of −0.2 · 2 · 0.6, and half of the last step, which was −0.4")


# %%
answer = 1.0
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (0.9, "the first step divides the gradient by its own size", {0.8: "that is plain descent"}),
    (0.1, "corrected, the first step is α, whatever the gradient", {5.0: "that is plain descent"}),
)

# %% [markdown]
# **2.** Adagrad on $x^2$ from $x = 1$ with $\alpha = 0.1$. What is $x_1$?

# %%
quick(1, None)

# %% [markdown]
# **3.** The gradient is 50 and $\alpha = 0.1$. How long is the first step of PyTorch's Adam?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# print("0.6 − 0.2 · 1.2 + 0.5 · (0.6 − 1) =", round(0.6 - 0.2 * 1.2 + 0.5 * (0.6 - 1), 6))
# check(0.6 - 0.2 * 1.2 + 0.5 * (0.6 - 1))
# quick(1, 1 - 0.1 * 2 / 2)
# quick(2, 0.1)
# ```
#
# </details>
