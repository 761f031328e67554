"""Two things measured in turn, and the ratio of their medians.

A machine drifts by half its speed within minutes, so A and B alternate in one run and
the first round is dropped.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One comparison, in seconds (or whatever the measures return)."""

    name: str
    goal: str
    ours: list[float]
    yardstick: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.yardstick)


def compare(
    name: str,
    goal: str,
    ours: Callable[[], float],
    yardstick: Callable[[], float],
    *,
    rounds: int = 15,
) -> Figure:
    """Measure both, alternating; each call returns one measurement."""
    mine: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + 1):
        a, b = ours(), yardstick()
        if number:
            mine.append(a)
            theirs.append(b)
    return Figure(name, goal, mine, theirs)


def show(figures: list[Figure], *, unit: str = "ms", scale: float = 1000.0) -> None:
    """Print one line a figure: median (min-max) of both, and the ratio."""
    print(f"{'':34}{'ours':>20}{'yardstick':>20}{'ratio':>7}  goal")
    for figure in figures:
        print(
            f"{figure.name:34}{_spread(figure.ours, scale):>20}"
            f"{_spread(figure.yardstick, scale):>20}{figure.ratio:>7.2f}  {figure.goal}"
        )
    print(f"{'':34}({unit}, median, min-max)\n")


def _spread(values: list[float], scale: float) -> str:
    low, high = min(values) * scale, max(values) * scale
    middle = statistics.median(values) * scale
    return f"{middle:.3g} ({low:.3g}-{high:.3g})"
