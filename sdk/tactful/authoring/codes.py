"""Every kind of mistake that a policy can have, by its code. A mistake without a code here cannot be noted."""

from collections.abc import Mapping
from typing import Final

#: What each code says; docs/errors.md explains them, and tests hold a sample of each.
CODES: Final[Mapping[str, str]] = {
    # the folder and its files
    "folder": "the folder is not there, cannot be read, or is no policy's",
    "file-size": "a file is too large",
    "file-text": "a file or a text holds characters that are not allowed",
    "yaml-syntax": "the file is not YAML",
    "yaml-feature": "anchors, aliases and tags are not read",
    "yaml-depth": "keys or lists are nested too deep",
    "too-many": "there are more mistakes than are told at once",
    # keys and what stands under them
    "missing-section": "the policy lacks a section",
    "unknown-key": "there is no such key or section",
    "missing-key": "a key is needed",
    "duplicate": "a key, a name or an id is there twice",
    "name": "a name has characters that it must not have",
    "type": "what stands there is of another type",
    "choice": "the word is not one of those that can stand there",
    "quotes": "a text with braces needs quotes",
    # names that must exist
    "unknown-attribute": "there is no such attribute in the profile",
    "unknown-channel": "there is no such channel",
    "unknown-context": "there is no such attribute in the context",
    "unknown-identifier": "there is no such identifier",
    "unknown-offer": "there is no such offer",
    "unknown-persona": "there is no such persona",
    "unknown-placement": "there is no such placement",
    "unknown-purpose": "there is no such purpose",
    "unknown-segment": "there is no such segment",
    "unknown-tactic": "there is no such tactic",
    "unknown-topic": "there is no such topic",
    "ask": "",
    "checked-by": "an attribute names one that cannot tell whether it is right",
    "cycle": "topics, purposes, attributes or segments go round in a circle",
    "chain": "topics, purposes, attributes or segments build on one another too deep",
    # offers
    "zone": "there is no such time zone",
    "period": "a day, a time or a period cannot be read, or does not exist",
    "content": "a treatment says nothing",
    "no-plain-treatment": "an offer has no treatment for those of whom nothing is known",
    "language": "a text lacks the default language, or has one that the policy does not speak",
    "braces": "a brace is not closed, or not opened",
    "link": "a link has no address that is written out",
    "number": "a number field shows something else",
    "signed": "a text, or the offer's rules, were edited after it was signed",
    "approval": "an approval is of a tactic that the offer does not use, or nobody is named",
    "reader": "an offer reads an attribute that its department may not read",
    "holdout": "the holdouts lack their key, or take more customers than they may",
    "events": "what the policy takes from events cannot be meant",
    "trigger": "a trigger's placement, event or properties cannot be meant",
    "csv-file": "there is no such CSV file, or it cannot be read",
    "csv-column": "a column is not there, or there twice",
    "csv-row": "a row has another number of columns, or there are too many rows",
    # rules
    "rule-syntax": "a rule cannot be read",
    "rule-name": "a variable or function does not exist",
    "rule-type": "a value in a rule has the wrong type",
    "rule-literal": "a moment, duration or time zone in a rule does not exist",
    "rule-subset": "a rule is CEL, but outside the subset",
    "rule-limit": "a rule is too long, too deep or too costly",
    # guardrails, ranking, tests
    "guardrail": "there is no such guardrail, or it cannot work with this policy",
    "ranker": "there is no such ranker, or it cannot work with this policy",
    "enricher": "there is no such enricher, or it cannot work with this policy",
    "setting": "a guardrail, a ranker or an enricher has no such setting, or refuses its value",
    "ranking": "the bounds of affinities contradict each other",
    "contradiction": "something can be written and cannot be meant: a number out of range, say",
    "expectation": "a test expects nothing",
}
