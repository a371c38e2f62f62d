"""The tables of docs/policy.md, as the reader of policies knows them. `python tests/docs/reference.py` renews them."""

import re
from collections.abc import Mapping
from pathlib import Path

from tactful.authoring import (
    approvals_reader,
    contact_policy,
    events_table,
    governance_tables,
    measured_table,
    periods,
    personas,
    ranking_sections,
    sections,
    tests_reader,
    triggers_table,
)
from tactful.authoring.format_types import DURATION, ID, LANGUAGE, RULE_NAME, SHARE, Type
from tactful.authoring.records import Record

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
MARKED = re.compile(r"(<!-- table: ([\w ]+) -->\n)(?:(?!<!--).*\n)*(<!-- end -->)")
RECORDS: Mapping[str, Record] = {
    "values": sections.VALUES,
    "channels": sections.CHANNEL,
    "placements": sections.PLACEMENT,
    "topics": sections.TOPIC,
    "purposes": sections.PURPOSE,
    "profile": sections.ATTRIBUTE,
    "context": sections.CONTEXT,
    "segments": sections.SEGMENT,
    "holdouts": sections.HOLDOUT,
    "expectation": governance_tables.EXPECTATION,
    "offers": sections.OFFER,
    "approvals": approvals_reader.APPROVAL,
    "run": periods.RUN,
    "treatment": sections.TREATMENT,
    "signed": sections.SIGNED,
    "ranking": ranking_sections.RANKING,
    "boost": ranking_sections.BOOST,
    "model": ranking_sections.MODEL,
    "term": ranking_sections.TERM,
    "measurement": measured_table.MEASURED,
    "events": events_table.EVENTS,
    "feed": events_table.FEED,
    "event": events_table.EVENT,
    "category": events_table.CATEGORY,
    "triggers": triggers_table.TRIGGER,
    "caps": contact_policy.CAP,
    "quiet hours": contact_policy.QUIET_HOURS,
    "personas": personas.PERSONA,
    "value": personas.VALUE,
    "consent": personas.CONSENT,
    "contact": personas.CONTACT,
    "tests": tests_reader.TEST,
    "expect": tests_reader.EXPECT,
}
#: Shorter words than those of messages, for a narrow column.
BRIEF = {
    ID.words: "a name",
    RULE_NAME.words: "a name",
    LANGUAGE.words: "a language",
    DURATION.words: "a length of time",
    SHARE.words: "a share",
    periods.ZONE.words: "a time zone",
    periods.MOMENT.words: "a moment",
}


def words_of(type_: Type[object]) -> str:
    """What may stand there, in a few words; the words of a choice as they are written."""
    words, several = type_.words.removesuffix(", or a list of such"), type_.words.endswith(", or a list of such")
    before, choice, options = words.partition("one of ")
    if choice:
        words = before + ", ".join(f"`{option}`" for option in options.split(", "))
    for long, short in BRIEF.items():
        words = words.replace(long, short)
    return f"{words}; or a list" if several else words


def table(record: Record) -> str:
    """A record's keys, in the order in which they are declared."""
    rows = ["| key | what stands there | what it means | if left out |", "|---|---|---|---|"]
    for name, key in record.keys.items():
        word = f"**`{name}`**" if name == record.short else f"`{name}`"
        rows.append(
            f"| {word} | {words_of(key.type)} | {key.meaning} | {'*needed*' if key.required else key.default or '—'} |"
        )
    return "\n".join(rows)


def renewed(page: str) -> str:
    """The page with its tables as they must be."""
    return MARKED.sub(lambda match: f"{match[1]}{table(RECORDS[match[2]])}\n{match[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
