"""Asks a plugin for its line in the policy document. Without one it may work, and nobody could read what it does."""

from typing import Any, Final

from .asking import Turn, ask
from .errors import PluginError

_SENTENCE_MAX_CHARS: Final = 2_000


class Unsaid(PluginError):
    """A plugin does not say what it does."""


def sentence_of(plugin: Any, who: str, turn: Turn, patience_s: float) -> str:
    """
    Return a plugin's line in the policy document.

    Args:
        plugin: A guardrail, a ranker or an enricher.
        who: What it is called in an error.
        turn: Held while its code runs.
        patience_s: The longest wait [s].

    Raises:
        Unsaid: If it has no `sentence()`, or one that raises, does not come back, or gives no line of text.
    """
    if not callable(getattr(type(plugin), "sentence", None)):
        raise Unsaid(f"{who} has no sentence()")
    try:
        words = ask(lambda: plugin.sentence(), turn, patience_s)  # noqa: PLW0108 - what it is may raise as well
    except PluginError as error:
        raise Unsaid(f"{who}, sentence(): {error}") from None
    if type(words) is not str or not words.strip() or not words.isprintable() or len(words) > _SENTENCE_MAX_CHARS:
        raise Unsaid(f"{who}, sentence(): it gives no line of text of at most {_SENTENCE_MAX_CHARS} characters")
    return words
