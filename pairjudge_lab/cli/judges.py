"""``pairjudge-lab judges``: the judges that can be loaded."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pairjudge_lab.cli.shared.options import add_json

HELP = "the judges that can be loaded"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.judges import SHIPPED

    forms: dict[str, Any] = {
        **SHIPPED,
        "FOLDER": "a model folder with config.json and safetensors",
        "FILE.gguf": "a GGUF file",
        "OWNER/NAME": "a model on the Hugging Face hub, such as THU-KEG/PairJudge-RM",
    }
    if args.json:
        print(json.dumps(forms))
    else:
        for name, what in forms.items():
            print(f"{name:14} {what}")
