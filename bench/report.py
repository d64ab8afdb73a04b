"""Figures, the table they are printed as, and bench.json."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number against its goal.

    `ours` and `baseline` are what was measured on the two sides, in `measured`; `value` is what the
    goal is about. `at_most`: the goal is an upper bound.
    """

    name: str
    value: float
    goal: float
    unit: str = "ratio"
    at_most: bool = False
    ours: float | None = None
    baseline: float | None = None
    measured: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def as_json(self) -> dict[str, Any]:
        return {
            "value": _rounded(self.value),
            "unit": self.unit,
            "baseline": _rounded(self.baseline),
            "goal": self.goal,
            "ok": self.ok,
            "goal_is": "at most" if self.at_most else "at least",
            "ours": _rounded(self.ours),
            "measured": self.measured,
            "note": self.note,
        }


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def write(path: Path, figures: Sequence[Figure]) -> None:
    """Adds the figures to those of earlier runs; each name keeps its newest."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    known |= {figure.name: figure.as_json() for figure in figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(figures: Sequence[Figure]) -> None:
    table = Table("figure", "value", "goal", "", "ours", "baseline", "measured in")
    for figure in figures:
        bound = "≤" if figure.at_most else "≥"
        table.add_row(
            figure.name,
            f"{figure.value:.4g} {'' if figure.unit == 'ratio' else figure.unit}".strip(),
            f"{bound} {figure.goal:g}",
            "ok" if figure.ok else "[red]missed[/red]",
            _shown(figure.ours),
            _shown(figure.baseline),
            figure.measured,
        )
    # A width of its own, so that a log keeps the columns whole.
    console = Console(width=110)
    console.print(table)
    for figure in figures:
        console.print(f"{figure.name}: {figure.note}", highlight=False)


def _shown(number: float | None) -> str:
    return "" if number is None else f"{number:,.4g}" if number < 1000 else f"{number:,.0f}"
