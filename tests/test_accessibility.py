"""What axe-core finds on pages of views and on a report, in light and in dark."""

import json
import shutil

import pytest

from pairjudge_lab import Arena, Knockout, load_judge
from pairjudge_lab.cli import main
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, Verdict
from pairjudge_lab.report import write_selection_report
from pairjudge_lab.runs import run_selection
from pairjudge_lab.views import (
    matches_played,
    view_bracket,
    view_table,
    view_verdict,
    view_verdicts,
)
from tests.browsing import PICTURES, ROOT, browser_page, findings, need_axe
from tests.conftest import make_pool

SCHEMES = ("light", "dark")
GRAVE = ("serious", "critical")


def look(path, name, tmp_path):
    """Findings by impact in both themes, kept beside the pictures."""
    need_axe()
    PICTURES.mkdir(parents=True, exist_ok=True)
    grave, counts = [], {}
    with browser_page(1200, 1000) as page:
        page.set_default_timeout(120_000)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.goto(path.as_uri())
            for fold in page.locator("details:not([open]) > summary").all()[:4]:
                if fold.is_visible():
                    fold.click()
            found, told = findings(page)
            counts[scheme] = dict(found)
            grave += [(scheme, *one) for one in told if one[0] in GRAVE]
            page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=True)
    (PICTURES / f"axe-{name}.json").write_text(json.dumps(counts))
    assert not grave, json.dumps(grave, indent=1)


def views():
    pool = make_pool([i % 3 == 0 for i in range(8)])
    arena = Arena(load_judge("simulated:accuracy=0.8"))
    (selection,) = arena.play([pool], Knockout(), seed=0)
    matches = matches_played(pool, selection)
    swaps = arena.judge([m.swapped for m in matches])
    words = "A it is, for \\[\\frac{1}{2} < \\boxed{1}\\] and $x^2 > 0$."
    verdict = Verdict(Status.PARSED, True, False, words, reasoning="let me see")
    table = arena.store.table()
    return {
        "bracket": view_bracket(pool, selection, swaps=swaps),
        "verdict": view_verdict(Match(pool, 0, 1), verdict, swapped=swaps[0]),
        "table": view_table(table[["judge", "response_a", "verdict"]], caption="verdicts"),
        "verdicts": lambda: view_verdicts(table, [pool], caption="verdicts"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bracket", "verdict", "table", "verdicts"])
def test_a_view_is_usable_without_eyes_or_mouse(name, tmp_path):
    need_axe()
    view = views()[name]
    if name == "verdicts":
        pytest.importorskip("itables", reason="itables is not installed (the extra lab)")
        view = view()
    look(view.save(tmp_path / "page.html", title=name), f"view-{name}", tmp_path)


@pytest.mark.slow
def test_the_report_of_a_selection_is_usable_without_eyes_or_mouse(tmp_path):
    need_axe()
    text = "By \\[f(x) = \\frac{{x^2}}{{2}}\\] we get \\boxed{{{}}}."
    candidates = tuple(Candidate(text.format(j % 3), correct=j % 3 == 0) for j in range(6))
    pools = [Pool(Problem(f"p{i}", "What is \\(f(10)\\)?", "0"), candidates) for i in range(3)]
    run = run_selection(pools, load_judge("simulated"), Knockout(), n=6)
    write_selection_report(run, tmp_path / "report.html", title="A selection")
    look(tmp_path / "report.html", "report-selection", tmp_path)


@pytest.mark.slow
def test_a_report_is_usable_without_eyes_or_mouse(tmp_path):
    need_axe()
    verdicts, out = tmp_path / "verdicts.parquet", tmp_path / "bias.html"
    shutil.copy(ROOT / "data" / "verdicts.parquet", verdicts)
    words = ["--pools", "embedded", "--verdicts", str(verdicts), "--out", str(out)]
    assert main(["report", "position-bias", *words]) == 0
    look(out, "report-position-bias", tmp_path)
