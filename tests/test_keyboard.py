"""Views without a mouse: what is clicked can be reached and pressed."""

import pandas as pd
import pytest

from pairjudge_lab.records import Match, Status, Verdict
from pairjudge_lab.verdicts.marks import verdict_marks
from pairjudge_lab.views import view_table, view_verdict, view_verdicts
from tests.browsing import browser_page
from tests.conftest import make_pool
from tests.test_views import verdict_table


def tab_to(page, element):
    """Press Tab until the element has the focus, ten times at most."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if element.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("the element cannot be reached by Tab")


@pytest.mark.slow
def test_a_verdict_table_is_filtered_by_keys(tmp_path):
    pytest.importorskip("itables", reason="itables is not installed (the extra lab)")
    pools, table = verdict_table(6)
    flipped = int(verdict_marks(table, pools)["flipped by order"].fillna(False).sum())
    path = view_verdicts(table, pools).save(tmp_path / "verdicts.html", title="Verdicts")
    with browser_page(1300, 1000) as page:
        page.set_default_timeout(120_000)
        page.goto(path.as_uri())
        told = page.locator(".dt-info")
        told.get_by_text("144 entries").wait_for()
        pane = page.locator(".dtsp-searchPane", has=page.get_by_placeholder("flipped by order"))
        pane.locator(".dtsp-collapseButton").focus()
        page.keyboard.press("Enter")
        chosen = pane.get_by_role("button", name="yes")
        tab_to(page, chosen)
        page.keyboard.press("Enter")
        told.get_by_text(f"of {flipped} entr").wait_for()
        # The pane is drawn anew; the focus goes back to the choice, and so it can be taken back.
        again = pane.get_by_role("button", name="yes", pressed=True)
        again.and_(page.locator(":focus")).wait_for()
        page.keyboard.press("Space")
        told.get_by_text("of 144 entr").wait_for()


@pytest.mark.slow
def test_a_table_is_sorted_and_a_verdict_unfolded_by_keys(tmp_path):
    frame = pd.DataFrame({"who": ["x", "y"], "n": [2, 1]})
    verdict = Verdict(Status.PARSED, True, False, "A.", reasoning="let me see")
    view = view_verdict(Match(make_pool([True, False]), 0, 1), verdict)
    with browser_page() as page:
        page.goto(view_table(frame).save(tmp_path / "table.html").as_uri())
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("td:first-child").all_inner_texts() == ["y", "x"]
        page.goto(view.save(tmp_path / "verdict.html").as_uri())
        reasoning = page.locator("summary", has_text="reasoning before the answer")
        tab_to(page, reasoning)
        page.keyboard.press("Enter")
        assert page.get_by_text("let me see").is_visible()
