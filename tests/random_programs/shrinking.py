"""A failing program made small: statements dropped or simplified while it still fails in the same way."""

import ast
import re
import time
import warnings

from tests.random_programs.checking import Disagreement, Refusal, check
from tests.random_programs.program import Program
from tests.random_programs.writing import used


def failure(program):
    """What is wrong with a program, as (kind, sentence), or None."""
    try:
        check(program)
    except (Disagreement, Refusal) as error:
        return type(error), str(error)
    except Exception as error:
        return type(error), f"the test itself: {type(error).__name__}: {error}"
    return None


def shrunk(program, seconds=20.0):
    """The program, smaller, and its failure. After so many seconds: what has been reached."""
    kind, told = failure(program)
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for smaller in candidates(program):
            if time.monotonic() > end:
                return program, told
            again = failure(smaller)
            if again is not None and again[0] is kind and sort(again[1]) == sort(told):
                program, told, found = smaller, again[1], True
                break
    return program, told


def sort(told):
    """What a failure is apart from its numbers: of a refusal, how its sentence begins."""
    head = told.split(": compiled")[0]
    return re.sub(r"\d+", "", head)[:60] if head == told else ""


def candidates(program: Program):
    """Programs with one thing less."""
    body = program.body
    for batch in (1, 2):
        if batch < program.batch:
            yield program.but(batch=batch)
    for i in reversed(range(len(body))):
        yield rid(program, body[:i] + body[i + 1 :])
    for text in simpler(program.result):
        yield rid(program, body, text)
    for i, statement in enumerate(body):
        for text in simpler(statement):
            yield rid(program, (*body[:i], text, *body[i + 1 :]))
    for i, statement in enumerate(program.setup):
        for text in rounder(statement):
            yield program.but(setup=(*program.setup[:i], text, *program.setup[i + 1 :]))
    for name in program.arguments:
        if name not in ("x", "X"):
            yield program.but(arguments={k: v for k, v in program.arguments.items() if k != name})


def rid(program, body, result=None):
    """With this body, and without the setup that is no longer used."""
    result = program.result if result is None else result
    return program.but(body=body, result=result, setup=used(program.setup, [*body, result]))


def simpler(text):
    """The text with one expression in place of one that holds it."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            for place, child in enumerate(children):
                if not isinstance(child, ast.expr) or not isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
                    continue
                for part in ast.iter_child_nodes(child):
                    if (
                        isinstance(part, ast.expr)
                        and getattr(part, "id", "") not in ("sg", "np", "nn")
                        and not isinstance(getattr(part, "ctx", ast.Load()), ast.Store)
                    ):
                        _put(node, name, place, part)
                        new = ast.unparse(tree)
                        _put(node, name, place, child)
                        if _reads(new):
                            yield new
    if isinstance(tree.body[0], ast.For | ast.If):
        yield "\n".join(ast.unparse(x) for x in tree.body[0].body)


def _reads(text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, "", "exec")
    except (SyntaxError, SyntaxWarning):
        return False
    return True


def _put(node, name, place, part):
    value = getattr(node, name)
    if isinstance(value, list):
        value[place] = part
    else:
        setattr(node, name, part)


def rounder(statement):
    """The statement with one long number shorter."""
    tree = ast.parse(statement)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and type(node.value) is float
            and node.value not in (0.0, 1.0, 2.0, -1.0, 0.5)
        ):
            was = node.value
            for new in (1.0, 2.0, 0.5):
                node.value = new
                yield ast.unparse(tree)
            node.value = was
