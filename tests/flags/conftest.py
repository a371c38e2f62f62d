"""An edge whose placements are the flags of OpenFeature's own scenarios, and a shop."""

import pytest

import tactful
from tactful.authoring import compile_files

#: The flags that the scenarios of OpenFeature's specification evaluate, by their names, types, variants and values
#: (open-feature/spec, specification/assets/gherkin/test-flags.json).
VALUES = {
    "boolean-flag": ("on", "true"),
    "string-flag": ("greeting", "hi"),
    "integer-flag": ("ten", "10"),
    "float-flag": ("half", "0.5"),
    "object-flag": ("template", '{{"showImages": true, "title": "Check out these pics!", "imagesPerPage": 100}}'),
    "boolean-zero-flag": ("zero", "false"),
    "string-zero-flag": ("zero", '""'),
    "integer-zero-flag": ("zero", "0"),
    "float-zero-flag": ("zero", "0.0"),
    "object-zero-flag": ("zero", "{{}}"),
    "large-integer-flag": ("max-int32", "2147483647"),
    "huge-integer-flag": ("max-safe", "9007199254740991"),
    "wrong-flag": ("one", "uno"),
}
TARGETED = {
    "boolean-targeted-zero-flag": "false",
    "string-targeted-zero-flag": '""',
    "integer-targeted-zero-flag": "0",
    "float-targeted-zero-flag": "0.0",
    "object-targeted-zero-flag": "{{}}",
}
SHOP = """
channels: {flags: {privacy: private, escape: none}}
context: {email: text, customer: bool, targeting_key: text, page: text}
purposes: {service: contract, offers: consent}
topics: {flags: {}, food: {}}
identifiers: {card: person}
profile:
  shop:
    all: {owner: crm, purpose: offers}
    visits: {type: int, say: how often you visit}
caps: {olives_once: {of: offer, count: 1, within: 7d}}
"""


def policy(change="one"):
    places = [
        *VALUES,
        *TARGETED,
        "context-aware",
        "metadata-flag",
        "targeting-key-flag",
        "disabled-flag",
        "hero",
        "row",
    ]
    lines = [SHOP, "placements:"]
    lines += [
        f"  {name}: {{channel: flags, slots: {2 if name == 'row' else 1}}}" for name in (*places, "changing-flag")
    ]
    lines += ["offers:", "  all: {intent: inform, topic: flags, purpose: service}"]

    def offer(id_, place, treatment, more=""):
        lines.append(f"  {id_}: {{placements: [{place}], {more}treatments: [{treatment}]}}")

    for name, (variant, value) in VALUES.items():
        offer(name.replace("-", "_"), name, f"{{id: {variant}, value: '{value}'}}")
    for name, value in TARGETED.items():
        plain = name.replace("-", "_")
        when = "when: 'context.email == \"ballmer@macrosoft.com\"', value: 2, "
        offer(f"{plain}_hit", name, f"{{id: zero, value: '{value}'}}", when)
        offer(plain, name, f"{{id: zero, value: '{value}'}}")
    offer("internal", "context-aware", "{id: internal, value: INTERNAL}", "when: '!context.customer', value: 2, ")
    offer("external", "context-aware", "{id: external, value: EXTERNAL}")
    metadata = "{id: on, value: 'true', string: 1.0.2, integer: '2', float: '0.1', boolean: 'true'}"
    offer("metadata", "metadata-flag", metadata)
    key = "5c3d8535-f81a-4478-a6d3-afaa4d51199e"
    offer(
        "hit", "targeting-key-flag", "{id: hit, value: hit}", f"when: 'context.targeting_key == \"{key}\"', value: 2, "
    )
    offer("miss", "targeting-key-flag", "{id: miss, value: miss}")
    offer("changing", "changing-flag", f"{{value: {change}}}")
    sold = "intent: sell, topic: food, purpose: offers, "
    offer("thanks", "hero, row", "Thank you for coming so often", sold + "when: profile.visits >= 6, value: 3, ")
    offer("olives", "hero, row", "Olives half price", sold)
    return compile_files({"policy.yaml": "\n".join(lines).encode()})


@pytest.fixture
def policy_of():
    """What makes the policy, whose `changing-flag` has another value when told so."""
    return policy


@pytest.fixture
def edge():
    opened = tactful.open(policy())
    yield opened
    opened.close()
