"""Pictures of learning: losses, decision regions, activations, landscapes, how good the predictions are.

Every function draws on ``ax`` (a figure of its own if None) and gives the Axes back. Colour is never the only carrier:
lines differ by their style and marker too, classes by their marker, cells by their number. :func:`save` writes a
figure to a file that is the same in every run. Needs matplotlib (``pip install '.[plot]'``), which is loaded when the
first picture is drawn.

>>> from scalargrad import plots
>>> ax = plots.loss_curves({"SGD": [1.0, 0.5, 0.3], "Adam": [1.0, 0.2, 0.1]})
>>> ax.get_xlabel(), ax.get_ylabel(), [text.get_text() for text in ax.get_legend().get_texts()]
('epoch', 'loss', ['SGD', 'Adam'])
>>> plots.close(ax)
"""

from scalargrad.plots import canvas, curves, judging, landscape, layers, progress, regions
from scalargrad.plots.canvas import *
from scalargrad.plots.curves import *
from scalargrad.plots.judging import *
from scalargrad.plots.landscape import *
from scalargrad.plots.layers import *
from scalargrad.plots.progress import *
from scalargrad.plots.regions import *

_PARTS = (canvas, curves, judging, landscape, layers, progress, regions)
__all__ = sorted([name for part in _PARTS for name in part.__all__])
