# Folded away: drawings that follow the page's light or dark, and a check that says "right" but not the answer.
from functools import partial

from scalargrad import draw as plain_draw
from scalargrad import steps

__all__ = ["draw", "quiz", "steps"]
draw = partial(plain_draw, theme="auto")


def quiz(*exercises):
    """A check for exercises, each given as (the answer, a hint, {a slip: what it is}): half a percent off is right."""

    def near(answer, number):
        return abs(answer - number) <= 0.005 * abs(number) + 1e-9

    def check(exercise, answer):
        right, hint, *slips = exercises[exercise - 1]
        if answer is None:
            print("not yet: put your number in place of None")
        elif near(answer, right):
            print("right")
        else:
            known = [told for slip, told in (slips[0] if slips else {}).items() if near(answer, slip)]
            print(f"not yet: {known[0] if known else hint}")

    return check
