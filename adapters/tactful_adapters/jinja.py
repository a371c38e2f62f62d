"""A tag for Jinja2: `{% offer "home.hero" as it %}…{{ it.title }}…{% else %}Welcome{% endoffer %}`.

The extra `jinja` brings Jinja2. What is between `else` and the end stands where nothing is to be shown.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import tactful

try:
    from jinja2 import Environment, nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser
    from markupsafe import Markup, escape
except ImportError as error:
    raise tactful.ExtraMissing("the tag {% offer %}", "jinja") from error

from .web import page


class OfferExtension(Extension):
    """
    The tag `offer`: an environment takes it as `extensions=[OfferExtension]`.

    `{% offer "home.hero" %}Welcome{% endoffer %}` shows the title, or what is between. With `as it`, everything between
    is the site's own markup: it has the offer's fields by that name, and what follows `{% else %}` stands where nothing
    is shown.
    """

    tags = {"offer"}  # noqa: RUF012 - as Jinja2 declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(tactful_page=page)  # gives what is shown: the request's page, or a mail's

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the tag as Jinja2 runs it."""
        line = next(parser.stream).lineno
        placement = parser.parse_expression()
        if not parser.stream.skip_if("name:as"):
            body = parser.parse_statements(("name:endoffer",), drop_needle=True)
            return nodes.CallBlock(self.call_method("_title", [placement], lineno=line), [], [], body, lineno=line)
        content = self.call_method("_content", [placement], lineno=line)
        target = parser.parse_assign_target(name_only=True)
        body = parser.parse_statements(("name:else", "name:endoffer"))
        otherwise: list[nodes.Node] = []
        if next(parser.stream).value == "else":
            otherwise = parser.parse_statements(("name:endoffer",), drop_needle=True)
        kept = nodes.Assign(target, content, lineno=line)
        chosen = nodes.If(nodes.Name(target.name, "load"), body, [], otherwise)
        return nodes.Scope([kept, chosen], lineno=line)

    def _title(self, placement: str, caller: Callable[[], str]) -> str:
        """Return the title of what is shown, or what is between."""
        found = self._content(placement)
        return escape(found["title"]) if "title" in found else caller()

    def _content(self, placement: str) -> Mapping[str, str]:
        """Return what is shown in a placement, as markup where its channel has escaped it already."""
        here: Showing = self.environment.tactful_page()  # type: ignore[attr-defined] # put there above
        found = here.content(placement)
        return as_markup(found) if here.is_escaped(placement) else found


class Showing(Protocol):
    """What tells what is shown, as a `Page` of the web does."""

    def content(self, placement: str) -> Mapping[str, str]:
        """Return what to render in a placement's first slot, or nothing."""
        ...

    def is_escaped(self, placement: str) -> bool:
        """Return whether the placement's texts are escaped for HTML already."""
        ...


def as_markup(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return fields that are escaped already, so that they are not escaped again."""
    return {name: Markup(text) for name, text in fields.items()}  # noqa: S704 - escaped
