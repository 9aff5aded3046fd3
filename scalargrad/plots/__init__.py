"""Pictures of learning: losses, decision regions, activations, landscapes, how good the predictions are.

Every function draws on ``ax`` (a figure of its own if None) and gives the Axes back. Nothing is told by colour alone:
lines differ by their style and marker too, classes by their marker, cells by their number. :func:`save` writes a
figure to a file that is the same in every run. Needs matplotlib (``pip install '.[plot]'``), which is loaded when the
first picture is drawn.

>>> from scalargrad import plots
>>> ax = plots.loss_curves({"SGD": [1.0, 0.5, 0.3], "Adam": [1.0, 0.2, 0.1]})
>>> ax.get_xlabel(), ax.get_ylabel(), [text.get_text() for text in ax.get_legend().get_texts()]
('epoch', 'loss', ['SGD', 'Adam'])
>>> plots.close(ax)
"""

from scalargrad.plots.canvas import PALETTE as PALETTE
from scalargrad.plots.canvas import close as close
from scalargrad.plots.canvas import save as save
from scalargrad.plots.curves import activation as activation
from scalargrad.plots.curves import activations as activations
from scalargrad.plots.judging import confusion_matrix as confusion_matrix
from scalargrad.plots.judging import pr as pr
from scalargrad.plots.judging import roc as roc
from scalargrad.plots.landscape import loss_surface as loss_surface
from scalargrad.plots.landscape import optimizer_paths as optimizer_paths
from scalargrad.plots.landscape import surface as surface
from scalargrad.plots.layers import histograms as histograms
from scalargrad.plots.progress import learning_rates as learning_rates
from scalargrad.plots.progress import loss_curves as loss_curves
from scalargrad.plots.regions import decision_regions as decision_regions

__all__ = [
    "PALETTE",
    "activation",
    "activations",
    "close",
    "confusion_matrix",
    "decision_regions",
    "histograms",
    "learning_rates",
    "loss_curves",
    "loss_surface",
    "optimizer_paths",
    "pr",
    "roc",
    "save",
    "surface",
]
