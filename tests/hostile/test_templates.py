"""A chat template is a program that comes with a model: it must show what it is given."""

from types import SimpleNamespace

import pytest

from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines import rendering
from pairjudge_lab.engines.contract import Request
from pairjudge_lab.engines.prompts import PromptEncoder
from pairjudge_lab.engines.rendering import ChatTemplate, EndlessTemplateError
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.judges.response_readers import ResponseReader
from pairjudge_lab.judges.scalar import ScalarJudge
from pairjudge_lab.judges.step_reader import StepReader
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, UserError
from pairjudge_lab.training.encoding import Encoder
from pairjudge_lab.training.judgments import Judgment


def template(show):
    def apply_chat_template(said, **options):
        return "".join(f"<|{m['role']}|>{show(m['content'])}" for m in said)

    tokenizer = SimpleNamespace(chat_template="x", apply_chat_template=apply_chat_template)
    return ChatTemplate("m", tokenizer)


def test_a_text_that_some_prompts_lose_is_missed():
    sound = template(str.strip)
    assert sound.render((("user", " long enough " * 20),)).startswith("<|user|>long")
    for lossy in (lambda text: text[:60], lambda text: text.replace("B", "A")):
        made = template(lossy)
        assert made.render((("user", "short"),))
        with pytest.raises(UserError, match="drops or changes a text"):
            made.render(
                (("user", "response B is given here, behind more than sixty letters " * 2),)
            )


def test_a_template_that_shows_nothing_is_refused_at_once():
    with pytest.raises(UserError, match="drops or changes a text"):
        template(lambda text: "")


LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{{ i }}{% endfor %}{% endfor %}"
EVERY = "{% for m in messages %}{{ m.content }}{% endfor %}"
UNSOUND = {
    "loops": (LOOP, "did not end within"),
    "recurses": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "fails: RecursionError"),
    "is no template": ("{% for %}", "fails: TemplateSyntaxError"),
    "drops the question": ("{{ messages[1].content }}", "fails|drops or changes"),
    "drops the response": ("{{ messages[0].content }}", "drops or changes"),
    "cuts": ("{% for m in messages %}{{ m.content[:3] }}{% endfor %}", "drops or changes"),
    "is absent": (None, "has no chat template"),
}


@pytest.fixture
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(data_path("tiny-judge"))


@pytest.mark.parametrize("kind", UNSOUND)
@pytest.mark.parametrize("name", ["scalar", "rlhflow-prm"])
def test_a_reward_models_template_is_tried_out_first(tokenizer, monkeypatch, kind, name):
    monkeypatch.setattr(rendering, "PATIENCE", 0.5)
    tokenizer.chat_template, said = UNSOUND[kind]
    if (kind, name) == ("drops the response", "rlhflow-prm"):
        pytest.skip("it is asked step by step, each in a message of the user's")
    with pytest.raises(UserError, match=said):
        ResponseReader(tokenizer) if name == "scalar" else StepReader(tokenizer, name)


@pytest.mark.parametrize("kind", UNSOUND)
def test_so_is_the_template_of_a_model_that_is_trained(tokenizer, monkeypatch, kind):
    monkeypatch.setattr(rendering, "PATIENCE", 0.5)
    tokenizer.chat_template, said = UNSOUND[kind]
    row = Judgment(({"role": "user", "content": "a long question"},), "an answer")
    if kind == "drops the response":
        # Its frame is sound, and the answer is written behind it by us.
        (found,) = Encoder(tokenizer, "pairwise", 100).rows([row])
        assert "an answer" in tokenizer.decode(found["ids"])
        return
    with pytest.raises(UserError, match=said):
        Encoder(tokenizer, "pairwise", 100)


def only_where(word, what):
    """A template that does something else where a message holds a word."""
    held = f"'{word}' in (messages | map(attribute='content') | join)"
    return f"{{% if {held} %}}{what}{{% else %}}{EVERY}{{% endif %}}"


def test_one_candidate_that_a_template_cannot_take_ends_no_run(tokenizer):
    """As where a template takes what stands before ``</think>`` away."""
    tokenizer.chat_template = only_where("trap", "nothing")

    class Never:
        config = SimpleNamespace(max_position_embeddings=100)

    pool = Pool(Problem("p", "q"), (Candidate("a trap"), Candidate("b")))
    options = SimpleNamespace(context_window=None, batch_size=1)
    judge = ScalarJudge("m", Never(), 0, ResponseReader(tokenizer), "", options)
    (verdict,) = judge.judge([Match(pool, 0, 1)])
    assert verdict.status is Status.FAILED
    assert "drops or changes" in verdict.reason
    encoder = PromptEncoder("m", tokenizer, 100)
    plain = (("user", "1"),)
    asked = encoder.encode(Request((("user", "a trap"),), 0, plain), GenerationConfig())
    assert "drops or changes" in asked.refusal
    rows = Encoder(tokenizer, "pairwise", 100)
    trap = Judgment(({"role": "user", "content": "a trap"},), "fine")
    assert list(rows.rows([trap])) == []
    assert rows.left_out == {"not shown whole by the chat template": 1}


def test_a_template_that_loops_for_some_texts_alone_ends_the_run(tokenizer, monkeypatch):
    monkeypatch.setattr(rendering, "PATIENCE", 0.5)
    tokenizer.chat_template = only_where("trap", LOOP)
    encoder = PromptEncoder("m", tokenizer, 100)
    with pytest.raises(EndlessTemplateError, match="did not end within"):
        encoder.encode(Request((("user", "a trap"),), 0, (("user", "1"),)), GenerationConfig())
