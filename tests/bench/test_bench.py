"""Every measurement runs, at a very small size, and its figure is written down."""

import json
import os
import subprocess
import sys

import pytest

from bench import report, rounds
from bench.__main__ import MEASUREMENTS

NAMES = {name for names in MEASUREMENTS.values() for name in names}
KEYS = {"value", "unit", "baseline", "goal", "ok"}


def run_bench(tmp_path, *arguments):
    # The variables of the tests' own cluster would send the measurements there.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE", "DJANGO", "GATEHOUSE", "TEST_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env={**inherited, "GATEHOUSE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_every_figure_is_measured_and_written(tmp_path):
    done = run_bench(tmp_path, "--tiny")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "bench.json").read_text())
    assert set(written) == NAMES
    for name, figure in written.items():
        assert set(figure) >= KEYS, name
        assert isinstance(figure["value"], int | float), name
        assert name in done.stdout
    assert written["claim_duplicates"]["value"] == 0
    assert not list(tmp_path.glob("bench-*")), "the cluster's folder is left behind"


def test_an_unknown_figure_is_refused_before_anything_starts(tmp_path):
    done = run_bench(tmp_path, "no_such_figure")
    assert done.returncode == 2
    assert "decide_vs_raw" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_partial_run_keeps_the_other_figures(tmp_path):
    path = tmp_path / "bench.json"
    report.write(path, [report.Figure("a", 1.0, 2.0), report.Figure("b", 3.0, 2.0)])
    report.write(path, [report.Figure("a", 2.5, 2.0)])
    written = json.loads(path.read_text())
    assert written["a"]["value"] == 2.5
    assert written["a"]["ok"] and written["b"]["ok"]


@pytest.mark.parametrize(
    ("value", "at_most", "ok"),
    [(0.79, False, False), (0.8, False, True), (0.81, True, False), (0.8, True, True)],
)
def test_a_goal_is_a_lower_or_an_upper_bound(value, at_most, ok):
    assert report.Figure("x", value, 0.8, at_most=at_most).ok is ok


def test_sides_take_turns_and_the_ratio_is_the_median_of_the_rounds():
    turns = []
    numbers = iter([10.0, 5.0, 90.0, 30.0, 8.0, 8.0])

    def side(name):
        turns.append(name)
        return next(numbers)

    ours, theirs = rounds.interleaved(3, lambda: side("a"), lambda: side("b"))
    assert turns == ["a", "b"] * 3
    assert rounds.ratio(ours, theirs) == 2.0
