"""pairjudge_lab: a research workbench around pairwise LLM judges.

The names below load when they are first used, so that importing the lab costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.arena import Arena, all_ordered_pairs
    from pairjudge_lab.datasets.pools import load_pools, save_pools
    from pairjudge_lab.datasets.problems import load_problems, save_problems
    from pairjudge_lab.datasets.tables import pools_from, pools_to_dataset, pools_to_frame
    from pairjudge_lab.datasets.verdicts import load_verdicts, save_verdicts
    from pairjudge_lab.engines.options import ModelOptions
    from pairjudge_lab.engines.registry import load_engine
    from pairjudge_lab.generation import GenerationConfig
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.judges.functions import FunctionJudge
    from pairjudge_lab.judging import judge_pairs
    from pairjudge_lab.labelling import label_pairs
    from pairjudge_lab.records import (
        Candidate,
        Match,
        Pool,
        Problem,
        Selection,
        Status,
        UserError,
        Verdict,
    )
    from pairjudge_lab.replay.curves import curve
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import load_run
    from pairjudge_lab.sampling import sample
    from pairjudge_lab.statistics.comparison import compare_judges
    from pairjudge_lab.statistics.position import bias_report
    from pairjudge_lab.store import Store
    from pairjudge_lab.tournaments import Knockout, tournament

_HOMES = {
    "Arena": "arena",
    "Candidate": "records",
    "FunctionJudge": "judges.functions",
    "GenerationConfig": "generation",
    "Knockout": "tournaments",
    "Match": "records",
    "ModelOptions": "engines.options",
    "Pool": "records",
    "Problem": "records",
    "Selection": "records",
    "Status": "records",
    "Store": "store",
    "UserError": "records",
    "Verdict": "records",
    "all_ordered_pairs": "arena",
    "bias_report": "statistics.position",
    "compare_judges": "statistics.comparison",
    "curve": "replay.curves",
    "judge_pairs": "judging",
    "label_pairs": "labelling",
    "load_engine": "engines.registry",
    "load_judge": "judges",
    "load_pools": "datasets.pools",
    "load_problems": "datasets.problems",
    "load_run": "runs",
    "load_verdicts": "datasets.verdicts",
    "pools_from": "datasets.tables",
    "pools_to_dataset": "datasets.tables",
    "pools_to_frame": "datasets.tables",
    "prepare": "answers",
    "sample": "sampling",
    "save_pools": "datasets.pools",
    "save_problems": "datasets.problems",
    "save_verdicts": "datasets.verdicts",
    "tournament": "tournaments",
    "write_selection_report": "report",
}

__all__ = [
    "Arena",
    "Candidate",
    "FunctionJudge",
    "GenerationConfig",
    "Knockout",
    "Match",
    "ModelOptions",
    "Pool",
    "Problem",
    "Selection",
    "Status",
    "Store",
    "UserError",
    "Verdict",
    "all_ordered_pairs",
    "bias_report",
    "compare_judges",
    "curve",
    "judge_pairs",
    "label_pairs",
    "load_engine",
    "load_judge",
    "load_pools",
    "load_problems",
    "load_run",
    "load_verdicts",
    "pools_from",
    "pools_to_dataset",
    "pools_to_frame",
    "prepare",
    "sample",
    "save_pools",
    "save_problems",
    "save_verdicts",
    "tournament",
    "write_selection_report",
]

try:
    __version__ = version("pairjudge-lab")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"pairjudge_lab.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pairjudge_lab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
