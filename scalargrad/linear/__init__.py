"""The models a single layer makes, and what a single neuron can and cannot do.

Linear regression, logistic regression and softmax regression are one layer with the identity, the sigmoid or softmax
behind it, and all three have the gradient (1/n)·Xᵀ(ŷ − y), but for a factor 2; here it is written out by hand, as in
the lecture. The perceptron and the logic neurons have a step behind it, which no gradient passes.

>>> from scalargrad import linear
>>> line = linear.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
>>> line.coef.round(6), round(line.intercept, 6), line.predict([[10.0]]).round(6)
(array([2.]), 1.0, array([21.]))
"""

from scalargrad.linear import classification, collapsing, logic, perceptron, regression
from scalargrad.linear.classification import *
from scalargrad.linear.collapsing import *
from scalargrad.linear.perceptron import *
from scalargrad.linear.regression import *

_PARTS = (classification, collapsing, perceptron, regression)
__all__ = sorted(["logic", *[name for part in _PARTS for name in part.__all__]])
