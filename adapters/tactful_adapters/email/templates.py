"""The templates of a mail: subject, text and HTML out of a decision. They see what was decided, and nothing else.

So whatever a mail says of its reader has gone through the policy. In a folder: `subject.txt`, `mail.txt`, and
`mail.html` or `mail.mjml`. In HTML everything is escaped, once; what the text part shows is plain again.
"""

import html
from collections.abc import Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final

import attrs

import tactful

try:
    import mrml
    from jinja2 import Environment, FileSystemLoader, Template, TemplateError
except ImportError as error:
    raise tactful.ExtraMissing("e-mail", "email") from error

from ..jinja import OfferExtension, as_markup
from .pictures import named_in, pictures_in

SUBJECT: Final = "subject.txt"
TEXT: Final = "mail.txt"
HTML: Final = ("mail.html", "mail.mjml")
PICTURES: Final = "pictures"
#: A subject is cut here: more than this nobody reads.
SUBJECT_MAX_CHARS: Final = 200


@attrs.frozen(repr=False)
class Parts:
    """
    What a mail says; personal.

    Attributes:
        subject: In one line.
        text: For who reads no HTML.
        html: The page.
        pictures: The pictures that it names, by name.
    """

    subject: str
    text: str
    html: str
    pictures: Mapping[str, bytes] = attrs.field(factory=dict)


class Shown:
    """What a decision shows, for one part of a mail."""

    def __init__(self, decision: tactful.Decision, placements: tuple[str, ...], *, as_text: bool) -> None:
        self._decision = decision
        self._placements = placements
        self._as_text = as_text

    def content(self, placement: str) -> Mapping[str, str]:
        """Return what to render in a placement's first slot, or its fallback, or nothing."""
        return next(iter(self._at(placement)), {})

    def slots(self, placement: str) -> tuple[Mapping[str, str], ...]:
        """Return what to render in a placement, slot by slot; markup where it is escaped already."""
        found = self._at(placement)
        return tuple(map(as_markup, found)) if self.is_escaped(placement) else found

    def is_escaped(self, placement: str) -> bool:
        """Return whether a placement's texts are escaped for HTML already."""
        return not self._as_text and self._escapes(placement)

    def _at(self, placement: str) -> tuple[Mapping[str, str], ...]:
        if placement not in self._placements:
            near = get_close_matches(str(placement), self._placements, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self._placements)}"
            raise tactful.UsageError(f"a template asks for the placement {placement!r}, which is not decided; {hint}")
        found = self._decision.at(placement)
        if self._as_text and self._escapes(placement):
            return tuple({name: html.unescape(text) for name, text in fields.items()} for fields in found)
        return found

    def _escapes(self, placement: str) -> bool:
        plan = self._decision.plan
        place = plan.placements.get(placement)
        return place is not None and plan.channels[place.placement.channel].channel.escape.value == "html"


_shown: ContextVar[Shown] = ContextVar("tactful_mail")


def _slots(placement: str) -> tuple[Mapping[str, str], ...]:
    """Return what to render in a placement, slot by slot; templates call it `slots`."""
    return _shown.get().slots(placement)


class Templates:
    """
    The templates in a folder.

    Raises:
        UsageError: If one is not there or is malformed; it names file and line.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        page = [name for name in HTML if (self._folder / name).is_file()]
        if len(page) != 1:
            raise tactful.UsageError(f"{self._folder}: one of {' and '.join(HTML)} is needed")
        self._is_mjml = page[0].endswith(".mjml")
        # What is looked up and not there shows nothing, as an offer need not have every field.
        plain, marked = self._environment(autoescape=False), self._environment(autoescape=True)
        self._subject, self._text = self._load(plain, SUBJECT), self._load(plain, TEXT)
        self._html = self._load(marked, page[0])
        self._pictures = pictures_in(self._folder / PICTURES)

    def _environment(self, *, autoescape: bool) -> Environment:
        made = Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=autoescape,  # noqa: S701 - what is plain text is shown as that
            extensions=[OfferExtension],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.tactful_page = _shown.get  # type: ignore[attr-defined] # where the tag looks
        names: dict[str, Any] = dict(made.globals, slots=_slots)
        made.globals = names
        return made

    def _load(self, environment: Environment, name: str) -> Template:
        try:
            return environment.get_template(name)
        except TemplateError as error:
            raise self._wrong(name, error) from None

    def _wrong(self, name: str, error: TemplateError) -> tactful.UsageError:
        """Return an error that says where a template is malformed."""
        line = getattr(error, "lineno", None)
        where = f"{self._folder / (getattr(error, 'name', None) or name)}{f':{line}' if line else ''}"
        what = error.message if line and error.message else type(error).__name__
        return tactful.UsageError(f"{where}: {what}")

    def render(self, decision: tactful.Decision, placements: tuple[str, ...], words: Mapping[str, str]) -> Parts:
        """
        Return what a mail says.

        Args:
            decision: What was decided; its fallbacks stand where nothing was.
            placements: The placements that were decided.
            words: What templates have beside it, such as `unsubscribe_url`.

        Raises:
            UsageError: If a template cannot be rendered; it names the file and no value.
        """
        plain = Shown(decision, placements, as_text=True)
        subject = self._rendered(self._subject, plain, words)
        text = self._rendered(self._text, plain, words)
        marked = self._rendered(self._html, Shown(decision, placements, as_text=False), words)
        page = self._page(_cleaned(marked))
        return Parts(_line(subject), _cleaned(text), page, self._named(page))

    def _named(self, page: str) -> Mapping[str, bytes]:
        try:
            return named_in(page, self._pictures)
        except tactful.UsageError as error:
            raise tactful.UsageError(f"{self._folder / PICTURES}: {error}") from None

    def _rendered(self, template: Template, shown: Shown, words: Mapping[str, str]) -> str:
        token = _shown.set(shown)
        try:
            return template.render(words)
        except Exception as error:  # noqa: BLE001 - its message may hold what was rendered
            what = str(error) if isinstance(error, tactful.UsageError) else type(error).__name__
            raise tactful.UsageError(f"{self._where(error)}: {what}, while it was rendered") from None
        finally:
            _shown.reset(token)

    def _where(self, error: Exception) -> str:
        """Return the file and the line of a template in which something was raised."""
        calls = walk_tb(error.__traceback__)
        ours = [(Path(frame.f_code.co_filename), line) for frame, line in calls]
        return next(
            (f"{path}:{line}" for path, line in reversed(ours) if path.parent == self._folder), str(self._folder)
        )

    def _page(self, marked: str) -> str:
        """Return a page as HTML; nothing is included from anywhere."""
        if not self._is_mjml:
            return marked
        options = mrml.ParserOptions(include_loader=mrml.noop_loader())
        try:
            return mrml.to_html(marked, options).content
        except OSError as error:  # it has no error of its own
            raise tactful.UsageError(f"{self._folder / HTML[1]}: no MJML: {type(error).__name__}") from None


def _cleaned(text: str) -> str:
    """Return a text without what no mail can carry: control characters, and halves of characters."""
    kept = "".join(one for one in text if one in "\n\t" or not _is_control(one))
    return kept.encode("utf-8", "replace").decode()


def _line(text: str) -> str:
    """Return a text in one line: whatever breaks lines becomes a blank, so that no header begins in it."""
    shown = "".join(one for one in _cleaned(text) if one.isprintable() or one.isspace())
    return " ".join(shown.split())[:SUBJECT_MAX_CHARS].rstrip()


def _is_control(one: str) -> bool:
    return ord(one) < ord(" ") or "\x7f" <= one <= "\x9f"
