"""The page that asks for each number: which answers it takes, in a browser."""

import json
import re

import pytest

import fastpath
from scalargrad import Value, steps
from tests.test_player import CHROMIUM, run

CASES = {  # by the decimals that are told: a number that is asked for, wrong answers, and at last right ones
    0: [(0.6, ["0", "-1", "-0.6"], "0.6"), (250.0, ["-250", "0", "247", "253"], "251")],
    2: [
        (0.004, ["0", "-0.004", "0.005", "0.003", "0.04", "0.0"], "4e-3"),
        (-2e-6, ["0", "2e-6", "0.000002"], "−0,000002"),
        (0.011, ["0", "-0.011", "-0.01", "0.03"], "0.01"),
        (3e9, ["3e8", "-3e9", "3.1e9", "0"], "3000000000"),
        (0.0, ["0.01", "-0.01", "1"], "-0"),
        (1.0, ["-1", "0", "1.1", "0.98", "Infinity", "x", ""], "1,00"),
        (-36.4567, ["36.46", "0", "-37"], "-36.46"),
    ],
    4: [
        (0.004, ["0", "-0.004", "0.0042", "0.0038"], "0.0040"),
        (2e-6, ["0", "-2e-6", "2e-5", "-0.000002", "0.000001"], "0.000002"),
        (5e-324, ["0", "1e-300", "-5e-324"], "5e-324"),
        (0.196612, ["0", "-0.1966", "0.19", "0.2"], "0.1966"),
        (0.3932, ["0.39", "-0.3932"], "0.39324"),
    ],
}
ANSWER = """
const found = [];
const part = name => document.querySelector('.sg-' + name);
for (const answers of CASES) {
  while (!part('line').textContent.startsWith('p') || part('ask').hidden) {
    if (!part('ask').hidden) part('tell').click();
    part('next').click();
  }
  const verdicts = [];
  for (const answer of answers) {
    part('answer').value = answer;
    document.querySelector('.sg-ask button').click();
    verdicts.push(part('verdict').textContent);
  }
  found.push(verdicts);
}
document.title = 'FOUND' + JSON.stringify(found);
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("decimals", CASES)
def test_an_answer_is_taken_as_the_steps_tell_it_and_no_other_however_small(decimals, tmp_path):
    root = None
    for i, (value, _, _) in enumerate(CASES[decimals]):
        product = Value(value, label=f"x{i}") * 1.0
        product.label = f"p{i}"
        root = product if root is None else root + product
    page = steps(root + 0.0, precision=decimals).player(predict=True)
    answers = json.dumps([[*wrong, right] for _, wrong, right in CASES[decimals]])
    after = run(page, ANSWER.replace("CASES", answers), tmp_path)
    found = json.loads(re.search(r"FOUND(\[.*\])</title>", after)[1].replace("&quot;", '"'))
    for (value, wrong, right), (*refused, taken) in zip(CASES[decimals], found, strict=True):
        assert "Right." not in refused, (value, wrong)
        assert taken == "Right.", (value, right)
        assert ("Look at the sign." in refused) == (value != 0), (value, refused)


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
    assert "3.3 × 2 = 6.6 (exactly 6.5)" in steps(x * 2.0, rounding=1).text
