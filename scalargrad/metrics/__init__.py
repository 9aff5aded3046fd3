"""How good the predictions are: classification, curves over all thresholds, regression.

Every function takes ``(y_true, y_pred)`` in this order, as scikit-learn does, and gives its results: plain floats and
NumPy arrays. Lists, arrays, Values, arrays of Values and Tensors are all read as the numbers in them; nothing here is
recorded in a graph, and nothing has a gradient (for that there are the losses of :mod:`scalargrad.nn`).

>>> from scalargrad import metrics
>>> y_true, y_pred = [1, 0, 1, 1, 0], [1, 0, 0, 1, 1]
>>> metrics.accuracy(y_true, y_pred)
0.6
>>> metrics.confusion_matrix(y_true, y_pred)
array([[1, 1],
       [1, 2]])
>>> round(metrics.f1(y_true, y_pred), 4)
0.6667
"""

from scalargrad.metrics import classification, counts, curves, probability, regression
from scalargrad.metrics.classification import *
from scalargrad.metrics.counts import *
from scalargrad.metrics.curves import *
from scalargrad.metrics.probability import *
from scalargrad.metrics.regression import *

_PARTS = (classification, counts, curves, probability, regression)
__all__ = sorted([name for part in _PARTS for name in part.__all__])
