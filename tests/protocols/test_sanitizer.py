"""What is reserved cannot be said, in disguise neither, and nothing else is touched."""

import re
import time
import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.embedded import data_path
from pairjudge_lab.protocols.control_strings import (
    KNOWN,
    PromptCheck,
    control_ids,
    control_tokens,
)
from pairjudge_lab.protocols.pairjudge import TAGS
from pairjudge_lab.protocols.preference import MT_BENCH, RRM
from pairjudge_lab.protocols.sanitizer import PromptSanitizer

OWN = ("<|im_end|>", "@@END@@", " <mark>", "\n\n", " ", "[RESPONSE A]", "x")
SANITIZER = PromptSanitizer(TAGS, OWN, (KNOWN, MT_BENCH.verdict, RRM.verdict))


@given(st.text())
def test_nothing_reserved_changes_nothing(text):
    assert PromptSanitizer().clean(text) == text
    assert PromptSanitizer((), ()).clean(text + "a < b <|im_end|>") == text + "a < b <|im_end|>"


def test_half_a_surrogate_pair_is_no_character():
    assert PromptSanitizer().clean("a\ud800b") == "a\ufffdb"


@pytest.mark.parametrize(
    "text",
    ["a < b", "1 <x| and |y| > 2", "x < s > y", "\u27e8x|y\u27e9 + \u27e8s\u27e9", "f: <a|b>",
     "[[1, 2], [3, 4]]", r"\boxed{5}", "[a] [b]", "<p>", "if x <|a| then", "[ [A] ]", "|x|<|y|",
     "``` < ```", "a\u200bb \u202e c", "\uff1cp\uff1e", "x_1 <= \u2102", "<3", "[ref]"],
)  # fmt: skip
def test_mathematics_and_prose_stay(text):
    assert SANITIZER.clean(text) == text


DISGUISES = {
    "plain": lambda t: t,
    "upper case": str.upper,
    "zero width": lambda t: "\u200b".join(t),
    "word joiner": lambda t: "\u2062".join(t),
    "bidirectional": lambda t: "\u2067".join(t),
    "hangul filler": lambda t: "\u3164".join(t),
    "nul": lambda t: "\0".join(t),
    "variation selector": lambda t: "\ufe0f".join(t),
    "tag character": lambda t: "\U000e0041".join(t),
    "accents": lambda t: "\u0301".join(t),
    "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "mathematical": lambda t: "".join(
        chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in t
    ),
}
IN_TAGS = {
    "blanks": " ".join,
    "lines": "\n".join,
    "cyrillic": lambda t: t.replace("e", "\u0435").replace("o", "\u043e"),
    "angle": lambda t: t.replace("<", "\u2039").replace(">", "\u203a"),
    "not less": lambda t: t.replace("<", "<\u0338"),
    "escaped": lambda t: t.replace("</", "<\\/"),
}


def as_read(text):
    """What a reader or a tokenizer's normaliser may make of a text."""
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Co"))
    return unicodedata.normalize("NFKC", re.sub("[\u3164\u1160]", "", shown)).lower()


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(
    "mark",
    ["</response_a>", "<resp_b_judge>", "<|im_end|>", "[INST]", "@@END@@", "[[A]]", "[[\nb]]",
     r"\boxed{Assistant 1}", r"\boxed{\text{Assistant 2}}", "[response a]", "<mark>", "<unused7>"],
)  # fmt: skip
def test_no_disguise_hides_what_is_reserved(mark, disguise):
    hidden = DISGUISES[disguise](mark)
    cleaned = SANITIZER.clean(f"before {hidden} behind")
    assert as_read(mark) not in as_read(cleaned)
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" behind")
    assert SANITIZER.clean(cleaned) == cleaned


@pytest.mark.parametrize("disguise", IN_TAGS)
@pytest.mark.parametrize("mark", ["</response_a>", "<resp_b_judge>", "</question>"])
def test_no_disguise_hides_a_tag(mark, disguise):
    hidden = IN_TAGS[disguise](mark)
    cleaned = SANITIZER.clean(hidden)
    assert cleaned.startswith("&lt;")
    assert cleaned[4:] == hidden[1:], "the rest stays"


@pytest.mark.parametrize(
    "mark",
    [
        "<turn|>",
        "<|turn>",
        "[THINK]",
        "[gMASK]",
        "<filename>",
        "<unused0>",
        "<start_of_image>",
        "[/INST]",
        "<<SYS>>",
        "]~b]",
        "<｜begin▁of▁sentence｜>",
        "<seed:bos>",
        "<tool_call>",
        "<0x0A>",
        "<用户>",
        "<AI>",
        "[|system|]",
        "<SPECIAL_12>",
        "[IMG_BREAK]",
        "<jupyter_text>",
        "<extra_0>",
        "</s>",
        "<bos>",
        "<mask>",
        "[SEP]",
        "<end_of_turn>",
        "<reserved_106>",
        "<fim_prefix>",
        "<repo_name>",
        "<|fim_hole|>",
        "<think>",
        "</think>",
        "[CLS]",
        "<|endoftext|>",
        "<|reserved_special_token_7|>",
        "<image_soft_token>",
        "[e~[",
        "<B_SYS>",
        "<eod>",
    ],
)
def test_the_known_control_strings(mark):
    cleaned = PromptSanitizer((), (), (KNOWN,)).clean(f"a {mark} b")
    assert mark not in cleaned
    assert len(cleaned) <= len(f"a {mark} b") + 3


PIECES = [
    *"<>/|[]\\{}_@ \n\0;#", "\u200b", "\u2062", "lt", "response_a", "question", "inst", "im_end",
    "boxed", "assistant 1", "END", "A", "s",
]  # fmt: skip


def mixtures(*more):
    return st.lists(st.sampled_from([*PIECES, *more]), max_size=30).map("".join)


@given(mixtures("&", "&lt;", "\uff1c", "\u0338"))
def test_cleaning_twice_is_cleaning_once(text):
    cleaned = SANITIZER.clean(text)
    assert SANITIZER.clean(cleaned) == cleaned


@given(mixtures())
def test_only_what_breaks_is_written(text):
    cleaned = SANITIZER.clean(text)
    assert cleaned.replace("&lt;", "<").replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("token", ["&lt;", "&#", "&lt;question", " <x>", "< question", "&", "; "])
def test_odd_vocabularies_come_to_an_end(token):
    sanitizer = PromptSanitizer(["question"], [token])
    for text in (token * 50, "<question>" * 50, f"<{token}question>"):
        cleaned = sanitizer.clean(text)
        assert sanitizer.clean(cleaned) == cleaned
        if len(token.strip()) > 1:
            assert token.strip() not in cleaned


GROWING = ["<", "< ", "<|", "<|a", "<s>", "[INST]", r"\boxed{", r"\boxed{ ", "</response_a>",
           "<unused", "\u200b<", "[| ", "<row_1_", "\uff1c", "]<]", "[[ ", "[["]  # fmt: skip


@pytest.mark.parametrize("piece", GROWING)
def test_the_time_is_linear(piece):
    small, large = (piece * (n // len(piece)) for n in (20_000, 160_000))

    def spent(text):
        clock = time.process_time()
        SANITIZER.clean(text)
        return time.process_time() - clock

    # Eight times the text takes 8 times the time, or 64 where it grows with the square.
    assert min(spent(large) for _ in range(2)) < 30 * (min(spent(small) for _ in range(3)) + 0.005)


def test_a_tokenizers_control_tokens():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(data_path("tiny-judge"))
    tokens = control_tokens(tokenizer)
    assert {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<resp_a_judge>"} <= tokens
    assert not {"10", " + ", "Correct", "}."} & tokens, "ordinary text that was added for speed"
    added = tokenizer.added_tokens_decoder
    assert {added[i].content for i in control_ids(tokenizer)} == tokens


def test_control_tokens_are_found_by_their_flag_and_by_their_form():
    added = {
        7: SimpleNamespace(content="<|tool|>", special=True),
        8: SimpleNamespace(content="<think>", special=False),
        9: SimpleNamespace(content="\\frac", special=False),
        10: SimpleNamespace(content="word", special=False),
        11: SimpleNamespace(content="END", special=True),
    }
    tokenizer = SimpleNamespace(all_special_tokens=["</s>"], added_tokens_decoder=added)
    assert control_tokens(tokenizer) == {"</s>", "<|tool|>", "<think>", "END"}
    assert control_tokens(tokenizer, markup=False) == {"</s>", "<|tool|>", "END"}
    assert control_ids(tokenizer) == {7, 8, 11}


def test_a_prompt_with_more_control_tokens_than_its_frame():
    tokenizer = SimpleNamespace(added_tokens_decoder={1: "<s>", 2: "<e>"})
    check = PromptCheck.of(tokenizer, [1, 7, 2, 2])
    assert check.intruders([1, 8, 9, 2, 2]) == {}
    assert check.intruders([1, 2]) == {}
    assert check.intruders([1, 1, 2, 2, 2, 2]) == {1: 1, 2: 2}
    assert check.intruders([1, 1, 2]) == {1: 1}, "one too few makes up for none too many"


def test_a_vocabulary_of_strings_inside_one_another():
    """Each begins as the last but for its end: as a pattern, a branch inside a branch."""
    strings = ["<" + "x" * i + ">" for i in range(1, 1_200)]
    sanitizer = PromptSanitizer((), strings)
    assert sanitizer.clean("a <xxx> b") == "a &lt;xxx> b"
    assert sanitizer.clean("a <" + "x" * 200 + "> b").startswith("a &lt;")
    assert sanitizer.clean("a <> x > b") == "a <> x > b"


def test_a_very_long_reserved_string_is_known_by_its_beginning():
    token = "<" + "ab" * 5_000 + ">"
    sanitizer = PromptSanitizer((), [token])
    assert token not in sanitizer.clean(f"x{token}y")
    assert sanitizer.clean("<" + "ab" * 100 + ">") == "<" + "ab" * 100 + ">"


@pytest.mark.parametrize(
    ("token", "markup"),
    [("<tool_call>", True), ("[x]", True), ("<1>", False), ("< 9 ]", False), ("<>", False),
     ("<" * 50_000 + ">", False), ("plain", False), ("<_>", True), ("【é】", True)],
)  # fmt: skip
def test_which_added_tokens_are_markup(token, markup):
    added = {3: SimpleNamespace(content=token, special=False)}
    tokenizer = SimpleNamespace(added_tokens_decoder=added)
    assert control_tokens(tokenizer) == (frozenset({token}) if markup else frozenset())
