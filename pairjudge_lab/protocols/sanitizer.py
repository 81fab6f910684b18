"""Text from models, made unable to end its own section, to give a verdict, or to speak as the chat
template.

A candidate is untrusted: it may hold the tags that fence it, the form in which a verdict is
written, or the control tokens of a chat template, plainly or in disguise. What is reserved is
looked for in a folded copy (see ``lookalikes``), and broken in the text itself at its first
character, in a way that a reader still understands. Nothing else is touched: mathematics full of
``<`` and ``|`` stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pairjudge_lab.protocols.lookalikes import as_latin, fold, fold_with_places

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PASSES = 8
_LONGEST = 256
"""Characters by which a reserved string is known: the time must not grow with its length."""
_DEEPEST = 40
"""Branches inside one another in a pattern; more are more than Python's compiler can take."""


class PromptSanitizer:
    """Breaks reserved strings in untrusted text.

    With nothing reserved nothing is changed, but for lone surrogates, which are no characters and
    become U+FFFD in any case.

    Parameters
    ----------
    tags : iterable of str
        Names whose opening and closing tags are reserved, in any case and with white space anywhere
        inside; the closing bracket is not asked for.
    reserved : iterable of str
        Further strings that must not appear, such as a tokenizer's control tokens. Strings of one
        character are left out, since they cannot be broken.
    patterns : iterable of Pattern
        Further forms that must not appear, as they are read in folded text (lower case, white space
        as blanks), such as a protocol's verdict.

    Notes:
        The time is linear in the length of the text if that of every pattern is. Cleaning a clean
        text changes nothing.
    """

    def __init__(
        self,
        tags: Iterable[str] = (),
        reserved: Iterable[str] = (),
        patterns: Iterable[re.Pattern[str]] = (),
    ) -> None:
        names = sorted({_squeezed(fold(tag)) for tag in tags} - {""})
        # A model reads "</response_a" as an end with or without the closing bracket.
        self._tags = re.compile(rf"<[/\\]*+{_any_of(names)}") if names else None
        strings = {" ".join(fold(text[:_LONGEST]).split()) for text in reserved}
        strings = {text for text in strings if len(text) > 1}
        self._strings = re.compile(_starts_of(strings)) if strings else None
        self._patterns = tuple(patterns)

    def clean(self, text: str) -> str:
        """The text with every reserved string broken.

        ``<response_a>`` becomes ``&lt;response_a>``; what begins otherwise, such as ``[INST]``,
        gets a blank behind its first character.
        """
        text = _SURROGATE.sub("\ufffd", text)
        # What is written to break one string can, in odd vocabularies, complete another.
        for attempt in range(_PASSES):
            if not self._holds(text):
                break
            text = _break(text, self._begins(text), attempt)
        return text

    def _holds(self, text: str) -> bool:
        """Whether there is anything to break: most texts hold nothing."""
        folded = fold(text)
        if self._strings is not None and self._strings.search(folded):
            return True
        if any(pattern.search(folded) for pattern in self._patterns):
            return True
        return self._tags is not None and bool(self._tags.search(_squeezed(folded)))

    def _begins(self, text: str) -> list[int]:
        """The places of the text at which something reserved begins, in order."""
        folded, places = fold_with_places(text)
        found: set[int] = set()
        if self._strings is not None:
            found.update(places[m.start()] for m in self._strings.finditer(folded))
        for pattern in self._patterns:
            found.update(places[start] for start in _all_starts(pattern, folded))
        if self._tags is not None:
            dense = [place for place, char in zip(places, folded, strict=True) if char != " "]
            found.update(dense[start] for start in _all_starts(self._tags, _squeezed(folded)))
        return sorted(found)


def _squeezed(folded: str) -> str:
    return as_latin(folded.replace(" ", ""))


def _break(text: str, begins: list[int], attempt: int) -> str:
    pieces, done = [], 0
    for place in begins:
        pieces += [text[done:place], _broken(text[place], attempt)]
        done = place + 1
    return "".join([*pieces, text[done:]])


def _broken(char: str, attempt: int) -> str:
    if attempt == 0:
        return "&lt;" if as_latin(fold(char)).startswith("<") else char + " "
    return f"&#{ord(char)};" if attempt < 3 else "\ufffd"


def _all_starts(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    """Where matches begin, overlapping ones included."""
    found = pattern.search(text)
    while found:
        yield found.start()
        found = pattern.search(text, found.start() + 1)


def _starts_of(strings: set[str]) -> str:
    """A pattern for the first character of each of the strings, wherever one stands.

    The strings are laid out as a tree by their first characters, since vocabularies hold thousands
    of them. A string that begins with another needs no branch of its own.
    """
    words: list[tuple[str, ...]] = []
    for text in sorted(strings):
        word = tuple(" ++" if char == " " else re.escape(char) for char in text)
        if not (words and word[: len(words[-1])] == words[-1]):
            words.append(word)
    heads = dict.fromkeys(word[0] for word in words)
    return "|".join(f"{head}(?={_tree([w[1:] for w in words if w[0] == head])})" for head in heads)


def _tree(words: list[tuple[str, ...]], depth: int = 0) -> str:
    """A pattern that matches each of the words; none of them begins another."""
    if depth == _DEEPEST:
        return "(?:" + "|".join(map("".join, words)) + ")"
    shared = 0
    while all(len(w) > shared for w in words) and len({w[shared] for w in words}) == 1:
        shared += 1
    head = "".join(words[0][:shared])
    rest = [word[shared:] for word in words if len(word) > shared]
    if not rest:
        return head
    branches: dict[str, list[tuple[str, ...]]] = {}
    for word in rest:
        branches.setdefault(word[0], []).append(word)
    return head + "(?:" + "|".join(_tree(some, depth + 1) for some in branches.values()) + ")"


def _any_of(names: list[str]) -> str:
    return "(?:" + "|".join(map(re.escape, names)) + ")"
