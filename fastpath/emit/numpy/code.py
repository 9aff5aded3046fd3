"""A program as straight-line NumPy code on buffers, and how it is run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from fastpath.emit.numpy.emission import Emission
from fastpath.emit.numpy.memory import Location, Results
from fastpath.ir.calling import releasing
from fastpath.ir.listing import Instruction
from fastpath.ir.program import Program
from fastpath.numerics import Array, ignoring, quiet
from scalargrad.generated import compile_source


class Code:
    """What the NumPy emitter makes of a program: ``source`` is the Python that runs.

    A run may come from any thread, and from within a run: from a Function that is part of it, or a signal handler.
    """

    def __init__(self, program: Program) -> None:
        emission = Emission(program, rehearsal=Emission(program).emitted()).emitted()
        self.source = source_of(emission, program)
        space = emission.space
        function = compile_source(self.source, "run", f"plan of {program.names.function}", space)
        if any(e.code == "random" or (e.code == "call" and e.settings[0] != "check_labels") for e in program.order):
            run: Callable[..., Any] = ignoring(function)  # what is called there may look at the modes
        else:
            run = lambda *arrays: quiet().run(function, *arrays)
        self._run = releasing(run, program.order)
        self._lock = threading.RLock()
        results = [r for r in emission.results if r is not None]
        self._results = Results(results, space)
        self.memory = emission.nbytes + sum(r.array.nbytes for r in results)
        """The bytes of buffers, constants and results."""
        self._program = program
        self._written, self._places = emission.written, emission.places
        self._numbers = {id(r): i - len(program.outputs) for i, r in enumerate(emission.results) if r is not None}
        self._twin: Code | None = None
        """The same program on other buffers, for runs within a run."""
        for place in [*emission.places.values(), *[w.place for w in emission.written]]:
            place.array = None  # what is left in the namespace are the owners that count

    def run(self, *arrays: Array) -> tuple[Any, ...]:
        """The outputs, and the gradients if there are any: floats, and arrays that are the caller's own."""
        with self._lock:
            results = self._results
            if results.busy:  # the buffers are in use, in this very thread
                if self._twin is None:
                    self._twin = Code(self._program)
                return self._twin.run(*arrays)
            results.busy = True  # an interrupt while results are renewed leaves them so, and the twin in their place
            results.renew()
            try:
                return self._run(*arrays)  # type: ignore[no-any-return]
            finally:
                results.busy = False

    def instructions(self) -> list[Instruction]:
        """What a run does, line by line."""
        names = self._program.names
        computed = {e: self._name(place) for e, place in self._places.items()}
        return [
            names.instruction(i, w.expr, self._name(w.place), computed, w.lines, w.reused)
            for i, w in enumerate(self._written)
        ]

    def _name(self, place: Location) -> str:
        """What a listing calls a place: a buffer, or a gradient."""
        result = place.storage.region.result if place.storage is not None and place.storage.final else None
        i = self._numbers.get(id(result), -1)
        return place.name if i < 0 else self._program.names.gradient(i) + place.part


def source_of(emission: Emission, program: Program) -> str:
    """The Python source of a program."""
    update = [emission.update(program.steps)] if program.steps else []
    lines = [f"def run({', '.join([f'x{i}' for i in range(len(program.arguments))])}):"]
    lines += [f"    {line}" for line in emission.prologue]
    lines += [f"    {line}" for w in emission.written for line in w.lines]
    given = [*program.outputs, *program.gradients]
    returned = f"({', '.join([emission.returned(x, r) for x, r in zip(given, emission.results)])},)"
    if update:  # the value is that before the step, also where it is a parameter itself
        lines += [f"    value = {returned}", *[f"    {line}" for line in update]]
    lines.append(f"    return {'value' if update else returned}")
    return "\n".join(lines) + "\n"
