"""The one ladder: how much a message shows that it knows. It knows no customer and no offer."""

import enum


class Familiarity(enum.IntEnum):
    """
    How much a message shows that it knows, from nothing to the person.

    It labels a treatment twice: its *tone* (what its text reads) and its *basis* (what selects it).

    >>> Familiarity.GENERIC < Familiarity.CONTEXT < Familiarity.SEGMENT < Familiarity.PERSONAL
    True
    """

    #: Reads nothing.
    GENERIC = 0
    #: Reads only page, place or time.
    CONTEXT = 1
    #: Reads only segments that are large enough.
    SEGMENT = 2
    #: Reads an attribute of the profile.
    PERSONAL = 3
