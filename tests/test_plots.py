"""Each picture draws what it says: the numbers in its lines, texts and marks, on axes of its own or on those given."""

import subprocess
import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.collections import PathCollection  # noqa: E402
from matplotlib.contour import QuadContourSet  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from fastpath import Tensor  # noqa: E402
from scalargrad import OPS, Value, data, metrics, plots, tanh  # noqa: E402
from scalargrad.plots.canvas import HATCHES  # noqa: E402


@pytest.fixture(autouse=True)
def no_figure_is_left():
    plt.close("all")
    settings = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == settings
    for number in plt.get_fignums()[-1:]:
        figure = plt.figure(number)
        figure.set_layout_engine("none")  # slow, and tested below
        figure.canvas.draw()  # what cannot be drawn is no picture; warnings are errors
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def by_id(ax, gid):
    return [line for line in ax.get_lines() if line.get_gid() == gid]


class History:
    def __init__(self, loss, validation_loss=None):
        self.loss, self.validation_loss = loss, validation_loss


X, Y = data.moons(40, seed=0)
EVERY = {
    "loss_curves": lambda ax: plots.loss_curves([1.0, 0.5], ax),
    "learning_rates": lambda ax: plots.learning_rates({0.1: [1.0, 0.5]}, ax),
    "learning_rates by number": lambda ax: plots.learning_rates({0.1: 1.0, 0.2: 0.5}, ax),
    "activation": lambda ax: plots.activation("relu", ax),
    "surface": lambda ax: plots.surface(lambda x, y: x * x + y * y, ax=ax),
    "optimizer_paths": lambda ax: plots.optimizer_paths(lambda x, y: x * x + y * y, [(1, 1), (0, 0.5)], ax),
    "loss_surface": lambda ax: plots.loss_surface(lambda w: (w**2).sum(), np.ones(3), ax, seed=0, resolution=5),
    "decision_regions": lambda ax: plots.decision_regions(lambda P: P[:, 0], X, Y, ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix([[3, 1], [0, 2]], ax=ax),
    "roc": lambda ax: plots.roc([0, 0.5, 1], [0, 1, 1], ax=ax),
    "pr": lambda ax: plots.pr([0.5, 1, 1], [1, 0.5, 0], ax=ax),
    "histograms": lambda ax: plots.histograms({"0.W": [1.0, 2.0]}, ax),
}


# --- all pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_a_picture_has_labelled_axes_of_its_own_and_nothing_is_cut_off(draw):
    ax = draw(None)
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.get_xlabel()
    figure = ax.figure
    figure.canvas.draw()
    box = ax.get_tightbbox()
    assert box.x0 >= -1
    assert box.y0 >= -1
    assert box.x1 <= figure.bbox.width + 1
    assert box.y1 <= figure.bbox.height + 1


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_a_picture_is_drawn_on_the_axes_given(draw):
    figure, (left, right) = plt.subplots(1, 2)
    assert draw(right) is right
    assert right.has_data()
    assert not left.has_data()
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_a_saved_svg_is_the_same_in_every_run(draw, tmp_path):
    pages = [plots.save(draw(None), tmp_path / f"{i}.svg").read_bytes() for i in range(2)]
    plt.close("all")
    assert pages[0] == pages[1]
    assert b"<dc:date>" not in pages[0]


def test_every_picture_is_tested_above():
    drawing = set(plots.__all__) - {"PALETTE", "activations", "close", "save"}
    assert drawing == {name.split()[0] for name in EVERY}


def test_figures_axes_and_arrays_of_axes_are_saved(tmp_path):
    figure, axes = plt.subplots(2, 2)
    for i, what in enumerate((figure, axes[0, 0], axes, list(axes.flat), figure.subfigures(1, 1))):
        path = plots.save(what, tmp_path / f"{i}.png", dpi=30)
        assert path.read_bytes().startswith(b"\x89PNG")
    assert plots.save(figure, str(tmp_path / "a.pdf")).read_bytes().startswith(b"%PDF")
    with pytest.raises(ValueError, match="is not supported"):
        plots.save(figure, tmp_path / "a.xyz")
    with pytest.raises(TypeError, match="a figure or axes are expected, not str"):
        plots.save("a", tmp_path / "a.png")


def test_a_png_is_the_same_in_every_run(tmp_path):
    pages = [plots.save(plots.loss_curves([2.0, 1.0]), tmp_path / f"{i}.png").read_bytes() for i in range(2)]
    assert pages[0] == pages[1]


def test_a_closed_figure_is_forgotten():
    ax = plots.loss_curves([2.0, 1.0])
    plots.close(ax)
    assert not plt.get_fignums()


def test_without_matplotlib_one_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from scalargrad import plots\n"
        "try: plots.loss_curves([1.0])\n"
        "except ImportError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "scalargrad.plots needs matplotlib, which is not installed: pip install '.[plot]'"


def test_importing_plots_does_not_load_matplotlib():
    code = "import sys, scalargrad.plots; print('matplotlib' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


def test_the_palette_stays_apart_on_grey_paper_and_from_white():
    """Neighbours differ in lightness too; nothing is too light to be seen."""
    rgb = np.array([matplotlib.colors.to_rgb(colour) for colour in plots.PALETTE])
    lightness = rgb @ [0.2126, 0.7152, 0.0722]
    assert len(set(plots.PALETTE)) == len(plots.PALETTE)
    assert lightness.max() < 0.75


# --- losses ----------------------------------------------------------------------------------------------------------


def test_loss_curves_are_the_losses_over_the_epochs():
    ax = plots.loss_curves({"SGD": [3, 2, 1], "Adam": np.array([3.0, 1.0])})
    lines = ax.get_lines()
    np.testing.assert_array_equal(lines[0].get_xydata(), [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(lines[1].get_xydata(), [[1, 3], [2, 1]])
    assert legend(ax) == ["SGD", "Adam"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_validation_losses_are_dashed_in_the_colour_of_their_history():
    ax = plots.loss_curves({"a": History([2.0, 1.0], [2.5, 1.5]), "b": History([1.0], [])})
    training, validation, other = ax.get_lines()
    assert training.get_color() == validation.get_color() != other.get_color()
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert validation.get_markerfacecolor() == "none"
    np.testing.assert_array_equal(validation.get_ydata(), [2.5, 1.5])
    assert legend(ax) == ["a, training", "a, validation", "b, training"]
    assert legend(plots.loss_curves(History([1.0], [2.0]))) == ["training", "validation"]


def test_one_unnamed_curve_needs_no_legend():
    assert plots.loss_curves([1.0, 0.5]).get_legend() is None


@pytest.mark.parametrize("n", [2, 6, 7, 12])
def test_curves_differ_by_more_than_colour(n):
    ax = plots.loss_curves({str(i): [1.0, 0.5] for i in range(n)})
    looks = [(line.get_color(), line._dash_pattern, line.get_marker()) for line in ax.get_lines()]
    assert len(set(map(str, looks))) == n
    assert len({str(look[1:]) for look in looks[:6]}) == min(n, 6)


def test_losses_that_are_not_finite_leave_a_gap():
    ax = plots.loss_curves([1.0, float("inf"), float("nan"), 0.5], log=True)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [1.0, np.nan, np.nan, 0.5])
    assert ax.get_yscale() == "log"


def test_losses_may_be_nodes():
    ax = plots.loss_curves([Value(2.0), Value(1.0)])
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [2, 1])


def test_epochs_are_whole_numbers():
    ax = plots.loss_curves([1.0, 0.5])
    assert all(float(tick).is_integer() for tick in ax.get_xticks())


@pytest.mark.parametrize(
    ("histories", "error", "sentence"),
    [
        ({}, ValueError, "no history was given"),
        ([], ValueError, "the loss must be a list of at least one number"),
        ({"a": []}, ValueError, "the loss of a must be a list of at least one number"),
        ({"a": [[1.0, 2.0]]}, ValueError, "the loss of a must be a list"),
        ({"a": "falling"}, TypeError, "the loss of a must be numbers, not 'falling'"),
    ],
)
def test_what_holds_no_losses_is_refused_without_a_figure(histories, error, sentence):
    with pytest.raises(error, match=sentence):
        plots.loss_curves(histories)
    assert not plt.get_fignums()


def test_learning_rates_are_sorted_and_those_that_diverge_are_named():
    ax = plots.learning_rates({2.5: [1.0, 1.1], 0.1: History([1.0, 0.9]), 3: [1.0, np.inf], 4: [1.0, np.nan]})
    assert legend(ax) == ["η = 0.1", "η = 2.5, diverges", "η = 3, diverges", "η = 4, diverges"]
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [1.0, 0.9])


def test_a_rate_that_explodes_does_not_flatten_the_others():
    ax = plots.learning_rates({0.1: [1.0, 0.5, 0.25], 1: [1.0, 1e-200, 1e-300], 9: [1.0, 1e100, 1e200]})
    low, high = ax.get_ylim()
    assert low >= 1e-11
    assert high <= 1e5


def test_losses_reached_are_drawn_over_the_rate_with_marks():
    ax = plots.learning_rates({1.0: 0.1, 0.1: 0.5, 3.0: float("inf")}, marks={"ηmax": 2.380952})
    reached, diverged, mark = ax.get_lines()
    np.testing.assert_array_equal(reached.get_xydata(), [[0.1, 0.5], [1.0, 0.1]])
    np.testing.assert_array_equal(diverged.get_xdata(), [3.0])
    np.testing.assert_allclose(mark.get_xdata(), 2.380952)
    assert legend(ax) == ["diverges", "ηmax = 2.381"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_learning_rates_refuses_a_mixture_and_nothing():
    with pytest.raises(ValueError, match="every rate must have a list of losses, or every rate one number"):
        plots.learning_rates({0.1: 1.0, 0.2: [1.0]})
    with pytest.raises(ValueError, match="a mapping of learning rates"):
        plots.learning_rates({})
    with pytest.raises(ValueError, match="marks are for results of one number"):
        plots.learning_rates({0.1: [1.0]}, marks={"η": 1})


# --- activations -----------------------------------------------------------------------------------------------------

ONE_OPERAND = [name for name, op in OPS.items() if len(op.operands) - len(op.defaults) <= 1 and not op.why_not]


def finite(line):
    x, y = line.get_data()
    kept = np.isfinite(x) & np.isfinite(y)
    return x[kept], y[kept]


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_an_activation_is_the_registrys_function_and_derivative(name):
    op = OPS[name]
    ax = plots.activation(name, Figure().add_subplot())
    (f,), (slope,) = by_id(ax, "f"), by_id(ax, "derivative")
    with np.errstate(all="ignore"):
        x, y = finite(f)
        np.testing.assert_allclose(y, op(x), rtol=1e-12)
        x, y = finite(slope)
        expected = [op.local(0, op(float(a)), (float(a), *op.defaults)) for a in x]
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-12)
    assert x.size >= 100
    assert ax.get_title() == name
    assert f.get_linestyle() != slope.get_linestyle()


@pytest.mark.parametrize(
    ("name", "operands", "full", "hollow"),
    [
        ("relu", {}, [(0, 0)], [(0, 1)]),
        ("abs", {}, [(0, 0)], [(0, -1), (0, 1)]),
        ("leaky_relu", {"slope": 0.1}, [(0, 0.1)], [(0, 1)]),
        ("heaviside", {}, [(0, 1)], [(0, 0)]),
        ("elu", {}, [], []),
        ("elu", {"alpha": 2.0}, [(0, 2)], [(0, 1)]),
        ("tanh", {}, [], []),
        ("maximum", {"b": 1.5}, [(1.5, 0.5)], [(1.5, 0), (1.5, 1)]),
        ("clip", {"min": -1, "max": 2}, [(-1, 1), (2, 1)], [(-1, 0), (2, 0)]),
    ],
)
def test_a_kink_is_marked_with_the_value_that_holds_and_the_limits_that_do_not(name, operands, full, hollow):
    ax = plots.activation(name, **operands)
    marks = [line for line in ax.get_lines() if line.get_marker() == "o"]
    found = {"white": [], "full": []}
    for line in marks:
        found["white" if line.get_markerfacecolor() == "white" else "full"] += line.get_xydata().tolist()
    np.testing.assert_allclose(sorted(found["full"]), sorted(map(list, full)), atol=1e-6)
    np.testing.assert_allclose(sorted(found["white"]), sorted(map(list, hollow)), atol=1e-6)


def test_no_line_is_drawn_across_a_jump_or_a_pole():
    (slope,) = by_id(plots.activation("relu"), "derivative")
    (pole,) = by_id(plots.activation("reciprocal"), "f")
    (steps,) = by_id(plots.activation("floor", x=(-2, 2)), "f")
    assert np.isnan(slope.get_ydata()).sum() == 1
    assert np.isnan(pole.get_ydata()).sum() == 1
    assert np.isnan(steps.get_ydata()).sum() == 3


def test_the_legend_holds_the_formulas():
    assert legend(plots.activation("sigmoid")) == ["f(x) = σ(x)", "f′(x) = σ(x)·(1 − σ(x))"]
    assert legend(plots.activation(OPS["square"], derivative=False)) == ["f(x) = x²"]
    assert legend(plots.activation("round")) == ["f(x) = round(x)"]


def test_a_function_of_a_value_is_drawn_with_its_gradient():
    def swish(v):
        return v * v.sigmoid()

    ax = plots.activation(swish, x=(-2, 2))
    x, y = finite(by_id(ax, "derivative")[0])
    s = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(y, s + x * s * (1 - s), rtol=1e-9)
    assert ax.get_title() == "swish"


@pytest.mark.parametrize(
    ("function", "options", "error", "sentence"),
    [
        ("swish", {}, ValueError, "no activation is called 'swish'"),
        ("mul", {}, TypeError, "b is missing"),
        ("relu", {"slope": 1.0}, TypeError, "has no operand 'slope'"),
        (3, {}, TypeError, "function must be a name"),
        (lambda v: 1.0, {}, TypeError, "must give a Value for a Value, not float"),
        ("relu", {"x": (1, 1)}, ValueError, "x must be a pair"),
        ("relu", {"x": 3}, ValueError, "x must be a pair"),
    ],
)
def test_what_is_no_activation_is_refused_without_a_figure(function, options, error, sentence):
    with pytest.raises(error, match=sentence):
        plots.activation(function, **options)
    assert not plt.get_fignums()


def test_the_grid_has_the_lectures_activations_and_one_legend():
    axes = plots.activations()
    titles = [ax.get_title() for ax in axes.flat]
    assert titles == ["sigmoid", "tanh", "softsign", "heaviside", "softplus", "relu", "leaky_relu, slope=0.1", "elu"]
    assert sum(ax.get_legend() is not None for ax in axes.flat) == 1
    assert len(by_id(axes[0, 1], "derivative")) == 1


def test_a_grid_that_is_not_full_has_no_empty_axes():
    axes = plots.activations(["relu", "tanh", "sin"], columns=2)
    assert len(axes[0, 0].figure.axes) == 3
    with pytest.raises(ValueError, match="no activation is called 'x'"):
        plots.activations(["relu", "x"])
    with pytest.raises(ValueError, match="names must be a list"):
        plots.activations("relu")
    assert len(plt.get_fignums()) == 1


# --- landscapes ------------------------------------------------------------------------------------------------------


def bowl(x, y):
    return x * x + 10 * y * y


def test_a_surface_shows_the_heights_of_the_function():
    ax = plots.surface(bowl, (-1, 1), (0, 2), xlabel="w1", ylabel="w2", zlabel="E")
    sets = [c for c in ax.collections if isinstance(c, QuadContourSet)]
    filled, lines = sets
    assert filled.zmin == pytest.approx(0, abs=1e-3)
    assert filled.zmax == pytest.approx(41)
    for level, paths in zip(lines.levels, lines.get_paths()):
        if len(paths.vertices):
            np.testing.assert_allclose(bowl(*paths.vertices.T), level, atol=0.05)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w1", "w2")
    assert [other.get_ylabel() for other in ax.figure.axes if other is not ax] == ["E"]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: Value(float(x)) ** 2 + 10 * Value(float(y)) ** 2,
        lambda x, y: Tensor(x) ** 2 + 10 * Tensor(y) ** 2,
        lambda x, y: float(x) ** 2 + 10 * float(y) ** 2,
        lambda x, y: x**2 + 10 * y**2 if x > -9 else 0.0,
    ],
    ids=["values", "tensors", "floats", "branches"],
)
def test_the_function_may_be_written_for_arrays_numbers_or_nodes(f):
    shown = [plots.surface(g, resolution=12).collections[0] for g in (f, bowl)]
    assert shown[0].zmax == pytest.approx(shown[1].zmax)
    np.testing.assert_allclose(shown[0].levels, shown[1].levels)


def test_a_narrow_valley_gets_contours_of_its_own():
    ax = plots.surface(lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2, (-2, 2), (-1, 3))
    levels = ax.collections[0].levels
    assert (levels < 0.1 * levels[-1]).sum() > 4
    assert (np.diff(levels) > 0).all()


def test_a_flat_surface_and_one_with_holes_can_be_drawn():
    flat = plots.surface(lambda x, y: 3.0, resolution=5)
    holes = plots.surface(lambda x, y: np.log(x) + y, resolution=20)
    assert flat.collections[0].levels.tolist() == [2.5, 3.5]
    assert holes.collections[0].zmax == pytest.approx(np.log(2) + 2)


def test_a_surface_in_three_dimensions():
    ax = plots.surface(bowl, kind="3d", resolution=10, zlabel="E")
    assert (ax.name, ax.get_zlabel()) == ("3d", "E")
    again = plt.figure().add_subplot(projection="3d")
    assert plots.surface(bowl, ax=again, kind="3d", resolution=10) is again


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kind": "4d"}, "kind is 'contour' or '3d', not '4d'"),
        ({"x": (1, 0)}, "x must be a pair"),
        ({"f": lambda x, y: float("nan")}, "inf or nan everywhere"),
        ({"f": lambda x, y: [1.0, 2.0]}, "must give one number, not an array of shape"),
    ],
)
def test_a_surface_that_cannot_be_drawn_is_refused_without_a_figure(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        plots.surface(**{"f": bowl, "resolution": 5, **options})
    assert not plt.get_fignums()


def test_flat_axes_cannot_hold_a_surface_in_three_dimensions():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="kind='3d' needs axes made with projection='3d'"):
        plots.surface(bowl, ax=ax, kind="3d")


def test_optimizer_paths_are_drawn_step_by_step():
    paths = {"SGD": [(1.0, 1.0), (0.5, -0.5)], "Adam": np.array([[1.0, 1.0], [0.9, 0.9], [0.5, 0.2]])}
    ax = plots.optimizer_paths(bowl, paths, minimum=(0, 0), xlabel="w1")
    lines = by_id(ax, "path")
    for line, path in zip(lines, paths.values()):
        np.testing.assert_array_equal(line.get_xydata(), path)
    assert lines[0].get_marker() != lines[1].get_marker()
    assert legend(ax) == ["SGD", "Adam", "start", "minimum"]
    low, high = ax.get_xlim()
    assert low < 0 < 1 < high


def test_a_path_that_diverges_is_shown_as_far_as_it_is_finite():
    ax = plots.optimizer_paths(bowl, [(1.0, 1.0), (2.0, 3.0), (np.inf, np.nan)])
    (line,) = by_id(ax, "path")
    np.testing.assert_array_equal(line.get_xydata(), [[1, 1], [2, 3], [np.nan, np.nan]])
    assert ax.get_ylim()[1] < 4
    near = plots.optimizer_paths(bowl, [(1.0, 1.0), (1e9, 1e9)], x=(-2, 2), y=(-2, 2))
    assert near.get_xlim() == (-2, 2)


@pytest.mark.parametrize("paths", [{}, [1.0, 2.0], {"a": [(1, 2, 3)]}, {"a": np.zeros((0, 2))}])
def test_what_is_no_path_is_refused(paths):
    with pytest.raises(ValueError, match=r"path"):
        plots.optimizer_paths(bowl, paths)


def loss_at(theta):
    return float(sum((np.asarray(part) ** 2).sum() for part in theta))


def test_a_loss_surface_goes_through_theta_along_the_directions_given():
    theta = np.array([1.0, 2.0])
    seen = []

    def loss_of(w):
        seen.append(w)
        return (w**2).sum()

    plots.loss_surface(loss_of, theta, directions=([1, 0], [0, 3]), resolution=3, span=2)
    expected = [[1 + a, 2 + 3 * b] for b in (-2, 0, 2) for a in (-2, 0, 2)]
    np.testing.assert_allclose(seen[-9:], expected)
    np.testing.assert_array_equal(theta, [1, 2])


@pytest.mark.parametrize("arrange", [list, tuple, lambda parts: {"W": parts[0], "b": parts[1]}])
def test_theta_keeps_its_arrangement(arrange):
    theta = arrange([np.array([[3.0, 0.0], [4.0, 2.0]]), np.array([1.0])])
    steps = []

    def loss_of(new):
        assert isinstance(new, dict if isinstance(theta, dict) else list)
        parts = list(new.values()) if isinstance(new, dict) else new
        steps.append([part.copy() for part in parts])
        return loss_at(parts)

    plots.loss_surface(loss_of, theta, seed=0, resolution=3)
    weights = np.array([w for w, _ in steps[-9:]]).reshape(3, 3, 2, 2)
    for moved in (weights[1, 2] - weights[1, 1], weights[2, 1] - weights[1, 1]):
        np.testing.assert_allclose(np.linalg.norm(moved, axis=0), [5.0, 2.0])  # each column as long as theta's


def test_random_directions_come_from_the_seed():
    def levels(seed):
        return plots.loss_surface(lambda w: (w**3).sum(), np.arange(4.0), seed=seed, resolution=5).collections[0].zmax

    assert levels(1) == levels(1) != levels(2)


class Module:
    """A linear model with the parts of a module that a plot needs."""

    def __init__(self, W):
        self.W, self.training, self.calls = W, True, []

    def named_parameters(self):
        return [("W", self.W)]

    def __call__(self, X):
        self.calls.append((len(X), self.training))
        return X @ self.W

    def train(self):
        self.training = True

    def eval(self):
        self.training = False


WEIGHTS = {
    "values": lambda: np.array([[Value(1.0), Value(-1.0)], [Value(-2.0), Value(2.0)]]),
    "tensors": lambda: Tensor([[1.0, -1.0], [-2.0, 2.0]], requires_grad=True),
}


@pytest.mark.parametrize("make", WEIGHTS.values(), ids=WEIGHTS)
def test_the_loss_surface_of_a_module_leaves_it_as_it_was(make):
    model = Module(make())
    P = np.array([[1.0, 2.0], [0.5, -1.0]])

    def loss_of():
        return metrics.mse(np.zeros((2, 2)), model(P))

    before = loss_of()
    ax = plots.loss_surface(loss_of, model, seed=0, resolution=5)
    assert ax.collections[0].zmax > before
    assert loss_of() == before
    with pytest.raises(ZeroDivisionError):
        plots.loss_surface(lambda: 1 / 0, model, seed=0, resolution=5)
    assert loss_of() == before


@pytest.mark.parametrize(
    ("theta", "options", "sentence"),
    [
        (np.zeros(3), {}, "theta is 0 everywhere"),
        (np.ones(3), {"directions": (np.ones(3),)}, "directions must be two"),
        (np.ones(3), {"directions": (np.ones(3), np.ones(2))}, "the shapes of theta"),
        ({}, {}, "theta has no parameters"),
        (np.ones(3), {"span": 0}, "must be a pair"),
    ],
)
def test_a_loss_surface_refuses_what_does_not_fit(theta, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        plots.loss_surface(lambda w: 1.0, theta, resolution=3, **options)
    assert not plt.get_fignums()


# --- decision regions ------------------------------------------------------------------------------------------------


def marks(ax):
    return [c for c in ax.collections if isinstance(c, PathCollection)]


def boundary(ax):
    lines = [c for c in ax.collections if isinstance(c, QuadContourSet) and not c.filled]
    return np.concatenate([path.vertices for c in lines for path in c.get_paths() if len(path.vertices)])


@pytest.mark.parametrize(
    ("predict", "labels", "options"),
    [
        (lambda P: P[:, 0] - 0.5, (0, 1), {}),
        (lambda P: P[:, :1] - 0.5, (-1, 1), {}),
        (lambda P: 1 / (1 + np.exp(0.5 - P[:, 0])), (0, 1), {}),
        (lambda P: P[:, 0], (0, 1), {"threshold": 0.5}),
        (lambda P: np.tanh(P[:, 0] - 0.5), (-1, 1), {}),
        (lambda P: np.stack([0.5 - P[:, 0], P[:, 0] - 0.5], axis=1), (0, 1), {}),
        (lambda P: np.stack([0.5 - P[:, 0], P[:, 0] - 0.5], axis=1), (-1, 1), {}),
        (lambda P: (P[:, 0] > 0.5).astype(int), (0, 1), {}),
        (lambda P: np.where(P[:, 0] > 0.5, "yes", "no"), ("no", "yes"), {}),
        (lambda P: P[:, 0] - 0.5, ("no", "yes"), {}),
        (lambda P: [Value(float(a)) - 0.5 for a, _ in P], (0, 1), {}),
        (lambda P: Tensor(P[:, 0] - 0.5), (0, 1), {}),
    ],
    ids=[
        "scores", "column", "probabilities", "threshold", "tanh", "columns", "columns of -1 and 1", "labels", "texts", "scores for texts",
        "values", "tensor",
    ],
)  # fmt: skip
def test_the_boundary_is_where_the_model_changes_its_mind(predict, labels, options):
    P, y = data.moons(30, labels=labels, seed=0)
    ax = plots.decision_regions(predict, P, y, **options)
    place = boundary(ax)
    np.testing.assert_allclose(place[:, 0], 0.5, atol=0.03)
    np.testing.assert_allclose([place[:, 1].min(), place[:, 1].max()], ax.get_ylim(), atol=0.03)
    assert legend(ax) == [f"class {label}" for label in labels]


def test_every_example_is_marked_with_the_shape_of_its_class():
    P, y = data.spirals(30, classes=3, seed=0)
    ax = plots.decision_regions(lambda Q: np.stack([Q[:, 0], Q[:, 1], -Q[:, 0]], axis=1), P, y, labels=list("abc"))
    for c, drawn in enumerate(marks(ax)):
        np.testing.assert_array_equal(drawn.get_offsets(), P[y == c])
    shapes = {drawn.get_paths()[0].vertices.tobytes() for drawn in marks(ax)}
    hatches = {h for c in ax.collections if isinstance(c, QuadContourSet) for h in c.hatches if h is not None}
    assert len(shapes) == 3
    assert hatches == set(HATCHES[:3])
    assert legend(ax) == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x1", "x2")


@pytest.mark.parametrize(("only", "names"), [(0, (0, 1)), (1, (0, 1)), (-1, (-1, 1))])
def test_examples_of_one_class_leave_the_other_to_the_model(only, names):
    ax = plots.decision_regions(lambda P: P[:, 0] - 0.5, X, np.full(len(X), only))
    assert legend(ax) == [f"class {name}" for name in names]
    np.testing.assert_allclose(boundary(ax)[:, 0], 0.5, atol=0.03)


def test_a_class_that_has_no_example_is_named_in_full():
    ax = plots.decision_regions(lambda P: np.where(P[:, 0] > 0.5, "unheard of", "a"), X, ["a"] * len(X))
    assert legend(ax) == ["class a", "class unheard of"]


def test_a_model_that_knows_one_class_only_has_no_boundary():
    ax = plots.decision_regions(lambda P: np.ones(len(P)), X, Y)
    assert not [c for c in ax.collections if isinstance(c, QuadContourSet) and not c.filled]


@pytest.mark.parametrize("make", WEIGHTS.values(), ids=WEIGHTS)
def test_a_module_is_asked_in_evaluation_mode(make):
    model = Module(make())
    ax = plots.decision_regions(model, X, Y)
    assert model.training
    assert not any(training for _, training in model.calls)
    slow = isinstance(model.W, np.ndarray)
    assert model.calls[-1][0] == (40**2 if slow else 200**2)
    slope, intercept = np.polyfit(*boundary(ax).T, 1)
    assert (slope, intercept) == pytest.approx((0.5, 0.0), abs=1e-6)


def test_a_module_is_put_back_in_training_if_it_fails():
    model = Module(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="matmul"):
        plots.decision_regions(model, X, Y)
    assert model.training
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("predict", "P", "y", "options", "sentence"),
    [
        (lambda P: P, np.zeros((3, 3)), [0, 1, 0], {}, r"X must have the shape \(n, 2\)"),
        (lambda P: P, np.zeros((3, 2)), [0, 1], {}, "y must have one class for each of the 3 examples"),
        (lambda P: P[:3], X, Y, {}, r"predict must give \(n,\), \(n, 1\) or \(n, classes\)"),
        (lambda P: np.zeros((len(P), 4)), X, 2 * Y - 1, {}, "scores for 4 classes and y has 2"),
        (lambda P: P[:, 0], X, np.arange(len(X)) % 3, {}, "which tells 2 classes apart, and y has 3"),
        (lambda P: P[:, 0] > 0, X, ["a"] * len(X), {}, "predict gives classes like False and y has classes like a"),
        (lambda P: P[:, 0], X, ["a"] * len(X), {}, "y has one class only, a"),
        (lambda P: P[:, 0], X, Y, {"labels": ["a"]}, "labels must name each of the 2 classes, not 1"),
    ],
)
def test_decision_regions_refuse_what_does_not_fit(predict, P, y, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        plots.decision_regions(predict, P, y, **options)
    assert not plt.get_fignums()


def test_no_graph_is_recorded_for_the_regions():
    w, seen = Value(2.0), []

    def predict(P):
        scores = [tanh(w * float(a)) for a, _ in P]
        seen.extend(score.inputs for score in scores)
        return scores

    plots.decision_regions(predict, X, Y, resolution=5)
    assert not any(seen)


# --- judging ---------------------------------------------------------------------------------------------------------


def test_a_confusion_matrix_has_its_numbers_in_the_cells():
    matrix = metrics.confusion_matrix([0, 1, 2, 2, 1, 0], [0, 2, 2, 2, 1, 0])
    ax = plots.confusion_matrix(matrix, ["a", "b", "c"])
    assert texts(ax) == [str(n) for n in matrix.flat]
    assert [t.get_position() for t in ax.texts[:4]] == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    np.testing.assert_allclose(ax.images[0].get_array(), [[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1]])


def test_shares_of_the_row_are_written_on_demand():
    assert texts(plots.confusion_matrix([[3, 1], [0, 0]], share=True)) == ["75 %", "25 %", "0 %", "0 %"]


def test_numbers_are_light_on_dark_cells():
    ax = plots.confusion_matrix([[9, 1], [1, 9]])
    assert [t.get_color() for t in ax.texts] == ["white", "black", "black", "white"]


@pytest.mark.parametrize("n", [1, 2, 10, 20])
def test_the_numbers_fit_into_their_cells(n):
    ax = plots.confusion_matrix(np.full((n, n), 100))
    ax.figure.canvas.draw()
    width = ax.get_window_extent().width / n
    assert max(t.get_window_extent().width for t in ax.texts) < width


@pytest.mark.parametrize(
    ("matrix", "labels", "sentence"),
    [
        ([[1, 2]], None, "matrix must be square"),
        ([], None, "matrix must be square"),
        ([[1, -2], [0, 1]], None, "matrix must hold counts"),
        ([[1, 2], [0, 1]], ["a"], "labels must name each of the 2 classes, not 1"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(matrix, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        plots.confusion_matrix(matrix, labels)


def test_the_roc_curve_of_the_lecture():
    y, scores = [1, 0, 1, 0, 1, 0, 0], [0.6, 0.5, 0.3, 0.2, 0.2, 0.1, 0]
    fpr, tpr, _ = metrics.roc_curve(y, scores)
    ax = plots.roc(fpr, tpr, metrics.roc_auc(y, scores))
    (curve,), (chance,) = by_id(ax, "curve"), by_id(ax, "by chance")
    np.testing.assert_array_equal(curve.get_xydata(), np.stack([fpr, tpr], axis=1))
    np.testing.assert_array_equal(chance.get_xydata(), [[0, 0], [1, 1]])
    assert legend(ax) == ["AUC = 0.7917", "by chance"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("false positive rate", "true positive rate")


def test_curves_are_compared_on_the_same_axes():
    ax = plots.roc([0, 0, 1], [0, 1, 1], 1.0, label="A")
    plots.roc([0, 0.5, 1], [0, 0.7, 1], 0.6, ax, label="B")
    one, two = by_id(ax, "curve")
    assert legend(ax) == ["A, AUC = 1.0000", "B, AUC = 0.6000", "by chance"]
    assert one.get_color() != two.get_color()
    assert one.get_linestyle() != two.get_linestyle()


def test_the_precision_recall_curve_goes_in_steps():
    y, scores = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
    precision, recall, _ = metrics.pr_curve(y, scores)
    average = metrics.average_precision(y, scores)
    ax = plots.pr(precision, recall, average)
    (curve,) = by_id(ax, "curve")
    np.testing.assert_array_equal(curve.get_xydata(), np.stack([recall, precision], axis=1))
    assert legend(ax) == [f"average precision = {average:.4f}"]
    x, y = curve.get_path().vertices.T  # what is drawn: the area under it is the average precision
    assert -np.sum(np.diff(x) * y[:-1]) == pytest.approx(average)


def test_a_precision_recall_curve_without_a_name_has_no_legend():
    assert plots.pr([0.5, 1], [1, 0]).get_legend() is None


@pytest.mark.parametrize("draw", [plots.roc, plots.pr])
def test_rates_must_be_rates(draw):
    with pytest.raises(ValueError, match=r"has 2 points and .* has 3: they must be as many"):
        draw([0, 1], [0, 0.5, 1])
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        draw([0, 2], [0, 1])
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        draw([0, float("nan")], [0, 1])
    assert not plt.get_fignums()


# --- layers ----------------------------------------------------------------------------------------------------------


def test_a_histogram_for_each_layer_counts_its_numbers():
    layers = {"0.W": np.array([[0.0, 1.0], [1.0, 1.0]]), "1.W": [2.0, 0.5]}
    ax = plots.histograms(layers, bins=2, xlabel="gradient")
    steps = [patch.get_data() for patch in ax.patches[::2]]
    for i, (step, counts) in enumerate(zip(steps, ([1, 3], [1, 1]))):
        np.testing.assert_allclose(step.edges, [0, 1, 2])
        np.testing.assert_allclose(i + 0.45 - step.values, 0.85 * np.array(counts) / max(counts))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.W", "1.W"]
    assert texts(ax) == ["σ = 0.43", "σ = 0.75"]
    assert ax.get_xlabel() == "gradient"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first layer on top


def test_a_vanishing_gradient_loses_powers_of_ten():
    rng = np.random.default_rng(0)
    ax = plots.histograms([(f"{i}.W", 10.0**-i * rng.choice([-1, 1], 50)) for i in range(4)], log=True)
    assert texts(ax) == ["median 1", "median 0.1", "median 0.01", "median 0.001"]
    assert ax.get_xlabel() == "log₁₀ |value|"
    middles = [patch.get_data().edges[np.argmin(patch.get_data().values)] for patch in ax.patches[::2]]
    assert (np.diff(middles) < -0.8).all()


def test_what_cannot_be_drawn_of_a_layer_is_counted():
    layers = {"a": [0.0, 0.0, 1.0], "b": [np.nan, np.inf, 1.0], "c": [], "d": [np.nan]}
    assert texts(plots.histograms(layers)) == ["σ = 0.47", "σ = 0\n2 not finite", "empty", "1 not finite"]
    assert texts(plots.histograms(layers, log=True)) == [
        "median 0\n2 of 3 are 0", "median 1\n2 not finite", "empty", "1 not finite",
    ]  # fmt: skip


def test_large_layers_get_more_bins():
    bins = [len(plots.histograms({"W": np.arange(float(n))}).patches[0].get_data().values) for n in (4, 400, 10_000)]
    assert bins == [8, 30, 40]


def test_layers_may_be_nodes():
    layers = {"values": np.array([Value(1.0), Value(3.0)]), "tensor": Tensor([[2.0, 2.0]])}
    assert texts(plots.histograms(layers)) == ["σ = 1", "σ = 0"]


def test_histograms_need_layers():
    for nothing in ({}, [1.0, 2.0], []):
        with pytest.raises(ValueError, match="a mapping of layer names to arrays"):
            plots.histograms(nothing)
    with pytest.raises(TypeError, match=r"0\.W must be numbers"):
        plots.histograms({"0.W": "x"})
