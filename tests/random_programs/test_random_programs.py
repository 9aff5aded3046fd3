"""Compiled code against eager code on programs written by chance; nightly runs some ten thousands more."""

import functools

import numpy as np
import pytest

import fastpath
from scalargrad import OPS
from tests.random_programs.checking import Disagreement, check
from tests.random_programs.generate import generate
from tests.random_programs.program import KINDS
from tests.random_programs.shrinking import failure, shrunk

BEING_MENDED: dict[tuple[int, str], str] = {}


@pytest.mark.parametrize("seed", range(60))
def test_programs_compiled_and_eager_agree(seed):
    """One program of each kind."""
    for kind in KINDS:
        program = generate(seed, kind)
        if failure(program):
            smaller, told = shrunk(program)
            pytest.fail(f"program {seed}, {kind}: {told}\n\n{smaller.text}\n", pytrace=False)


def test_a_program_is_always_the_same_for_a_seed_and_its_text_runs(capsys):
    for kind in KINDS:
        for seed in range(3, 8):
            program = generate(seed, kind)
            assert program == generate(seed, kind)
            if failure(program) is None and check(program):
                exec(compile(program.text, "<program>", "exec"), {})
    assert capsys.readouterr().out


def test_most_programs_run_and_have_something_to_differentiate_by():
    with np.errstate(all="ignore"):
        ran = []
        for kind in KINDS:
            for seed in range(12):
                try:
                    ran.append(check(generate(seed, kind), batch=2))
                except AssertionError:
                    ran.append(True)
    assert sum(ran) > 0.7 * len(ran)


@pytest.mark.parametrize("kind", ["scalar", "layers", "tensor"])
def test_a_wrong_compiler_is_found_and_the_program_made_small(kind, monkeypatch):
    def wrong(function, **options):
        @functools.wraps(function)
        def slightly_more(*x):
            return function(*x) * 1.001

        return right(slightly_more, **options)

    def fails(seed):
        found = failure(generate(seed, kind))
        return found is not None and found[0] is Disagreement

    right = fastpath.compile
    clean = [seed for seed in range(100, 130) if failure(generate(seed, kind)) is None and generate(seed, kind).batch]
    monkeypatch.setattr(fastpath, "compile", wrong)
    found = [seed for seed in clean if fails(seed)]
    assert len(found) > 0.6 * len(clean)
    program, told = shrunk(generate(found[0], kind), seconds=5.0)
    assert "compiled" in told
    assert len(program.body) <= len(generate(found[0], kind).body)
    assert len(program.text.splitlines()) < 25


def test_every_kind_of_statement_is_written():
    text = "\n".join(generate(seed, kind).text for seed in range(400) for kind in KINDS)
    for word in (
        "for v in",
        "zip(",
        "reduce(",
        "*rest",
        ".append(",
        "softmax",
        "logsumexp",
        "norm(",
        "max(",
        "einsum",
        "keepdims",
        "float32",
    ):
        assert word in text, word
    used = [name for name in OPS if f"{name}(" in text]
    assert len(used) > 25
