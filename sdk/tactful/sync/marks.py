"""How far an edge has followed each line: epochs in the store's registers, which only rise. It asks no centre."""

import attrs

from ..changes import Line
from ..ports import Registers

#: The register of a line's epoch, whose name follows.
EPOCH_REGISTER = "centre-epoch/"


@attrs.frozen
class Marks:
    """The epochs up to which everything is in the store, for all processes that share it."""

    registers: Registers

    def epoch(self, line: Line) -> int:
        """Return the epoch up to which a line is in the store; 0 before the first, and if the mark is damaged."""
        mark = self.registers.register(EPOCH_REGISTER + line) or b"0"
        return int(mark) if mark.isdigit() else 0  # to begin anew does no harm: what is newer stays

    def rise(self, line: Line, epoch: int) -> int:
        """Keep that a line is in the store up to an epoch; return the highest mark of all processes."""
        return self.registers.raise_register(EPOCH_REGISTER + line, epoch)
