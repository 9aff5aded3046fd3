"""Neural networks: modules, initialisers and losses, written once for Values and for Tensors.

>>> import numpy as np
>>> from scalargrad import nn
>>> model = nn.MLP(2, [4], 1, seed=0)
>>> loss = nn.mse(model([[0.0, 1.0], [1.0, 0.0]]), [1.0, 0.0])
>>> loss.backward()
>>> fast = nn.MLP(2, [4], 1, seed=0, backend="tensor")
>>> same = nn.mse(fast(np.array([[0.0, 1.0], [1.0, 0.0]])), [1.0, 0.0])
>>> bool(abs(loss.data - same.item()) < 1e-12)
True
"""

from scalargrad.nn.activations import (
    ACTIVATIONS,
    ELU,
    Activation,
    Heaviside,
    LeakyReLU,
    PReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from scalargrad.nn.containers import MLP, Sequential
from scalargrad.nn.initialisers import (
    INITIALISERS,
    constant,
    he_normal,
    he_uniform,
    normal,
    uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from scalargrad.nn.layers import Linear, Maxout, Neuron, Perceptron
from scalargrad.nn.losses import (
    LOSSES,
    bce,
    bce_with_logits,
    cross_entropy,
    exponential,
    hinge,
    huber,
    logistic,
    mae,
    mape,
    mean_bias_error,
    mse,
    multiclass_hinge,
    nll,
    smooth_hinge,
    squared_hinge,
)
from scalargrad.nn.module import Module
from scalargrad.nn.regularisation import BatchNorm1d, Dropout

__all__ = [
    "ACTIVATIONS", "ELU", "INITIALISERS", "LOSSES", "MLP", "Activation", "BatchNorm1d", "Dropout", "Heaviside",
    "LeakyReLU", "Linear", "Maxout", "Module", "Neuron", "PReLU", "Perceptron", "ReLU", "Sequential", "Sigmoid",
    "Softmax", "Softplus", "Softsign", "Tanh", "bce", "bce_with_logits", "constant", "cross_entropy", "exponential",
    "he_normal", "he_uniform", "hinge", "huber", "logistic", "mae", "mape", "mean_bias_error", "mse",
    "multiclass_hinge", "nll", "normal", "smooth_hinge", "squared_hinge", "uniform", "xavier_normal", "xavier_uniform",
    "zeros",
]  # fmt: skip
