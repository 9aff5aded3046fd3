"""no_grad, enable_grad, detect_anomaly and scope: nesting, decorators, generators, tasks, threads, errors."""

import asyncio
import contextvars
import functools
import math
import threading

import pytest

import scalargrad as sg
from scalargrad import Value, detect_anomaly, enable_grad, modes, no_grad, scope, trace


def recorded(x):
    """Whether an operation on this Value is recorded here."""
    return (x * 3).op is not None


@pytest.fixture
def x():
    return Value(2.0, label="x")


@pytest.fixture(autouse=True)
def no_mode_is_in_force_afterwards():
    yield
    assert modes.active == 0


def isolated(test):
    """Run a test in a context of its own: if it does not leave a mode, the other tests do not feel it."""

    @functools.wraps(test)
    def run(*given, **named):
        contextvars.copy_context().run(test, *given, **named)

    return run


def assert_left(x):
    """Recording goes on, also under another mode (where the engine asks them all)."""
    assert recorded(x)
    with detect_anomaly():
        assert recorded(x)


# --- no_grad and enable_grad -----------------------------------------------------------------------------------------


def test_results_under_no_grad_are_leaves(x):
    with no_grad():
        results = [x * 3, 3 - x, x.tanh(), sg.where(x, x, 1.0), -x, abs(x), x**x]
    assert all(y.op is None and y.inputs == () for y in results)
    assert [results[0].data, results[1].data] == [6.0, 1.0]


def test_no_result_under_no_grad_has_a_graph_behind_it(x):
    y = x * 3
    with no_grad():
        assert sum([y]).op is None
        assert sum([y, y]).op is None


def test_a_graph_built_before_can_be_differentiated_under_no_grad(x):
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad == 4.0


@isolated
def test_modes_nest_and_the_inner_one_holds(x):
    with no_grad():
        assert not recorded(x)
        with enable_grad():
            assert recorded(x)
            with no_grad():
                assert not recorded(x)
            assert recorded(x)
        assert not recorded(x)
    assert_left(x)


def test_one_object_may_be_entered_again_inside_itself(x):
    mode = no_grad()
    with mode:
        with mode:
            assert not recorded(x)
        assert not recorded(x)
    with mode:
        assert not recorded(x)


@isolated
def test_an_exception_leaves_the_mode(x):
    with pytest.raises(ZeroDivisionError), no_grad():
        _ = 1 / 0
    assert_left(x)


def test_a_mode_decorates_a_function_also_a_recursive_one_that_fails(x):
    @no_grad()
    def descend(n):
        if n == 0:
            raise KeyError(recorded(x))
        return descend(n - 1)

    with pytest.raises(KeyError, match="False"):
        descend(3)
    assert descend.__name__ == "descend"


def test_a_decorated_function_may_run_in_two_threads_that_leave_in_the_order_they_entered(x):
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    found = []

    @no_grad()
    def run(entered, waited_for):
        entered.set()
        waited_for.wait(10)
        found.append(recorded(x))

    def first():
        try:
            run(first_in, second_in)
        finally:
            first_out.set()

    def second():
        first_in.wait(10)
        run(second_in, first_out)

    assert in_threads(first, second) == []
    assert found == [False, False]


def test_a_decorated_generator_function_runs_under_the_mode(x):
    @no_grad()
    def generate():
        yield recorded(x)
        yield recorded(x)

    assert list(generate()) == [False, False]


def test_a_decorated_coroutine_function_runs_under_the_mode(x):
    @no_grad()
    async def work():
        await asyncio.sleep(0)
        return recorded(x)

    assert asyncio.run(work()) is False


def test_a_decorated_asynchronous_generator_function_runs_under_the_mode(x):
    @no_grad()
    async def generate():
        yield recorded(x)
        await asyncio.sleep(0)
        yield recorded(x)

    async def collect():
        return [found async for found in generate()]

    assert asyncio.run(collect()) == [False, False]


def test_a_decorated_generator_is_a_generator_in_every_respect(x):
    @no_grad()
    def converse():
        """Tells what it is given, and whether it records."""
        said = []
        try:
            while len(said) < 2:
                try:
                    said.append((yield recorded(x)))
                except KeyError:
                    said.append("caught")
        finally:
            said.append(recorded(x))
        return said

    assert converse.__doc__
    talk = converse()
    assert next(talk) is False
    assert recorded(x)  # between the steps the mode is not in force
    assert talk.throw(KeyError) is False
    with pytest.raises(StopIteration) as stop:
        talk.send("hello")
    assert stop.value.value == ["caught", "hello", False]


# --- who is under the mode -------------------------------------------------------------------------------------------


def in_threads(*functions):
    """Run the functions at the same time; the exceptions they raised."""
    failed = []

    def guarded(function):
        try:
            function()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_no_grad_in_one_thread_is_not_felt_in_another(x):
    inside, done, found = threading.Event(), threading.Event(), []

    def quiet():
        with no_grad():
            inside.set()
            done.wait(10)
            found.append(recorded(x))

    def loud():
        inside.wait(10)
        found.append(recorded(x))
        done.set()

    assert in_threads(quiet, loud) == []
    assert found == [True, False]


def test_a_new_thread_begins_without_the_modes_of_the_one_that_started_it(x):
    found = []
    with no_grad(), detect_anomaly(), scope("outer"):
        in_threads(lambda: found.append((recorded(x), modes.detecting(), modes.current_scope())))
    assert found == [(True, False, None)]


def test_no_grad_in_one_task_is_not_felt_in_another(x):
    async def quiet(found):
        with no_grad():
            await asyncio.sleep(0)
            found.append(recorded(x))
            await asyncio.sleep(0)

    async def loud(found):
        for _ in range(3):
            found.append(recorded(x))
            await asyncio.sleep(0)

    async def both():
        found = [], []
        await asyncio.gather(quiet(found[0]), loud(found[1]))
        return found

    assert asyncio.run(both()) == ([False], [True, True, True])


def test_a_task_that_outlives_the_block_records_whatever_else_is_in_force(x):
    async def child(left):
        await left.wait()
        plain = recorded(x)
        with detect_anomaly():
            return plain, recorded(x)

    async def parent():
        left = asyncio.Event()
        with no_grad():
            task = asyncio.create_task(child(left))
            await asyncio.sleep(0)
        left.set()
        return await task

    assert asyncio.run(parent()) == (True, True)


def quietly(*results):
    with no_grad():
        yield from results


@isolated
def test_a_generator_that_was_abandoned_leaves_the_mode(x):
    generator = quietly(1, 2)
    next(generator)
    generator.close()
    assert_left(x)


@isolated
def test_generators_may_leave_the_mode_in_the_order_they_entered_it(x):
    first, second = quietly(1), quietly(2)
    next(first), next(second)
    assert list(first) == []
    assert list(second) == []
    assert_left(x)


@isolated
def test_a_generator_may_be_closed_by_another_thread(x):
    generator = quietly(1, 2)
    next(generator)
    assert in_threads(generator.close) == []
    assert_left(x)


@isolated
def test_an_asynchronous_generator_may_be_closed_by_another_task(x):
    async def generate():
        with no_grad():
            yield recorded(x)
            yield recorded(x)

    async def both():
        generator = generate()
        first = await asyncio.create_task(anext(generator))
        await asyncio.create_task(generator.aclose())
        return first, recorded(x)

    assert asyncio.run(both()) == (False, True)
    assert_left(x)


# --- detect_anomaly --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.log(), "forward: log(x) = -inf at x = 0.0"),
        (lambda x: 1 / x, "forward: 1/x = inf at x = 0.0"),
        (lambda x: x / x, "forward: x/x = nan at x = 0.0"),
        (lambda x: (x + 1000).exp(), "forward: exp(x) = inf at x = 1000.0"),
        (lambda x: (x - 8) ** (1 / 3), "= nan at a = -8.0"),
        (lambda x: x**-1, "= inf at x = 0.0"),
        (lambda x: sg.where(x, x, 1e308) * 10, "= inf at a = 1e+308"),
        (lambda x: x.bce_with_logits(Value(1e308)) - 1e308 * (x + 10), "inf"),
    ],
)
def test_the_forward_pass_stops_at_the_op_that_made_the_first_nan_or_infinity(function, message):
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        function(Value(0.0, label="x"))
    assert message in str(caught.value)


def test_operands_without_a_label_are_told_apart():
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"a/b = inf at a = 1\.0 and b = 0\.0"):
        Value(1.0) / Value(0.0)


def test_an_operand_that_was_not_finite_is_not_held_against_the_op():
    with detect_anomaly():
        inf = Value(math.inf)
        assert math.isnan((inf - inf).data)
        assert (inf * 2).data == math.inf
        assert (Value(2.0) * math.inf).data == math.inf
        assert math.isnan(Value(math.nan).exp().data)


def test_the_backward_pass_stops_at_the_edge_that_made_the_first_infinity():
    p = Value(0.0, label="p")
    y = p.sqrt() * 3
    with (
        detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"backward: through sqrt\(p\) to p, 3\.0 × inf = inf at p = 0\.0"),
    ):
        y.backward()
    assert (p.grad, y.grad) == (0.0, 0.0)


def test_the_backward_pass_stops_at_the_edge_that_made_the_first_nan():
    p = Value(0.0, label="p")
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"to p, 0\.0 × inf = nan"):
        (p.sqrt() * 0).backward()


def test_shares_that_only_add_up_to_infinity_are_found_too():
    p = Value(0.5, label="p")
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"backward.*p"):
        (p * 1e308 - p * -1e308).backward()


def test_an_operand_that_was_not_finite_is_not_held_against_the_op_in_the_backward_pass():
    x, w = Value(math.inf), Value(2.0)
    with detect_anomaly():
        (x * w).backward()
        (w * math.inf).backward()
    assert (x.grad, w.grad) == (2.0, math.inf)


def test_a_seed_that_is_not_finite_is_not_held_against_any_op(x):
    with detect_anomaly():
        (x * 3).backward(math.inf)
    assert x.grad == math.inf


def test_a_healthy_graph_is_the_same_under_detect_anomaly(x):
    def loss():
        return ((x * 3).tanh() + sg.where(x > 1, x, 0.0)) / (1 + x * x) + x.maximum(2.0) ** x

    plain = loss()
    plain.backward()
    expected, x.grad = x.grad, 0.0
    with detect_anomaly():
        watched = loss()
        watched.backward()
    assert watched.data == plain.data
    assert x.grad == pytest.approx(expected, rel=1e-14)


def test_detect_anomaly_and_no_grad_hold_together(x):
    with detect_anomaly(), no_grad():
        assert not recorded(x)
        with pytest.raises(FloatingPointError):
            (x - 2).log()


def test_nothing_stops_without_detect_anomaly():
    p = Value(0.0)
    y = p.log() * 2
    y.backward()
    assert (y.data, p.grad) == (-math.inf, math.inf)


# --- scope -----------------------------------------------------------------------------------------------------------


def test_scopes_nest_into_a_path_that_the_nodes_and_the_trace_carry(x):
    with scope("net"):
        with scope("layer 1"):
            a = x * 3
        b = a + 1
    c = b.tanh()
    assert [a.scope, b.scope, c.scope] == ["net/layer 1", "net", None]
    assert [n.scope for n in trace(c).nodes] == [None, "net/layer 1", "net", None]


def test_a_scope_may_be_entered_many_times_and_decorate_a_function(x):
    block = scope("block")

    @scope("outer")
    def forward():
        with block:
            return x * 2

    assert [forward().scope, forward().scope] == ["outer/block"] * 2
    with block, block:
        assert (x * 2).scope == "block/block"


@pytest.mark.parametrize("name", ["", None, 3, b"net"])
def test_a_scope_without_a_name_is_refused(name):
    with pytest.raises(TypeError, match="a scope's name is a text that is not empty, not"):
        scope(name)


def test_a_scope_is_left_after_an_exception(x):
    with pytest.raises(KeyError), scope("a"), scope("b"):
        raise KeyError
    assert (x * 2).scope is None
