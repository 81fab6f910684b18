"""What was generated and judged, kept on disk: nothing is asked twice, nothing is lost."""

from pairjudge_lab.store.contract import Storage
from pairjudge_lab.store.keys import judge_digest, verdict_key
from pairjudge_lab.store.sqlite import Store

__all__ = ["Storage", "Store", "judge_digest", "verdict_key"]
