"""The numbers of candidates where nobody names any: as many as the problems have."""

import pytest

from pairjudge_lab import curve, load_pools, load_verdicts, prepare
from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import usual_sizes, without_verdicts


def of(lengths, correct=True):
    """Problems with so many candidates."""
    return without_verdicts(
        [Pool(Problem("p", "?"), (Candidate("c", correct=correct),) * n) for n in lengths]
    )


@pytest.mark.parametrize(
    ("lengths", "least", "sizes"),
    [
        ([16] * 5, 1, [1, 2, 4, 8, 16]),
        ([64] * 5, 1, [1, 2, 4, 8, 16]),
        ([6] * 5, 1, [1, 2, 4, 6]),
        ([6, 6, 16], 1, [1, 2, 4, 6]),
        ([2, 16, 16], 1, [1, 2, 4, 8, 16]),
        ([6, 16], 1, [1, 2, 4, 6]),
        ([8, 8], 4, [4, 8]),
        ([3], 4, [3]),
        ([1], 1, [1]),
        ([], 1, [1]),
    ],
)
def test_worked_by_hand(lengths, least, sizes):
    assert usual_sizes(of(lengths), least) == sizes


def test_problems_of_unknown_truth_do_not_count():
    assert usual_sizes([*of([4]), *of([16, 16], correct=None)]) == [1, 2, 4]


def test_at_least_half_of_the_problems_have_the_largest():
    for lengths in ([1, 5, 9, 30], [7], [2, 2, 3], [16, 1]):
        last = usual_sizes(of(lengths))[-1]
        assert 2 * sum(length >= last for length in lengths) >= len(lengths)


@pytest.fixture
def small(tmp_path):
    pools = [prepare(pool.first(6)) for pool in load_pools("embedded", limit=8)]
    table = load_verdicts("embedded")
    six = table[(table["response_a"].astype(int) < 6) & (table["response_b"].astype(int) < 6)]
    save_pools(pools, tmp_path / "six.jsonl")
    six.to_parquet(tmp_path / "v.parquet")
    return pools, str(tmp_path / "six.jsonl"), str(tmp_path / "v.parquet")


def test_a_curve_of_pools_of_six(small, capsys):
    pools, file, verdicts = small
    assert [p.n for p in curve(pools, ["pass"], subsets=5).points] == [1, 2, 4, 6]
    for words in (["curve", file, "--subsets", "5"], ["replay", file, verdicts]):
        assert main([*words, *(["--selectors", "pass"] if words[0] == "curve" else [])]) == 0
        assert " 6 " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scaling", "tournaments"])
def test_a_report_on_pools_of_six(small, name, tmp_path):
    page = tmp_path / "page.html"
    words = ["report", name, "--pools", small[1], "--verdicts", small[2], "--subsets", "3"]
    assert main([*words, "--selectors", "knockout,majority", "--out", str(page)]) == 0
    assert "up to 6 candidates" in page.read_text("utf-8")
