"""The referee: shows matches by the rules, hears the verdicts, keeps the accounts of a play."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pairjudge_lab.records import Match, MatchResult, Pool, Selection, Status, Verdict
from pairjudge_lab.renamed import warn_renamed
from pairjudge_lab.tournaments.lots import draw
from pairjudge_lab.tournaments.rules import Rules

Hearing = Generator[list[Match], list[Verdict], "list[Outcome]"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pairing of x and y.

    ``result`` is ``x`` or ``y`` (that one won), ``both`` or ``neither`` (called correct), ``tie``
    (neither preferred), ``split`` (orders or votes disagree), ``unread``, ``same_answer`` (no
    call), or ``unplayed`` (the calls were spent). ``first`` is the one shown first in
    the first match. ``labels`` holds, for each verdict that gives labels, whether x and y were
    called correct.
    """

    x: int
    y: int
    result: str
    first: int
    verdicts: tuple[Verdict, ...] = ()
    labels: tuple[tuple[bool, bool], ...] = ()


class Referee:
    """One play's accounts: calls, calls saved by shared answers, statuses, and who was shown where.

    ``lead[c]`` is how often candidate c was shown first minus how often second; ``in_a_row[c]`` how
    often running it has been shown in the position of its last match, negative for the second.

    Parameters
    ----------
    limit : int or None
        The most calls, whatever the budget says: a tournament's published count.
    """

    def __init__(
        self, pool: Pool, rules: Rules, rng: np.random.Generator, limit: int | None = None
    ) -> None:
        self.pool = pool
        self.rules = rules
        self.rng = rng
        self.calls = 0
        self.saved = 0
        self.statuses: Counter[str] = Counter()
        self.lead = [0] * len(pool)
        self.in_a_row = [0] * len(pool)
        self.spent = False
        limits = [most for most in (rules.budget, limit) if most is not None]
        self._limit = min(limits) if limits else None
        # Who was shown first when two met last, and how often an ordered pair has been asked for.
        self._shown: dict[tuple[int, int], int] = {}
        self._repetitions: Counter[tuple[int, int]] = Counter()

    def settle(self, pairs: Sequence[tuple[int, int]], *, oriented: bool = False) -> Hearing:
        """Play pairings; outcomes in their order.

        Pairings within an answer group cost nothing. When the calls are spent, the remaining
        pairings are ``unplayed`` and ``spent`` is set.

        Parameters
        ----------
        pairs : sequence of tuple
            Who meets.
        oriented : bool
            The tournament has balanced the positions: the first named is shown first.
        """
        results: dict[int, Outcome] = {}
        asked: list[tuple[int, Match]] = []
        cost = self.rules.calls_a_match
        for place, (x, y) in enumerate(pairs):
            if self.pool.group_of(x) == self.pool.group_of(y):
                self.saved += cost
                results[place] = Outcome(x, y, "same_answer", x)
            elif self.spent or not self._affordable(len(asked) + cost):
                self.spent = True
                results[place] = Outcome(x, y, "unplayed", x)
            else:
                asked += [(place, match) for match in self._show(x, y, oriented)]
        heard: dict[int, list[tuple[Match, Verdict]]] = {}
        if asked:
            verdicts = yield from self._hear([match for _, match in asked])
            for (place, match), verdict in zip(asked, verdicts, strict=True):
                heard.setdefault(place, []).append((match, verdict))
        for place, found in heard.items():
            x, y = pairs[place]
            results[place] = Outcome(
                x,
                y,
                self._decide(x, found),
                found[0][0].a,
                tuple(verdict for _, verdict in found),
                tuple(_labels(x, match, v) for match, v in found if v.a_correct is not None),
            )
        return [results[place] for place in range(len(pairs))]

    def advance(self, outcome: Outcome) -> tuple[int, ...]:
        """Who goes on in a tournament that eliminates: nobody, one, or both."""
        x, y = outcome.x, outcome.y
        match self._counted(outcome):
            case "x":
                return (x,)
            case "y":
                return (y,)
            case "neither":
                return ()
            case "keep" | "unplayed":
                return (x, y)
            case _:
                return ((x, y)[draw(2, self.rng)],)

    def points(self, outcome: Outcome) -> tuple[float, float] | None:
        """Points of x and y, one in all at most; None where the pairing counts for nothing."""
        match self._counted(outcome):
            case "x":
                return 1.0, 0.0
            case "y":
                return 0.0, 1.0
            case "neither":
                return 0.0, 0.0
            case "keep" | "unplayed":
                return None
            case _:
                return 0.5, 0.5

    def match_result(
        self, outcome: Outcome, advanced: tuple[int, ...] | None = None
    ) -> MatchResult:
        """The outcome as it is kept in a Selection's history."""
        x, y = outcome.x, outcome.y
        points = self.points(outcome)
        if advanced is None:
            mine, theirs = points or (0.0, 0.0)
            advanced = tuple(c for c, p in ((x, mine), (y, theirs)) if p >= 0.5)
        if outcome.first == y:
            x, y, points = y, x, points and (points[1], points[0])
        how = outcome.result if outcome.result in ("same_answer", "unplayed") else "match"
        said = outcome.verdicts
        one_way = len(said) // 2 if self.rules.order == "both" else len(said)
        return MatchResult(x, y, how, advanced, said[:one_way], points, said[one_way:])

    def bout(self, outcome: Outcome, advanced: tuple[int, ...] | None = None) -> MatchResult:
        """``match_result`` under its name of before."""
        warn_renamed("Referee.bout", "match_result")
        return self.match_result(outcome, advanced)

    def conclude(
        self,
        name: str,
        chosen: int,
        history: Sequence[Sequence[MatchResult]],
        *,
        ranking: tuple[int, ...] | None = None,
        note: str = "",
        **more: object,
    ) -> Selection:
        """The Selection, with the accounts of this play and every rule that could have mattered."""
        spent = "the calls were spent before the last match" if self.spent else ""
        return Selection(
            candidate=chosen,
            rounds=len(history),
            calls=self.calls,
            calls_saved=self.saved,
            rules={"tournament": name, **more, **self.rules.codes()},
            history=tuple(tuple(results) for results in history),
            ranking=ranking,
            statuses=dict(self.statuses),
            note="; ".join(filter(None, (note, spent))),
        )

    def _counted(self, outcome: Outcome) -> str:
        """The result once the rules have been applied to what is not a plain win."""
        match outcome.result:
            case "both" if self.rules.both_correct == "first" and len(outcome.verdicts) == 1:
                return "x" if outcome.first == outcome.x else "y"
            case "neither":
                return "neither" if self.rules.neither == "out" else "tie"
            case "unread" if self.rules.unread == "neither":
                return "neither" if self.rules.neither == "out" else "tie"
            case "unread" if self.rules.unread == "keep":
                return "keep"
            case "both" | "tie" | "split" | "unread" | "same_answer":
                return "tie"
        return outcome.result

    def _affordable(self, calls: int) -> bool:
        return self._limit is None or self.calls + calls <= self._limit

    def _show(self, x: int, y: int, oriented: bool) -> list[Match]:
        """The matches of one pairing, booked to both candidates' positions."""
        both = self.rules.order == "both"
        key = (min(x, y), max(x, y))
        # A second meeting is shown the other way round: asked the same again, a judge that decodes
        # greedily could only repeat itself.
        if key in self._shown and not both:
            swap = self._shown[key] == x
        elif self.rules.order == "random":
            swap = draw(2, self.rng) == 0
        elif self.rules.order == "balanced" and not oriented:
            lead = self.claim(y) - self.claim(x)
            swap = lead > 0 or (lead == 0 and draw(2, self.rng) == 0)
        else:
            swap = False
        a, b = (y, x) if swap else (x, y)
        self._shown[key] = a
        votes = range(self.rules.votes)
        matches = [self._next(Match(self.pool, a, b)) for _ in votes]
        if both:
            return matches + [self._next(Match(self.pool, b, a)) for _ in votes]
        for c, sign in ((a, 1), (b, -1)):
            self.lead[c] += sign
            self.in_a_row[c] = self.in_a_row[c] + sign if self.in_a_row[c] * sign > 0 else sign
        return matches

    def claim(self, c: int) -> float:
        """How much a candidate should be shown first, as chess gives colours.

        Ten and more: it must, after two matches in the second position or two more there than in
        the first. Two: it has been there once less. Half: it was there before its last match.
        """
        must = -np.sign(self.in_a_row[c]) if abs(self.in_a_row[c]) >= 2 else 0
        must = must or (-np.sign(self.lead[c]) if abs(self.lead[c]) >= 2 else 0)
        return float(10 * must - 2 * self.lead[c] - 0.5 * np.sign(self.in_a_row[c]))

    def _next(self, match: Match) -> Match:
        """The match under the first repetition not yet asked of these two in this order."""
        key = (match.a, match.b)
        self._repetitions[key] += 1
        return replace(match, repetition=self._repetitions[key] - 1)

    def _hear(self, matches: list[Match]) -> Generator[list[Match], list[Verdict], list[Verdict]]:
        verdicts = list((yield matches))
        self._book(verdicts)
        if self.rules.unread != "again":
            return verdicts
        for _ in range(self.rules.again):
            places = [i for i, v in enumerate(verdicts) if v.status is not Status.PARSED]
            if self._limit is not None:
                places = places[: self._limit - self.calls]
            if not places:
                break
            again = yield [self._next(matches[i]) for i in places]
            self._book(again)
            for place, verdict in zip(places, again, strict=True):
                verdicts[place] = verdict
        return verdicts

    def _book(self, verdicts: Sequence[Verdict]) -> None:
        self.calls += len(verdicts)
        self.statuses.update(v.status.value for v in verdicts)

    def _decide(self, x: int, heard: Sequence[tuple[Match, Verdict]]) -> str:
        """The result of a pairing from all its verdicts: by majority in each order, then both."""
        orders: dict[int, list[str]] = {}
        for match, verdict in heard:
            said = verdict.outcome
            if said in ("A", "B"):
                said = "x" if (said == "A") == (match.a == x) else "y"
            elif said == "tie" and verdict.preference is None:
                said = "both"
            orders.setdefault(match.a, []).append("unread" if said == "invalid" else said)
        results = {_majority(said) for said in orders.values()}
        if len(results) == 1:
            return results.pop()
        # Both orders were asked for, so one alone decides nothing.
        return "unread" if "unread" in results else "split"


def _labels(x: int, match: Match, verdict: Verdict) -> tuple[bool, bool]:
    a, b = bool(verdict.a_correct), bool(verdict.b_correct)
    return (a, b) if match.a == x else (b, a)


def _majority(said: Sequence[str]) -> str:
    """What more than half of the votes that were read say; else who has more wins; else a tie."""
    counts = Counter(s for s in said if s != "unread")
    if not counts:
        return "unread"
    most, count = counts.most_common(1)[0]
    if 2 * count > counts.total():
        return most
    if counts["x"] != counts["y"]:
        return "x" if counts["x"] > counts["y"] else "y"
    return "split"
