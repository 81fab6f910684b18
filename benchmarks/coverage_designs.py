"""The designs of ``coverage.py``: studies of one judge, and pools for pass@k."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Design:
    """Studies of one judge.

    Each pair has a better response; the judge believes so with a chance that differs between
    problems on the logit scale (``spread``). A verdict follows the belief, or with probability
    ``noise`` (itself spread by ``noise_spread``) a coin; with probability |g| it goes to the
    position that g favours, g being ``effect`` plus a normal draw of each problem. Then it is a
    tie, or cannot be read, with probabilities of their own; ``unread_wrong`` is for verdicts that
    are not right. ``sizes`` are pairs a problem; ``tied`` gives harder problems more of them.
    ``most`` is the highest coverage that is wanted.
    """

    problems: int = 60
    sizes: int | tuple[int, ...] = 4
    tied: bool = False
    accuracy: float = 0.75
    spread: float = 0.8
    effect: float = 0.05
    effect_spread: float = 0.1
    noise: float = 0.1
    noise_spread: float = 0.0
    tie: float = 0.05
    unread: float = 0.02
    unread_wrong: float | None = None
    most: float = 97.5


SURE = Design(tie=0.0, unread=0.0, accuracy=0.98, noise=0.02, spread=0.3, effect_spread=0.0)
DESIGNS = {
    "60 problems x 4": Design(),
    "20 problems x 8": Design(problems=20, sizes=8),
    "200 problems x 1, strong effect": Design(problems=200, sizes=1, effect=0.25),
    "60 problems, noisy, much unread": Design(noise=0.5, unread=0.15, tie=0.15),
    "15 problems, size tied to difficulty": Design(problems=15, tied=True, spread=1.2),
    "12 problems, two hold 80 % of pairs": Design(
        problems=12, sizes=(20, 20, *[1] * 10), most=99.5
    ),
    "the same, strongly clustered": Design(
        problems=12, sizes=(20, 20, *[1] * 10), spread=2.0, noise=0.3, noise_spread=2.0,
        effect_spread=0.4, most=99.5,
    ),
    "30 problems x 4, rate near .98": replace(SURE, problems=30, effect=0.01),
    "15 problems x 8, rate near .94, clustered": Design(
        problems=15, sizes=8, accuracy=0.99, spread=2.0, noise=0.012, noise_spread=2.0,
        effect=0.01, effect_spread=0.03, tie=0.0, unread=0.0, most=99.5,
    ),
    "15 problems x 8, rate near .96, more clustered": Design(
        problems=15, sizes=8, accuracy=0.995, spread=2.5, noise=0.005, noise_spread=2.5,
        effect=0.0, effect_spread=0.02, tie=0.0, unread=0.0, most=99.5,
    ),
    "30 problems x 8, rate near .97, more clustered": Design(
        problems=30, sizes=8, accuracy=0.997, spread=3.0, noise=0.005, noise_spread=3.0,
        effect=0.005, effect_spread=0.02, tie=0.0, unread=0.0, most=99.5,
    ),
    "20 problems x 10, rate near .93, more clustered": Design(
        problems=20, sizes=10, accuracy=0.99, spread=2.5, noise=0.01, noise_spread=2.5,
        effect=0.02, effect_spread=0.05, tie=0.0, unread=0.0, most=99.5,
    ),
    "30 problems x 4, nearly all primacy": Design(
        problems=30, effect=0.95, effect_spread=0.05, tie=0.0
    ),
    "30 problems x 2, mostly primacy": Design(
        problems=30, sizes=2, effect=0.5, effect_spread=0.3, accuracy=0.9, noise=0.05, tie=0.02
    ),
    "40 problems x 4, unread 5 % if right, 40 % if wrong": Design(
        problems=40, unread=0.05, unread_wrong=0.4
    ),
    "30 problems x 4, a third ties": Design(problems=30, effect=0.2, tie=0.3, noise=0.3),
    "6 problems x 5": Design(problems=6, sizes=5),
    "6 problems x 20": Design(problems=6, sizes=20),
    "8 problems, 1 to 12 pairs": Design(
        problems=8, sizes=(1, 1, 2, 2, 3, 4, 6, 12), noise=0.3, effect_spread=0.2
    ),
}  # fmt: skip
POOLS = {
    "Beta(8, .5), 30 problems of 16, k = 4": (8, 0.5, 30, 16, 4),
    "Beta(8, .5), 30 problems of 16, k = 1": (8, 0.5, 30, 16, 1),
    "Beta(.05, 3), 60 problems of 16, k = 1": (0.05, 3, 60, 16, 1),
    "Beta(.15, 6), 45 problems of 16, k = 1": (0.15, 6, 45, 16, 1),
    "Beta(.15, 6), 45 problems of 16, k = 4": (0.15, 6, 45, 16, 4),
    "Beta(.5, .5), 30 problems of 16, k = 4": (0.5, 0.5, 30, 16, 4),
    "Beta(2, 2), 20 problems of 16, k = 1": (2, 2, 20, 16, 1),
    "Beta(.3, 3), 100 problems of 32, k = 8": (0.3, 3, 100, 32, 8),
}
"""pass@k: alpha, beta, problems, candidates, k."""
