"""CAPS: parts first, the whole only where it is close."""

from dataclasses import replace

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.replay import Recording, replay
from pairjudge_lab.tournaments import Caps
from pairjudge_lab.tournaments.caps import CUT, cut
from pairjudge_lab.verdicts.codes import TIE
from tests.conftest import make_pool
from tests.tournaments.playing import coin, loners, play, says, truth

TEXT = "First some long words, and then the closing line: the answer is 7."


def written(pool):
    texts = (replace(c, text=f"{TEXT} ({i})") for i, c in enumerate(pool.candidates))
    return replace(pool, candidates=tuple(texts))


def test_the_closing_part_is_shown_from_a_word_on():
    pool = written(loners([False] * 2))
    shown = cut(pool, 0.5).candidates[1].text
    assert shown.startswith(f"{CUT} ")
    assert pool.candidates[1].text.endswith(shown.removeprefix(f"{CUT} "))
    assert len(shown) < 0.7 * len(TEXT)
    assert cut(pool, 1.0) is pool
    assert cut(loners([False] * 2), 0.5).candidates[0].text == "text 0", "too short to cut"


def test_a_clear_winner_of_parts_is_never_shown_whole():
    pool = written(make_pool([True, False, False, False], [0, 1, 2, 3]))
    selection, asked = play(Caps(), pool, truth, np.random.default_rng(0))
    assert selection.candidate == 0
    assert all(m.response_a.startswith(CUT) for wave in asked for m in wave)
    assert selection.rules["calls_on_parts"] == selection.calls


def test_those_who_are_close_are_shown_whole_and_no_others():
    """Parts say that 0 and 1 are correct, the whole that 1 is wrong."""
    pool = written(make_pool([True, False, False, False], [0, 1, 2, 3]))

    def judge(match):
        part = match.response_a.startswith(CUT)
        good = {0, 1} if part else {0}
        return says(match.a in good, match.b in good)

    for seed in range(10):
        selection, asked = play(Caps(close=0.4), pool, judge, np.random.default_rng(seed))
        whole = [m for wave in asked for m in wave if not m.response_a.startswith(CUT)]
        assert selection.candidate == 0
        assert whole
        assert {c for m in whole for c in (m.a, m.b)} == {0, 1}
        assert selection.calls == len(whole) + selection.rules["calls_on_parts"]
        assert selection.ranking[1] == 1


def test_a_replay_has_its_order():
    recording = Recording(loners([True] * 4), np.full((1, 4, 4), TIE, dtype=np.int8))
    selection = replay(recording, Caps(), np.random.default_rng(0))
    assert selection.calls <= Caps().calls(4)
    assert selection.rules["part"] == 0.5


def test_its_ceiling_and_what_it_cannot_be():
    rng = np.random.default_rng(0)
    selection, _ = play(Caps(per_candidate=0.5), loners([False] * 8), coin(rng), rng)
    assert selection.calls == 4
    for wrong in ({"part": 0}, {"close": 2}, {"coverage": 0}, {"per_candidate": 0}):
        with pytest.raises(UserError, match=r"lie between|at least 1; got|above 0, or None"):
            Caps(**wrong)
