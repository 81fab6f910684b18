"""Text from models, made unable to end its own section or to speak as the chat template.

A candidate is untrusted: it may hold the tags that fence it, the tags a verdict is written in, or
the control tokens of a chat template. Each such string is broken at its first character, in a way
a reader still understands, and nothing else of the text is touched: mathematics full of ``<`` and
``|`` stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_GAP = r"[\s\u200b-\u200f\u2060\ufeff\u00ad]*"

# Control strings of the common chat templates. A judge adds its own tokenizer's special tokens.
_CHAT_PATTERNS = (
    r"<\|[^|<>]{1,64}\|?>",  # <|im_start|>, <|eot_id|>, <|end|>
    r"<\uff5c[^<>]{1,64}\uff5c>",  # DeepSeek's full-width bars
    r"</?s>|<bos>|<eos>|<pad>|<unk>",
    r"</?(?:start|end)_of_(?:turn|text)>",
    r"\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]",
    r"</?(?:think|tool_call|tool_response)>",
)
_CHAT = re.compile("|".join(_CHAT_PATTERNS), re.IGNORECASE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Quarantine:
    """Breaks reserved strings in untrusted text.

    Args:
        tags: names whose opening and closing tags are reserved, in any case, with any white space
            or zero-width characters inside them.
        tokens: further strings that must not appear, such as a tokenizer's special tokens.
    """

    def __init__(self, tags: Iterable[str], tokens: Iterable[str] = ()) -> None:
        names = "|".join(_GAP.join(map(re.escape, tag)) for tag in tags)
        # The closing bracket is not asked for: a model reads "</response_a" as an end all the same.
        # Full-width brackets count because some tokenizers fold them into ASCII.
        self._tags = re.compile(rf"[<\uff1c\ufe64](?={_GAP}/?{_GAP}(?:{names}))", re.IGNORECASE)
        # White space alone is never reserved: some tokenizers list it among their added tokens.
        self._tokens = sorted({t for t in tokens if len(t.strip()) > 1}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text with every reserved string broken; idempotent.

        ``<response_a>`` becomes ``&lt;response_a>``; a control string such as ``[INST]`` gets a
        space behind its first character.
        """
        # Half a surrogate pair is no character, and no tokenizer reads it.
        text = self._tags.sub("&lt;", _SURROGATE.sub("\ufffd", text))
        # Breaking one string can complete another, so go on until nothing is left to break.
        while True:
            broken = _CHAT.sub(lambda m: _broken(m.group()), text)
            for token in self._tokens:
                broken = broken.replace(token, _broken(token))
            if broken == text:
                return text
            text = broken


def _broken(token: str) -> str:
    return ("&lt;" if token[0] == "<" else token[0] + " ") + token[1:]
