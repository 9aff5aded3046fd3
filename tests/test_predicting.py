"""The page that asks for each number: which answers it takes, in a browser."""

import json
import re

import pytest

import fastpath
from scalargrad import Value, steps
from tests.test_player import CHROMIUM, run

ASK = """
const data = {answers};
const found = [];
const button = name => document.querySelector('.sg-' + name);
for (const answer of data) {{
  button('answer').value = answer;
  document.querySelector('.sg-ask button').click();
  found.push(button('verdict').textContent);
  if (button('ask').hidden) break;
}}
document.title = 'FOUND' + JSON.stringify(found);
"""


def verdicts(value, decimals, answers, tmp_path):
    """What the page says to each answer, where the number asked for is ``value``; it stops at a right one."""
    root = Value(value, label="x") * 1.0
    page = steps(root, precision=decimals).player(predict=True)
    start = "document.querySelector('.sg-next').click();"
    after = run(page, start + ASK.format(answers=json.dumps(answers)), tmp_path)
    return json.loads(re.search(r"FOUND(\[.*?\])", after)[1].replace("&quot;", '"'))


WRONG = [
    (0.004, 2, ["0", "-0.004", "0.005", "0.003", "0.04", "0.0"]),
    (0.004, 4, ["0", "-0.004", "0.0042", "0.0038"]),
    (2e-6, 4, ["0", "-2e-6", "2e-5", "-0.000002", "0.000001"]),
    (-2e-6, 2, ["0", "2e-6", "0.000002"]),
    (0.011, 2, ["0", "-0.011", "-0.01", "0.03"]),
    (5e-324, 4, ["0", "1e-300", "-5e-324"]),
    (3e9, 2, ["3e8", "-3e9", "3.1e9", "0"]),
    (0.6, 0, ["0", "-1", "-0.6"]),
    (0.0, 2, ["0.01", "-0.01", "1"]),
    (1.0, 2, ["-1", "0", "1.1", "0.98", "Infinity", "x", ""]),
]
RIGHT = [
    (0.004, 2, "0.004"), (0.004, 2, "4e-3"), (0.004, 4, "0.0040"), (2e-6, 4, "2e-6"), (2e-6, 4, "0.000002"), (0.011, 2, "0.01"),
    (-2e-6, 2, "−0,000002"), (5e-324, 4, "5e-324"), (3e9, 2, "3000000000"), (0.6, 0, "0.6"), (0.0, 2, "0"), (0.0, 2, "-0"),
    (1.0, 2, "1,00"), (-36.4567, 2, "-36.46"), (0.196612, 4, "0.1966"), (0.3932, 4, "0.39324"),
]  # fmt: skip


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(("value", "decimals", "answers"), WRONG)
def test_a_wrong_answer_is_not_taken_however_small_the_number(value, decimals, answers, tmp_path):
    found = verdicts(value, decimals, answers, tmp_path)
    assert len(found) == len(answers)
    assert not {"Right."} & set(found)
    if value > 0 and "-" + answers[0] in answers:
        assert "Look at the sign." in found


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(("value", "decimals", "answer"), RIGHT)
def test_a_right_answer_is_taken_as_the_steps_tell_it(value, decimals, answer, tmp_path):
    assert verdicts(value, decimals, [answer], tmp_path) == ["Right."]


def test_a_nan_that_is_born_is_remarked_upon_in_every_form():
    x = Value(-1.0, label="x")
    told = steps(x.log() * 2)
    note = "log(x) is not defined at these numbers, so its value is nan, not a number"
    assert told.text.count(note) == 1
    assert "so it has no derivative there" in told.text.split("Backward")[1]
    assert note.replace("log(x)", "`log(x)`") in told.markdown
    assert r"$\ln(x)$ is not defined at these numbers" in told.latex
    assert note in told.html
    assert "при этих числах не определено" in steps(x.log() * 2, lang="ru").text
    assert "% compile with" not in told.latex
    assert "not defined" not in steps(Value(0.0, label="x").log()).text
    assert steps((x.sqrt() + x) ** 0.5).text.count("its value is nan") == 1


def test_an_op_on_arrays_is_not_rounded_along_though_it_be_of_one_number():
    x = fastpath.Tensor(3.25, requires_grad=True, label="x")
    with pytest.raises(ValueError, match="rounding is for graphs of single numbers"):
        steps(fastpath.sum(x * 2.0), rounding=1)
    assert "3.3 × 2 = 6.6 (exactly 6.5000)" in steps(x * 2.0, rounding=1).text
