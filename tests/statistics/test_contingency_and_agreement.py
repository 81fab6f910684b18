import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import SquareTable
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa

from pairjudge_lab.statistics.agreement import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raters_by_item,
)
from pairjudge_lab.statistics.contingency import (
    bowker,
    clustered_mcnemar,
    mcnemar,
    mcnemar_exact,
    stuart_maxwell,
)

VISION = np.array(
    [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
)
"""Stuart's vision data."""


def test_worked_mcnemar():
    """794, 86, 150, 570 (Agresti)."""
    assert mcnemar(86, 150).statistic == pytest.approx(17.355932, abs=1e-6)
    assert mcnemar(86, 150, corrected=True).statistic == pytest.approx(16.817797, abs=1e-6)
    assert mcnemar_exact(86, 150).p == pytest.approx(3.715936e-5, abs=1e-10)
    assert mcnemar_exact(86, 150, mid_p=True).p == pytest.approx(2.893390e-5, abs=1e-10)
    assert mcnemar(0, 0).p == mcnemar_exact(0, 0).p == 1


def test_vision():
    assert (bowker(VISION).statistic, bowker(VISION).df) == (pytest.approx(19.106550, abs=1e-6), 6)
    found = stuart_maxwell(VISION)
    assert (found.statistic, found.df) == (pytest.approx(11.956570, abs=1e-6), 3)


@given(st.lists(st.integers(1, 40), min_size=9, max_size=9))
def test_they_agree_with_statsmodels(cells):
    table = np.array(cells).reshape(3, 3)
    theirs = SquareTable(table, shift_zeros=False)
    assert bowker(table).statistic == pytest.approx(theirs.symmetry().statistic)
    assert bowker(table).p == pytest.approx(theirs.symmetry().pvalue)
    assert stuart_maxwell(table).statistic == pytest.approx(theirs.homogeneity().statistic)
    assert stuart_maxwell(table).p == pytest.approx(theirs.homogeneity().pvalue)
    two = table[:2, :2]
    assert mcnemar(int(two[0, 1]), int(two[1, 0])).p == pytest.approx(
        statsmodels_mcnemar(two, exact=False, correction=False).pvalue
    )
    assert mcnemar_exact(int(two[0, 1]), int(two[1, 0])).p == pytest.approx(
        statsmodels_mcnemar(two, exact=True).pvalue
    )
    assert float(cohen_kappa(table)) == pytest.approx(cohens_kappa(table).kappa)


def test_tables_with_empty_answers():
    table = np.array([[5, 2, 0], [7, 3, 0], [0, 0, 0]])
    assert stuart_maxwell(table).df == 1
    assert stuart_maxwell(table).statistic == pytest.approx(mcnemar(2, 7).statistic)
    assert bowker(table).df == 1
    assert stuart_maxwell(np.zeros((3, 3))).p == 1
    assert bowker(np.diag([3, 4, 5])).p == 1


def test_clusters():
    assert clustered_mcnemar(np.array([1] * 9 + [-1] * 4)).statistic == pytest.approx(25 / 13)
    assert clustered_mcnemar(np.array([3, 3, 3])).statistic == pytest.approx(3)
    assert clustered_mcnemar(np.zeros(4)).p == 1


def test_worked_kappas():
    one, two = np.array([[20, 5], [10, 15]]), np.array([[118, 5], [2, 0]])
    assert float(cohen_kappa(one)) == pytest.approx(0.4)
    assert float(gwet_ac1(one)) == pytest.approx(0.405941, abs=1e-6)
    assert float(cohen_kappa(two)) == pytest.approx(-0.023392, abs=1e-6)
    assert float(gwet_ac1(two)) == pytest.approx(0.940776, abs=1e-6)
    stacked = cohen_kappa(np.stack([one, two]))
    assert stacked == pytest.approx([0.4, -0.023392], abs=1e-6)
    assert np.isnan(cohen_kappa(np.array([[9, 0], [0, 0]])))


def test_krippendorff():
    """The textbook's 12 units and 4 observers, as read unit by unit."""
    rows = ["12332141 2***", "12332241 25*3", "*3332342 251*", "12332441 251*"]
    data = np.array(
        [[np.nan if c == "*" else float(c) for c in row.replace(" ", "")] for row in rows]
    )
    for level, alpha in (
        ("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403),
    ):  # fmt: skip
        assert krippendorff_alpha(data, level=level) == pytest.approx(alpha, abs=1e-6)
    assert np.isnan(krippendorff_alpha(np.ones((2, 3))))


def test_fleiss():
    counts = np.array([[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0],
                       [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2],
                       [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]])  # fmt: skip
    assert fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)
    with pytest.raises(ValueError, match="items have from 1 to 2 raters"):
        fleiss_kappa(np.array([[1, 0], [1, 1]]))


def test_judges_side_by_side():
    rows = [
        ("j", "p", "x", "y", "A"),
        ("k", "p", "x", "y", "A"),
        ("j", "p", "y", "x", "B"),
        ("k", "p", "y", "x", "invalid"),
    ]
    columns = ["judge", "problem_id", "response_a", "response_b", "verdict"]
    ratings, names = raters_by_item(pd.DataFrame(rows, columns=columns))
    assert names == ["j", "k"]
    assert ratings.shape == (2, 2)
    assert np.isnan(ratings).sum() == 1
    twice = pd.concat(pd.DataFrame(rows, columns=columns).assign(repetition=r) for r in range(3))
    again, repetitions = raters_by_item(twice, by="repetition")
    assert repetitions == ["0", "1", "2"]
    assert again.shape == (3, 4)
    assert krippendorff_alpha(again) == 1
