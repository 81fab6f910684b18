"""The arrows run one way: no part reaches for a higher one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pairjudge_lab"

# What each part may lean on. A part may always lean on itself.
MAY_LEAN_ON = {
    "records": set(),
    "renamed": set(),
    "results": set(),
    "progress": set(),
    "transformers_names": set(),
    "extras": {"records"},
    "compiling": {"records"},
    "embedded": {"records"},
    "isolation": set(),
    "files": {"records"},
    "answers": {"records", "answers_process"},
    "answers_process": {"isolation"},
    "answers_worker": set(),
    "generation": {"records"},
    "mathematics": set(),
    "protocols": {"records", "generation"},
    "tournaments": {"records", "verdicts"},
    "selectors": {"records"},
    "verdicts": {"records"},
    "datasets": {"records", "embedded", "word_problems", "verdicts"},
    "engines": {"records", "embedded", "protocols", "generation", "transformers_names", "extras"},
    "judges": {
        "records", "answers", "embedded", "protocols", "datasets", "engines", "generation",
        "verdicts", "transformers_names",
    },
    "word_problems": {"records"},
    "sampling": {"records", "engines", "protocols", "generation", "progress", "files"},
    "store": {"records", "verdicts", "engines", "protocols"},
    "study": {
        "records", "answers", "arena", "datasets", "engines", "files", "generation", "plots",
        "progress", "replay", "sampling", "selectors", "statistics", "store", "verdicts",
    },
    "listwise": {"records", "arena", "engines", "generation", "protocols", "tournaments"},
    "arena": {"records", "store", "progress", "verdicts"},
    "judging": {"records", "arena", "store", "verdicts"},
    "labelling": {"mathematics", "records", "store", "verdicts"},
    "statistics": {"records", "verdicts"},
    "replay": {"records", "tournaments", "selectors", "arena", "statistics", "verdicts"},
    "price": {"records", "replay", "statistics", "tournaments", "verdicts"},
    "planner": {"records", "progress", "replay", "statistics", "tournaments"},
    "plots": {"records", "statistics", "verdicts"},
    "runs": {
        "records", "answers", "arena", "datasets", "selectors", "statistics", "store",
        "tournaments",
    },
    "views": {"records", "mathematics", "statistics", "plots", "verdicts"},
    "report": {
        "records", "embedded", "isolation", "mathematics", "runs", "plots", "judges", "progress",
    },
    "toy": {
        "records", "protocols", "answers", "judges", "datasets", "progress", "statistics",
        "engines",
    },
    "training": {
        "records", "protocols", "embedded", "answers", "arena", "judges", "datasets", "progress",
        "statistics", "store", "transformers_names", "verdicts", "engines",
    },
    "cli": {
        "records", "answers", "arena", "datasets", "judges", "plots", "progress", "protocols",
        "price", "replay", "report", "runs", "selectors", "statistics", "store", "tournaments",
        "toy", "training", "judging", "verdicts", "engines", "sampling", "study", "listwise",
        "planner",
    },
    "__init__": {
        "records", "answers", "arena", "datasets", "judges", "store", "tournaments",
        "judging", "engines", "runs", "sampling", "generation", "replay", "report", "statistics",
        "labelling",
    },
    "__main__": {"cli"},
}  # fmt: skip

ANYONE_MAY_LEAN_ON = {"extras", "compiling", "files", "renamed", "results"}


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            names = [node.module or ""]
            if node.module == "pairjudge_lab":
                names = [f"pairjudge_lab.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "pairjudge_lab" and len(parts) > 1:
                found.add(parts[1])
    return found - {"__version__"}


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_part_leans_only_on_lower_ones(file):
    part = part_of(file)
    assert part in MAY_LEAN_ON, f"{part} is not on the map; give it a line in MAY_LEAN_ON"
    reached = parts_imported(file) - {part} - MAY_LEAN_ON[part] - ANYONE_MAY_LEAN_ON
    assert not reached, f"{part} reaches for {', '.join(sorted(reached))}"


def test_no_file_is_longer_than_350_lines():
    """Of the package, tests, benchmarks and data; one idea a file."""
    home = PACKAGE.parent
    places = ("pairjudge_lab", "tests", "benchmarks", "docs", "data")
    files = [file for place in places for file in (home / place).rglob("*.py")]
    assert len(files) > 500
    lengths = {str(f.relative_to(home)): len(f.read_text().splitlines()) for f in files}
    assert not {name: length for name, length in lengths.items() if length > 350}


def lines_of_code(file: Path) -> list[tuple[int, str]]:
    """Numbered lines without indentation; blank lines, comments and imports are left out."""
    text = file.read_text()
    imports: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if number not in imports and line.strip() and not line.strip().startswith("#")
    ]


def test_no_run_of_twelve_lines_stands_twice():
    """Docstrings count as well: what two functions say alike in twelve lines is one function."""
    first: dict[tuple[str, ...], str] = {}
    twice = []
    for file in FILES:
        lines = lines_of_code(file)
        for start in range(len(lines) - 11):
            run = tuple(line for _, line in lines[start : start + 12])
            here = f"{file.relative_to(PACKAGE)}:{lines[start][0]}"
            if run in first:
                twice.append(f"{first[run]} and {here}")
            first.setdefault(run, here)
    assert not twice


def test_the_map_has_no_circle():
    below = {part: set(parts) for part, parts in MAY_LEAN_ON.items()}
    while below:
        ground = {part for part, parts in below.items() if not parts & below.keys()}
        assert ground, f"a circle among {sorted(below)}"
        below = {part: parts for part, parts in below.items() if part not in ground}


def test_the_map_names_only_parts_that_are_there():
    assert {part_of(f) for f in FILES} == MAY_LEAN_ON.keys()


HEAVY = {
    "torch", "transformers", "pandas", "numpy", "scipy", "matplotlib", "pyarrow", "datasets",
    "huggingface_hub", "httpx", "tqdm", "jinja2", "networkx", "numba",
}  # fmt: skip


@pytest.mark.parametrize("code", ["pairjudge_lab", "pairjudge_lab.cli as c; c.build_parser()"])
def test_starting_imports_nothing_heavy(code):
    """What ``import`` and every ``--help`` cost; ``benchmarks/startup.py`` has it in seconds."""
    check = "import sys; print(len(sys.modules), *(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import {code}\n{check}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    count, *names = done.stdout.split()
    assert not HEAVY & set(names)
    # 190 of Python's own modules and ours, as this is written.
    assert int(count) < 260


def test_every_name_offered_at_the_top_is_there():
    import pairjudge_lab

    assert len(set(pairjudge_lab.__all__)) == len(pairjudge_lab.__all__) > 20
    for name in pairjudge_lab.__all__:
        assert getattr(pairjudge_lab, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        pairjudge_lab.nonsense  # noqa: B018


def test_a_benchmark_takes_no_more_than_its_own_folder_off_the_path():
    """Processes that an engine spawns run the file again, on a path without that folder."""
    for file in (PACKAGE.parent / "benchmarks").glob("*.py"):
        assert "sys.path.pop" not in file.read_text("utf-8"), file.name
