"""Files of other people's layouts, made by the tests and placed where the lab looks for them."""

import json
import os
from pathlib import Path

import pandas as pd

from pairjudge_lab.datasets.fetching import HOME


def place(name, rows):
    """Writes rows as the file of that name below the folder of fetched data."""
    path = Path(os.environ[HOME]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".tsv":
        pd.DataFrame(rows).to_csv(path, sep="\t", index=False)
    else:
        path.write_text(json.dumps(rows))
    return path
