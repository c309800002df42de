"""What the benchmark makes of what it measured."""

import pytest
from tests.perf.figures import FIGURES, Figure
from tests.perf.load import Run, percentile


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 51), (0.99, 100), (1, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile(range(100, 0, -1), share) == value
    assert percentile([], share) == 0


def test_more_is_better_of_rates_and_less_of_times() -> None:
    assert Figure("r", "/s", 3, is_rate=True).ratio(30, 10) == 3
    assert Figure("t", "ms", 3).ratio(10, 30) == 3
    assert Figure("t", "ms", 3).ratio(0, 30) == 0


def test_figures_have_names_of_their_own() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert Run(2.0, [1.0] * 10).per_second == 5
