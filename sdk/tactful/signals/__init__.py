"""What a browser or an app says of privacy: Global Privacy Control, TC strings, GPP strings. Any no wins.

>>> from tactful.signals import Signals
>>> Signals.of([("Sec-GPC", "1")]).gpc
True
"""

from .asked import Signals, gpc
from .gpp import GppString, OptOuts
from .tcf import PublisherPurposes, Restriction, TcString

__all__ = ["GppString", "OptOuts", "PublisherPurposes", "Restriction", "Signals", "TcString", "gpc"]
