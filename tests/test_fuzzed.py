"""Formulas, command lines and trace files by chance: a few here, many in the nightly command."""

import random

import pytest

from scalargrad.cli import main
from tests.fuzzing import (
    command_line,
    damaged,
    example,
    formula,
    parsed_or_refused,
    read_or_refused,
    told_in_short_lines,
)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_gets_out_of_the_parser(seed):
    r = random.Random(seed)
    for _ in range(250):
        parsed_or_refused(formula(r))


@pytest.mark.parametrize("seed", range(4))
def test_no_traceback_reaches_whoever_types_a_command(seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    r = random.Random(seed)
    for _ in range(40):
        told_in_short_lines(command_line(r))


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_trace_is_refused_or_harmless(seed):
    r, data = random.Random(seed), example()
    for _ in range(150):
        read_or_refused(damaged(r, data))


def test_a_fault_of_the_program_itself_is_one_line_too(monkeypatch, capsys):
    monkeypatch.setattr("scalargrad.cli.commands.graph", lambda arguments: {}["no such\nthing"])
    assert main(["steps", "x", "x=1"]) == 1
    told = capsys.readouterr().err
    assert told == "scalargrad: this should not have happened: 'no such\\nthing' (KeyError); please report it\n"
    assert main(["steps", "x", "x=1", "--lang", "ru"]) == 1
    assert "этого не должно было случиться" in capsys.readouterr().err
