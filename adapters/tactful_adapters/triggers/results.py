"""What became of events that could start something, and of notes whose time had come."""

import enum

import attrs


class Started(enum.Enum):
    """What an event started."""

    #: A note waits to go out.
    WAITING = "waiting"
    #: The event did already, or others did it for the same customer as often as they may.
    REPEATED = "repeated"
    #: The trigger's condition is not surely true.
    UNMET = "unmet"
    #: There is nothing that the customer agreed to hear.
    NOTHING = "nothing"
    #: The event is too old.
    LATE = "late"
    #: The event's time is further ahead than the clocks of two hosts differ.
    AHEAD = "ahead"
    #: Nothing has the name of the trigger's port.
    NO_PORT = "no port"
    #: It is about nobody, as an id with half a character is, or no trigger's.
    NOT_MAPPED = "not mapped"
    #: Too many notes wait.
    FULL = "full"


@attrs.frozen
class Sent:
    """
    What became of notes whose time had come, each counted once.

    Attributes:
        sent: Taken.
        later: Not taken now; tried again.
        refused: Refused for good.
        doubtful: Nobody knows whether they were taken; never tried again.
        deferred: They have to wait, as in quiet hours.
        held: Nothing is to be said any more: a consent was taken back, a limit reached.
        late: Nobody wants to hear them any more.
        nowhere: There is no reference to send them to, no port any more, or an id that no store keeps.
        unknown: Consents, contacts or addresses could not be read, or an address is no reference, so nothing was said;
            tried again.
        already: Another process had them.
    """

    sent: int = 0
    later: int = 0
    refused: int = 0
    doubtful: int = 0
    deferred: int = 0
    held: int = 0
    late: int = 0
    nowhere: int = 0
    unknown: int = 0
    already: int = 0
