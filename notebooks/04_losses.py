# %% [markdown]
# # 4. Losses
#
# A loss is one number: how wrong the network is. Where do its formulas come from, and what is the first red number that
# backpropagation sends into the network? For the two losses everybody uses the answer is the same, and very simple:
# **what the network said minus what was true**.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

from scalargrad import OPS, Value, cross_entropy, exp, grad, jacobian, log, nn, sigmoid, softmax, sum

# %%
# isort: split
from lesson import draw, quiz, steps


# %% jupyter={"source_hidden": true}
def verdict(what, lecture, exact, why=""):
    """The lecture's number (as text: its digits count), the exact one, and whether rounding explains the difference."""
    digit = 10.0 ** -len(lecture.partition(".")[2])
    if abs(exact - float(lecture)) <= digit / 2:
        told = "agrees"
    else:
        told = why or ("cut off, not rounded" if abs(exact - float(lecture)) < digit else "differs")
    print(f"{what:12} lecture {lecture:>6}   exact {exact:9.6f}   {told}")


# %% [markdown]
# ## Where losses come from
#
# A coin was thrown 10 times and showed 7 heads. If heads have the probability $p$, this result has the probability
# $C_{10}^{7}\, p^7 (1-p)^3$ (**Bernoulli's** trials). The best $p$ makes what was seen most probable. A sum is easier
# to handle than a product, and a minimum is what we look for, so we take minus the logarithm: a constant and
# $-[7 \ln p + 3 \ln(1-p)]$. Divided by 10 that is the **binary cross-entropy** (BCE) with $y = 0.7$.

# %%
heads, throws = 7, 10


def likelihood(p):
    return math.comb(throws, heads) * p**heads * (1 - p) ** (throws - heads)


def bce(p, y):
    return -(y * log(p) + (1 - y) * log(1 - p))


p = np.linspace(0.01, 0.99, 99)
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.6), layout="constrained")
left.plot(p, likelihood(p))
left.set(title="probability of 7 heads of 10", xlabel="p")
right.plot(p, bce(p, heads / throws))
right.set(title="BCE with y = 0.7", xlabel="p", ylim=(0.5, 2))
for ax in (left, right):
    ax.axvline(0.7, color="k", linestyle=":")
plt.show()

# %%
p = Value(0.7, label="p")
print(f"slope of BCE at p = 0.7: {float(grad(bce(p, 0.7), p)):.6f}")

# %% [markdown]
# The second: measurements $y$ scatter around the true $m$ like the **normal distribution**, with the density
# $\frac{1}{\sigma\sqrt{2\pi}} e^{-(y-m)^2/2\sigma^2}$. Minus its logarithm is $(y-m)^2/2\sigma^2$ and a constant: the
# best $m$ has the least sum of squares, that is the least **MSE**. It is the mean.

# %%
measured = [1.2, 1.9, 2.3, 3.4]
m = Value(1.0, label="m")
for _ in range(60):
    loss = 0.0
    for y in measured:
        loss = loss + (y - m) ** 2 / len(measured)
    m = Value(m.data - 0.1 * float(grad(loss, m)), label="m")
print(f"gradient descent on MSE ends at {m.data:.6f}, the mean is {np.mean(measured):.6f}")

# %% [markdown]
# ## BCE after a sigmoid
#
# A network for two classes ends in a sigmoid, which makes a probability of any number: $p = \sigma(z)$. The number $z$
# is called the *logit*. At $z = 0.5$ and with the (soft) label $y = 0.8$:

# %%
z = Value(0.5, label="z")
p = sigmoid(z)
p.label = "p"
loss = -(0.8 * log(p) + 0.2 * log(1 - p))
draw(loss, direction="TB")

# %% [markdown]
# Two paths lead back to $p$. They meet, the fractions cancel against the slope of the sigmoid, and what reaches the
# logit is $p - y$:

# %%
loss.backward()
print(f"loss {loss.data:.6f}, dL/dz = {z.grad:.6f}, and σ(z) − y = {sigmoid(0.5) - 0.8:.6f}")

# %% [markdown]
# The library has the two as one operation. Its row in the table of operations says so in general, and its numbers are
# safe where the long way breaks down:

# %%
print("∂BCE/∂z =", OPS["bce_with_logits"].formula(0, ("z", "y")))
z = Value(50.0)
print(f"at z = 50, y = 0: in one operation {z.bce_with_logits(0.0).data:g}, the long way {bce(sigmoid(z), 0.0).data:g}")

# %% [markdown]
# With a soft label the least possible loss is not 0. It is reached at $p = y$:

# %%
logit = math.log(0.8 / 0.2)
print(f"σ(z) = {sigmoid(logit):.1f}: the loss is {OPS['bce_with_logits'](logit, 0.8):.6f}")

# %% [markdown]
# ### The lecture's two examples
#
# Lecture 002 gives a network's outputs $t = 10$ (the label is 1) and $t = -1$ (the label is 0).

# %%
for t, label, probability, chance in [(10, 1, "0.99", 0.99), (-1, 0, "0.26", 0.74)]:
    z = Value(float(t))
    loss = z.bce_with_logits(label)
    verdict(f"σ({t})", probability, sigmoid(z).data, "an error: it is far nearer to 1" if t == 10 else "")
    print(f"{'its loss':12} lecture −ln {chance} = {-math.log(chance):.6f}   exact {loss.data:.6f}   as the line above")

# %% [markdown]
# The first loss is wrong by a factor:

# %%
z = Value(10.0)
print(f"−ln 0.99 = {-math.log(0.99):.7f}, but −ln σ(10) = {z.bce_with_logits(1.0).data:.7f}")

# %% [markdown]
# ## Softmax and cross-entropy
#
# With more than two classes, softmax makes probabilities of the logits: $p_i = e^{z_i} / \sum_j e^{z_j}$. The
# cross-entropy is minus the logarithm of the right class's probability. Lecture 002 has three examples:

# %%
examples = [  # the logits, the right class, the lecture's probabilities
    ([5.0, 4.0, 2.0], 0, ("0.71", "0.26", "0.04")),
    ([4.0, 2.0, 8.0], 2, ("0.02", "0.00", "0.98")),
    ([4.0, 4.0, 1.0], 0, ("0.49", "0.49", "0.02")),
]
total = 0.0
for logits, label, printed in examples:
    exact = softmax(logits)
    for name, lecture, number in zip(logits, printed, exact):
        verdict(f"logit {name:g}", lecture, number)
    loss = cross_entropy(logits, label)
    lecture = f"−ln {printed[label]} = {-math.log(float(printed[label])):.6f}"
    print(f"{'its loss':12} lecture {lecture}   exact {loss:.6f}   rounded before the logarithm")
    print(f"{'row sum':12} as printed {sum([float(x) for x in printed]):.2f}, exact {sum(exact):.6f}\n")
    total += loss
print(f"sum of the losses, as the lecture defines it: {total:.6f}; their mean, as most libraries do: {total / 3:.6f}")

# %% [markdown]
# The graph of the first one, gate by gate. Every exponential goes into the sum, and the right one goes into the
# quotient too: that is a fork, and its shares have opposite signs.

# %%
z = [Value(number, label=f"z{i + 1}") for i, number in enumerate([5.0, 4.0, 2.0])]
e = [exp(number) for number in z]
p = e[0] / (e[0] + e[1] + e[2])
p.label = "p1"
loss = -log(p)
draw(loss, direction="TB")

# %%
loss.backward()
print("dL/dz =", [round(number.grad, 6) for number in z])
print("p − y =", [round(float(number), 6) for number in softmax([5.0, 4.0, 2.0]) - np.array([1, 0, 0])])

# %% [markdown]
# ### The Jacobian of softmax
#
# Softmax has many inputs and many outputs, so its derivative is a table, the Jacobian: row $i$, column $k$ is
# $\partial S_i/\partial z_k = S_i(\delta_{ik} - S_k)$ (lecture 003), where $\delta_{ik}$ is 1 on the diagonal, else 0.

# %%
point = np.array([5.0, 4.0, 2.0])
S = softmax(point)
by_graph = np.array(jacobian(softmax, point), dtype=float)
by_formula = S[:, None] * (np.eye(3) - S)
print(by_graph.round(6))
print("the formula gives the same:", np.allclose(by_graph, by_formula, rtol=1e-12))
print("each row sums to 0:", np.allclose(by_graph.sum(axis=1), 0, atol=1e-15))

# %%
figure, ax = plt.subplots(figsize=(3.4, 2.8), layout="constrained")
image = ax.imshow(by_graph, cmap="RdBu_r", vmin=-0.4, vmax=0.4)
for i in range(3):
    for k in range(3):
        ax.text(k, i, f"{by_graph[i, k]:+.3f}", ha="center", va="center")
ax.set_xticks(range(3), ["$z_1$", "$z_2$", "$z_3$"])
ax.set_yticks(range(3), ["$S_1$", "$S_2$", "$S_3$"])
ax.set_title("∂S/∂z: more of one, less of the others", fontsize=9)
plt.show()

# %% [markdown]
# ### $p - y$
#
# Put the Jacobian into the cross-entropy $-\sum_i y_i \ln p_i$, and nearly everything cancels:
# $\partial L/\partial z_k = p_k - y_k$. The lecture's slide stops one line before, with two cases: $k = i$ gives
# $-y_i + y_i p_i$, and $k \ne i$ gives "$y_i p_i$". The second must read $y_i p_k$. Numbers tell which one is right,
# here with a soft label:

# %%
y = np.array([0.7, 0.2, 0.1])
z = np.array([Value(number) for number in point])
(-sum(y * log(softmax(z)))).backward()
graph = np.array([number.grad for number in z])
p = softmax(point)
slide = [np.sum([-y[i] + y[i] * p[i] if i == k else y[i] * p[i] for i in range(3)]) for k in range(3)]
mended = [np.sum([-y[i] + y[i] * p[i] if i == k else y[i] * p[k] for i in range(3)]) for k in range(3)]
for name, row in {"the graph": graph, "the slide": slide, "with p_k": mended, "p − y": p - y}.items():
    print(f"{name:10}", np.round(row, 6))

# %% [markdown]
# ## Other losses
#
# With labels $t = \pm 1$ a loss depends on the *margin* $t z$: how far the answer is on the right side. The hinge stops
# caring at a margin of 1, the log loss never quite does, and the exponential one goes mad about mistakes.

# %%
margin, t = np.linspace(-2.5, 2.5, 201), np.ones(201)
for_classes = {
    "0/1 error": (margin < 0).astype(float),
    "hinge, max(0, 1 − tz)": nn.hinge(margin, t, "none"),
    "smooth hinge": nn.smooth_hinge(margin, t, "none"),
    "log loss, ln(1 + exp(−tz))": nn.logistic(margin, t, "none"),
    "exponential, exp(−tz)": nn.exponential(margin, t, "none"),
}
for_numbers = {
    "squared error, (p − y)²": nn.mse(margin, 0 * t, "none"),
    "absolute error, |p − y|": nn.mae(margin, 0 * t, "none"),
    "Huber's: square, then straight": nn.huber(margin, 0 * t, "none"),
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for ax, curves in zip(axes, (for_classes, for_numbers)):
    for (name, curve), style in zip(curves.items(), ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))):
        ax.plot(margin, curve, linestyle=style, label=name)
    ax.set(ylim=(-0.1, 4.4))
    ax.legend(frameon=False, fontsize=7.5, loc="upper right" if curves is for_classes else "upper center")
axes[0].set(title="for classes", xlabel="margin tz")
axes[1].set(title="for numbers", xlabel="p − y")
plt.show()

# %% [markdown]
# Several examples have several losses. They are averaged (`"mean"`, the rule), added (`"sum"`, as in lecture 002's
# formula for many classes), or left as they are (`"none"`):

# %%
logits, labels = [row for row, _, _ in examples], [label for _, label, _ in examples]
for reduction in ("mean", "sum", "none"):
    print(f"{reduction:5}", np.round(nn.cross_entropy(logits, labels, reduction), 6))

# %% [markdown]
# ## By hand
#
# A logit, its probability, and the loss. Say each number before it is shown:

# %%
z = Value(0.5, label="z")
L = -log(sigmoid(z))
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
# **1.** The logits are 2, 1 and 0, and the right class is the second one. Softmax gives the probabilities 0.6652,
# 0.2447 and 0.0900. What are the three gradients $\partial L/\partial z$ of the cross-entropy? Put them in and run the
# cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    z = np.array([Value(2.0), Value(1.0), Value(0.0)])
    cross_entropy(z, 1).backward()
    right = np.array([number.grad for number in z])
    p = right + np.array([0, 1, 0])
    if np.allclose(answer, right, atol=2e-4):
        print("right")
    elif np.allclose(answer, p, atol=2e-4):
        print("not yet: those are the probabilities; take away what is true")
    elif np.allclose(answer, -right, atol=2e-4):
        print("not yet: the sign; a larger logit of the right class makes the loss smaller")
    elif np.allclose(answer, p - [1, 0, 0], atol=2e-4) or np.allclose(answer, p - [0, 0, 1], atol=2e-4):
        print("not yet: the 1 is taken from the wrong class")
    else:
        print("not yet: it is p − y, and y is 1 for the right class, 0 for the others")


# %%
answer = [0.0, 0.0, 0.0]
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (math.log(2), "minus the logarithm of the right class: −ln ½", {-math.log(2): "a loss is not negative"}),
    (-0.3, "p − y", {0.3: "the sign: a larger logit makes the loss smaller", 0.7: "that is p"}),
)

# %% [markdown]
# **2.** The network gives the right class the probability ½. What is its cross-entropy?

# %%
quick(1, None)

# %% [markdown]
# **3.** $p = \sigma(z) = 0.7$ and the label is 1. What is $dL/dz$ of the binary cross-entropy?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# answer = softmax([2.0, 1.0, 0.0]) - np.array([0, 1, 0])
# print(answer.round(4))
# check(answer)
# quick(1, math.log(2))
# quick(2, 0.7 - 1)
# ```
#
# </details>
