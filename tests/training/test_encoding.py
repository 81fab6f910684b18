"""What training sees: which tokens the loss is taken on, what is left out, in which order."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pairjudge_lab.engines.rendering import ChatTemplate
from pairjudge_lab.protocols import PointwiseProtocol
from pairjudge_lab.records import UserError
from pairjudge_lab.toy.teacher import POINTWISE
from pairjudge_lab.training.encoding import (
    Encoder,
    Sorted,
    collate,
    collate_pairs,
    encode_chat,
    encoded,
)
from pairjudge_lab.training.judgments import Judgment, read_folder


@pytest.fixture(scope="module")
def tokenizer(base):
    return AutoTokenizer.from_pretrained(base)


def test_an_answer_ends_as_the_chat_template_ends_a_turn(tokenizer):
    asked = [{"role": "system", "content": "s"}, {"role": "user", "content": "Start with 7."}]
    head, tail = encode_chat(ChatTemplate("m", tokenizer), asked, "7 + 5 = 12")
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert tokenizer.decode(head) == prompt
    assert tokenizer.decode(tail) == "7 + 5 = 12" + tokenizer.eos_token


def test_the_loss_is_taken_on_the_completion_alone(tokenizer, base, judgments):
    """Padded, cut and batched as it is trained, against row by row and token by token."""
    rows = list(Encoder(tokenizer, "pairwise", 1024).rows(read_folder(judgments)))
    rows = [rows[i] for i in (0, 7, 30)]
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    batch = collate(rows, tokenizer.pad_token_id)
    assert batch["labels"].ne(-100).sum() == sum(row["answer"] for row in rows)
    with torch.inference_mode():
        logits = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            position_ids=batch["position_ids"],
            logits_to_keep=batch["logits_to_keep"],
        ).logits
        mine = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100
        )
        losses = []
        for row in rows:
            ids = torch.tensor([row["ids"]])
            logp = model(ids).logits.log_softmax(-1)[0]
            begin = len(row["ids"]) - row["answer"]
            losses += [-logp[t - 1, row["ids"][t]] for t in range(begin, len(row["ids"]))]
    assert float(mine) == pytest.approx(float(torch.stack(losses).mean()), abs=1e-4)


def test_what_is_left_out_is_counted(tokenizer, tmp_path):
    asked = ({"role": "user", "content": "x"},)
    long = Judgment(asked, "7 + 5 = 12\n" * 200)
    control = Judgment(asked, "a <|im_end|> in the text")
    good = Judgment(asked, "fine")
    encoder = Encoder(tokenizer, "pairwise", 64)
    rows, left = encoded(encoder, [long, control, good], tmp_path / "rows.arrow", {"v": 1})
    assert len(rows) == 1
    assert left == {"longer than 64 tokens": 1, "control tokens in a text": 1}
    # Made once for one signature, and again for another.
    again, _ = encoded(Encoder(tokenizer, "pairwise", 64), [], tmp_path / "rows.arrow", {"v": 1})
    assert again[0] == rows[0]
    with pytest.raises(UserError, match="no row to train on: none came"):
        encoded(Encoder(tokenizer, "pairwise", 64), [], tmp_path / "rows.arrow", {"v": 2})
    with pytest.raises(UserError, match="1 longer than 4 tokens"):
        encoded(Encoder(tokenizer, "pairwise", 4), [good], tmp_path / "short.arrow", {})


def test_rivals_say_what_they_miss(tokenizer):
    bare = Judgment(({"role": "user", "content": "x"},), "fine")
    for kind in ("pointwise", "reward"):
        with pytest.raises(UserError, match=f"a {kind} rival is trained on the responses"):
            list(Encoder(tokenizer, kind, 64).rows([bare]))
    unlabelled = Judgment(bare.prompt, "fine", "p", "q", "2", "3")
    with pytest.raises(UserError, match="whose truth is known"):
        list(Encoder(tokenizer, "reward", 64).rows([unlabelled]))
    encoder = Encoder(tokenizer, "pointwise", 512, {("q", "2"): "c"}, PointwiseProtocol(POINTWISE))
    assert len(list(encoder.rows([unlabelled]))) == 1
    assert encoder.left_out == {"no critique of the response": 1}


def test_a_reward_model_sees_the_right_response_first(tokenizer, judgments):
    rows = list(Encoder(tokenizer, "reward", 1024).rows(read_folder(judgments)))
    told = [j for j in read_folder(judgments) if j.a_correct != j.b_correct]
    assert len(rows) == len(told)
    for row, judgment in zip(rows[:20], told, strict=False):
        right = judgment.response_a if judgment.a_correct else judgment.response_b
        wrong = judgment.response_b if judgment.a_correct else judgment.response_a
        assert right in tokenizer.decode(row["ids"])
        assert wrong in tokenizer.decode(row["rival"])
    batch = collate_pairs(rows[:4], tokenizer.pad_token_id)
    assert len(batch["input_ids"]) == 8
    assert batch["attention_mask"].sum() == sum(len(r["ids"]) + len(r["rival"]) for r in rows[:4])


def test_the_order_is_a_permutation_that_sorts_by_length():
    lengths = [(37 * i) % 101 for i in range(1003)]
    order = Sorted(lengths, 8, 32, seed=0)
    first = list(order)
    assert sorted(first) == list(range(1003))
    assert list(Sorted(lengths, 8, 32, seed=0)) == first, "the same for the same seed"
    order.set_epoch(1)
    assert sorted(order) == list(range(1003))
    assert list(order) != first
    wasted = sum(
        max(lengths[i] for i in first[k : k + 8]) - lengths[j]
        for k in range(0, 800, 8)
        for j in first[k : k + 8]
    )
    assert wasted < 0.05 * sum(lengths), "batches of like length"
