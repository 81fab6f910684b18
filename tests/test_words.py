"""One word for one thing: words that stand for none of the glossary's are not in the package."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent

OF_BEFORE = {
    "bout": "match result",
    "cue": "label position",
    "door": "what it opens",
    "ledger": "run statistics",
    "room": "buffer, working arrays, free places",
    "slot": "position",
    "streak": "what it counts",
    "team": "answer group",
    "unreadable": "unread",
}
"""Words that are no longer used, and what stands for them; ``docs/reference/glossary.md``."""

PATTERN = re.compile(rf"(?<![a-z])({'|'.join(OF_BEFORE)})s?(?![a-z])", re.IGNORECASE)

# Python's own, and what says that a name has changed.
ALWAYS = re.compile(r"slots=True|__slots__|warn_renamed\(|renamed_\w+\(")

ALLOWED = {
    # Functions and options under their names of before, and the keywords that they answer to.
    "pairjudge_lab/cli/annotate.py": ("within-teams", "within_teams"),
    "pairjudge_lab/judges/loading.py": ("_SETTINGS_OF_BEFORE",),
    "pairjudge_lab/plots/bias.py": ("def plot_slots",),
    "pairjudge_lab/protocols/__init__.py": ("``cues``", '"cues"', "protocol.cues"),
    "pairjudge_lab/records/pools.py": ("def team_of",),
    "pairjudge_lab/renamed.py": ("Judge().slot_bias",),
    "pairjudge_lab/statistics/simulation.py": ("slot_effect=", "slot_spread="),
    "pairjudge_lab/tournaments/referee.py": ("def bout",),
    # Keys of files, which stay as they are: of saved runs, audits, cards and identities.
    "pairjudge_lab/judges/simulated.py": ('"slot_bias":', '"unreadable":'),
    "pairjudge_lab/plots/training.py": ('OF_BEFORE = "slot_effect"',),
    "pairjudge_lab/runs.py": ('"ledger"',),
    "pairjudge_lab/toy/card.py": ("unreadable",),
    "pairjudge_lab/training/funnel.py": ('"slots_before"',),
    "pairjudge_lab/training/audit.py": ('"slot_effect"', '"unreadable"'),
    "pairjudge_lab/training/training_card.py": ("last['unreadable']",),
    "notebooks/09_make_a_judge.ipynb": ("run['slots']",),
    # Questions of mathematics, whose players form teams.
    "pairjudge_lab/word_problems/counting.py": ("teams of", '"team, and'),
    # The paper's word beside ours, a server's own word, and what has been renamed.
    "docs/explanation/tournaments.md": ("the paper's team",),
    "docs/reference/glossary.md": (
        '"team" (paper)',
        "slot, order",
        "cue, ",
        "ledger",
        "unreadable",
    ),
    "notebooks/02_a_knockout_step_by_step.ipynb": ("the paper's team",),
}
"""Lines that may have one all the same, by file: those with one of these texts in them."""

FILES = [
    *(HOME / "pairjudge_lab").rglob("*.py"),
    *(HOME / "pairjudge_lab").rglob("*.j2"),
    *(HOME / "pairjudge_lab" / "report").rglob("*.ipynb"),
    *(HOME / "docs").rglob("*.md"),
    *(HOME / "notebooks").glob("*.ipynb"),
    HOME / "README.md",
    HOME / "CONTRIBUTING.md",
]


def lines_of(file: Path) -> list[tuple[int, str]]:
    lines = list(enumerate(file.read_text("utf-8").splitlines(), 1))
    if file.suffix != ".ipynb":
        return lines
    # Of a notebook what people write; pictures among the outputs hold any letters.
    return [(n, line) for n, line in lines if line.startswith('    "')]


def found_in(file: Path) -> list[tuple[str, str]]:
    """(where and which word, the line), of words of before in a file."""
    name = str(file.relative_to(HOME))
    return [
        (f"{name}:{number}: {match[0]}; say {OF_BEFORE[match[1].lower()]}", line)
        for number, line in lines_of(file)
        if not ALWAYS.search(line)
        for match in PATTERN.finditer(line)
    ]


def test_no_word_of_before_is_left():
    left = []
    for file in FILES:
        allowed = ALLOWED.get(str(file.relative_to(HOME)), ())
        left += [where for where, line in found_in(file) if not any(a in line for a in allowed)]
    assert not left


@pytest.mark.parametrize("name", ALLOWED)
def test_every_exception_is_still_one(name):
    lines = [line for _, line in found_in(HOME / name)]
    assert [text for text in ALLOWED[name] if not any(text in line for line in lines)] == []


def test_parts_of_names_count_and_parts_of_words_do_not():
    assert [m[0] for m in PATTERN.finditer("slot_effect TEAM rooms rescue about outdoors")] == [
        "slot", "TEAM", "rooms",
    ]  # fmt: skip
