"""The tag `offer`: `{% load tactful %}{% offer "home.hero" as it %}…{{ it.title }}…{% else %}Welcome{% endoffer %}`."""

from collections.abc import Mapping

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from ...web import page

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


def _shown(placement: str) -> Mapping[str, str]:
    """Return what to render in a placement's first slot; fields that are escaped already are not escaped again."""
    here = page()
    found = here.content(placement)
    return {name: mark_safe(text) for name, text in found.items()} if here.is_escaped(placement) else found  # noqa: S308 - escaped
