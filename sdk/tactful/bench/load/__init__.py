"""What decisions cost beside other work: `tactful load`. Nothing here judges a figure."""

from .calls import Calls
from .holding import Held, Kept
from .run import Effort, Report, run
from .swapping import Swapped

__all__ = ["Calls", "Effort", "Held", "Kept", "Report", "Swapped", "run"]
