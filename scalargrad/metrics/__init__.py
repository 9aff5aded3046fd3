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

from scalargrad.metrics.classification import accuracy as accuracy
from scalargrad.metrics.classification import f1 as f1
from scalargrad.metrics.classification import precision as precision
from scalargrad.metrics.classification import recall as recall
from scalargrad.metrics.classification import report as report
from scalargrad.metrics.counts import class_matrices as class_matrices
from scalargrad.metrics.counts import confusion_matrix as confusion_matrix
from scalargrad.metrics.counts import f1_from_counts as f1_from_counts
from scalargrad.metrics.counts import micro_matrix as micro_matrix
from scalargrad.metrics.counts import precision_from_counts as precision_from_counts
from scalargrad.metrics.counts import recall_from_counts as recall_from_counts
from scalargrad.metrics.curves import average_precision as average_precision
from scalargrad.metrics.curves import pr_curve as pr_curve
from scalargrad.metrics.curves import roc_auc as roc_auc
from scalargrad.metrics.curves import roc_curve as roc_curve
from scalargrad.metrics.probability import log_loss as log_loss
from scalargrad.metrics.regression import mae as mae
from scalargrad.metrics.regression import mape as mape
from scalargrad.metrics.regression import max_error as max_error
from scalargrad.metrics.regression import mean_bias_error as mean_bias_error
from scalargrad.metrics.regression import mse as mse
from scalargrad.metrics.regression import r2 as r2
from scalargrad.metrics.regression import rmse as rmse

__all__ = [
    "accuracy",
    "average_precision",
    "class_matrices",
    "confusion_matrix",
    "f1",
    "f1_from_counts",
    "log_loss",
    "mae",
    "mape",
    "max_error",
    "mean_bias_error",
    "micro_matrix",
    "mse",
    "pr_curve",
    "precision",
    "precision_from_counts",
    "r2",
    "recall",
    "recall_from_counts",
    "report",
    "rmse",
    "roc_auc",
    "roc_curve",
]
