"""Formulas in texts: where they are found, what is made of them, and what is left as written."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.mathematics import (
    answer_markup,
    find_formulas,
    formula_tree,
    mathematics_markup,
    mathematics_pieces,
)
from pairjudge_lab.mathematics.trees import ATTRIBUTES, DEEPEST, ELEMENTS
from tests.browsing import PICTURES, browser_page


def found(text):
    return [formula.latex for formula in find_formulas(text)]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$x$ and $$y$$ and \\(z\\) and \\[w\\]", ["x", "y", "z", "w"]),
        ("so \\boxed{\\frac{1}{2}}.", ["\\boxed{\\frac{1}{2}}"]),
        ("$\\boxed{5}$", ["\\boxed{5}"]),
        ("a \\begin{align*} x &= 1 \\end{align*} b", ["\\begin{align*} x &= 1 \\end{align*}"]),
        ("\\[\\begin{aligned}x&=1\\end{aligned}\\]", ["\\begin{aligned}x&=1\\end{aligned}"]),
        # Money, and a dollar that is left over.
        ("It costs $5 and $7, or $5-$10.", []),
        ("from $12/hour to 36$ in all", []),
        ("$5 for a pen and 3$", []),
        ("It is $36. The answer is \\boxed{36}", ["\\boxed{36}"]),
        ("\\$5 and $x$", ["x"]),
        ("$ x$, $x $, ", []),
        (
            "$ \\frac{1}{2} $ and $\\begin{pmatrix}1\\end{pmatrix}$",
            [" \\frac{1}{2} ", "\\begin{pmatrix}1\\end{pmatrix}"],
        ),
        ("$$$$ $$ $$", []),
        # Nothing reaches over a gap between paragraphs, or out of code.
        ("$x\n\ny$ \\(x\n \ny\\)", []),
        ("`$x$` and ```\n$y$\n``` and ` $z$", ["z"]),
        ("\\boxed{never closed", []),
        ("\\( \\( x \\)", [" \\( x "]),
        ("\\end{align} \\begin{align} x", []),
        ("\\begin{verbatim}$x$\\end{verbatim}", ["x"]),
    ],
)
def test_where_formulas_are(text, formulas):
    assert found(text) == formulas


needs_converter = pytest.mark.skipif(
    formula_tree("x", False) is None,
    reason="latex2mathml is not installed (the extra lab)",
)

SHOWN = [
    r"\frac{a}{b}", r"\dfrac12", r"\boxed{5}", r"x<5", r"5\%", r"\$5", r"1{,}000", r"\sqrt[3]{x}",
    r"x^2+y_1^{n-1}\cdot 3 \le 4", r"\mathbb{R}^n", r"\{1,2\}", r"x\!y", r"f'(x)", r"|x|",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{aligned}x&=1\\y&=2\end{aligned}",
    r"\begin{cases}x & \text{if } x>0\\ -x & \text{otherwise}\end{cases}",
    r"\begin{array}{c|c}a&b\\c&d\end{array}", r"\left(\frac{1}{2}\right)^{10}",
    r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", r"\binom{n}{k}", r"a \equiv b \pmod{7}",
    r"\lim_{x\to 0}\frac{\sin x}{x}", r"\overline{AB}", r"90^\circ", r"\boxed{\text{(A)}}",
    r"\|\mathbf{a}\| = 2",
    r"\operatorname{lcm}(4,6)", r"12 \text{ cm}", r"\triangle ABC", r"\mathbf{v}\cdot\vec{w}",
]  # fmt: skip
AS_WRITTEN = [
    # What hides, links, styles, colours, defines or moves.
    r"\phantom{secret}x", r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}",
    r"\class{a}{x}",
    r"\color{white}{x}", r"\textcolor{white}{x}", r"\def\x{y}\x", r"\newcommand{\x}{y}\x",
    r"\mathrlap{x}y", r"\smash{x}", r"\hspace{-5em}x", r"\kern-5em x", r"\raise 9em x",
    r"\unicode{x202E}x", r"\verb|x|", r"\rule{9em}{9em}", r"\cancel{x}", r"\tag{9}", r"\tiny x",
    # What would lose something, or is not known.
    "5 % a comment", r"x \\ y", r"\unknown{x}", r"\begin{verbatim}x\end{verbatim}", "a & b # c",
    r"\begin{pmatrix}{c}\\d\end{pmatrix}", "a $ b", "\\text{a\u202eb}", "\\text{a\u200bb}",
    "x\x00y",
    # What does not parse.
    r"\frac{", "{", "}", r"\left(", r"x^y^z", "", "\\", "_", "^", r"\begin{cases}x",
]  # fmt: skip


@needs_converter
@pytest.mark.parametrize("latex", SHOWN)
def test_mathematics_becomes_mathml_of_the_list(latex):
    for display in (False, True):
        check(formula_tree(latex, display))


def check(tree, depth=0):
    assert tree.name in ELEMENTS
    assert depth <= DEEPEST
    for key, value in tree.attributes:
        assert ATTRIBUTES[key].fullmatch(value)
    for child in tree.children:
        if not isinstance(child, str):
            check(child, depth + 1)


@needs_converter
@pytest.mark.parametrize("latex", AS_WRITTEN)
def test_anything_else_is_shown_as_it_was_written(latex):
    assert formula_tree(latex, False) is None
    text = f"so \\[{latex}\\] is it"
    assert "".join(written for written, _ in mathematics_pieces(text)) == text


@needs_converter
def test_by_hand():
    assert str(mathematics_markup("so $x^2$ & <b>")) == (
        'so <span class="pjl-math" hidden="hidden" title="$x^2$"><math display="inline"><mrow>'
        "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup></mrow></math></span>"
        '<span class="pjl-tex">$x^2$</span> &amp; &lt;b&gt;'
    ).replace("<mrow><mn>2</mn></mrow>", "<mn>2</mn>")
    assert "mfrac" in answer_markup(r"\frac{1}{2}")
    assert "mfrac" in answer_markup(r"$\frac{1}{2}$")
    assert str(answer_markup(r"\frac{1")) == r"\frac{1"


@needs_converter
def test_text_within_a_formula_stays_text():
    shown = str(mathematics_markup(r"$\text{<script>alert(1)</script> &lt;b>}$"))
    assert "<mtext>&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&amp;lt;b&gt;</mtext>" in shown
    assert "<script" not in shown
    assert "<b>" not in shown


@needs_converter
def test_nearly_every_formula_of_a_problem_set_is_shown(shared):
    shown = written = 0
    for line in (shared / "math500.jsonl").read_text("utf-8").splitlines():
        problem = json.loads(line)["problem"]
        trees = [formula_tree(f.latex, f.display) for f in find_formulas(problem)]
        shown += sum(tree is not None for tree in trees)
        written += len(trees)
    assert written > 1_000
    assert shown > 0.99 * written


def as_xml(text):
    """The markup of a text, read again, checked against the lists; what is read of it."""
    # The characters that XML cannot hold are an affair of HTML's own parser.
    sound = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "?", text)
    root = ET.fromstring(f"<p>{mathematics_markup(sound)}</p>")
    written = root.text or ""
    for span in root:
        assert span.tag == "span"
        if span.get("class") == "pjl-math":
            assert set(span.attrib) == {"class", "hidden", "title"}
            assert len(span) == 1
            for element in span.iter():
                if element is span:
                    continue
                assert element.tag in ELEMENTS
                for key, value in element.attrib.items():
                    assert ATTRIBUTES[key].fullmatch(value)
        else:
            assert span.attrib == {"class": "pjl-tex"}
            written += span.text or ""
        written += span.tail or ""
    # A parser of XML takes every line break for one of its own.
    assert written == sound.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text(st.sampled_from("$\\()[]{}^_&%#`<>\"'\n xy12") | st.characters(), max_size=60))
def test_whatever_is_written_is_read(text):
    as_xml(text)


@pytest.mark.slow
def test_a_browser_shows_formulas_and_no_source(tmp_path):
    from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, Verdict
    from pairjudge_lab.views import view_verdict

    if formula_tree("x", False) is None:
        pytest.skip("latex2mathml is not installed (the extra lab)")
    first = (
        "We have $x^2 + y_1 \\le 4$ at $5 and $7.\n\n\\[\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}\\]\n"
    )
    first += "In $\\mathbb{R}^n$: \\begin{align*} x &= 12 + 3 \\\\ &= 15 \\end{align*}\n\\boxed{15}"
    second = "So $\\phantom{secret}x$ and $\\text{<img src=x onerror='window.hacked = 1'>}$."
    pool = Pool(
        Problem("p", "What is \\(\\sqrt[3]{8}\\)?", "\\frac{4}{2}"),
        (Candidate(first, "15", True), Candidate(second, "3", False)),
    )
    verdict = Verdict(Status.PARSED, True, False, "A, since $a^2 = b$.")
    view = view_verdict(Match(pool, 0, 1), verdict)
    plain = view_verdict(Match(pool, 0, 1), verdict, mathematics=False)
    assert "<math" not in plain.html
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser_page(1100, 800) as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(view.save(tmp_path / "view.html").as_uri())
            assert page.evaluate("window.hacked") is None
            assert page.locator("img").count() == 0
            shown = page.get_by_label("Response A", exact=True)
            assert shown.locator("math").count() == 5
            assert shown.locator("mfrac").bounding_box()["height"] > 20
            assert "$5 and $7" in shown.inner_text()
            assert "\\sum" not in shown.inner_text()
            assert "\\phantom{secret}x" in page.get_by_label("Response B", exact=True).inner_text()
            page.screenshot(path=PICTURES / f"mathematics-{scheme}.png")
        # Where styles are taken away, what was written is read, and nothing else.
        page.evaluate("document.querySelectorAll('style').forEach((s) => s.remove())")
        assert page.get_by_label("Response A", exact=True).inner_text().strip() == first
