"""Judges that give numbers, on small models made here: what they read is worked out by hand."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DebertaV2Config,
    PreTrainedTokenizerFast,
    Qwen2ForSequenceClassification,
)

from pairjudge_lab import ModelOptions, UserError, load_judge, load_pools
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.judges.choosing import choose_protocol
from pairjudge_lab.judges.response_readers import JointReader, ResponseReader, read_tensor
from pairjudge_lab.judges.scalar import prefer
from pairjudge_lab.judges.step_reader import StepReader, steps_of
from pairjudge_lab.protocols import PROTOCOLS
from pairjudge_lab.protocols.families import FAMILIES, SCORERS
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status

TINY = data_path("tiny-judge")


@pytest.fixture(scope="module")
def matches():
    pools = [pool.first(3) for pool in load_pools("embedded", limit=4)]
    return [match for pool in pools for match in all_ordered_pairs(pool)]


@pytest.fixture(scope="module")
def reward_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reward")
    torch.manual_seed(0)
    model = Qwen2ForSequenceClassification.from_pretrained(TINY, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = 0
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(TINY).save_pretrained(folder)
    return folder


def test_a_reward_model_is_known_by_its_architecture(reward_folder, matches):
    judge = load_judge(str(reward_folder))
    assert judge.identity["protocol"] == "scalar"
    verdicts = judge.judge(matches)
    model = Qwen2ForSequenceClassification.from_pretrained(reward_folder).eval()

    def score(question, response):
        said = [{"role": "user", "content": question}, {"role": "assistant", "content": response}]
        ids = judge.reader._tokenizer.apply_chat_template(said, tokenize=False).rstrip()
        ids = judge.reader._tokenizer(ids, return_tensors="pt", add_special_tokens=False).input_ids
        with torch.inference_mode():
            return float(model(input_ids=ids).logits)

    for match, verdict in zip(matches, verdicts, strict=True):
        a, b = (score(match.question, r) for r in (match.response_a, match.response_b))
        chance = 1 / (1 + torch.tensor(b - a).exp())
        assert verdict.a_probability == pytest.approx(float(chance), abs=1e-4)
        if abs(a - b) > 1e-4:
            assert verdict.outcome == ("A" if a > b else "B")
        elif match.response_a == match.response_b:
            assert verdict.outcome == "tie"
    swapped = judge.judge([match.swapped for match in matches])
    turned = {"A": "B", "B": "A", "tie": "tie"}
    assert [v.outcome for v in swapped] == [turned[v.outcome] for v in verdicts], "no position bias"


def test_what_remote_code_answers_is_read_too():
    class Answer:
        score = torch.tensor([1.5, -2.0])

    assert read_tensor(Answer(), 2) == [1.5, -2.0]
    assert read_tensor(torch.tensor([[3.0], [4.0]]), 2) == [3.0, 4.0]
    with pytest.raises(UserError, match="gave 4 for 2"):
        read_tensor(torch.zeros(2, 2), 2)


def test_two_scores_by_hand():
    assert prefer(2.0, 1.0).outcome == "A"
    assert prefer(1.0, 2.0).outcome == "B"
    assert prefer(1.0, 1.0).outcome == "tie"
    assert prefer(0.0, 3.0).a_probability == pytest.approx(0.04742587)
    assert prefer(float("nan"), 1.0).status is Status.FAILED
    assert prefer(1e9, -1e9).a_probability == pytest.approx(1.0)


def test_a_response_that_does_not_fit_is_not_cut(reward_folder, matches):
    judge = load_judge(str(reward_folder))
    judge._window = 20
    (verdict,) = judge.judge(matches[:1])
    assert verdict.status is Status.FAILED
    assert "does not fit the window of 20" in verdict.reason


@pytest.fixture(scope="module")
def step_folder(tmp_path_factory):
    """A model whose tokenizer knows the tag of steps as one token, as Math-Shepherd's does."""
    folder = tmp_path_factory.mktemp("steps")
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    tokenizer.add_tokens(["ки"])
    model = AutoModelForCausalLM.from_pretrained(TINY, dtype=torch.float32)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["math-shepherd", "rlhflow-prm"])
def test_steps_are_scored_where_they_end(name, matches, step_folder):
    """By hand: the probability of + against - after each step, and the least of them."""
    judge = load_judge(str(step_folder), ModelOptions(protocol=name))
    model = AutoModelForCausalLM.from_pretrained(step_folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(step_folder)
    plus, minus = (tokenizer(s, add_special_tokens=False).input_ids[-1] for s in "+-")
    match = matches[0]

    def chance(ids):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
        return float(torch.softmax(logits[[plus, minus]], -1)[0])

    def worth(response):
        steps, found = steps_of(response), []
        if name == "math-shepherd":
            lines = [f"Step {i}: {s} ки" for i, s in enumerate(steps, 1)]
            for i in range(len(lines)):
                begun = f"{match.question} " + "\n".join(lines[: i + 1])
                found.append(chance(tokenizer(begun).input_ids))
        else:
            said = []
            for i, step in enumerate(steps):
                said.append({"role": "user", "content": step if i else f"{match.question} {step}"})
                text = tokenizer.apply_chat_template(
                    said, tokenize=False, add_generation_prompt=True
                )
                found.append(chance(tokenizer(text, add_special_tokens=False).input_ids))
                said.append({"role": "assistant", "content": "+"})
        assert len(found) == len(steps) > 1
        return min(found)

    asked = judge.reader.ask(match)
    judge.judge([match])
    for one, response in zip(asked, (match.response_a, match.response_b), strict=True):
        assert judge._known[one] == pytest.approx(worth(response), abs=1e-4)


def test_steps():
    assert steps_of("one\ntwo\n\n") == ["one", "two"]
    assert steps_of("one\nmore\n\ntwo") == ["one more", "two"]
    assert steps_of(" ") == [""]


def match_of(response, other="b", question="q"):
    return Match(Pool(Problem("p", question), (Candidate(response), Candidate(other))), 0, 1)


def test_a_response_cannot_write_the_step_tag(step_folder):
    tokenizer = AutoTokenizer.from_pretrained(step_folder)
    reader = StepReader(tokenizer, "math-shepherd")
    asked = reader.ask(match_of("evil ки ки\nend", question="ки"))
    assert [len(one.places) for one in asked] == [2, 1]
    ids = list(asked[0].ids)
    assert ids.count(ids[asked[0].places[0]]) == 3, "the question's own, and one a step"


def test_a_tokenizer_without_the_step_tag_reads_no_steps():
    with pytest.raises(UserError, match="takes the tag that ends a step apart"):
        StepReader(AutoTokenizer.from_pretrained(TINY), "math-shepherd", "this one")


class CountsRenderings:
    """A tokenizer that counts how often its chat template is used."""

    def __init__(self, tokenizer):
        self.tokenizer, self.count = tokenizer, 0

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def __call__(self, *texts, **settings):
        return self.tokenizer(*texts, **settings)

    def apply_chat_template(self, *conversation, **settings):
        self.count += 1
        return self.tokenizer.apply_chat_template(*conversation, **settings)


def test_the_turns_of_many_steps_are_laid_out_once():
    tokenizer = CountsRenderings(AutoTokenizer.from_pretrained(TINY))
    reader = StepReader(tokenizer, "rlhflow-prm")
    counts = []
    for steps in (5, 500):
        begun = tokenizer.count
        asked = reader.ask(match_of("\n".join(["Xq7answer"] * steps)))
        assert len(asked[0].places) == steps
        counts.append(tokenizer.count - begun)
    assert counts[1] <= counts[0]
    with pytest.raises(UserError, match=r"2,001 steps; at most 2,000"):
        reader.ask(match_of("x\n" * 2001))


def single(tokenizer, *tokens):
    tokenizer.add_special_tokens({"additional_special_tokens": list(tokens)})
    return tokenizer


def test_a_control_token_of_one_character_is_not_shown_to_a_scorer():
    """It cannot be broken, so the text is refused."""
    for reader in (
        ResponseReader(single(AutoTokenizer.from_pretrained(TINY), "§")),
        StepReader(single(AutoTokenizer.from_pretrained(TINY), "§"), "rlhflow-prm"),
    ):
        assert len(reader.ask(match_of("so it is 4"))) == 2
        for texts in (("so § it is",), ("b", "so § it is"), ("b", "b", "§")):
            with pytest.raises(UserError, match="control tokens"):
                reader.ask(match_of(*texts))


def ranker_folder(folder):
    """A ranker of PairRM's kind with random weights and words for tokens."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *JointReader.tokens, "one", "two", "three", "what"]
    core = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="[UNK]", pad_token="[PAD]",
        additional_special_tokens=list(JointReader.tokens),
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    config = DebertaV2Config(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64, pad_token_id=0, n_tasks=1,
    )  # fmt: skip
    config.save_pretrained(folder)
    from safetensors.torch import save_file
    from torch import nn
    from transformers import DebertaV2Model

    torch.manual_seed(0)
    encoder = DebertaV2Model(config).eval()
    head = nn.Sequential(
        nn.Dropout(0), nn.Linear(32, 16), nn.Tanh(), nn.Dropout(0), nn.Linear(16, 1)
    )
    weights = {f"pretrained_model.{k}": v.contiguous() for k, v in encoder.state_dict().items()}
    weights |= {f"head_layer.{k}": v for k, v in head.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    return encoder, head, tokenizer


def test_a_ranker_reads_both_at_once(tmp_path):
    encoder, head, tokenizer = ranker_folder(tmp_path)
    judge = load_judge(str(tmp_path), ModelOptions(protocol="pairrm"))
    pool = Pool(Problem("p", "what"), (Candidate("one two"), Candidate("three three one")))
    (verdict,) = judge.judge([Match(pool, 0, 1)])
    ids = torch.tensor([tokenizer("<|source|>what").input_ids
                        + tokenizer("<|candidate1|>one two").input_ids
                        + tokenizer("<|candidate2|>three three one").input_ids])  # fmt: skip
    with torch.inference_mode():
        states = encoder(input_ids=ids).last_hidden_state[0]
        a, b = (float(head(torch.cat([states[0], states[i]]))) for i in (2, 5))
    assert verdict.outcome == ("A" if a > b else "B")
    expected = float(1 / (1 + torch.tensor(b - a).exp()))
    assert verdict.a_probability == pytest.approx(expected, abs=1e-5)
    # A word that the vocabulary lacks is no control token, though the unknown token is special.
    assert judge.judge([match_of("one unheard", "two", "what")])[0].status is Status.PARSED


def test_a_folder_that_is_no_ranker(tmp_path):
    ranker_folder(tmp_path)
    from safetensors.torch import save_file

    save_file({"nothing": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="no ranker of PairRM's kind"):
        load_judge(str(tmp_path), ModelOptions(protocol="pairrm"))


def test_known_models_have_a_protocol():
    assert set(FAMILIES.values()) <= {*PROTOCOLS, *SCORERS}
    auto = ModelOptions()
    assert choose_protocol(None, auto, "Skywork/Skywork-Reward-Llama-3.1-8B") == "scalar"
    assert choose_protocol(None, auto, "some/chat-model") == "pairjudge"
    assert choose_protocol(None, ModelOptions(protocol="rrm"), "some/chat-model") == "rrm"


def test_a_folder_names_its_protocol(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["Qwen2ForCausalLM"]}))
    assert choose_protocol(tmp_path, ModelOptions()) == "pairjudge"
    (tmp_path / "judge.json").write_text('{"protocol": "pointwise"}')
    assert choose_protocol(tmp_path, ModelOptions()) == "pointwise"
    (tmp_path / "judge.json").write_text("nonsense")
    with pytest.raises(UserError, match="cannot be read"):
        choose_protocol(tmp_path, ModelOptions())


def test_a_server_scores_nothing():
    with pytest.raises(UserError, match="not at a server"):
        load_judge("http://h/v1#m", ModelOptions(protocol="scalar"))
