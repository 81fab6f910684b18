"""Views: what they show, what they escape, and what a real browser does with them."""

import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import Arena, Knockout, judge_pairs, load_judge
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, UserError, Verdict
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.verdicts.marks import MARKS, verdict_marks
from pairjudge_lab.views import (
    matches_played,
    view_bracket,
    view_differences,
    view_table,
    view_text,
    view_verdict,
    view_verdicts,
    word_differences,
)
from tests.browsing import PICTURES, browser_page
from tests.conftest import make_pool

EVIL = "</pre><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>$x^2$"


def text_of(view):
    """What a reader sees, without tags, styles and scripts."""
    bare = re.sub(r"<(style|script)>.*?</\1>", "", view.html, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", bare))


def knockout(n=8, **settings):
    pool = make_pool([i % 3 == 0 for i in range(n)])
    arena = Arena(load_judge("simulated:accuracy=0.8"))
    (selection,) = arena.play([pool], Knockout(), seed=0)
    swaps = arena.judge([m.swapped for m in matches_played(pool, selection)])
    return pool, selection, swaps


def test_a_verdict_shows_both_solutions_and_every_label():
    pool = Pool(
        Problem("p", "2 + 2?", "4"), (Candidate("four", "4", True), Candidate("five", "5", False))
    )
    verdict = Verdict(Status.PARSED, True, True, "Both look right.", a_probability=0.75)
    swapped = Verdict(Status.PARSED, False, True, "Only the second.")
    shown = text_of(view_verdict(Match(pool, 0, 1), verdict, swapped=swapped))
    for words in (
        "2 + 2?", "four", "five", "truth: right", "truth: wrong", "Both look right.",
        "Only the second.", "both are right", "only B is right", "correct, P = 0.75",
        "Not consistent",
    ):  # fmt: skip
        assert words in shown, words
    alone = text_of(view_verdict(Match(pool, 0, 1), verdict))
    assert "Swapped" not in alone
    assert "consistent" not in alone.lower()


def test_reasoning_is_folded_away_from_the_answer():
    verdict = Verdict(
        Status.PARSED, True, False, "A it is.", reasoning="let me <b>see</b>", reasoning_tokens=7
    )
    view = view_verdict(Match(make_pool([True, False]), 0, 1), verdict)
    shown = text_of(view)
    assert "reasoning before the answer, 7 tokens" in shown
    assert "let me <b>see</b>" in shown
    assert "<b>see</b>" not in view.html
    plain = Verdict(Status.PARSED, True, False, "A it is.")
    assert "reasoning" not in text_of(view_verdict(Match(make_pool([True, False]), 0, 1), plain))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (Verdict(Status.PARSED, True, False), Verdict(Status.PARSED, False, True), "Consistent"),
        (Verdict(Status.PARSED, preference="A"), Verdict(Status.PARSED, preference="B"),
         "Consistent"),
        (Verdict(Status.PARSED, preference="A"), Verdict(Status.PARSED, preference="A"),
         "Not consistent"),
        (Verdict(Status.UNPARSED, reason="no labels"), Verdict(Status.PARSED, False, True),
         "could not be read"),
    ],
)  # fmt: skip
def test_a_verdict_and_its_swap_are_compared(first, second, words):
    pool = make_pool([True, False])
    shown = text_of(view_verdict(Match(pool, 0, 1), first, swapped=second))
    assert words in shown
    if first.reason:
        assert "unparsed: no labels" in shown


def test_nothing_from_a_model_becomes_markup():
    pool = Pool(
        Problem("p", EVIL, EVIL), (Candidate(EVIL, EVIL, True), Candidate("b" + EVIL, "5", False))
    )
    verdict = Verdict(Status.PARSED, True, False, EVIL)
    (selection,) = Arena(load_judge("simulated:accuracy=1")).play([pool], Knockout(), seed=0)
    frame = pd.DataFrame({EVIL: [EVIL, None]})
    views = [
        view_verdict(Match(pool, 0, 1), verdict, swapped=verdict),
        view_bracket(pool, selection),
        view_table(frame, caption=EVIL),
        view_text(EVIL),
    ]
    for view in views:
        assert "<img src=x" not in view.html
        assert "window.hacked = 1</script>" not in view.html
        assert "mathjax_ignore" in view.html
        assert EVIL[:30] in text_of(view)


def test_a_bracket_holds_every_match_and_its_swap():
    pool, selection, swaps = knockout()
    view = view_bracket(pool, selection, swaps=swaps)
    matches = matches_played(pool, selection)
    assert len(matches) == selection.calls
    assert view.html.count('<details class="pjl-match"') == len(matches)
    assert view.html.count("Swapped (") == len(matches)
    assert f"candidate {selection.candidate} selected" in repr(view)
    assert "Swapped" not in view_bracket(pool, selection).html
    with pytest.raises(UserError, match=f"2 swapped verdicts for {len(matches)} matches"):
        view_bracket(pool, selection, swaps=swaps[:2])


def test_a_bracket_of_one_candidate_and_of_one_answer_has_nothing_to_open():
    for pool in (make_pool([True]), make_pool([True, True, True])):
        (selection,) = Arena(load_judge("simulated")).play([pool], Knockout(), seed=0)
        assert '<details class="pjl-match"' not in view_bracket(pool, selection).html


def test_a_table_shows_numbers_intervals_and_what_is_missing():
    frame = pd.DataFrame(
        {
            "name": ["b", "a", None],
            "x": [0.123456, float("nan"), 2e-9],
            "n": np.array([1, 20, 3]),
            "e": [Estimate(0.5, 0.25, 0.75, 9, "m"), Estimate(0.1, 0.0, 0.2, 9, "m"), None],
            "sure": [True, False, True],
            "y": [float("nan"), 1e-18, 7.125],
        }
    )
    shown = text_of(view_table(frame, digits=2, caption="n = 3"))
    assert shown.count("–") == 4
    assert "0.00" in shown
    for words in ("0.12", "2.0e-09", "20", "0.50 [0.25, 0.75]", "–", "True", "n = 3"):
        assert words in shown, words


def test_a_page_stands_alone(tmp_path):
    path = view_text("said").save(tmp_path / "page.html", title="<b>")
    page = path.read_text()
    assert "default-src 'none'" in html.unescape(page)
    assert "&lt;b&gt;" in page
    with pytest.raises(UserError, match="cannot write"):
        view_text("said").save(tmp_path / "no" / "page.html")


@pytest.mark.slow
def test_a_browser_opens_a_match_and_sorts_a_table(tmp_path):
    pool, selection, swaps = knockout(16)
    page_path = view_bracket(pool, selection, swaps=swaps).save(tmp_path / "bracket.html")
    frame = pd.DataFrame({"who": ["x", "y", "z"], "n": [9.0, 10.0, float("nan")]})
    table_path = view_table(frame).save(tmp_path / "table.html")
    evil = Pool(Problem("p", EVIL), (Candidate(EVIL), Candidate(EVIL + "b")))
    verdict = Verdict(Status.PARSED, True, False, EVIL)
    evil_path = view_verdict(Match(evil, 0, 1), verdict).save(tmp_path / "evil.html")
    with browser_page() as page:
        page.goto(page_path.as_uri())
        assert page.locator("details.pjl-match[open]").count() == 0
        mark = page.locator("g.opens[role=button]").nth(2)
        mark.click()
        opened = page.locator("details.pjl-match[open]")
        assert opened.count() == 1
        assert opened.get_attribute("data-number") == mark.get_attribute("data-opens")
        assert opened.locator("text=Response A").first.is_visible()
        page.locator("g.opens[role=button]").nth(0).focus()
        page.keyboard.press("Enter")
        assert opened.get_attribute("data-number") != mark.get_attribute("data-opens")

        page.goto(table_path.as_uri())
        column = page.locator("td:first-child")
        page.locator("th").nth(1).click()
        assert column.all_inner_texts() == ["x", "y", "z"]
        page.locator("th").nth(1).click()
        assert column.all_inner_texts() == ["y", "x", "z"], "what is missing stays last"

        page.goto(evil_path.as_uri())
        assert page.evaluate("window.hacked") is None
        shown = page.locator("pre").nth(1)
        assert EVIL.removesuffix("$x^2$") in shown.inner_text()


def test_words_that_differ_are_marked_and_nothing_else_changes():
    first, second = "We add 2 and 3: x = 5.", "We add 2 and 4: x = 6."
    for one, other in ((first, second), (first, first), ("", "a"), ("a b", ""), (EVIL, "<b>")):
        sides = word_differences(one, other)
        assert ["".join(p.text for p in side) for side in sides] == [one, other]
    left, right = word_differences(first, second)
    assert [p.text for p in left if not p.shared] == ["3", "5"]
    assert [p.text for p in right if not p.shared] == ["4", "6"]
    assert all(p.shared for side in word_differences(first, first) for p in side)
    view = view_differences(EVIL, "other", names=("<b>", "two"))
    assert "<mark>" in view.html
    assert "<img" not in view.html
    assert "<b>&lt;b&gt;</b>" in view.html
    shown = view_verdict(Match(make_pool([True, False]), 0, 1), Verdict(Status.PARSED, True, False))
    assert "Word by word" in text_of(shown)


def test_long_texts_are_compared_up_to_a_point():
    words = " ".join(str(i % 7) for i in range(20_000))
    left, _ = word_differences(words, words + " end")
    assert "".join(p.text for p in left) == words
    assert left[0].shared
    assert not left[-1].shared


def test_a_bracket_can_be_read_without_its_picture():
    pool, selection, swaps = knockout()
    view = view_bracket(pool, selection, swaps=swaps)
    bare = re.sub(r"<(svg|style|script)\b.*?</\1>", "", view.html, flags=re.DOTALL)
    (plain,) = re.findall(r"<table>.*?</table>", bare, flags=re.DOTALL)
    cells = [
        [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row, flags=re.DOTALL)]
        for row in plain.split("<tr>")[2:]
    ]
    assert len(cells) == len(pool)
    assert all(len(row) == len(selection.history) + 1 for row in cells)
    last = {int(row[-1].split(":")[0]) for row in cells if row[-1]}
    assert last == {c for result in selection.history[-1] for c in result.advanced}
    assert selection.candidate in last
    entrants = sorted(int(row[0].split(":")[0]) for row in cells)
    assert entrants == list(range(len(pool)))
    assert bare.count('<details class="pjl-match"') == selection.calls


def verdict_table(n=40):
    pools = [make_pool([i % 2 == 0 for i in range(4)], name=f"p{k}") for k in range(n)]
    found = [
        judge_pairs(load_judge(f"simulated:{plan}"), pools).to_pandas().assign(judge=plan)
        for plan in ("accuracy=0.8,position_bias=0.5", "accuracy=0.9,unread=0.1")
    ]
    table = pd.concat(found, ignore_index=True)
    table.loc[0, ["problem_id"]] = EVIL
    return pools, table


def test_a_verdict_table_holds_every_row_and_fetches_nothing():
    pytest.importorskip("itables", reason="itables is not installed (the extra lab)")
    pools, table = verdict_table()
    view = view_verdicts(table, pools, caption=EVIL)
    assert "<img" not in view.html
    assert view.html.count("window.hacked = 1</script>") == 0
    (rows,) = re.findall(r'"data_json": "(.*?)",\n', view.html)
    held = json.loads(json.loads(f'"{rows}"'))
    assert len(held) == len(table) == 960
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="?http', view.html)
    without = view_verdicts(table, pools, library=False)
    assert len(without.html) < len(view.html) - 500_000


@pytest.mark.slow
def test_a_browser_filters_a_verdict_table(tmp_path):
    pytest.importorskip("itables", reason="itables is not installed (the extra lab)")
    pools, table = verdict_table()
    marks = verdict_marks(table, pools)
    path = view_verdicts(table, pools).save(tmp_path / "verdicts.html")
    asked = []
    with browser_page(1300, 1000, requests=asked) as page:
        page.set_default_timeout(120_000)
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path.as_uri())
        page.locator(".dt-info").get_by_text("960 entries").wait_for()
        assert page.evaluate("window.hacked") is None
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name in MARKS:
            pane = page.locator(".dtsp-searchPane", has=page.get_by_placeholder(name))
            count = int((marks[name] == True).sum())  # noqa: E712 - unknown is not true
            if not count:
                continue
            pane.locator(".dtsp-paneButton.dtsp-caret, .dtsp-caret").first.click()
            pane.locator("tbody tr", has_text="yes").click()
            page.locator(".dt-info").get_by_text(f"of {count} entr").wait_for()
            page.screenshot(path=PICTURES / f"verdicts-{name.replace(' ', '-')}.png")
            page.locator(".dtsp-clearAll").click()
            page.locator(".dt-info").get_by_text("960 entries").wait_for()
        page.get_by_label("Search:").fill("p17")
        page.locator(".dt-info").get_by_text("24 entries (filtered").wait_for()
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=PICTURES / "verdicts-dark.png")
        assert problems == []
    assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []
