# %% [markdown]
# # 7. Training craft
#
# The chain rule says how to learn; these are the tricks that make it work: where to begin, how to keep the gradient
# alive, and how to learn the rule rather than the examples. (The headings of lecture 003.)

# %%
import matplotlib.pyplot as plt
import numpy as np

from fastpath import Tensor
from scalargrad import Value, data, grad, nn, plots, relu, sigmoid, sum, tanh

# %%
# isort: split
from lesson import draw, quiz, steps

# %% [markdown]
# ## Where to begin: initialisation
#
# If all weights begin at 0, all neurons of a layer are alike, get the same gradient, and stay alike. So begin at
# random. How large? A sum of $n$ products of independent numbers has the variance
# $\mathrm{Var}\left(\sum w_i x_i\right) = n\,\mathrm{Var}(w)\,\mathrm{Var}(x)$. The signal keeps its size if
# $\mathrm{Var}(w) = 1/n$. On the way back the sum goes over the layer's outputs, so there it is 1/(number of outputs).
# **Xavier** initialisation is the compromise: $\mathrm{Var}(w) = 2/(n_{in} + n_{out})$. For ReLU, which drops half of
# the signal, twice as much: $2/n_{in}$ (**He**).

# %%
depth, width = 12, 100


def signals(activation, spread, seed=0):
    """The standard deviation of each layer's outputs, and of the gradient that reaches them."""
    rng = np.random.default_rng(seed)
    layers = [Tensor(rng.normal(size=(200, width)), requires_grad=True)]
    for _ in range(depth):
        weights = spread * rng.normal(size=(width, width))
        layers.append(activation(layers[-1] @ weights))
    result = sum(layers[-1] * rng.normal(size=(200, width)))
    return [layer.data.std() for layer in layers], [slope.data.std() for slope in grad(result, layers)]


xavier, he = np.sqrt(2 / (width + width)), np.sqrt(2 / width)
cases = {
    "tanh, too small (0.02)": (tanh, 0.02),
    "tanh, Xavier (0.10)": (tanh, xavier),
    "tanh, too large (0.50)": (tanh, 0.5),
    "sigmoid, Xavier (0.10)": (sigmoid, xavier),
    "ReLU, He (0.14)": (relu, he),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for (name, (activation, spread)), style in zip(cases.items(), ("o:", "s-", "^--", "v-.", "D-")):
    forward, backward = signals(activation, spread)
    left.semilogy(forward, style, markersize=4, label=name)
    right.semilogy(backward, style, markersize=4, label=name)
left.set(title="outputs of each layer", xlabel="layer", ylabel="standard deviation")
right.set(title="gradients of each layer", xlabel="layer")
right.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# Read the right picture from right to left. Too small: the gradient **vanishes**. Too large: the tanh saturate (their
# outputs are all near ±1), and the gradient goes wild. The sigmoid vanishes even with Xavier's spread, since its slope
# is at most ¼. With Xavier for tanh and He for ReLU the signal keeps its size both ways.
#
# The gradients of the deep sigmoid network, layer by layer. With `log`, each layer's median says which power of ten is
# left of it. (`init` begins the weights by name: `xavier_normal`, `he_uniform`, `zeros` …)

# %%
model = nn.MLP(10, [30] * 7, 1, activation="sigmoid", init="xavier_normal", seed=0, backend="tensor")
rng = np.random.default_rng(0)
nn.mse(model(rng.normal(size=(50, 10)))[:, 0], rng.normal(size=50)).backward()
gradients = {f"layer {i + 1}": layer.W.grad for i, layer in enumerate(model.layers[::2])}
plots.histograms(gradients, log=True, xlabel="gradient")
plt.show()

# %% [markdown]
# ## Overfitting, and weight decay
#
# Fifteen measurements of a sine, with noise. A polynomial of higher degree comes nearer to the points, and farther from
# the sine. The error on points it has not seen (*validation*) tells.

# %%
rng = np.random.default_rng(3)
x_train, x_validation = np.linspace(-1, 1, 15), np.linspace(-1, 1, 200)
y_train = np.sin(3 * x_train) + 0.2 * rng.normal(size=15)
y_validation = np.sin(3 * x_validation) + 0.2 * rng.normal(size=200)


def features(x, degree):
    return data.polynomial(x[:, None], degree, constant=True)[0]


def fit(degree, decay=0.0):
    """The weights of least mean squared error, plus decay times the sum of their squares."""
    inputs = features(x_train, degree)
    penalty = np.sqrt(decay * len(x_train)) * np.eye(degree + 1)
    stacked = np.concatenate([inputs, penalty])
    return np.linalg.lstsq(stacked, np.concatenate([y_train, np.zeros(degree + 1)]), rcond=None)[0]


def errors(weights):
    degree = len(weights) - 1
    pairs = (x_train, y_train), (x_validation, y_validation)
    return [np.mean((features(x, degree) @ weights - y) ** 2) for x, y in pairs]


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
degrees = range(1, 13)
table = np.array([errors(fit(degree)) for degree in degrees])
left.semilogy(degrees, table[:, 0], "o-", label="training")
left.semilogy(degrees, table[:, 1], "s--", label="validation")
left.set(xlabel="degree of the polynomial", ylabel="mean squared error")
left.legend(frameon=False)
line = np.linspace(-1, 1, 201)
right.plot(x_train, y_train, "ko", markersize=4)
for degree, decay, style in ((3, 0, "-"), (12, 0, ":"), (12, 1e-3, "--")):
    curve = features(line, degree) @ fit(degree, decay)
    right.plot(line, curve, style, label=f"degree {degree}" + (f", decay {decay:g}" if decay else ""))
right.set(ylim=(-2, 2), xticks=(-1, 0, 1), xlabel="x")
right.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# **Weight decay** adds $\lambda \sum w^2$ to the loss. Wild curves need huge weights, and huge weights are now dear.

# %%
print("decay     training   validation   largest weight")
for decay in (0, 1e-6, 1e-4, 1e-3, 1e-1, 10):
    weights = fit(12, decay)
    training, validation = errors(weights)
    print(f"{decay:<8g} {training:9.4f} {validation:12.4f} {np.abs(weights).max():16.2f}")

# %% [markdown]
# ## Dropout
#
# In training, switch each neuron off with probability $p$, anew in every step, so that no neuron can rely on one other.
# Those that stay are divided by $1 - p$. The expected output is then the same as without dropout, and when the network
# is used nothing needs to be done. So a model has two modes, `train()` and `eval()`.

# %%
drop = nn.Dropout(0.5, seed=0)
outputs = np.array([1.0, 2.0, 3.0, 4.0])
for _ in range(3):
    print("in training:   ", drop(outputs))
print("mean of 100000:", np.mean([drop(outputs) for _ in range(100_000)], axis=0).round(2))
print("in use:        ", drop.eval()(outputs))

# %% [markdown]
# What is off in the forward pass gets no gradient in the backward pass:

# %%
x = Tensor(outputs, requires_grad=True)
y = nn.Dropout(0.5, seed=0)(x)
sum(y).backward()
print("outputs ", y.data)
print("gradient", x.grad)

# %% [markdown]
# Each layer is a function, and a network is a toy of bricks put together, says lecture 002. Its example is this one:

# %%
rng = np.random.default_rng(0)
first, second, last = nn.Linear(4, 8, seed=rng), nn.Linear(8, 8, seed=rng), nn.Linear(8, 3, seed=rng)
lego = nn.Sequential(first, nn.ReLU(), nn.Dropout(0.5, seed=rng), second, nn.ReLU(), last)
print(lego.summary(np.zeros((1, 4))))

# %%
lego.to("tensor")
draw(nn.cross_entropy(lego(np.ones((5, 4))), [0, 1, 2, 0, 1]), depth=1, show="values")

# %% [markdown]
# ## Centring and normalising the data
#
# Two features, one in metres around 2, one in millimetres around 500. The curvatures of the loss are worlds apart, so
# the rate that the steep direction allows is hopeless for the flat one. Subtract the mean of each feature and divide by
# its standard deviation, and all directions are alike. (Both numbers come from the training data, also for the test.)

# %%
rng = np.random.default_rng(0)
raw = np.column_stack([rng.normal(2, 0.5, 200), rng.normal(500, 100, 200)])
target = raw @ np.array([1.0, 0.01]) + 3 + 0.1 * rng.normal(size=200)
normalised = data.Standardize().fit_transform(raw)


def with_bias(features):
    return np.column_stack([features, np.ones(len(features))])


figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
for name, features_, style in (("raw", raw, "--"), ("centred, normalised", normalised, "-")):
    inputs = with_bias(features_)
    curvatures = np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
    rate = 1 / curvatures[-1]
    weights, losses = np.zeros(3), []
    for _ in range(50):
        wrong = inputs @ weights - target
        losses.append(np.mean(wrong**2) / 2)
        weights = weights - rate * inputs.T @ wrong / len(inputs)
    ax.semilogy(losses, style, label=f"{name}, η = {rate:.2g}")
    curvatures = [float(f"{curvature:.3g}") for curvature in curvatures]
    print(f"{name:20} curvatures {curvatures}, the largest is {curvatures[-1] / curvatures[0]:.3g} times the smallest")
ax.set(xlabel="step", ylabel="E")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Batch normalisation
#
# The same inside the network: after each layer, subtract the mean of the batch and divide by its standard deviation,
# for each neuron by itself. Then a learned scale γ and shift β, so that nothing is lost. For single examples in use,
# running averages from training take the place of the batch's mean and variance.


# %%
norm = nn.BatchNorm1d(2, backend="tensor")
rng = np.random.default_rng(0)
x = Tensor(rng.normal((3.0, -50.0), (0.1, 20.0), size=(6, 2)), requires_grad=True)
y = norm(x)
print("before: mean", x.data.mean(axis=0).round(3), " standard deviation", x.data.std(axis=0).round(3))
print("after:  mean", np.abs(y.data.mean(axis=0)).round(3), " standard deviation", y.data.std(axis=0).round(3))

# %% [markdown]
# Its gradient has a telling property. Adding the same number to a neuron's output for all examples changes nothing, so
# the gradients of each column sum to 0:

# %%
sum(y * rng.normal(size=(6, 2))).backward()
print(x.grad.round(3))
print("column sums:", np.abs(x.grad.sum(axis=0)).round(9))

# %% [markdown]
# With it even the deep sigmoid network from the beginning has a gradient that arrives:


# %%
def normalised_sigmoid(x):
    return sigmoid(4 * nn.BatchNorm1d(width, backend="tensor")(x))


for name, activation in (("sigmoid", sigmoid), ("normalised, then sigmoid", normalised_sigmoid)):
    backward = signals(activation, xavier)[1]
    print(f"{name:25} gradient at the last layer {backward[-1]:.2g}, at the first {backward[0]:.2g}")

# %% [markdown]
# ## By hand
#
# An error with weight decay: `w` is used twice. Say each number before it is shown:

# %%
w, x = Value(0.5, label="w"), Value(4.0, label="x")
L = (w * x - 1) ** 2 + 0.1 * w**2
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
# **1.** A layer's outputs are (2, 4, 6, 8). Dropout with $p = 0.2$ switches the second one off in this training step.
# What does it hand on? Put in the four numbers, and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    kept = np.array([2.0, 0.0, 6.0, 8.0])
    if np.allclose(answer, kept / 0.8):
        print("right")
    elif np.allclose(answer, kept):
        print("not yet: those that stay are made larger, so that the mean stays what it was")
    elif np.allclose(answer, kept / 0.2):
        print("not yet: p is the probability of being switched off; divide by that of staying")
    elif np.allclose(answer, kept * 0.8):
        print("not yet: divide, do not multiply: fewer neurons must speak louder")
    elif np.all(np.asarray(answer)[1] != 0):
        print("not yet: the second one is off")
    else:
        print("not yet: multiply those that stay by 1/(1 − p)")


# %%
answer = [2.0, 4.0, 6.0, 8.0]
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (0.04, "2/(n_in + n_out)", {0.2: "that is the standard deviation"}),
    (0.01, "2/n_in", {0.1: "that is the standard deviation", 0.005: "ReLU drops half of the signal"}),
)

# %% [markdown]
# **2.** 30 inputs, 20 outputs: what is the variance of Xavier's weights?

# %%
quick(1, None)

# %% [markdown]
# **3.** 200 inputs and ReLU: what is the variance of He's weights?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# answer = np.array([2.0, 4.0, 6.0, 8.0]) * np.array([1, 0, 1, 1]) / (1 - 0.2)
# print(answer)
# check(answer)
# quick(1, 2 / (30 + 20))
# quick(2, 2 / 200)
# ```
#
# </details>
