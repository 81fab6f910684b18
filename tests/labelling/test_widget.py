"""The labelling widget: what is sent to the browser, and what a person does with it there."""

import base64
import json
import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest

from pairjudge_lab import Candidate, Pool, Problem, Store, UserError, label_pairs
from pairjudge_lab.labelling import annotator_identity
from pairjudge_lab.mathematics import STYLE, formula_tree
from pairjudge_lab.mathematics.trees import ATTRIBUTES, ELEMENTS
from tests.browsing import AXE, PICTURES, ROOT, browser_page, findings, jupyterlab, run_all_cells
from tests.conftest import make_pool

pytest.importorskip("anywidget", reason="anywidget is not installed (the extra lab)")

LABELLING = ROOT / "pairjudge_lab" / "labelling" / "static"
EVIL = "</pre><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>$x^2$"


def secret_pool():
    candidates = [
        Candidate(f"text {i} {EVIL}", answer="secret-answer", correct=i == 0,
                  source="secret-source", score=0.321)
        for i in range(3)
    ]  # fmt: skip
    return Pool(Problem("secret-id", "How many?", "secret-reference"), tuple(candidates))


def ask(widget, **message):
    """A message as the browser sends it."""
    widget._handle_custom_msg({"number": widget.shown["number"], **message}, [])


def test_the_browser_is_sent_the_texts_and_nothing_else():
    with Store() as store:
        widget = label_pairs([secret_pool()], "Ada", store=store)
        sent = json.dumps({k: v for k, v in widget.get_state().items() if not k.startswith("_")})
        assert "How many?" in sent
        for secret in ("secret", "0.321", 'correct": ', "problem", "source"):
            assert secret not in sent
        assert set(widget.shown["pair"]) == {"question", "a", "b"}
        told = label_pairs([secret_pool()], "Ada", store=store, reference=True)
        assert told.shown["pair"]["reference"] == "secret-reference"
        assert repr(told) == "PairLabeller(Ada 0 of 3)"


def test_messages_judge_skip_undo_and_change_the_person():
    with Store() as store:
        widget = label_pairs([make_pool([True, False, False])], ["Ada", "Bo"], store=store)
        first = widget.shown["pair"]
        ask(widget, do="judge", outcome="A", note="clear")
        assert widget.shown["done"] == 1
        assert widget.shown["said"] == "Kept: only A is correct."
        ask(widget, do="undo")
        assert (widget.shown["pair"], widget.shown["note"]) == (first, "clear")
        assert len(store) == 0
        ask(widget, do="skip")
        assert widget.shown["pair"] != first
        ask(widget, do="annotator", name="Bo")
        assert widget.shown["annotator"] == "Bo"
        ask(widget, do="judge", outcome="tie")
        ask(widget, do="annotator", name="Ada")
        assert widget.shown["done"] == 0
        assert set(store.table()["judge"]) == {"person:Bo"}
        assert widget.queues["Bo"].judged().judge == annotator_identity("Bo")["name"]


def test_a_message_that_is_late_or_unsound_changes_nothing():
    with Store() as store:
        widget = label_pairs([make_pool([True, False])], "Ada", store=store, kind="preference")
        number = widget.shown["number"]
        for message in (None, 7, {}, {"number": number - 1, "do": "judge", "outcome": "A"}):
            widget._handle_custom_msg(message, [])
        assert widget.shown["number"] == number
        ask(widget, do="judge", outcome="neither", note="kept in the field")
        assert "Not kept" in widget.shown["said"]
        assert widget.shown["note"] == "kept in the field"
        for message in ({"do": "annotator", "name": "Eve"}, {"do": "annotator", "name": []}, {}):
            ask(widget, **message)
        assert widget.shown["annotator"] == "Ada"
        assert len(store) == 0


def test_each_person_has_an_order_that_the_others_do_not_change():
    pools = [make_pool([True] * 4, list(range(4)), name=f"p{k}") for k in range(5)]
    with Store() as store:

        def order(names, name):
            rng = np.random.default_rng(4)
            return label_pairs(pools, names, store=store, rng=rng).queues[name].matches

        assert order(["Ada", "Bo"], "Bo") == order("Bo", "Bo")
        assert order(["Ada", "Bo"], "Bo") != order("Ada", "Ada")


def test_what_cannot_be_shown_is_refused():
    with Store() as store:
        for annotators in ([], ["Ada", "Ada"], ""):
            with pytest.raises(UserError, match="annotator"):
                label_pairs([make_pool([True, False])], annotators, store=store)
        with pytest.raises(UserError, match="people give labels or preference"):
            label_pairs([make_pool([True, False])], "Ada", store=store, kind="score")
        odd = secret_pool()
        odd = replace(odd, problem=Problem("p", "half a pair \ud800"))
        assert label_pairs([odd], "Ada", store=store).shown["pair"]["question"] == "half a pair ?"


MODEL = """
let shown = SHOWN, heard = [];
window.model = {
  get: (name) => name === "shown" ? shown : STATE[name],
  on: (_, act) => heard.push(act), off: () => {},
  send: async (message) => { shown = await window.send(message); heard.forEach((act) => act()); },
};
"""


def test_the_script_makes_what_the_package_lists_and_nothing_else():
    script = (LABELLING / "labeller.js").read_text()
    for name, listed in (("ELEMENTS", ELEMENTS), ("ATTRIBUTES", ATTRIBUTES)):
        (there,) = re.findall(rf"const {name} = new Set\((\[.*?\])\)", script, re.DOTALL)
        assert set(json.loads(there)) == set(listed)
    assert "innerHTML" not in script


def test_formulas_are_sent_beside_the_texts():
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed (the extra lab)")
    pool = Pool.from_texts("Is $x^2$ > 0?", ["yes", "no, \\(x<0\\)"])
    with Store() as store:
        shown = label_pairs([pool], "Ada", store=store, order="given").shown
    assert shown["pair"]["question"] == "Is $x^2$ > 0?"
    assert set(shown["formulas"]) == {"question", "b"}
    before, formula, after = shown["formulas"]["question"]
    assert (before, formula["written"], after) == ("Is ", "$x^2$", " > 0?")
    assert formula["tree"][0] == "math"
    json.dumps(shown)


@pytest.mark.slow
def test_a_formula_of_anything_else_is_shown_as_it_was_written():
    tree = ["math", {}, [["script", {}, ["window.hacked = 1"]]]]
    linked = ["math", {"href": "javascript:x", "onclick": "x", "display": "block"}, ["<b>"]]
    pieces = [{"written": "$a$", "tree": tree}, {"written": "$b$", "tree": linked}]
    shown = {
        "number": 1, "pair": {"question": "?"}, "formulas": {"question": pieces},
        "annotator": "Ada", "done": 0, "total": 1, "undo": False, "said": "", "note": "",
    }  # fmt: skip
    state = {"choices": [], "annotators": ["Ada"], "instructions": ""}
    with browser_page() as page:
        page.set_content("<main></main>")
        render(page, shown, state)
        assert page.evaluate("window.hacked") is None
        question = page.locator(".question pre")
        assert question.inner_text().startswith("$a$")
        held = question.locator("math").evaluate("element => element.outerHTML")
        assert held == '<math display="block">&lt;b&gt;</math>'


def render(page, shown, state):
    """The package's own script in a page, with a model that says what is given."""
    model = MODEL.replace("SHOWN", json.dumps(shown)).replace("STATE", json.dumps(state))
    page.evaluate(model)
    script = (LABELLING / "labeller.js").read_text()
    module = "data:text/javascript;base64," + base64.b64encode(script.encode()).decode()
    page.evaluate(
        """async (address) => (await import(address)).default.render(
             { model: window.model, el: document.querySelector("main") })""",
        module,
    )


@pytest.mark.slow
def test_the_script_and_the_widget_understand_each_other(tmp_path):
    """The package's own script in a browser, with the widget's own answers, and no kernel."""
    store = Store(tmp_path / "hands.sqlite")
    pool = Pool.from_texts("How many legs? " + EVIL, ["8 legs. " + EVIL, "6 legs.", "4 * 2 = 8."])
    widget = label_pairs([pool], ["Ada", "Bo"], store=store)
    with browser_page(1300, 900) as page:
        page.set_default_timeout(120_000)

        def send(message):
            widget._handle_custom_msg(message, [])
            return widget.shown

        page.expose_function("send", send)
        css = (LABELLING / "labeller.css").read_text() + STYLE
        page.set_content(f"<html lang=en><title>t</title><main><style>{css}</style></main>")
        state = {name: getattr(widget, name) for name in ("choices", "annotators", "instructions")}
        render(page, widget.shown, state)
        judge_three_pairs(page)
        look(page, "widget")
        page.emulate_media(color_scheme="dark")
        look(page, "widget-dark")
    table = store.table()
    store.close()
    assert_three_and_one(table)


def judge_three_pairs(page):
    """Ada judges three pairs by keys and buttons, Bo one."""
    from playwright.sync_api import expect

    root = page.locator(".pjl-hand")
    root.wait_for(state="visible")

    def until(words):
        root.locator(".progress").get_by_text(words).wait_for()

    until("Ada: 0 of 3 judged")
    assert page.evaluate("window.hacked") is None
    expect(root.locator("img, script, .MathJax, mjx-container")).to_have_count(0)
    question = root.locator(".question pre")
    assert EVIL.removesuffix("$x^2$") in question.inner_text()
    root.focus()
    if formula_tree("x^2", False) is not None:
        expect(question.locator("msup")).to_have_count(1)
        page.keyboard.press("m")
    expect(root.locator("math")).to_have_count(0)
    assert EVIL in question.inner_text()
    if formula_tree("x^2", False) is not None:
        root.get_by_role("button", name="formulas as written", pressed=True).click()
        expect(question.locator("msup")).to_have_count(1)
        root.focus()
    page.keyboard.press("a")
    until("Ada: 1 of 3 judged")
    page.keyboard.press("u")
    until("Ada: 0 of 3 judged")
    page.keyboard.press("s")
    root.get_by_text("it comes again at the end").wait_for()
    note = root.locator("textarea")
    note.fill("both count a leg twice")
    note.press("n")
    assert "n" in note.input_value().replace("count", ""), "a note is no key"
    note.fill("both count a leg twice")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    until("Ada: 1 of 3 judged")
    root.get_by_role("button", name="both are correct").click()
    until("Ada: 2 of 3 judged")
    page.keyboard.press("b")
    until("Ada: 3 of 3 judged")
    expect(root.get_by_text("Every pair has been judged.")).to_be_visible()
    expect(root.get_by_role("button", name="skip")).to_be_disabled()
    root.get_by_label("who judges").select_option("Bo")
    until("Bo: 0 of 3 judged")
    root.focus()
    page.keyboard.press("b")
    until("Bo: 1 of 3 judged")


def look(page, name):
    """A picture, and what axe-core finds where it is here."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
    if AXE.is_file():
        counts, told = findings(page, ".pjl-hand")
        assert not counts, told


def assert_three_and_one(table):
    said = table.groupby("judge")["verdict"].apply(sorted).to_dict()
    assert said == {"person:Ada": ["B", "neither", "tie"], "person:Bo": ["B"]}
    assert table["text"].tolist().count("both count a leg twice") == 1
    assert (table["seconds"] > 0).all()


CELL = """
from pairjudge_lab import Pool, Store, label_pairs
question = "How many legs have two cats? " + EVIL
pool = Pool.from_texts(question, ["8 legs. " + EVIL, "6 legs.", "4 * 2 = 8."])
label_pairs([pool], ["Ada", "Bo"], store=Store("hands.sqlite"))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_person_judges_in_jupyterlab(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(f"EVIL = {EVIL!r}" + CELL)]
    # Without it JupyterLab asks which kernel is meant.
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(book, home / "hands.ipynb")
    PICTURES.mkdir(parents=True, exist_ok=True)
    asked = []
    with jupyterlab(home, tmp_path) as address, browser_page(1300, 1000, requests=asked) as page:
        page.set_default_timeout(120_000)
        page.goto(f"{address}/lab/tree/hands.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.get_by_text("Python 3 (ipykernel)").first.wait_for()
        run_all_cells(page)
        root = page.locator(".pjl-hand")
        root.wait_for(state="visible")
        judge_three_pairs(page)
        assert page.locator(".jp-Notebook .jp-CodeCell").count() == 1, "A and B made no new cell"
        look(page, "hands-light")
        run_all_cells(page)
        root.get_by_text("Ada: 3 of 3 judged").wait_for()
        page.locator(".lm-MenuBar-itemLabel", has_text="Settings").click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^JupyterLab Dark$")).click()
        page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
        root.get_by_label("who judges").select_option("Bo")
        root.get_by_text("Bo: 1 of 3 judged").wait_for()
        look(page, "hands-dark")
    fetched = [one for one in asked if not one.startswith((address, "data:", "blob:"))]
    assert fetched == []
    with Store(home / "hands.sqlite") as store:
        assert_three_and_one(store.table())


def test_the_page_on_labels_by_hand_runs(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "labels-by-hand.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.S))
    names = {}
    exec(compile(code, "labels-by-hand.md", "exec"), names)
    assert "<Pairwise" in capsys.readouterr().out
    assert (tmp_path / "tasks.json").is_file()
    names["store"].close()
