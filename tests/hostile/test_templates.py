"""A chat template is a program that comes with a model: it must show what it is given."""

from types import SimpleNamespace

import pytest

from pairjudge_lab.engines.rendering import ChatTemplate
from pairjudge_lab.records import UserError


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
