"""Making the streams of a centre in NATS, all or none: what somebody deleted is not made anew in silence."""

from collections.abc import Mapping

from tactful import CentreError

from .nats_errors import gone, is_other
from .nats_link import NATSLink, Refusal, State
from .nats_streams import LINES, Streams, trusted


async def made(link: NATSLink, streams: Streams, first: int, replicas: int) -> None:
    """
    Make the streams if none of them was ever told anything; else see that all are there, as they must be.

    Args:
        link: The connection.
        streams: Their names.
        first: The first epoch of each line, if they are made: now [us since 1970].
        replicas: So many servers keep each, if they are made.

    Raises:
        CentreError: If some are there and others are not, or one is not as it must be.
    """
    configs = {str(config["name"]): config for config in streams.configs(first, replicas)}
    found = {name: await _found(link, name) for name in configs}
    if _lost(found):  # or others that open the same centre for the first time are making it while we look: look again
        found = {name: await _found(link, name) for name in configs}
    if lost := _lost(found):
        raise gone(lost)
    for name, state in found.items():
        if state is None:
            try:
                await link.make(configs[name])
            except Refusal as error:
                if not is_other(error):  # another one made it just now
                    raise
    for line in LINES:
        trusted((await link.state(streams.line(line))).config, 0)


def _lost(found: Mapping[str, State | None]) -> str | None:
    """Return a stream that is not there although another one has been told something."""
    missing = [name for name, state in found.items() if state is None]
    return missing[0] if missing and any(state is not None and state.epoch for state in found.values()) else None


async def _found(link: NATSLink, stream: str) -> State | None:
    try:
        return await link.state(stream)
    except CentreError as error:
        if error.code != "centre-went-back":
            raise
        return None
