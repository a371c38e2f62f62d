"""The tag `offer`: `{% load tactful %}{% offer "home.hero" as it %}…{{ it.title }}…{% else %}Welcome{% endoffer %}`.

`hero`, `blocks`, `moments` and `navigation` are a page's calls, each for one placement: `{% hero "home.hero" as it %}`.
"""

from collections.abc import Iterable, Mapping

import attrs
from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from ...reordering import Reordered
from ...web import page
from ...web_calls import Block

register = template.Library()


class OfferNode(template.Node):
    """A placement in a template, with the site's own markup and what stands where nothing is shown."""

    child_nodelists = ("body", "otherwise")

    def __init__(self, placement: FilterExpression, name: str, body: NodeList, otherwise: NodeList) -> None:
        self.placement = placement
        self.name = name
        self.body = body
        self.otherwise = otherwise

    def render(self, context: template.Context) -> SafeString:
        """Return the markup."""
        found = _shown(str(self.placement.resolve(context)))
        if not self.name:
            return conditional_escape(found["title"]) if "title" in found else self.otherwise.render(context)
        if not found:
            return self.otherwise.render(context)
        with context.push(**{self.name: found}):
            return self.body.render(context)


@register.tag("offer")
def offer(parser: Parser, token: Token) -> OfferNode:
    """
    Return the tag as a node.

    Without `as NAME` it shows the title, and what is between stands where nothing is shown.
    """
    words = token.split_contents()
    match words:
        case [_, placement]:
            name = ""
        case [_, placement, "as", name] if name.isidentifier():
            pass
        case _:
            raise template.TemplateSyntaxError('write {% offer "placement" %} or {% offer "placement" as name %}')
    body = parser.parse(("else", "endoffer"))
    otherwise = NodeList()
    if parser.next_token().contents == "else":
        otherwise = parser.parse(("endoffer",))
        parser.delete_first_token()
    expression = parser.compile_filter(placement)
    return OfferNode(expression, name, body, otherwise) if name else OfferNode(expression, "", NodeList(), body)


@register.simple_tag
def hero(placement: str) -> Block:
    """Return what stands in a placement's first slot, as `Page.hero` does."""
    return _block(placement, page().hero(placement))


@register.simple_tag
def blocks(placement: str) -> tuple[Block, ...]:
    """Return a placement's content blocks, as `Page.blocks` does for several."""
    return tuple(_block(placement, one) for one in page().blocks(placement)[placement])


@register.simple_tag
def moments(placement: str) -> tuple[Block, ...]:
    """Return the moments in a placement, as `Page.moments` does."""
    return tuple(_block(placement, one) for one in page().moments(placement))


@register.simple_tag
def navigation(
    placement: str, entries: Iterable[object], topic: str = "topic", places_max: int = 1
) -> Reordered[object]:
    """Return a menu in a customer's order, as `Page.navigation` does."""
    return page().navigation(placement, entries, topic, places_max=places_max)


def _block(placement: str, block: Block) -> Block:
    return attrs.evolve(block, content=_as_safe(placement, block.content))


def _shown(placement: str) -> Mapping[str, str]:
    """Return what to render in a placement's first slot."""
    return _as_safe(placement, page().content(placement))


def _as_safe(placement: str, found: Mapping[str, str]) -> Mapping[str, str]:
    """Return fields so that those that are escaped already are not escaped again."""
    return {name: mark_safe(text) for name, text in found.items()} if page().is_escaped(placement) else found  # noqa: S308 - escaped
