"""``label_pairs``: people judge pairs in a notebook."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pairjudge_lab.extras import naming_extras
from pairjudge_lab.labelling.annotator import AnnotatorQueue
from pairjudge_lab.labelling.choices import INSTRUCTIONS, verdict_kind
from pairjudge_lab.labelling.ordering import pairs_of
from pairjudge_lab.records import Match, Pool, UserError, VerdictKind
from pairjudge_lab.store import Storage

if TYPE_CHECKING:
    import numpy as np

    from pairjudge_lab.labelling.widget import PairLabeller


@naming_extras()
def label_pairs(
    pools: Sequence[Pool] | Sequence[Match],
    annotator: str | Sequence[str],
    *,
    store: Storage,
    kind: VerdictKind | str = VerdictKind.LABELS,
    order: str = "random",
    rng: np.random.Generator | None = None,
    instructions: str | None = None,
    reference: bool = False,
) -> PairLabeller:
    """Let people judge pairs in a notebook; show what this returns.

    Each person sees every pair without its source, in an order of their own. Keys: A, B, T (tie),
    N (neither), S (skip), M (formulas as they were written), U (undo). Every verdict is in the
    store as soon as it is given, under the name ``person:`` and the annotator's.

    Parameters
    ----------
    pools : sequence of Pool or of Match
        Pools, of which every pair of candidates is judged, or matches.
    annotator : str or sequence of str
        Who judges; of several, the widget asks which.
    store : Storage
        A ``Store``, or another that does the same.
        Where verdicts are kept, and known again when the work is taken up.
    kind : {"labels", "preference"}
        Whether each response is correct, or which is better.
    order : {"random", "both", "given"}
        Pairs shuffled and each shown in one order, or in both; or as they are given. See
        ``ordered_matches``.
    rng : numpy.random.Generator, optional
        Draws the order; seeded with 0 where none is given.
    instructions : str, optional
        What is asked of the people.
    reference : bool
        Whether they see the reference answer.

    Returns
    -------
    PairLabeller

    Raises
    ------
    UserError
        When there is nothing to judge, or a name or an order is not sound.

    Examples
    --------
    >>> from pairjudge_lab import Pool, Store, label_pairs
    >>> pool = Pool.from_texts("2 + 2?", ["It is 4.", "It is 5."])
    >>> label_pairs([pool], "Ada", store=Store())  # doctest: +SKIP
    PairLabeller(Ada 0 of 1)
    """
    import numpy as np

    from pairjudge_lab.labelling.widget import PairLabeller

    rng = np.random.default_rng(0) if rng is None else rng
    kind = verdict_kind(kind)
    matches = pairs_of(pools)
    names = [annotator] if isinstance(annotator, str) else list(annotator)
    if not names or len(set(names)) != len(names):
        raise UserError("name at least one annotator, and each of them once")
    # Each person's order depends on the generator and the name, not on who else is named.
    seed = int(rng.integers(2**63))
    queues = {
        name: AnnotatorQueue(
            matches,
            store,
            name,
            kind=kind,
            policy=order,
            rng=np.random.default_rng([seed, zlib.crc32(str(name).encode())]),
            instructions=instructions,
            reference=reference,
        )
        for name in names
    }
    return PairLabeller(queues, instructions or INSTRUCTIONS[kind], reference)
