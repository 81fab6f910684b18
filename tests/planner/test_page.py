"""The commands of docs/cascades-and-plans.md run, and print what the page says."""

import re
import shlex
from pathlib import Path

from pairjudge_lab.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "cascades-and-plans.md").read_text(encoding="utf-8")


def test_the_pages_commands_print_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"```\n(pairjudge-lab .*?)\n```", PAGE, flags=re.DOTALL)
    assert len(commands) == 3
    printed = ""
    for line in "\n".join(commands).splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
        printed += capsys.readouterr().out
    outputs = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    # Those of benchmarks have these columns.
    shown = [block for block in outputs if " broken " not in block and " held " not in block]
    assert len(shown) == 2
    for block in shown:
        for line in block.strip().splitlines():
            assert line in printed
    for name in ("out/cascade.parquet", "out/plan/plan.svg"):
        assert (tmp_path / name).stat().st_size > 0
