from html.parser import HTMLParser

import numpy as np
import pytest

from pairjudge_lab.judges.simulated import SimulatedJudge
from pairjudge_lab.plots.bracket import plot_bracket
from pairjudge_lab.plots.cross_table import plot_cross_table
from pairjudge_lab.plots.style import as_svg
from pairjudge_lab.plots.verdict_matrix import plot_verdict_matrix, verdicts_of
from pairjudge_lab.records import Candidate, Pool, Problem, Status, Verdict
from pairjudge_lab.report import write_selection_report
from pairjudge_lab.runs import run_selection
from pairjudge_lab.tournaments import Knockout, tournament
from tests.conftest import make_pool

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> \\boxed{%d} $x_{1}$ '\"&"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def evil_pool(i):
    candidates = tuple(Candidate(EVIL % (j % 3), correct=j % 3 == 0) for j in range(6))
    return Pool(Problem(f"<b>{i}</b>", EVIL % i, "0"), candidates)


def test_text_from_models_never_becomes_markup(tmp_path):
    run = run_selection([evil_pool(i) for i in range(3)], SimulatedJudge(), Knockout(), n=6)
    page = tmp_path / "report.html"
    write_selection_report(run, page, title="<i>title</i>")
    text = page.read_text()
    parser = Tags()
    parser.feed(text)
    tags = {tag for tag, _ in parser.seen}
    assert not tags & {"script", "i", "iframe", "object", "link", "svg"}
    assert all(a["src"].startswith("data:") for t, a in parser.seen if t == "img")
    assert not any(key.startswith("on") for _, attrs in parser.seen for key in attrs)
    assert "&lt;script&gt;" in text


def test_a_report_without_truth_says_so(tmp_path):
    pool = Pool(Problem("p", "?"), (Candidate("A: 1", "1"), Candidate("A: 1", "1")))
    run = run_selection([pool], SimulatedJudge(), Knockout(), n=2)
    write_selection_report(run, tmp_path / "r.html", title="t")
    assert "no accuracy can be given" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("n", [2, 5, 16, 64])
def test_a_bracket_shows_every_candidate(n):
    pool = make_pool([i % 3 == 0 for i in range(n)], [i % 3 for i in range(n)])
    run = run_selection([pool], SimulatedJudge(accuracy=0.7), Knockout(), n=n)
    axes = plot_bracket(run.pools[0], run.selections[0])
    shown = {text.get_text().partition(":")[0] for text in axes.texts}
    assert shown == {str(i) for i in range(n)}
    assert as_svg(axes.figure).startswith("<svg")


class NoSaysTheJudge(SimulatedJudge):
    def _verdict(self, match):
        return Verdict(Status.PARSED, False, False)


def test_a_round_that_puts_everybody_out_is_drawn_too(tmp_path):
    pool = make_pool([True, False, False, False])
    run = run_selection([pool], NoSaysTheJudge(), Knockout(), n=4)
    note = run.selections[0].note
    assert "put everybody out" in note
    assert run.summary()["notes"] == {note: 1}
    write_selection_report(run, tmp_path / "r.html", title="t")
    assert plot_bracket(run.pools[0], run.selections[0]).texts


@pytest.mark.parametrize("name", ["swiss", "round-robin", "double-elimination", "adaptive"])
def test_every_tournament_has_a_report_with_a_picture(name, tmp_path):
    pools = [make_pool([i % 3 == 0 for i in range(16)], [i % 3 for i in range(16)])]
    run = run_selection(pools, SimulatedJudge(accuracy=0.7), tournament(name), n=16)
    page = tmp_path / "r.html"
    write_selection_report(run, page, title="t")
    assert page.read_text().count("<img") == 2


def test_a_cross_table_holds_every_round():
    pool = make_pool([i == 4 for i in range(9)])
    run = run_selection([pool], SimulatedJudge(accuracy=1.0), tournament("swiss"), n=9)
    (selection,) = run.selections
    axes = plot_cross_table(run.pools[0], selection)
    cells = [t.get_text() for t in axes.texts]
    assert sum(cell.startswith(("A", "B")) for cell in cells) == 2 * selection.calls
    assert sum(cell.startswith("bye") for cell in cells) == selection.rounds
    best = cells.index("4: 0 ✓")
    assert cells[best - 1] == "1", "the winner stands on top"


def test_a_verdict_matrix_shows_both_orders():
    pool = make_pool([True, False, False])
    codes = np.array([[5, 0, 0], [1, 5, 3], [4, 3, 5]])
    axes = plot_verdict_matrix(pool, codes)
    shown = axes.images[0].get_array().filled(np.nan)
    assert shown[0].tolist()[1:] == [0, 0]
    assert shown[:, 0].tolist()[1:] == [1, 4]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [
        "shown first", "shown second", "neither", "unread",
    ]  # fmt: skip
    run = run_selection(
        [pool], SimulatedJudge(accuracy=1.0), tournament("round-robin", order="both"), n=3
    )
    heard = verdicts_of(run.selections[0], 3)
    assert heard.tolist() == [[5, 0, 0], [1, 5, 3], [1, 3, 5]]
