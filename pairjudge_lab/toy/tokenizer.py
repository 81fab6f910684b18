"""The tokenizer of the tiny models: Qwen2's byte-level BPE, with the small world's phrases added.

Loaders rebuild a Qwen2 tokenizer from its vocabulary with Qwen2's own way of splitting text, so the
world's pieces are *added* tokens, which every loader keeps: a number below 100 is one token, and so
is " + " or "<response_a>". They are ordinary tokens, not special ones, and any other text falls
back to bytes: nothing is lost, whatever a candidate holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PHRASES = (
    *(str(n) for n in range(10, 100)),
    *(f" {op} " for op in "+-*="),
    *("Start with ", "Add ", "Subtract ", "Multiply by ", ". "),
    *("The answer is \\boxed{", "}."),
    *("Response A\n", "Response B\n", ", right\n", ", not ", ", missing\n", "answer "),
    *(f"{tag}\n" for tag in ("<question>", "<response_a>", "<response_b>")),
    *(f"\n{tag}\n" for tag in ("</question>", "</response_a>")),
    "\n</response_b>",
    *("<resp_a_judge>", "</resp_a_judge>\n", "<resp_b_judge>", "</resp_b_judge>"),
    *("Correct", "Incorrect"),
)


def train_tokenizer(texts: Iterable[str], *, vocab_size: int = 448) -> PreTrainedTokenizerFast:
    """Train the byte-level part on texts and add the world's phrases.

    Parameters
    ----------
    texts : iterable of str
        What the merges are learnt from.
    vocab_size : int
        Size of the byte-level part; the phrases come on top.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    split = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, START, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(p, normalized=False, special=False) for p in PHRASES])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
        padding_side="left",
    )
