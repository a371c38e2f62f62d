"""`tactful decide` and `explain`: one decision from a folder or a bundle, for a persona or anyone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import attrs
import typer

import tactful

from ..errors import UsageError
from .checking import Json
from .output import as_json, say, table, told

Source = Annotated[Path, typer.Argument(help="The policy's folder, or a bundle.", show_default=False)]
Places = Annotated[list[str], typer.Argument(help="The placement, or those of a page.", show_default=False)]
WhoOption = Annotated[list[str] | None, typer.Option("--who", help="An identifier, as card=4711.")]
PersonaOption = Annotated[str | None, typer.Option("--persona", help="One of the folder's personas.")]
ContextOption = Annotated[list[str] | None, typer.Option("--context", "-c", help="As page=home.")]
AtOption = Annotated[str | None, typer.Option("--at", help="The moment, as 2026-12-02 10:00 (UTC).")]
KeyOption = Annotated[str | None, typer.Option("--key", help="The pinned public key of a bundle.")]
StoreOption = Annotated[str | None, typer.Option("--store", help="A store's URL, as sqlite:///edge.db.")]


@attrs.frozen
class _Question:
    """What is to be decided."""

    source: Path
    places: tuple[str, ...]
    who: Mapping[str, str]
    persona: str | None
    context: Mapping[str, object]
    at: str | None
    key: str | None
    store: str | None


def decide(
    source: Source,
    places: Places,
    who: WhoOption = None,
    persona: PersonaOption = None,
    context: ContextOption = None,
    at: AtOption = None,
    key: KeyOption = None,
    store: StoreOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide what to show, and say why in the customer's words. It leaves no trace.

    Example: `tactful decide policy home.hero --persona ann -c page=home`
    """
    with told(json_=json):
        question = _Question(source, tuple(places), _pairs(who), persona, _context(context), at, key, store)
        with _decided(question) as decision:
            if json:
                as_json(_told_of(decision))
                return
            _show(decision)
            say()
            say(decision.why())


def explain(
    source: Source,
    places: Places,
    who: WhoOption = None,
    persona: PersonaOption = None,
    context: ContextOption = None,
    at: AtOption = None,
    key: KeyOption = None,
    store: StoreOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Tell, for every offer that is not shown, each rule and limit that kept it away.

    Example: `tactful explain policy home.hero --persona bob`
    """
    with told(json_=json):
        question = _Question(source, tuple(places), _pairs(who), persona, _context(context), at, key, store)
        with _decided(question) as decision:
            explanation = decision.explain()
            if json:
                as_json({**_told_of(decision), "losses": [attrs.asdict(loss) for loss in explanation.losses]})
            else:
                say(str(explanation))


@contextmanager
def _decided(question: _Question) -> Iterator[tactful.Decision]:
    from ..authoring import decide_for, load_suite  # noqa: PLC0415 - slow to import

    clock = tactful.wall_clock if question.at is None else _standing(question.at)
    is_folder = question.source.is_dir()
    persona = None
    source: object = question.source
    if is_folder:
        suite = load_suite(question.source)
        source = suite.policy
        if question.persona is not None:
            if question.persona not in suite.personas:
                raise UsageError(f"there is no persona {question.persona!r}; there are: {', '.join(suite.personas)}")
            persona = suite.personas[question.persona]
    elif question.persona is not None:
        raise UsageError("a bundle has no personas; decide from the policy's folder")
    unsigned = not is_folder and question.key is None
    with tactful.open(
        source,  # type: ignore[arg-type] # a policy or a path
        key=question.key,
        development=unsigned,
        store=question.store,
        clock=clock,
    ) as edge:
        if persona is not None:
            yield decide_for(edge, question.places, persona, question.context, clock())
            return
        if question.who:
            edge.warm(question.who)
        yield edge.decide(question.places, question.who or None, question.context, preview=True)


def _show(decision: tactful.Decision) -> None:
    for careful in decision.careful:
        say(f"careful: {careful}", "yellow")
    rows = [
        (p.placement, p.content.get("title", p.offer), p.offer, p.tone.name, f"{p.worth:.3g}") for p in decision.picks
    ]
    if rows:
        table(("place", "title", "offer", "tone", "worth"), rows)
    else:
        say(f"nothing is chosen; the fallback: {dict(decision.content) or 'none'}")


def _told_of(decision: tactful.Decision) -> dict[str, object]:
    return {
        "picks": [{**attrs.asdict(p), "tone": p.tone.name, "basis": p.basis.name} for p in decision.picks],
        "content": dict(decision.content),
        "why": decision.why(),
        "careful": list(decision.careful),
        "limits": dict(decision.limits()),
    }


def _pairs(written: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in written or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f"{text!r}: write name=value")
        pairs[name] = value
    return pairs


def _context(written: list[str] | None) -> dict[str, object]:
    plain: dict[str, object] = {"true": True, "false": False}
    return {name: plain.get(value, _number(value)) for name, value in _pairs(written).items()}


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        return text


def _standing(at: str) -> tactful.Clock:
    from ..authoring.periods import MomentError, moment, zone_of  # noqa: PLC0415 - slow to import

    zone = zone_of("UTC")
    if zone is None:
        raise UsageError("there are no time zones here; pip install tzdata")
    try:
        at_us = moment(at, zone)
    except MomentError as error:
        raise UsageError(f"--at: {error}; {error.hint}") from None
    return lambda: at_us
