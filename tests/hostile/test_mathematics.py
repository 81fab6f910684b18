"""Hostile texts as mathematics: nothing raises, nothing becomes markup, and size costs its size."""

import random
import sys

import pytest

from pairjudge_lab.mathematics import find_formulas, mathematics_markup, mathematics_pieces
from tests.hostile.size import size
from tests.hostile.texts import hostile_text
from tests.mathematics.test_mathematics import AS_WRITTEN, SHOWN, as_xml

PIECES = ["$", "$$", "\\(", "\\)", "\\[", "\\]", "{", "}", "^", "_", "&", "\\\\", "%", "#", "`",
          "```", "\n", "\n\n", " ", "\\boxed{", "\\frac{", "\\sqrt", "\\text{", "\\left(",
          "\\right)",
          "\\begin{align}", "\\end{align}", "\\begin{cases}", "\\end{cases}", "<script>", "&#x3c;",
          "\\href{javascript:alert(1)}{x}", "\\def\\a{\\a\\a}", "\\a", "\u202e", "\u0000",
          "\ud800", "</math>", "<math>", "]]>", "x", "12", "\\mathrm{", "\\operatorname{",
          "\\hline"]  # fmt: skip


def test_hostile_texts_are_read_as_they_were_written():
    rng = random.Random(0)
    for _ in range(size(600, 50_000)):
        kind = rng.random()
        if kind < 0.3:
            text = hostile_text(rng, PIECES)
        elif kind < 0.8:
            text = "".join(rng.choices(PIECES, k=rng.choice((3, 10, 40))))
        else:
            # Sound formulas, changed at one place.
            text = "$" + rng.choice([*SHOWN, *AS_WRITTEN]) + "$"
            place = rng.randrange(len(text))
            text = text[:place] + rng.choice(PIECES) + text[place + rng.randrange(2) :]
        as_xml(text)


MEGABYTE = 1_000_000
LARGE = {
    "dollars": "$", "pairs of dollars": "$$ ", "small formulas": "$x$ ", "opened": "\\(",
    "opened and closed": "\\(x\\) ", "brackets": "\\[", "boxes": "\\boxed{", "braces": "{",
    "roots": "\\sqrt", "environments": "\\begin{align}", "ends": "\\end{align}", "ticks": "`",
    "fences": "```", "odd fences": "``` ", "backslashes": "\\", "breaks": "\n \n", "spaces": " \n",
    "mixed": "$\\(\\[`$$", "scripts": "x^{x_{", "boxes of formulas": "\\boxed{1} ",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_takes_work_in_proportion(name):
    """Counted in calls, for the clock of a busy machine says nothing."""
    counts = []
    for large in (MEGABYTE // 64, MEGABYTE // 16):
        text = (LARGE[name] * (large // len(LARGE[name]) + 1))[:large]
        counts.append(calls_of(lambda text=text: sum(1 for _ in find_formulas(text))))
    assert counts[1] <= 4.5 * counts[0] + 1_000
    text = (LARGE[name] * (MEGABYTE // len(LARGE[name]) + 1))[:MEGABYTE]
    assert sum(len(written) for written, _ in mathematics_pieces(text)) == len(text)


def calls_of(work):
    count = 0

    def trace(*_):
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(trace)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("depth", [30, 100, 1_000, 10_000])
@pytest.mark.parametrize("step", [("{", "}"), ("\\frac{1}{", "}"), ("x^{", "}"), ("\\sqrt", ""),
                                  ("\\left(", "\\right)"), ("\\boxed{", "}")])  # fmt: skip
def test_deep_formulas_do_not_raise(step, depth):
    text = "$" + step[0] * depth + "1" + step[1] * depth + "$"
    as_xml(text)
    assert str(mathematics_markup(text)).count("<mfrac") <= 40
