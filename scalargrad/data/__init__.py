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

from scalargrad.data import batching, features, scaling, sets
from scalargrad.data.batching import *
from scalargrad.data.features import *
from scalargrad.data.scaling import *
from scalargrad.data.sets import *

_PARTS = (batching, features, scaling, sets)
__all__ = sorted([name for part in _PARTS for name in part.__all__])
