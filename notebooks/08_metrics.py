# %% [markdown]
# # 8. Metrics
#
# The loss is what the network learns by. How good it has become is told by other numbers: those that mean something to
# people.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalargrad import Value, metrics, plots

# %%
# isort: split
from lesson import quiz, steps

# %% [markdown]
# ## Scores and a threshold
#
# The running example is the lecture's table: seven examples, the score a network gave each, and the class they are of.

# %%
scores = np.array([0.6, 0.5, 0.3, 0.2, 0.2, 0.1, 0.0])
classes = np.array([1, 0, 1, 0, 1, 0, 0])
threshold = 0.15
predicted = (scores > threshold).astype(int)
print("score    ", "  ".join(f"{score:3.1f}" for score in scores))
print("class    ", "  ".join(f"{number:3d}" for number in classes))
print("predicted", "  ".join(f"{number:3d}" for number in predicted))
print(f"\naccuracy: {metrics.accuracy(classes, predicted):.4f} of the answers are right")

# %% [markdown]
# Accuracy says how many answers are wrong, not which. The **confusion matrix** does: a row for each true class, a
# column for each answer.

# %%
matrix = metrics.confusion_matrix(classes, predicted)
(tn, fp), (fn, tp) = matrix


plots.confusion_matrix(matrix, ["0", "1"])
plt.show()

# %% [markdown]
# From its four numbers come the others. With 1 for "positive" (ill, spam, found):
#
# | | formula | in words |
# |---|---|---|
# | precision | TP / (TP + FP) | of those called positive, how many are |
# | recall | TP / (TP + FN) | of those that are positive, how many were called so |
# | F1 | 2 · precision · recall / (precision + recall) | their harmonic mean: high only if both are |

# %%
precision, recall = tp / (tp + fp), tp / (tp + fn)
print(f"precision {precision:.4f}  {metrics.precision(classes, predicted):.4f}")
print(f"recall    {recall:.4f}  {metrics.recall(classes, predicted):.4f}")
print(f"F1        {2 * precision * recall / (precision + recall):.4f}  {metrics.f1(classes, predicted):.4f}")

# %% [markdown]
# ## All thresholds at once: ROC and AUC
#
# Another threshold gives other answers. Lower it step by step, and draw each time how many positives are caught (up)
# against how many negatives are caught by mistake (right). That is the **ROC curve**. Two examples share the score 0.2,
# so the curve has one slanted step.

# %%
fpr, tpr, thresholds = metrics.roc_curve(classes, scores, drop_intermediate=False)
auc = metrics.roc_auc(classes, scores)
print("threshold   false positives   true positives")
for level, across, up in zip(thresholds, fpr, tpr):
    print(f"{level:9.1f}   {across:15.3f}   {up:14.3f}")
plots.roc(fpr, tpr, auc)
plt.show()

# %% [markdown]
# The area under it, the **AUC**, has a simple meaning: take a positive and a negative example at random; how often has
# the positive one the higher score? A tie counts ½. Here there are 3 · 4 = 12 pairs.

# %%
positive, negative = scores[classes == 1], scores[classes == 0]
won = (positive[:, None] > negative).sum()
tied = (positive[:, None] == negative).sum()
pairs = positive.size * negative.size
print(f"{won} pairs won, {tied} tied: ({won} + ½·{tied}) / {pairs} = {(won + tied / 2) / pairs:.6f}")
print(f"the area under the curve: {np.trapezoid(tpr, fpr):.6f}, roc_auc: {auc:.6f}, and 9.5/12 = {9.5 / 12:.6f}")

# %% [markdown]
# 1 is perfect order, ½ is guessing. Only the order counts, not the scores themselves:

# %%
print("squared scores:  ", round(metrics.roc_auc(classes, scores**2), 6))
print("scores reversed: ", round(metrics.roc_auc(classes, -scores), 6))

# %% [markdown]
# Where positives are rare, a picture of precision against recall tells more. The number for it is the *average
# precision*.

# %%
precisions, recalls, _ = metrics.pr_curve(classes, scores)
plots.pr(precisions, recalls)
plt.show()
print(f"average precision: {metrics.average_precision(classes, scores):.6f}")

# %% [markdown]
# ## Many classes: micro and macro
#
# With K classes there are K little questions, "this class or not?", and K confusion matrices. **Micro** averages the
# matrices first and takes the precision then. **Macro** takes each precision and averages those. The lecture has three
# classes:


# %%
def verdict(what, lecture, exact):
    half_a_digit = 0.5 * 10.0 ** -len(lecture.partition(".")[2])
    told = "agrees" if abs(exact - float(lecture)) <= half_a_digit else "differs"
    print(f"{what:6} precision: lecture {lecture:5} exact {exact:.6f}   {told}")


tp, fp = np.array([20, 0, 19]), np.array([5, 1, 0])
verdict("micro", "0.87", metrics.precision_from_counts(tp, fp, average="micro"))
verdict("macro", "0.6", metrics.precision_from_counts(tp, fp, average="macro"))
print("each:", metrics.precision_from_counts(tp, fp, average=None).tolist())

# %% [markdown]
# Why so different? The second class was named only once, and wrongly. For micro that is one answer of 45; for macro it
# is one class of three. If all classes matter alike, look at macro.
#
# The same for a three-class problem with all its numbers:

# %%
rng = np.random.default_rng(0)
truth = rng.choice(3, size=120, p=[0.6, 0.3, 0.1])
guess = np.where(rng.random(120) < 0.75, truth, rng.integers(0, 3, size=120))
print(metrics.report(truth, guess, names=["cat", "dog", "eel"]))

# %%
plots.confusion_matrix(metrics.confusion_matrix(truth, guess), ["cat", "dog", "eel"])
plt.show()

# %% [markdown]
# ## Numbers instead of classes
#
# For regression the errors themselves are looked at. MSE punishes one large error most; MAE does not; the mean bias
# shows whether the errors lean to one side; MAPE is relative to the true numbers; R² compares with always saying the
# mean.

# %%
y = np.array([3.0, 5.0, 2.0, 7.0])
print(f"{'':22} {'MSE':>8} {'RMSE':>8} {'MAE':>8} {'bias':>8} {'MAPE':>8} {'R²':>8}")
for told, p in {
    "small errors": y + np.array([0.5, -0.5, 0.5, -0.5]),
    "always half too much": y + 0.5,
    "one large error": y + np.array([0.0, 0.0, 0.0, 2.0]),
    "always the mean": np.full(4, y.mean()),
}.items():
    functions = (metrics.mse, metrics.rmse, metrics.mae, metrics.mean_bias_error, metrics.mape, metrics.r2)
    print(f"{told:22} " + " ".join(f"{function(y, p):8.4f}" for function in functions))

# %% [markdown]
# ## By hand
#
# The F1 score is a formula as any other: how does it change with precision $P$ and recall $R$? Say each number before
# it is shown:

# %%
P, R = Value(0.5, label="P"), Value(1.0, label="R")
L = 2 * P * R / (P + R)
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
# **1.** Five examples have the scores 0.9, 0.7, 0.7, 0.4, 0.1 and the classes 1, 1, 0, 0, 1. What is the AUC? Count the
# pairs by hand, put the number in (a fraction will do), and run the cell.


# %% jupyter={"source_hidden": true}
def check(answer):
    scores, classes = [0.9, 0.7, 0.7, 0.4, 0.1], [1, 1, 0, 0, 1]
    right = metrics.roc_auc(classes, scores)
    if abs(answer - right) < 6e-5:
        print("right")
    elif abs(answer - 4 / 6) < 6e-5:
        print("not yet: two examples are tied; such a pair counts ½, not 1")
    elif abs(answer - 3 / 6) < 6e-5:
        print("not yet: two examples are tied; such a pair counts ½, not 0")
    elif abs(answer - 3.5) < 6e-5:
        print("not yet: divide by the number of pairs")
    else:
        print("not yet: there are 3 · 2 pairs of a positive and a negative; in how many is the positive one ahead?")


# %%
answer = 0.0
check(answer)


# %% jupyter={"source_hidden": true}
quick = quiz(
    (0.75, "of what was called positive, how much is?"),
    (0.6, "of what is positive, how much was found?", {0.75: "that is the precision"}),
)

# %% [markdown]
# **2.** 3 true positives, 1 false positive, 2 false negatives: what is the precision?

# %%
quick(1, None)

# %% [markdown]
# **3.** And the recall?

# %%
quick(2, None)

# %% [markdown]
# <details><summary>The answers</summary>
#
# ```python
# print("0.9 wins twice, 0.7 wins once and ties once, 0.1 never wins: (3 + ½) / 6 =", round(3.5 / 6, 6))
# check(3.5 / 6)
# quick(1, 3 / (3 + 1))
# quick(2, 3 / (3 + 2))
# ```
#
# </details>
