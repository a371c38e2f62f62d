"""The section `triggers` as a table: which event asks which placement, how often at most, and by which port."""

from typing import Final

from ..triggers import NAMED
from .format_types import COUNT, DURATION, ID, RULE, TEXT, name_of, one_of
from .records import Key, Record, mapping

TRIGGER: Final = Record(
    "trigger",
    {
        "event": Key(TEXT, "the name of the event that starts it", required=True),
        "kind": Key(
            one_of({kind.value: kind for kind in NAMED}, "kind of event"), "which kind it is", default="`track`"
        ),
        "when": Key(RULE, "only if this is surely true; it reads context and time only", default="whenever it comes"),
        "properties": Key(
            mapping(ID, "attributes of the context"),
            "which of its properties are which attributes of the context, by property",
            default="none is known",
        ),
        "placement": Key(name_of("placement"), "what is asked; its channel is `outbound`", required=True),
        "port": Key(ID, "by which the answer goes out, by the name that the application gives it", required=True),
        "lasts": Key(DURATION, "so long after the event there is something to say", default="`6h`"),
        "count": Key(COUNT, "so often at most it starts something for a customer…", default="`1`"),
        "within": Key(DURATION, "… within this time", default="`1h`"),
    },
)
