"""The names under which verdicts are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pairjudge_lab.records import Match


def judge_digest(identity: Mapping[str, Any]) -> str:
    """A short name for a judge's identity, equal for equal identities in any key order."""
    canonical = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def verdict_key(digest: str, match: Match) -> str:
    """The key of a match's verdict under the judge with this digest.

    It covers everything that could change the verdict: the judge, the question, both texts in
    order, and the repetition.
    """
    parts = [digest, match.question, match.response_a, match.response_b, match.repetition]
    return hashlib.sha256(
        json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()
