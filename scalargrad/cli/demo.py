"""``scalargrad demo``: the sigmoid neuron of the lecture, forward and backward, and its drawing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scalargrad.cli.commands import NEURON, VALUES
from scalargrad.cli.console import OK, command, complain, paint
from scalargrad.language import say
from scalargrad.tracing import Trace, trace

FILE = "sigmoid-neuron.svg"


def run(output: str | None) -> int:
    """Print the forward values and the backward table, write the drawing, and suggest what to try next."""
    from scalargrad.expression import parse

    given = {name: float(value) for name, _, value in (pair.partition("=") for pair in VALUES)}
    root = parse(NEURON).graph(**given)
    print("\n\n".join([heading(), forward(trace(root)), backward(trace(root)), gradients(trace(root))]), end="\n\n")
    drawing = draw(root, output)
    print(say("The drawing with all of this: {0}", drawing))
    print(say("The page that plays the steps: {0}", play(root, drawing)) + "\n")
    print(say("Try next:"))
    print("  " + command("steps", "(w*x + b)^2", "w=2", "x=-1", "b=1/2"))
    print("  " + command("draw", "tanh(w*x + b)", "w=2", "x=-1", "b=0.5", "-o", "tanh.svg"))
    return OK


def heading() -> str:
    return say("The sigmoid neuron L = {0}\nat {1}", NEURON, ", ".join(VALUES))


def forward(t: Trace) -> str:
    """What each operation computes, rounded as on the slides."""
    computed = [n for n in t.nodes if not n.is_leaf]
    width = max(len(f"{n.name} = {n.formula}") for n in computed)
    rows = [f"  {f'{n.name} = {n.formula}':{width}}  {paint(f'{n.value:7.2f}', 'green')}" for n in computed]
    return "\n".join([say("Forward: every operation computes its value"), *rows])


def backward(t: Trace) -> str:
    """What each edge passes back: rounded as on the slides, and to six decimals."""
    rows = [say("  edge        [upstream] × [local] = downstream   6 digits  local derivative")]
    for e in t.edges:
        back = f"{e.output.name} → {e.input.name}"
        product = f"[{e.upstream:8.2f}] × [{e.local:5.2f}] = "
        downstream = paint(f"{e.downstream:10.2f}", "red")
        formula = paint(f"∂{e.output.name}/∂{e.input.name} = {e.named}", "violet")
        rows.append(f"  {back:10}  {product}{downstream}  {e.downstream:9.6f}  {formula}")
    return "\n".join(
        [
            say("Backward: from L on, every edge passes on upstream × local = downstream"),
            say("  it starts from dL/dL = {0}", paint("1", "red")),
            *rows,
            say("  (rounded as on the slides; 0.20 × 2.00 gives 0.39 because 0.20 is 0.196612)"),
        ]
    )


def gradients(t: Trace) -> str:
    """What is left at the leaves."""
    rows = [f"  dL/d{n.name} = {paint(f'{n.grad:9.6f}', 'red')}" for n in t.leaves]
    return "\n".join([say("Gradients of L"), *rows])


def play(root: object, drawing: Path) -> Path:
    """Write the player beside the drawing."""
    from scalargrad.stepper import steps

    return steps(root).save(drawing.with_suffix(".html"))


def draw(root: object, output: str | None) -> Path:
    """Write the drawing to the file that was asked for; without one, here, or else where temporary files go."""
    from scalargrad.drawing import draw

    drawing = draw(root)
    if output is not None:
        drawing.save(output)
        return Path(output)
    try:
        drawing.save(FILE)
        return Path(FILE).resolve()
    except OSError as error:
        complain(
            say(
                "{0} cannot be written here ({1}), so it is put where temporary files go", FILE, error.strerror or error
            )
        )
        path = Path(tempfile.mkdtemp(prefix="scalargrad-")) / FILE
        drawing.save(path)
        return path
