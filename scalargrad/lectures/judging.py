"""Tables of lecture 000: how good a classifier is."""

from __future__ import annotations

from collections.abc import Iterator

from scalargrad.language import Text
from scalargrad.lectures.claims import FORMULA_ONLY, Claim
from scalargrad.lectures.system import System

SCORES = (0.6, 0.5, 0.3, 0.2, 0.2, 0.1, 0.0)
CLASSES = (1, 0, 1, 0, 1, 0, 0)

TP, FP = (20, 0, 19), (5, 1, 0)


def _roc_claims() -> Iterator[Claim]:
    from scalargrad import metrics

    area = metrics.roc_auc(CLASSES, SCORES)
    pairs = CLASSES.count(1) * CLASSES.count(0)
    table = Text("the lecture gives the table only; of the pairs of a 1 and a 0 a tie counts ½")
    yield Claim("ROC-AUC", "", area, table)
    yield Claim(Text("pairs in the right order, of {0}", pairs), "", area * pairs, table)
    fpr, tpr, _ = metrics.roc_curve(CLASSES, SCORES)
    yield Claim(
        Text("the false positive rates of the curve's points"),
        "",
        fpr,
        table,
    )
    yield Claim(Text("the true positive rates there"), "", tpr, table)


def _average_claims() -> Iterator[Claim]:
    from scalargrad import metrics

    micro = metrics.precision_from_counts(TP, FP, average="micro")
    macro = metrics.precision_from_counts(TP, FP, average="macro")
    yield Claim(
        Text("micro, as a formula"),
        "(1/3*(20+0+19)) / (1/3*(20+0+19) + 1/3*(5+1+0))", micro, at={},
    )  # fmt: skip
    yield Claim(Text("micro"), "0.87", micro)
    yield Claim(Text("macro, as a formula"), "1/3*(20/(20+5) + 0/(0+1) + 19/(19+0))", macro, at={})
    yield Claim(Text("macro"), "0.6", macro)
    each = metrics.precision_from_counts(TP, FP, average=None)
    yield Claim(Text("precision of each class"), "", each, FORMULA_ONLY)


SYSTEMS = (
    System(
        "roc-auc", "000",
        Text("The area under the ROC curve"),
        Text("Scores .6 .5 .3 .2 .2 .1 .0 of examples whose classes are 1 0 1 0 1 0 0."),
        _roc_claims,
    ),
    System(
        "micro-macro-precision", "000",
        Text("Precision, micro and macro averaged"),
        Text("Three classes with TP = 20, 0, 19 and FP = 5, 1, 0. Micro averages the counts first, macro the ratios."),
        _average_claims,
    ),
)  # fmt: skip
