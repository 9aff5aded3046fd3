# %% [markdown]
# # 0. Build it yourself
#
# An engine that finds derivatives fits into forty lines of Python. Write it here, one step at a time, and compare each
# step with the library's `Value`. (If you have never met a derivative, read the beginning of notebook 01 first.)
#
# You need one fact: **downstream = upstream × local**. How the result changes with an operand is how it changes with
# the operation's output (upstream), times how that output changes with the operand (local).

# %%
import math

import scalargrad

# %%
# isort: split
from lesson import draw, quiz

# %% [markdown]
# ## Step 1: a number that remembers where it came from
#
# Each node keeps its number, its operands (`parents`), and the local derivative for each of them. For $v = a + b$ the
# two local derivatives are 1 and 1. For $v = a \cdot b$ they are $b$ and $a$.


# %%
class Mine:
    def __init__(self, data, parents=(), local=()):
        self.data = data
        self.parents = parents
        self.local = local
        self.grad = 0.0

    def __add__(self, other):
        return Mine(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Mine(self.data * other.data, (self, other), (other.data, self.data))


# %% [markdown]
# The same lines of code run with your numbers and with the library's:


# %%
def same(name, mine, ours):
    print(
        f"{name:12} mine {mine:9.6f}   scalargrad {ours:9.6f}   {'same' if abs(mine - ours) < 1e-12 else 'DIFFERENT'}"
    )


def formula(a, b):
    return a * b + a


same("a·b + a", formula(Mine(2.0), Mine(-3.0)).data, formula(scalargrad.Value(2.0), scalargrad.Value(-3.0)).data)

# %% [markdown]
# ## Step 2: an order to go back in
#
# A node may hand its gradient on only when it has all of it: when every node that uses it has had its turn. So list the
# nodes with operands first, and walk the list from its end.


# %%
def order(node, seen=None):
    seen = [] if seen is None else seen
    if node not in seen:
        for parent in node.parents:
            order(parent, seen)
        seen.append(node)
    return seen


print([node.data for node in order(formula(Mine(2.0), Mine(-3.0)))])

# %% [markdown]
# (`seen` is a list, to keep it plain. It is slow for large graphs, and a long chain is too deep for a function that
# calls itself; the library uses a loop.)
#
# ## Step 3: backward
#
# A change of the result changes the result by as much: it begins with 1. Then every node gives each operand its share.
# Note the `+=`: a node that is used twice gets two shares, and they are **added**.


# %%
def backward(result):
    nodes = order(result)
    for node in nodes:
        node.grad = 0.0
    result.grad = 1.0
    for node in reversed(nodes):
        for parent, local in zip(node.parents, node.local):
            parent.grad += node.grad * local


def compare(formula, *numbers):
    mine = [Mine(number) for number in numbers]
    ours = [scalargrad.Value(number) for number in numbers]
    backward(formula(*mine))
    formula(*ours).backward()
    for name, a, b in zip("abcde", mine, ours):
        same(f"dL/d{name}", a.grad, b.grad)


compare(formula, 2.0, -3.0)

# %% [markdown]
# Write `=` instead of `+=` and run it again: which of the two goes wrong, and why? The picture shows it: `a` has two
# edges.

# %%
a, b = scalargrad.Value(2.0, label="a"), scalargrad.Value(-3.0, label="b")
draw(formula(a, b), names=True)

# %% [markdown]
# ## Step 4: one more operation
#
# A new operation is one line: its number and its local derivative. For $v = \tanh a$ that is $1 - v^2$.


# %%
def tanh(a):
    if isinstance(a, scalargrad.Value):
        return scalargrad.tanh(a)
    v = math.tanh(a.data)
    return Mine(v, (a,), (1 - v * v,))


def neuron(w0, x0, w1, x1, bias):
    return tanh(w0 * x0 + w1 * x1 + bias)


compare(neuron, 2.0, -1.0, -3.0, -0.5, 1.0)

# %% [markdown]
# That is the whole engine: three steps, about forty lines. The rest of the library is more operations, pictures, and
# speed.
#
# ## Why backward, and not forward?
#
# One could also go forward: choose **one** input, and carry along how each node changes with it. That is right as well,
# but has to be done anew for every input. Count the multiplications for a sum $w_1 x_1 + \dots + w_n x_n$ put through
# tanh, with $n$ weights and $n$ inputs:


# %%
def wide(*numbers):
    half = len(numbers) // 2
    total = numbers[0] * numbers[half]
    for w, x in zip(numbers[1:half], numbers[half + 1 :]):
        total = total + w * x
    return tanh(total)


def edges(result):
    """One multiplication for each edge: what one pass costs, backward or forward."""
    return sum(len(node.parents) for node in order(result))


print("weights   one pass   forward: a pass per weight   backward: one pass for all")
for n in (2, 10, 100):
    one = edges(wide(*[Mine(0.1) for _ in range(2 * n)]))
    print(f"{n:7} {one:10} {n * one:28,} {one:28,}")

# %% [markdown]
# Do not take the count on trust: here is a forward pass, with its multiplications counted, beside the backward one.


# %%
def forward(result, chosen):
    """How the result changes with one chosen input, and how many multiplications that took."""
    change, count = {}, 0
    for node in order(result):
        change[node] = 1.0 if node is chosen else 0.0
        for parent, local in zip(node.parents, node.local):
            change[node] += change[parent] * local
            count += 1
    return change[result], count


leaves = [Mine(0.1 * i) for i in range(1, 21)]
result = wide(*leaves)
backward(result)
passes = [forward(result, leaf) for leaf in leaves[:10]]
print("the same ten gradients:", all(abs(slope - leaf.grad) < 1e-12 for (slope, _), leaf in zip(passes, leaves)))
print(f"forward, ten passes: {sum(count for _, count in passes)} multiplications; backward: {edges(result)}")

# %% [markdown]
# A network has one loss and very many weights. Forward costs a pass for each weight; backward costs **one pass for all
# of them**. That is why everybody trains networks backward. (With one input and many outputs it is the other way
# round.)
#
# The idea of an engine in a hundred lines is Andrej Karpathy's, in the lecture
# [The spelled-out intro to neural networks and backpropagation: building
# micrograd](https://www.youtube.com/watch?v=VMj-3S1tku0).
#
# ## Exercises
#
# Put your number in place of `None` and run the cell. It says whether it is right, and if not, what to think of.

# %% jupyter={"source_hidden": true}
check = quiz(
    (-1.0, "the last operation's local derivatives: a − b = a + (−1)·b", {1.0: "a larger b makes a − b smaller"}),
    (-0.25, "the slope of 1/a is −1/a²", {0.25: "the sign: a larger a makes 1/a smaller", 0.5: "that is the value"}),
    (1000.0, "one pass for each weight", {1.0: "that is how many the backward way takes"}),
)

# %% [markdown]
# **1.** You add subtraction, $v = a - b$. What is its local derivative by $b$?

# %%
check(1, None)

# %% [markdown]
# **2.** You add $v = 1/a$. What is its local derivative at $a = 2$?

# %%
check(2, None)

# %% [markdown]
# **3.** A network has 1000 weights and one loss. How many passes does the forward way take for all gradients?

# %%
check(3, None)

# %% [markdown]
# **4.** Write `__sub__` into `Mine`, and compare $(a - b) \cdot a$ with the library.

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# check(1, -1)
# check(2, -1 / 2**2)
# check(3, 1000)
#
#
# def subtract(self, other):
#     return Mine(self.data - other.data, (self, other), (1.0, -1.0))
#
#
# Mine.__sub__ = subtract
# compare(lambda a, b: (a - b) * a, 2.0, -3.0)
# ```
#
# </details>
