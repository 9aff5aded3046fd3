"""Modes entered in a generator are not felt by its caller; those of a context manager are. And @no_grad bare."""

import asyncio
import contextlib
import gc
import itertools

import pytest

from scalargrad import Value, detect_anomaly, enable_grad, modes, no_grad, scope


def recorded():
    return (Value(2.0) * 3).op is not None


@pytest.fixture(autouse=True)
def no_mode_is_in_force_afterwards():
    yield
    assert modes.active == 0


def quietly():
    with no_grad():
        while True:
            yield recorded()


def test_a_suspended_generator_does_not_lend_its_mode():
    steps = quietly()
    for _ in range(3):
        assert next(steps) is False
        assert recorded()
    steps.close()
    assert recorded()


def test_so_it_is_in_a_loop_in_a_helper_and_where_generators_are_chained():
    for quiet in itertools.islice(quietly(), 2):
        assert not quiet
        assert recorded()

    def helper():
        return next(quietly.steps)

    def outer():
        yield from quietly()

    quietly.steps = quietly()
    assert helper() is False
    assert recorded()
    for quiet in itertools.islice(outer(), 2):
        assert not quiet
        assert recorded()
    del quietly.steps


def test_what_the_generator_calls_is_under_its_mode_and_what_its_caller_enters_stays():
    def named():
        with scope("inner"):
            yield (Value(1.0) * 2).scope

    with scope("outer"), detect_anomaly():
        for path in named():
            assert path == "outer/inner"
            assert (Value(1.0) * 2).scope == "outer"
            assert modes.detecting()


def test_an_abandoned_generator_takes_its_mode_along():
    gc.disable()
    try:
        next(quietly())
        assert modes.active == 0
    finally:
        gc.enable()


def test_a_context_manager_made_of_a_generator_enters_the_mode_for_its_caller():
    @contextlib.contextmanager
    def evaluating():
        with no_grad():
            yield

    @contextlib.contextmanager
    def twice():
        with evaluating():
            yield

    with evaluating():
        assert not recorded()
    with twice():
        assert not recorded()
    with contextlib.ExitStack() as stack:
        stack.enter_context(evaluating())
        stack.enter_context(no_grad())
        assert not recorded()
    assert recorded()

    def generator():
        with evaluating():
            yield recorded()

    for quiet in generator():
        assert not quiet
        assert recorded()


def test_asynchronous_generators_and_context_managers_likewise():
    async def steps():
        with no_grad():
            yield recorded()
            await asyncio.sleep(0)
            yield recorded()

    @contextlib.asynccontextmanager
    async def evaluating():
        with no_grad():
            yield

    async def main():
        async for quiet in steps():
            assert not quiet
            assert recorded()
        async with evaluating():
            assert not recorded()

    asyncio.run(main())


@pytest.fixture
def quiet_fixture():
    with no_grad():
        yield
    assert recorded()


def test_a_fixture_enters_the_mode_for_the_test(quiet_fixture):
    assert not recorded()


def test_a_mode_entered_by_hand_lasts_until_it_is_left():
    mode = no_grad()
    mode.__enter__()
    assert not recorded()
    mode.__exit__(None, None, None)
    assert recorded()
    no_grad().__enter__()
    assert not recorded()
    (entry,) = modes._entries.get()
    entry.mode().__exit__()
    assert recorded()


@pytest.mark.parametrize("mode", [no_grad, enable_grad, detect_anomaly])
def test_a_mode_decorates_without_parentheses(mode):
    @mode
    def function(x):
        """Multiplies."""
        return x * 3, modes.detecting()

    y, detecting = function(Value(1.0))
    assert (y.op is None) == (mode is no_grad)
    assert detecting == (mode is detect_anomaly)
    assert (function.__name__, function.__doc__) == ("function", "Multiplies.")

    class Model:
        @mode
        def predict(self, x):
            return x * 2

    assert Model().predict(Value(2.0)).data == 4.0


@pytest.mark.parametrize("wrong", [True, "x", Value])
def test_a_mode_takes_nothing_else(wrong):
    with pytest.raises(TypeError, match=r"write with no_grad\(\): or @no_grad"):
        no_grad(wrong)
