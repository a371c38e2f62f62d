"""What a guardrail answers, taken only if it is exactly what it should be, and as a copy. It calls no plugin's method.

Types are compared as they are: a subclass could answer differently each time. A copy is nobody else's to change.
"""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, get_args

from .catalog import Catalog, Entry
from .checked import are_days, are_texts, is_share, is_whole, need
from .errors import PluginError
from .familiarity import Familiarity
from .limits import (
    Always,
    AtMost,
    Calendar,
    Cap,
    Counted,
    Dimension,
    Hide,
    Limit,
    LimitRule,
    Per,
    Quiet,
    RankBlind,
    Reached,
    Require,
    Rolling,
    Scope,
    Unless,
    UpTo,
    When,
    Window,
    Withhold,
)
from .schema import Source

RULES_MAX: Final = 10_000
_WORDS_MAX_CHARS: Final = 1_000
_DAY_MIN: Final = 1440
_DAYS: Final = range(7)
_NAME: Final = re.compile(r"[\w.\-]{1,200}")


def is_name(value: object) -> bool:
    """Return whether something can name a guardrail or a rule: it stands in reasons, logs and metrics."""
    return type(value) is str and _NAME.fullmatch(value) is not None


def scope_of(answer: object, catalog: Catalog) -> Scope:
    """
    Return the scope that a guardrail declares, as far as it lies in the catalog.

    Raises:
        PluginError: If it is no scope.
    """
    if type(answer) is not Scope or type(answer.bits) is not int or answer.bits < 0:
        raise PluginError("its scope is not a Scope")
    return Scope(answer.bits & catalog.all.bits)


def rules_of(name: str, answer: Iterable[object], catalog: Catalog, scope: Scope) -> tuple[tuple[str, LimitRule], ...]:
    """
    Return the rules that a guardrail yields, each with its id `<guardrail>.<rule>`.

    Args:
        name: The guardrail's name.
        answer: What it yields.
        catalog: The catalog that it was asked about.
        scope: The scope that it declared.

    Raises:
        PluginError: At the first rule that is not exactly what it should be, or limits more than the scope.
    """
    rules: dict[str, LimitRule] = {}
    for number, rule in enumerate(islice(answer, RULES_MAX + 1), 1):
        if number > RULES_MAX:
            raise PluginError(f"it yields more than {RULES_MAX} limits")
        try:
            rule_id, copy = _rule(name, number, rule, catalog)
        except PluginError as error:
            raise PluginError(f"rule {number}{error}") from None
        if rule_id in rules:
            raise PluginError(f"rule id {rule_id!r} is there twice")
        if not touched(copy.limit, catalog, scope) <= scope:
            raise PluginError(f"rule {number} limits more than its scope")
        rules[rule_id] = copy
    return tuple(rules.items())


def touched(limit: Limit, catalog: Catalog, scope: Scope) -> Scope:
    """Return the treatments that a limit concerns; of values that are hidden, those that such values select or fill."""
    if isinstance(limit, Cap):
        return limit.scope | limit.instead
    if not isinstance(limit, Hide | Require):
        return limit.scope
    if scope == catalog.all:
        return catalog.all
    hidden = set(limit.attributes)
    ranks = catalog.policy.ranking.affinity in hidden

    def reads(entry: Entry) -> bool:
        concerned = not limit.purposes or entry.offer.purpose in limit.purposes
        return concerned and (ranks or not hidden.isdisjoint(entry.labels.evidence | entry.labels.shows))

    return catalog.where(reads)


def _rule(name: str, number: int, rule: object, catalog: Catalog) -> tuple[str, LimitRule]:
    if not (type(rule) is When or type(rule) is Unless or type(rule) is Always):
        raise PluginError(" is not a limit")
    limit = _limit(rule.limit, catalog)
    need(rule.id == "" or is_name(rule.id), "its id is not made of letters, digits and . _ -")
    reason, say = _words(rule.reason, "reason"), _words(rule.say, "say")
    id_ = rule.id or str(number)
    if isinstance(rule, Always):
        return f"{name}.{id_}", Always(limit, reason, id_, say)
    kind = type(limit).__name__
    need(not isinstance(limit, Require | Cap | Quiet), f"{kind} takes no condition")
    need(type(rule.condition) is str, "its condition is not a text")
    make = When if isinstance(rule, When) else Unless
    return f"{name}.{id_}", make(rule.condition, limit, reason, id_, say)


def _limit(limit: object, catalog: Catalog) -> Limit:
    kind = type(limit)
    if kind not in _COPIES:
        raise PluginError(" is not a limit")
    copy: Limit = _COPIES[kind](limit, catalog)
    return copy


def _withhold(limit: Withhold, _: Catalog) -> Limit:
    return Withhold(_scope(limit.scope))


def _up_to(limit: UpTo, _: Catalog) -> Limit:
    for rung in (limit.tone, limit.basis):
        need(type(rung) is Familiarity, "tone and basis are no Familiarity")
    return UpTo(_scope(limit.scope), limit.tone, limit.basis)


def _rank_blind(limit: RankBlind, _: Catalog) -> Limit:
    return RankBlind(_scope(limit.scope))


def _at_most(limit: AtMost, _: Catalog) -> Limit:
    count, share = limit.count, limit.share
    need(count is None or is_whole(count, 0), "its count is no whole number of 0 or more")
    need(share is None or is_share(share), "its share is no number from 0 to 1")
    need(count is not None or share is not None, "it says neither a count nor a share")
    return AtMost(_scope(limit.scope), count, share)


def _hide(limit: Hide, catalog: Catalog) -> Limit:
    return Hide(*_names(limit, catalog))


def _require(limit: Require, catalog: Catalog) -> Limit:
    sources, ages_s = limit.sources, (limit.max_age_s, limit.min_age_s, limit.lease_s)
    need(is_share(limit.confidence), "its confidence is no number from 0 to 1")
    need(all(age_s is None or is_whole(age_s, 1) for age_s in ages_s), "its ages are no whole numbers of seconds")
    need(type(limit.first_party) is bool, "first_party is neither true nor false")
    are_sources = type(sources) is frozenset and all(type(source) is Source for source in sources)
    need(sources is None or are_sources, "its sources are no frozenset of Source")
    need(are_texts(limit.channels), "its channels are no tuple of texts")
    return Require(
        *_names(limit, catalog),
        limit.confidence,
        sources,
        limit.max_age_s,
        limit.first_party,
        limit.min_age_s,
        limit.channels,
        limit.lease_s,
    )


def _cap(limit: Cap, _: Catalog) -> Limit:
    suppress_s = limit.suppress_s
    need(is_whole(limit.count, 1), "its count is no whole number of 1 or more")
    need(suppress_s is None or is_whole(suppress_s, 1), "its suppression is no whole number of seconds")
    for value, choices, words in (
        (limit.of, get_args(Dimension), "it counts by no dimension"),
        (limit.per, get_args(Per), "it counts for nobody that there is"),
        (limit.then, get_args(Reached), "it does not say what follows"),
    ):
        need(type(value) is str and value in choices, words)
    need(are_texts(limit.channels), "its channels are no tuple of texts")
    need(suppress_s is None or limit.per != "everyone", "a cap for everyone has no rest after it")
    need(suppress_s is None or not limit.counted.weights, "a cap with weights has no rest after it")
    need(type(limit.to) is Familiarity and limit.to < Familiarity.PERSONAL, "it goes down to no familiarity below")
    need(type(limit.exact) is bool, "exact is neither true nor false")
    need(type(limit.strict) is bool, "strict is neither true nor false")
    need(
        not limit.strict or (limit.counted.event == "shown" and limit.then != "replace"),
        "a strict cap counts what is shown, and nothing stands in for it",
    )
    need(limit.wish == "" or is_name(limit.wish), "its wish is no name of an attribute")
    is_plain = limit.per == "customer" and not limit.strict and not _scope(limit.instead) and limit.then != "replace"
    need(
        limit.wish == "" or is_plain, "a wish is for a cap per customer, not a strict one, and nothing stands in for it"
    )
    return Cap(
        scope=_scope(limit.scope),
        count=limit.count,
        window=_window(limit.window),
        counted=_counted(limit.counted),
        of=limit.of,
        per=limit.per,
        channels=limit.channels,
        then=limit.then,
        to=limit.to,
        instead=_scope(limit.instead),
        suppress_s=suppress_s,
        exact=limit.exact,
        strict=limit.strict,
        wish=limit.wish,
    )


def _window(window: object) -> Window:
    if type(window) is Rolling and is_whole(window.length_s, 1):
        return Rolling(window.length_s)
    if (
        type(window) is Calendar
        and type(window.unit) is str
        and window.unit in ("day", "week", "month")
        and is_whole(window.times, 1)
        and type(window.zone) is str
        and is_whole(window.week_start, 0)
        and window.week_start in _DAYS
    ):
        return Calendar(window.unit, window.times, window.zone, window.week_start)
    raise PluginError(": its window is neither Rolling nor Calendar")


def _counted(counted: object) -> Counted:
    if type(counted) is not Counted or not is_name(counted.event):
        raise PluginError(": what it counts is not Counted, or its event is not a name")
    texts = (counted.intents, counted.topics, counted.tags, counted.owners, counted.exempt)
    need(all(map(are_texts, texts)), "what it counts is not named in tuples of texts")
    weights = counted.weights
    need(type(weights) is tuple and all(map(_is_weight, weights)), "its weights are no events with whole numbers")
    events = [event for event, _ in weights]
    need(len({counted.event, "shown", *events}) >= len(events) + 1, "it weighs an event twice")
    need(not {counted.event, "shown"}.intersection(events), "what is shown, and its own event, weigh 1")
    return Counted(counted.event, *texts, weights)


def _is_weight(pair: object) -> bool:
    return type(pair) is tuple and len(pair) == 2 and is_name(pair[0]) and type(pair[1]) is int and pair[1] != 0  # noqa: PLR2004


def _quiet(limit: Quiet, _: Catalog) -> Limit:
    minutes, days = (limit.from_min, limit.to_min), limit.days
    need(all(is_whole(one, 0) and one < _DAY_MIN for one in minutes), "its hours are no minutes of a day")
    need(type(limit.zone) is str, "its time zone is not a text")
    need(type(days) is tuple and all(is_whole(day, 0) and day in _DAYS for day in days), "its days are not 0 to 6")
    need(are_texts(limit.channels), "its channels are no tuple of texts")
    need(type(limit.dates) is tuple and all(map(are_days, limit.dates)), "its dates are no pairs of days up to 9998")
    return Quiet(_scope(limit.scope), *minutes, limit.zone, days, limit.channels, limit.dates)


_COPIES: Final[dict[type, Any]] = {
    Withhold: _withhold,
    UpTo: _up_to,
    RankBlind: _rank_blind,
    AtMost: _at_most,
    Hide: _hide,
    Require: _require,
    Cap: _cap,
    Quiet: _quiet,
}


def _names(limit: Hide | Require, catalog: Catalog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    policy = catalog.policy
    found: list[tuple[str, ...]] = []
    for words, names, known in (
        ("attributes", limit.attributes, {attribute.name for attribute in policy.attributes}),
        ("purposes", limit.purposes, {purpose.name for purpose in policy.purposes}),
    ):
        need(are_texts(names) and known.issuperset(names), f"its {words} are not all in the policy")
        found.append(tuple(names))
    return found[0], found[1]


def _scope(scope: object) -> Scope:
    if type(scope) is not Scope or type(scope.bits) is not int or scope.bits < 0:
        raise PluginError(": its scope is not a Scope")
    return Scope(scope.bits)


def _words(words: object, what: str) -> str:
    if type(words) is not str or len(words) > _WORDS_MAX_CHARS or not words.isprintable():
        raise PluginError(f": its {what} is not a line of text")
    return words
