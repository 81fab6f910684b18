"""Labels and preferences, kept apart: which kind a judge gives, and what needs labels."""

from __future__ import annotations

from typing import Any

from pairjudge_lab.records import UserError, VerdictKind


def judge_kind(judge: Any) -> VerdictKind | None:
    """The kind of verdicts that a judge gives, as it or its protocol says; None where neither does.

    A judge says so by an attribute ``kind``, or by a ``protocol`` that has one.
    """
    kind = getattr(judge, "kind", None)
    if kind is None:
        kind = getattr(getattr(judge, "protocol", None), "kind", None)
    return None if kind is None else VerdictKind(kind)


def need_labels(kind: VerdictKind | None, what: str) -> None:
    """See that verdicts are not preferences.

    Parameters
    ----------
    kind : VerdictKind or None
        Of the verdicts; None, not known, passes.
    what : str
        What needs labels, as the message's subject.

    Raises
    ------
    UserError
        When they are.
    """
    if kind is VerdictKind.PREFERENCE:
        raise UserError(
            f"{what} needs a judge that labels each response correct or not; this one only says "
            "which of two is better (kind: preference)"
        )


def check_tournament(tournament: Any, kind: VerdictKind | None) -> None:
    """See that a tournament can be played on verdicts of this kind.

    A tournament that ranks by labels says so by ``needs_labels``.

    Raises
    ------
    UserError
        When it needs labels, and the verdicts are preferences.
    """
    if getattr(tournament, "needs_labels", False):
        need_labels(kind, f"the tournament {tournament.name!r}")
