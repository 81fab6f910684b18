"""Reading stored completions again: a better parser needs no model."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pairjudge_lab.protocols import known_protocols, protocol, read_completions
from pairjudge_lab.records import Verdict
from pairjudge_lab.store.sqlite import Store


def reread(store: Store) -> Counter[str]:
    """Read every verdict again that was read from completions, and keep what is read now.

    Parameters
    ----------
    store : Store

    Returns
    -------
    Counter
        How many verdicts were read ``again``, how many of them ``changed``, and how many have a
        protocol that this process does not know (``unknown``).
    """
    counts: Counter[str] = Counter()
    changed: dict[str, Verdict] = {}
    protocols = {}
    for key, identity, completions in store.linked():
        name = str(identity.get("protocol", ""))
        if name not in known_protocols():
            counts["unknown"] += 1
            continue
        if name not in protocols:
            protocols[name] = protocol(name)
        counts["again"] += 1
        old = store.get([key]).get(key)
        if old is None:
            continue
        new = read_completions(protocols[name], completions)
        new = replace(
            old,
            status=new.status,
            a_correct=new.a_correct,
            b_correct=new.b_correct,
            preference=new.preference,
            text=new.text,
            reason=new.reason,
            a_probability=new.a_probability,
            b_probability=new.b_probability,
        )
        if new != old:
            changed[key] = new
    store.replace(changed)
    counts["changed"] = len(changed)
    return counts
