"""Worksheets can be filled in by hand."""

from scalargrad import Value
from scalargrad.stepper import steps


def test_an_edge_asks_for_upstream_local_and_downstream_and_the_drawing_only_numbers_them():
    a = Value(3.0, label="a")
    sheet = steps(a * a + a, precision=2).worksheet()
    products = sum(blank.is_product for blank in sheet.blanks)
    assert products == 4
    assert sheet.html.count("<span class=box>") == 3 * products + len(sheet.blanks) - products
    assert "____" not in sheet.picture.svg
    assert "Worksheet: the gradient of" in sheet.html
    assert "Name: ____" in sheet.html
    assert "Name: " not in sheet.key.html
