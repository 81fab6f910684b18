"""The code of docs/statistics.md runs, each block as it stands."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_the_pages_code_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    printed = []
    for block in blocks:
        exec(compile(block, "docs/statistics.md", "exec"), {})
        printed.append(capsys.readouterr().out)
    assert len(printed) == 5
    assert "own family" in printed.pop(0)
    assert "may stop after" in printed[0]
    assert re.search(r"a above c: \d\.\d\d \[-?\d\.\d\d, \d\.\d\d\]", printed[1])
    assert "is above b with probability 0." in printed[1]
    assert "winning rate" in printed[2]
    assert "pass@N, 60 problems" in printed[3]
    assert printed[3].splitlines()[-1].startswith("12 ")
