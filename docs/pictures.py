"""Draw the README's picture from the demo's run: python docs/pictures.py out/demo"""

import json
import sys
from pathlib import Path

from pairjudge_lab.plots.selectors import plot_accuracies
from pairjudge_lab.statistics.intervals import Estimate

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/demo")
summary = json.loads((folder / "summary.json").read_text())
rows = {summary["tournament"]: summary["accuracy"], **summary["baselines"]}
axes = plot_accuracies(
    {name: Estimate(**row) for name, row in rows.items()}, highlight=summary["tournament"]
)
axes.figure.savefig(Path(__file__).parent / "selectors.svg", metadata={"Date": None})
