# %% [markdown]
# # 1. Values and the chain rule
#
# How much does the result change when one of its inputs changes a little? That number is a **derivative**. Everything
# in these notebooks is built from it. We begin with one number, then one multiplication, then two in a row.

# %%
from scalargrad import Value, exp, lectures, maximum

# %%
# isort: split
from lesson import draw, quiz, steps

# %% [markdown]
# ## What a derivative is: nudge the input
#
# Take $L = x^2$ at $x = 3$. Nudge $x$ by a little $h$, see how far $L$ moves, and divide:


# %%
def square(x):
    return x * x


for h in (1, 0.1, 0.01, 0.001):
    change = square(3 + h) - square(3)
    print(f"h = {h:<5}   L changes by {change:.6f}, that is {change / h:.3f} times h")

# %% [markdown]
# The smaller the nudge, the nearer the quotient comes to 6. That is the derivative of $L$ at 3, written
# $dL/dx = 6$: **near here, $L$ changes six times as much as $x$ does.**
#
# A `Value` is a number that remembers how it was computed. `backward()` finds the derivative without any nudging:

# %%
x = Value(3.0, label="x")
L = x * x
L.backward()
print(x.grad)

# %% [markdown]
# ## One multiplication
#
# $L = a \cdot b$ at $a = 2$, $b = -3$. Nudge $a$ by $h$: $L$ becomes $(a + h)\,b = ab + h\,b$. So $L$ changes by
# $b$ times the nudge: $dL/da = b$. In the same way $dL/db = a$.

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
draw(a * b)

# %% [markdown]
# Blue is what was computed forward, orange the derivatives, which are computed backward, from the result to the inputs.

# %% [markdown]
# ## A chain of two
#
# Now put two operations in a row: $v = a \cdot b$, and then $L = v \cdot c$ with $c = 10$. How does $L$ change with
# $a$? A nudge of $a$ moves $v$ by $b = -3$ times as much; a change of $v$ moves $L$ by $c = 10$ times as much.
# Together: $10 \times (-3) = -30$ times. **Along a chain, derivatives are multiplied.** That is the chain rule.

# %%
a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
v = a * b
v.label = "v"
L = v * c
L.label = "L"
draw(L)

# %% [markdown]
# Check it by nudging:

# %%
h = 0.001
print(f"{((2 + h) * -3 * 10 - 2 * -3 * 10) / h:.3f}")

# %% [markdown]
# ### How it is written
#
# * **dL/dx** is the *total* derivative: how the result $L$ changes with $x$, along all paths.
# * **∂v/∂a** is a *local* derivative: of one operation ($v = a \cdot b$) by one of its operands, the others held fixed.
#
# On every edge of the graph the same small product is formed:
#
# **downstream = upstream × local** — for instance $dL/da = dL/dv \times \partial v/\partial a$
#
# *Upstream* comes from the result, *local* belongs to the operation, *downstream* is handed on. The steps say so in
# words. Press ▶, or click into it and use the arrow keys:

# %%
steps(L)

# %% [markdown]
# ## A fork
#
# A value that is used twice changes the result in two ways. In $L = a \cdot b + a$ a nudge of $a$ goes through the
# product ($b$ times as much) and straight into the sum (once as much). **At a fork, the shares are added:**
# $dL/da = b + 1$.

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
draw(a * b + a, names=True)

# %% [markdown]
# The same when a value meets itself. In $a \cdot a + a$ the node `a` has three edges, two into the product and one into
# the sum. At $a = 3$ its shares are 3, 3 and 1, so $dL/da = 7$. (Where one value is both operands, they are told apart
# by their place: $a^{(1)}$ and $a^{(2)}$.)

# %%
a = Value(3.0, label="a")
fork = a * a + a
print(steps(fork).text)

# %% [markdown]
# ## Four patterns
#
# Most of what happens on the way back is one of four things:
#
# | operation | what it does to the upstream gradient |
# |---|---|
# | add | **distributes**: each operand gets it as it is |
# | multiply | **swaps**: each operand gets it times the *other* operand |
# | max | **routes**: the larger operand gets all of it, the other 0 |
# | copy (a fork) | **sums**: what comes back over the branches is added |

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
for name, result in {"add": a + b, "multiply": a * b, "max": maximum(a, b), "copy": a + a}.items():
    a.grad = b.grad = 0.0
    result.backward()
    print(f"{name:9} da: {a.grad:g}   db: {b.grad:g}")

# %% [markdown]
# Find all four in one graph:

# %%
a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(4.0, label="c")
draw(maximum(a * b, c) * (a + c), names=True)

# %% [markdown]
# ## The neuron
#
# Now a real one: two inputs, two weights and a bias $w_2$, and the sigmoid written out in its own operations:
# $L = 1/(1 + e^{-(w_0 x_0 + w_1 x_1 + w_2)})$. There is nothing new in it, only more of the same. (It is the example of
# [CS231n, Backpropagation](https://cs231n.github.io/optimization-2/), and of lecture 003.)

# %%
w0, x0 = Value(2.0, label="w0"), Value(-1.0, label="x0")
w1, x1 = Value(-3.0, label="w1"), Value(-2.0, label="x1")
w2 = Value(-3.0, label="w2")
neuron = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))
draw(neuron)

# %% [markdown]
# ### The numbers of the lecture
#
# The slides round to two digits at each step. So `x0` gets 0.2 × 2 = 0.4 there, and 0.39 here. With `rounding=2` the
# steps are computed as on the slides, and tell the exact number beside:

# %%
for step in steps(neuron, rounding=2)[-4:]:
    print(step.text)
lectures.system("sigmoid-neuron")

# %% [markdown]
# The last four operations are one function, the sigmoid, whose derivative is $\sigma(1 - \sigma)$. As a single
# operation the graph is shorter and the gradients are the same.

# %%
draw((w0 * x0 + w1 * x1 + w2).sigmoid())

# %% [markdown]
# ## By hand
#
# Say each number before it is shown: upstream, local and their product.

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
steps(a * b + a).player(predict=True)

# %% [markdown]
# And on paper. (`.save("worksheet.html")` writes a page to print, `.key` has the answers.)

# %%
steps(a * b + a).worksheet("backward")

# %% [markdown]
# ## Exercises
#
# Work them out on paper, then put your number in place of `None` and run the cell. It says whether it is right, and if
# not, what to think of.

# %% jupyter={"source_hidden": true}
check = quiz(
    (12.0, "x³ = x·x·x is a fork: three shares of x·x each, at x = 2", {8.0: "that is the value", 4.0: "one share"}),
    (20.0, "only one of the two terms has an a, and its local derivative is 2a·b", {4.0: "times b"}),
    (5.0, "count the edges that leave b", {4.0: "b is used twice: a share is missing", 1.0: "b is used twice"}),
    (0.0, "which operand does max let through?", {1.0: "max gives the gradient to the larger operand only"}),
    (0.25, "σ(1 − σ), and σ(0) = 1/2", {0.5: "that is the value of σ"}),
)

# %% [markdown]
# **1.** $L = x^3$ at $x = 2$. What is $dL/dx$?

# %%
check(1, None)

# %% [markdown]
# **2.** $L = a^2 b + b$ at $a = 2$, $b = 5$. What is $dL/da$?

# %%
check(2, None)

# %% [markdown]
# **3.** The same $L$. What is $dL/db$?

# %%
check(3, None)

# %% [markdown]
# **4.** $L = \max(a, b)$ at $a = 1$, $b = 2$. What is $dL/da$?

# %%
check(4, None)

# %% [markdown]
# **5.** $L = \sigma(w x)$ at $w = 0$, $x = 1$. What is $dL/dw$?

# %%
check(5, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# check(1, 3 * 2**2)  # 3x²
# check(2, 2 * 2 * 5)  # 2a·b
# check(3, 2**2 + 1)  # a² from the product, 1 from the sum
# check(4, 0)  # max routes everything to b
# check(5, 0.5 * (1 - 0.5) * 1)  # σ(1 − σ)·x
# ```
#
# </details>
