"""Only the closing lines of an answer are a judgment.

A judge that reasons writes the form of a verdict before it gives one: it quotes its instructions,
shows an example, says a thing and withdraws it. So a verdict counts where nothing follows it, and
where it is not quoted: in a fence of code, in quotation marks or backticks, in a quoted line, in a
part for thinking, in a comment or an example.
"""

from __future__ import annotations

import re

AFTER = r"[\s*_.!$`]*+(?:\\[\])][\s.$]*+)?\Z"
"""What may follow a verdict: white space, emphasis, a full stop, the end of a formula."""

_THINKING = re.compile(
    r"<(?P<close>/)?(?:think|thinking|thought|reasoning|reflection|scratchpad|analysis|seed:think)>"
    r"|\[(?P<shut>/)?think\]"
    # The channels of gpt-oss, where a server hands them on as text.
    r"|<\|channel\|>(?:(?P<final>final)|analysis|commentary)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ >\t]{0,12}(`{3,}|~{3,})", re.MULTILINE)
_CONTAINER = re.compile(
    r"<(/)?(?:example|examples|quote|blockquote|q|code|pre|template|format|output_format)>"
    r"|(<!--)|(-->)",
    re.IGNORECASE,
)
# A straight mark opens a quotation before a word; behind one it closes it, or means inches.
_OPENED = re.compile(r'(?:^|(?<=[\s(\[{>:*_,.;-]))"(?=\S)|"(?=\s*\Z)|[\u201c\u00ab\u201e\u300c]')
_CLOSED = re.compile(r'(?<=[^\s(\[{])"(?=[\s.,;:!?)\]}*_-]|\Z)|[\u201d\u00bb\u300d]')
_TICKS = re.compile(r"(?<!`)`{1,2}(?!`)")


def after_thinking(text: str) -> tuple[int, bool]:
    """Where the answer begins behind the judge's thinking, and whether that has ended.

    A closing tag counts without an opening one too: some templates open the part themselves.
    """
    begin, open_ = 0, False
    for found in _THINKING.finditer(text):
        if found["close"] or found["shut"] or found["final"]:
            begin, open_ = found.end(), False
        else:
            open_ = True
    return begin, not open_


def is_quoted(text: str, place: int) -> bool:
    """Whether what begins at that place is quoted by what stands before it."""
    before = text[:place]
    if _in_fence(before) or _in_container(before):
        return True
    paragraph = before[before.rfind("\n\n") + 1 :]
    line = before[before.rfind("\n") + 1 :]
    if line.lstrip().startswith(">") or line.rstrip()[-1:] in ("'", "\u2018"):
        return True
    if line.rstrip().endswith("`") or sum(1 for _ in _TICKS.finditer(paragraph)) % 2:
        return True
    opened = max((m.start() for m in _OPENED.finditer(paragraph)), default=-1)
    closed = max((m.start() for m in _CLOSED.finditer(paragraph)), default=-1)
    return opened > closed


def _in_fence(before: str) -> bool:
    fence = ""
    for found in _FENCE.finditer(before):
        if not fence:
            fence = found[1]
        elif found[1][0] == fence[0] and len(found[1]) >= len(fence):
            fence = ""
    return bool(fence)


def _in_container(before: str) -> bool:
    depth = 0
    for found in _CONTAINER.finditer(before):
        closes = found[1] or found[3]
        depth = max(0, depth - 1) if closes else depth + 1
    return depth > 0
