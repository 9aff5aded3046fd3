# %% [markdown]
# # 2. From a neuron to a network
#
# A neuron adds up its weighted inputs and puts the sum through an *activation function* φ:
# $a(x, w) = \varphi\left(\sum_j w_j x_j - w_0\right)$.
# One neuron draws one line. Several in layers draw any shape, and backpropagation tells each weight its share of the
# error.
#
# The sigmoid neuron is that of [CS231n, Backpropagation, Intuitions](https://cs231n.github.io/optimization-2/).

# %%
import matplotlib.pyplot as plt
import numpy as np

from fastpath import Tensor
from scalargrad import Value, grad, greater, relu, scope, sigmoid

# %%
# isort: split
from lesson import draw, quiz, steps


# %% jupyter={"source_hidden": true}
def verdict(what, lecture, exact, why="it rounded on the way"):
    """The lecture's number (as text: its digits count), the exact one, and whether rounding explains the difference."""
    half_a_digit = 0.5 * 10.0 ** -len(lecture.partition(".")[2])
    same = abs(exact - float(lecture)) <= half_a_digit
    print(f"{what:14} lecture {lecture:>6}   exact {exact:9.6f}   {'agrees' if same else why}")


# %% [markdown]
# ## Logic neurons
#
# The first model of a neuron (1943) has a threshold for φ: it answers 1 if the sum is above 0, else 0. In Iverson's
# bracket: $x_1 \wedge x_2 = [x_1 + x_2 - 3/2 > 0]$. So a neuron can be a logic gate.


# %%
def and_(x1, x2):
    return greater(x1 + x2 - 3 / 2, 0)


def or_(x1, x2):
    return greater(x1 + x2 - 1 / 2, 0)


def not_(x):
    return greater(-x + 1 / 2, 0)


print("x1 x2   AND  OR  NOT x1")
for x1 in (0, 1):
    for x2 in (0, 1):
        print(f" {x1}  {x2}    {and_(x1, x2):g}    {or_(x1, x2):g}     {not_(x1):g}")

# %% [markdown]
# The threshold is a line in the plane of the inputs: the neuron answers 1 on one side of it. For XOR, "one or the
# other, not both", the two ones and the two zeros stand crosswise.

# %%
gates = {"AND": (and_, 3 / 2), "OR": (or_, 1 / 2), "XOR": (lambda x1, x2: float(x1 != x2), None)}
corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.5), layout="constrained")
for ax, (name, (gate, threshold)) in zip(axes, gates.items()):
    for x1, x2 in corners:
        one = gate(x1, x2) == 1
        ax.scatter(x1, x2, s=110, marker="o" if one else "X", color="tab:blue" if one else "tab:orange", zorder=2)
    line = np.array([-0.4, 1.4])
    if threshold is not None:
        ax.plot(line, threshold - line, "k--", linewidth=1)
    ax.set(title=name if threshold else f"{name}: which line?", xlim=(-0.4, 1.4), ylim=(-0.4, 1.4), xlabel="$x_1$")
    ax.set(xticks=(0, 1), yticks=(0, 1), aspect="equal")
axes[0].set_ylabel("$x_2$")
plt.show()

# %% [markdown]
# Circles are ones, crosses are zeros. No line does it for XOR, and four lines of algebra say why. With
# $[w_1 x_1 + w_2 x_2 - w_0 > 0]$ the rows of the truth table demand
#
# $-w_0 \le 0, \qquad w_2 - w_0 > 0, \qquad w_1 - w_0 > 0, \qquad w_1 + w_2 - w_0 \le 0$.
#
# The two in the middle add up to $w_1 + w_2 - 2w_0 > 0$, the other two to $w_1 + w_2 - 2w_0 \le 0$. A search agrees:

# %%
grid = np.arange(-3, 3.25, 0.25)
w1, w2, w0 = np.meshgrid(grid, grid, grid)
for name, (gate, _) in gates.items():
    right = sum(greater(w1 * x1 + w2 * x2 - w0, 0) == gate(x1, x2) for x1, x2 in corners)
    print(f"{name:3}: of {right.size} neurons the best have {right.max()} of 4 rows right")

# %% [markdown]
# There are two ways out. One is a new feature, the product $x_1 x_2$. The other is a second layer:
# $[(x_1 \vee x_2) - (x_1 \wedge x_2) - 1/2 > 0]$.


# %%
def xor_with_a_product(x1, x2):
    return greater(x1 + x2 - 2 * x1 * x2 - 1 / 2, 0)


def xor_of_neurons(x1, x2):
    return greater(or_(x1, x2) - and_(x1, x2) - 1 / 2, 0)


print("x1 x2   XOR by a product   by two layers")
for x1, x2 in corners:
    print(f" {x1}  {x2}           {xor_with_a_product(x1, x2):g}                {xor_of_neurons(x1, x2):g}")

# %%
draw(xor_of_neurons(Value(1.0, label="x1"), Value(0.0, label="x2")))

# %% [markdown]
# Look at the red numbers: all gradients are 0, because a step is flat on both sides. Nothing can be learned through it.
# That is why today's neurons have a smooth φ, as the sigmoid $\sigma(t) = 1/(1 + e^{-t})$.
#
# (Rosenblatt's perceptron answers 1 also when the sum is exactly 0: it has ≥ where these gates have >. On the corners
# of the square no sum is 0, so the tables are the same.)
#
# ## Layers without an activation collapse
#
# Two linear layers in a row: $h_1 = w_{11} + w_{21} x$, $h_2 = w_{12} + w_{22} x$, $y = w_1 h_1 + w_2 h_2$. Put in,
# this is again a line, $y = \gamma_1 + \gamma_2 x$, with $\gamma_1 = w_1 w_{11} + w_2 w_{12}$ and
# $\gamma_2 = w_1 w_{21} + w_2 w_{22}$.

# %%
w11, w21, w12, w22, w1, w2 = 0.5, 2.0, -1.0, 1.5, 1.0, -2.0


def two_layers(x, activation=lambda h: h):
    return w1 * activation(w11 + w21 * x) + w2 * activation(w12 + w22 * x)


x = Value(0.7, label="x")
y = two_layers(x)
slope = grad(y, x)
print(f"γ₁ = {w1 * w11 + w2 * w12:g}   and y at x = 0 is {two_layers(0.0):g}")
print(
    f"γ₂ = {w1 * w21 + w2 * w22:g}    and dy/dx is {float(slope):g}; the second derivative is {float(grad(slope, x)):g}"
)

# %%
line = np.linspace(-2, 2, 201)
figure, ax = plt.subplots(figsize=(5, 2.8), layout="constrained")
ax.plot(line, two_layers(line), "k:", label="no activation: a straight line")
ax.plot(line, two_layers(line, relu), "tab:blue", label="ReLU: bends at two places")
ax.plot(line, two_layers(line, sigmoid), "tab:orange", linestyle="--", label="sigmoid: a smooth curve")
ax.set(xlabel="x", ylabel="y")
ax.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# The same for matrices: $(XW_1)W_2 = X(W_1W_2) = XA$. So every layer needs its activation.
#
# ## The network 3-3-2
#
# The network of lecture 001: three inputs, three hidden neurons, two outputs, sigmoids, no biases.

# %%
inputs = (0.5, 0.9, -0.3)
hidden_weights = [(1.0, -2.0, 2.0), (2.0, 1.0, -4.0), (1.0, -1.0, 0.0)]
output_weights = [(-3.0, 1.0, -3.0), (0.0, 1.0, 2.0)]


def weighted_sum(weights, inputs):
    return weights[0] * inputs[0] + weights[1] * inputs[1] + weights[2] * inputs[2]


def network(x, hidden_weights, output_weights):
    hidden_sums, output_sums, hidden, output = [], [], [], []
    for i, weights in enumerate(hidden_weights):
        with scope(f"H{i + 1}"):
            hidden_sums.append(weighted_sum(weights, x))
            hidden.append(sigmoid(hidden_sums[i]))
    for i, weights in enumerate(output_weights):
        with scope(f"O{i + 1}"):
            output_sums.append(weighted_sum(weights, hidden))
            output.append(sigmoid(output_sums[i]))
    return hidden_sums, hidden, output_sums, output


x = [Value(number, label=f"x{i + 1}") for i, number in enumerate(inputs)]
hidden_sums, hidden, output_sums, output = network(x, hidden_weights, output_weights)
for i, (total, answer) in enumerate([("-1.9", ".13"), ("3.1", ".96"), ("-0.4", ".40")]):
    verdict(f"sum of H{i + 1}", total, hidden_sums[i].data)
    verdict(f"H{i + 1}", answer, hidden[i].data)
for i, (total, answer) in enumerate([("-.63", ".35"), ("1.76", ".85")]):
    verdict(f"sum of O{i + 1}", total, output_sums[i].data)
    verdict(f"O{i + 1}", answer, output[i].data)

# %% [markdown]
# The lecture carried on with the rounded .13, .96, .40. With those, one gets exactly what it prints:

# %%
rounded = [round(h.data, 2) for h in hidden]
for name, weights in zip(("O1", "O2"), output_weights):
    total = weighted_sum(weights, rounded)
    print(f"{name} from {rounded}: the sum is {total:.2f}, its sigmoid {sigmoid(total):.6f}")

# %% [markdown]
# In matrices it is two lines, $H = \sigma(Wx)$ and $O = \sigma(VH)$:

# %%
W = Tensor(hidden_weights, requires_grad=True, label="W")
V = Tensor(output_weights, requires_grad=True, label="V")
H = sigmoid(W @ Tensor(inputs))
O = sigmoid(V @ H)  # noqa: E741  (the lecture's name)
print("H =", H.data.round(6), "  O =", O.data.round(6))

# %% [markdown]
# ## Its backpropagation
#
# The first output should have been $T = 0.9$. The error is $E = \frac12 (O_1 - T)^2$. Each neuron folded into a box,
# the graph is the lecture's picture, and the red numbers on the arrows are the shares of the blame:

# %%
T = 0.9
with scope("E"):
    E = 0.5 * (output[0] - T) ** 2
draw(E, depth=0)

# %% [markdown]
# Open the box O1, with its three weights as leaves. For the error it does not matter where the numbers H1, H2, H3 came
# from.

# %%
h = [Value(node.data, label=f"H{i + 1}") for i, node in enumerate(hidden)]
w = [Value(number, label=f"w{i + 1}") for i, number in enumerate(output_weights[0])]
o1 = weighted_sum(w, h).sigmoid()
o1.label = "O1"
with scope("E"):
    E = 0.5 * (o1 - T) ** 2
draw(E, depth=0)

# %% [markdown]
# Read from right to left: the error's slope $O - T$, times the sigmoid's slope $O(1 - O)$, times the input $I$ of the
# weight. That is the lecture's formula $\partial E/\partial w = I\,(O - T)\,O\,(1 - O)$.

# %%
x = [Value(number, label=f"x{i + 1}") for i, number in enumerate(inputs)]
w_hidden = [[Value(n, label=f"h{i + 1}{j + 1}") for j, n in enumerate(row)] for i, row in enumerate(hidden_weights)]
w_output = [[Value(n, label=f"o{i + 1}{j + 1}") for j, n in enumerate(row)] for i, row in enumerate(output_weights)]
hidden_sums, hidden, output_sums, output = network(x, w_hidden, w_output)
E = 0.5 * (output[0] - T) ** 2
E.label, hidden_sums[0].label, hidden[0].label = "E", "z1", "H1"
E.backward()

I, O = hidden[0].data, output[0].data  # noqa: E741
print(f"exact,      I (O − T) O (1 − O) = {I * (O - T) * O * (1 - O):.6f}, the graph says {w_output[0][0].grad:.6f}")
I, O = 0.13, 0.35  # noqa: E741
print(
    f"as printed, {I} · ({O} − {T}) · {O} · (1 − {O}) = {I * (O - T) * O * (1 - O):.6f}: it multiplied rounded numbers"
)

# %% [markdown]
# The lecture stops at this weight. The graph goes on: here is every gradient, layer by layer. The share of a weighted
# sum is usually called δ.


# %%
def row(nodes):
    return "  ".join(f"{node.grad:9.6f}" for node in nodes)


print("δ of O1           ", row(output_sums[:1]))
print("weights of O1     ", row(w_output[0]))
print("weights of O2     ", row(w_output[1]), "  (no part in this error)")
print("δ of H1, H2, H3   ", row(hidden_sums))
for i in range(3):
    print(f"weights of H{i + 1}     ", row(w_hidden[i]))
print("inputs x1, x2, x3 ", row(x))

# %% [markdown]
# How does the blame reach H1? In two steps: back over the weight −3, then through the sigmoid. The stepper tells them:

# %%
for step in steps(E, precision=6):
    if step.text.startswith(("dE/dH₁", "dE/dz₁")):
        print(step.text)

# %% [markdown]
# And what is it all for? A small step of every weight against its gradient makes the error smaller.

# %%
print(f"before: O1 = {output[0].data:.4f}, E = {E.data:.4f}")
for w in (w for row_ in w_hidden + w_output for w in row_):
    w.data -= 1.0 * w.grad
*_, output = network(x, w_hidden, w_output)
print(f"after:  O1 = {output[0].data:.4f}, E = {0.5 * (output[0].data - T) ** 2:.4f}, the target is {T}")

# %% [markdown]
# ## By hand
#
# The last neuron and its share of the error. Say each number before it is shown:

# %%
h, w = Value(0.5, label="h"), Value(2.0, label="w")
L = 0.5 * (sigmoid(w * h) - 1) ** 2
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
# **1.** Now the second output, with the first weights again: O2 = 0.853149 should have been 0.5. The error is
# $E = \frac12 (O_2 - 0.5)^2$. What is $\partial E/\partial w$ for the weight from H3 = 0.401312 to O2? That weight is
# 2. Put your number in (four decimals will do), and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    h3, w = Value(0.401312), Value(2.0)
    o2 = sigmoid(0.956893 + h3 * w)
    (0.5 * (o2 - 0.5) ** 2).backward()
    slips = {
        -w.grad: "the sign: the error grows with O2, which is above its target",
        h3.grad: "that is the share of H3; a weight gets its input as the local factor, not itself",
        h3.data * (o2.data - 0.5): "the slope of the sigmoid, O (1 − O), is left out",
        (o2.data - 0.5) * o2.data * (1 - o2.data): "that is δ of O2; one factor is still to come, the weight's input",
    }
    for number, hint in {w.grad: "right", **slips}.items():
        if abs(answer - number) < 6e-5:
            return print(hint if number == w.grad else f"not yet: {hint}")
    return print("not yet: multiply the lecture's four factors I, O − T, O and 1 − O")


# %%
answer = 0.0
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (0.0, "put 1 and 0 into the sum: is it above 3/2?"),
    (16.0, "each neuron has three weights and a bias", {12.0: "the biases are missing"}),
    (0.0, "a weight gets a share only if the error depends on it"),
)

# %% [markdown]
# **2.** The gate $[x_1 + x_2 - 3/2 > 0]$ at $x_1 = 1$, $x_2 = 0$: what does it answer?

# %%
quick(1, None)

# %% [markdown]
# **3.** A network 3-3-1 with biases: how many weights and biases are there?

# %%
quick(2, None)

# %% [markdown]
# **4.** The error $E$ looks at O1 only. What is its gradient at a weight of O2?

# %%
quick(3, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# I, O, T = 0.401312, 0.853149, 0.5
# print(f"{I} × ({O} − {T}) × {O} × (1 − {O}) = {I * (O - T) * O * (1 - O):.6f}")
# check(I * (O - T) * O * (1 - O))
# quick(1, 0)
# quick(2, 3 * (3 + 1) + 1 * (3 + 1))
# quick(3, 0)
# ```
#
# </details>
