"""Natural splines against splines::ns."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import contacts, reference

from satsurvey.errors import MethodError
from satsurvey.regression.splines import natural_spline


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("basis", {"df": 3}),
        ("five", {"df": 5}),
        ("given", {"knots": np.log1p([40, 150]), "boundary": tuple(np.log1p([10, 900]))}),
    ],
)
def test_the_basis_is_that_of_ns_inside_and_beyond_the_data(name: str, options: dict) -> None:
    theirs = reference()["spline"]
    spline = natural_spline(contacts()["log_seconds"], **options)
    ours = spline.basis(np.log1p(theirs["at_s"]))
    np.testing.assert_allclose(ours, theirs[name], rtol=1e-9, atol=1e-12)
    if name == "basis":
        np.testing.assert_allclose(spline.knots, theirs["knots"], rtol=1e-14)


def test_the_basis_is_straight_beyond_the_boundary() -> None:
    spline = natural_spline(np.linspace(0, 10, 101), df=4)
    for points in (np.array([-9.0, -5.0, -1.0]), np.array([11.0, 500.0, 989.0])):
        first, middle, last = spline.basis(points)
        np.testing.assert_allclose(middle, (first + last) / 2, rtol=1e-9, atol=1e-9)


def test_one_column_is_a_straight_line() -> None:
    column = natural_spline([2.0, 3.0, 7.0], df=1).basis([2.0, 4.5, 7.0])[:, 0]
    assert column[1] == pytest.approx((column[0] + column[2]) / 2, abs=1e-14)


def test_too_few_values_and_wrong_knots_are_refused() -> None:
    with pytest.raises(MethodError, match="the numbers take too few values"):
        natural_spline([1.0] * 50 + [2.0], df=3)
    with pytest.raises(MethodError, match="the numbers take too few values"):
        natural_spline([1.0, 1.0], df=1)
    with pytest.raises(MethodError, match="knots of a spline with 2 columns coincide"):
        natural_spline([1.0, 2.0, 3.0], knots=[5.0])
    with pytest.raises(MethodError, match="one column or more"):
        natural_spline([1.0, 2.0], df=0)
    with pytest.raises(MethodError, match="a spline needs finite numbers"):
        natural_spline([1.0, np.nan])
