"""The calls of a page for Jinja2's templates: `hero`, `blocks`, `moments`, `navigation`, each for one placement.

The extra `jinja` brings Jinja2. They need the page of a request: mails have the tag `offer` alone.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs
from jinja2 import Environment
from jinja2.ext import Extension

from .jinja import as_markup
from .reordering import Reordered
from .web import page
from .web_calls import Block

_Item = TypeVar("_Item")


class PageExtension(Extension):
    """The calls as functions of templates: an environment takes it as `extensions=[PageExtension]`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        ours: dict[str, Any] = {"hero": hero, "blocks": blocks, "moments": moments, "navigation": navigation}
        environment.globals.update(ours)


def hero(placement: str) -> Block:
    """Return what stands in a placement's first slot, as `Page.hero` does."""
    return _as_markup(placement, page().hero(placement))


def blocks(placement: str) -> tuple[Block, ...]:
    """Return a placement's content blocks, as `Page.blocks` does for several."""
    return tuple(_as_markup(placement, one) for one in page().blocks(placement)[placement])


def moments(placement: str) -> tuple[Block, ...]:
    """Return the moments in a placement, as `Page.moments` does."""
    return tuple(_as_markup(placement, one) for one in page().moments(placement))


def navigation(
    placement: str, entries: Iterable[_Item], topic: str = "topic", *, places_max: int = 1
) -> Reordered[_Item]:
    """Return a menu in a customer's order, as `Page.navigation` does."""
    return page().navigation(placement, entries, topic, places_max=places_max)


def _as_markup(placement: str, block: Block) -> Block:
    return attrs.evolve(block, content=as_markup(block.content)) if page().is_escaped(placement) else block
