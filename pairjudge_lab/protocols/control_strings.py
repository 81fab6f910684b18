"""The strings that speak as the chat template: a tokenizer's own, or a list of all that are known.

Text from models must hold none of them: a tokenizer turns ``<|im_end|>`` in a candidate into the
very token that ends a message. Where the tokenizer is known, its added tokens are the list. A
server's is not known, so there the control strings of every common family count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pairjudge_lab.records import UserError

# Matched on folded text: lower case, full-width bars are plain ones. By their first character.
_ANGLED = (
    # <|im_start|>, <|eot_id|>, <|turn>, and DeepSeek's full-width bars
    r"\|[^|<>]{1,64}\|?>",
    # <turn|>
    r"[^|<> ]{1,64}\|>",
    # <s>, <eos>, <pad>, <image_token>
    r"/?(?:s|bos|eos|eot|eom|eod|sop|eop|pad|unk|mask|cls|sep|pre|suf|mid|user|assistant|system"
    r"|human|bot|model|ai|用户)>",
    r"(?:bos|eos|pad|unk|mask|cls|sep|image|audio|video)_token>",
    # <unused0>, <extra_id_0>, <reserved_106>, <SPECIAL_12>
    r"(?:unused|extra|extra_id|reserved|reserved_token|reserved_special_token|special"
    r"|special_token|dummy|ctrl|sentinel|mask|madeup|added_token|fim|loc|seg|custom_token)"
    r"[_-]?\d{1,8}>",
    # Gemma
    r"/?(?:start|end)_of_(?:turn|text|image|audio|video|utterance|sentence|function_call)>",
    r"(?:start|end)_(?:header|function_declaration|function_call|function_response)(?:_id)?>",
    r"(?:image|audio|video)_soft_token>",
    # Llama 2
    r"</?sys>>|[be]_(?:sys|inst)>",
    # StarCoder, SmolLM2, CodeLlama
    r"(?:filename|file_sep|reponame|repo_name|gh_stars|empty_output|code_to_intermediate"
    r"|intermediate_to_code|issue_(?:start|comment|closed)|commit_(?:before|msg|after)"
    r"|jupyter_(?:start|text|code|output|script)|fim_(?:prefix|middle|suffix|pad)"
    r"|pr|pr_[a-z_]{1,30})>",
    # Thinking and tools
    r"/?(?:think|thinking|thought|reasoning|tool_call|tool_calls|tool_response|tools|tool"
    r"|function_call|function_results|observation|arg_key|arg_value|available_tools|escape)>",
    r"/?(?:seed|minimax|longcat)[:_][a-z_:]{1,40}>",
    # Pictures and sound
    r"/?(?:img|image|video|audio|box|ref|quad|global-img|fake_token_around_image|image_start"
    r"|image_end|vision_start|vision_end)>|row_\d{1,4}_col_\d{1,4}>",
    # Bytes
    r"0x[0-9a-f]{2}>",
)
_SQUARE = (
    # Llama 2, Mistral
    r"/?inst\]",
    r"/?(?:system_prompt|available_tools|tool_calls|tool_results|tool_content|args|call_id|think"
    r"|img|img_break|img_end|audio|begin_audio|prefix|middle|suffix|control_\d{1,6}"
    r"|model_settings)\]",
    # GLM, BERT
    r"[gs]?mask\]|(?:cls|sep|pad|unk|bos|eos)\]|unused\d{1,6}\]",
    # EXAONE: [|system|]; MiniMax: [e~[
    r"\|[^|\[\]]{1,64}\|\]|e~\[",
)
KNOWN = re.compile(
    rf"<(?={'|'.join(_ANGLED)})|\[(?={'|'.join(_SQUARE)})|\](?=~!?b[\[\]]|<\][^\[\]<>]{{1,40}}\[>\[)"
)
"""The first character of a control string of a known family, in folded text."""

_OPENING, _CLOSING, _LETTER = "<[{(|⟨【「", ">]})|⟩】」", re.compile(r"[^\W\d]")

INTRUDED = "a text holds control tokens of the model, and was not shown to it"
"""Why a prompt that ``PromptCheck`` objects to is not answered."""

_ROLES = ("bos", "eos", "pad", "sep", "cls", "mask")


def control_tokens(tokenizer: Any, *, markup: bool = True) -> frozenset[str]:
    """The tokens of a tokenizer that text must not hold, as ``PromptSanitizer`` takes them.

    Every special token, and every other added token that is written as markup, such as
    ``<tool_call>``. Tokenizers also add ordinary text for speed (``10``, blanks, words); that is
    no control string, and stays.

    Parameters
    ----------
    tokenizer
        Of transformers, or anything with ``added_tokens_decoder`` or ``all_special_tokens``.
    markup : bool
        Count markup that is not special as well.
    """
    # In transformers 5 ``all_special_tokens`` holds those with a role of their own and no others.
    named = {str(text) for text in getattr(tokenizer, "all_special_tokens", ())}
    return frozenset({*controls_by_id(tokenizer, markup).values(), *filter(str.strip, named)})


def control_ids(tokenizer: Any) -> frozenset[int]:
    """The ids of ``control_tokens``."""
    return frozenset(controls_by_id(tokenizer))


def controls_by_id(tokenizer: Any, markup: bool = True) -> dict[int, str]:
    """The same tokens by their ids; ``markup`` is that of ``control_tokens``."""
    found: dict[int, str] = {}
    for number, token in (getattr(tokenizer, "added_tokens_decoder", None) or {}).items():
        text = str(getattr(token, "content", token))
        special = bool(getattr(token, "special", True))
        if text.strip() and (special or (markup and _is_markup(text.strip()))):
            found[int(number)] = text
    for number in getattr(tokenizer, "all_special_ids", ()):
        found.setdefault(int(number), str(tokenizer.convert_ids_to_tokens(int(number))))
    return found


def _is_markup(text: str) -> bool:
    """Whether a token is a word in brackets."""
    bracketed = len(text) > 2 and text[0] in _OPENING and text[-1] in _CLOSING
    return bracketed and _LETTER.search(text, 1, len(text) - 1) is not None


@dataclass(frozen=True)
class PromptCheck:
    """Whether an encoded prompt holds control tokens that its frame does not.

    The last line of defence, behind the sanitizer: whatever let a control token in, such a prompt
    is not shown to a model.

    Attributes
    ----------
    controls : set of int
        Ids of the control tokens.
    frame : mapping
        How often each stands in the prompt when the texts in it are plain ones.
    """

    controls: frozenset[int]
    frame: Counter[int]

    @classmethod
    def of(
        cls, tokenizer: Any, frame: Sequence[int], controls: Iterable[int] | None = None
    ) -> PromptCheck:
        """The check for a tokenizer and the token ids of a prompt with plain texts.

        Where not every control token counts, ``controls`` are the ids of those that do.
        """
        counted = control_ids(tokenizer) if controls is None else frozenset(controls)
        counted -= _unknown(tokenizer)
        return cls(counted, _count(frame, counted))

    def intruders(self, prompt: Iterable[int]) -> dict[int, int]:
        """How many times too often each control token stands in a prompt; empty: it is sound."""
        return dict(_count(prompt, self.controls) - self.frame)

    def refuse(self, prompt: Iterable[int]) -> None:
        """Raise where a prompt holds control tokens that its frame does not.

        Raises
        ------
        UserError
            When it does.
        """
        if self.intruders(prompt):
            raise UserError(INTRUDED)


def _unknown(tokenizer: Any) -> frozenset[int]:
    """The id of a character that a vocabulary lacks, unless it has another role as well: plain text
    may hold such characters."""
    unknown = getattr(tokenizer, "unk_token_id", None)
    others = (getattr(tokenizer, f"{role}_token_id", None) for role in _ROLES)
    return frozenset() if unknown is None or unknown in others else frozenset({unknown})


def _count(ids: Iterable[int], controls: frozenset[int]) -> Counter[int]:
    return Counter(i for i in ids if i in controls)
