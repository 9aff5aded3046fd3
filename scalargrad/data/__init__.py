"""Data to learn from: small sets, mini-batches, splitting, standardizing, features.

Every set is a pair ``X, y`` of NumPy arrays: ``X`` of shape (n, features), one example a row, and ``y`` of shape (n,):
whole numbers for classes, floats for regression. ``seed`` is a number, a ``numpy.random.Generator`` to draw from, or
None (different in every call); equal numbers give equal data.

The rows of a set of classes take turns (0, 1, 0, 1, …), so that any run of rows holds the classes in equal parts.

>>> from scalargrad import data
>>> X, y = data.moons(n=100, noise=0.1, seed=1)
>>> X.shape, y[:4]
((100, 2), array([0, 1, 0, 1]))
>>> (X_train, y_train), (X_test, y_test) = data.split(X, y, validation=0.2, seed=1)
>>> scale = data.Standardize().fit(X_train)  # what is known is the training set
>>> X_train, X_test = scale.transform(X_train), scale.transform(X_test)
>>> [len(yb) for _, yb in data.batches(X_train, y_train, size=32, seed=1)]
[32, 32, 16]
"""

from scalargrad.data.batching import Batches as Batches
from scalargrad.data.batching import batches as batches
from scalargrad.data.batching import split as split
from scalargrad.data.features import PLAYGROUND as PLAYGROUND
from scalargrad.data.features import playground as playground
from scalargrad.data.features import polynomial as polynomial
from scalargrad.data.scaling import Standardize as Standardize
from scalargrad.data.scaling import centre as centre
from scalargrad.data.scaling import normalise as normalise
from scalargrad.data.sets import circles as circles
from scalargrad.data.sets import gaussians as gaussians
from scalargrad.data.sets import linear as linear
from scalargrad.data.sets import moons as moons
from scalargrad.data.sets import sine as sine
from scalargrad.data.sets import spirals as spirals
from scalargrad.data.sets import xor as xor

__all__ = [
    "PLAYGROUND",
    "Batches",
    "Standardize",
    "batches",
    "centre",
    "circles",
    "gaussians",
    "linear",
    "moons",
    "normalise",
    "playground",
    "polynomial",
    "sine",
    "spirals",
    "split",
    "xor",
]
