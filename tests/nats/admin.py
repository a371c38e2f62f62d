"""What somebody else does at a NATS server, with a client of their own."""

import asyncio


def at_server(url, work):
    """Do something at the server of a URL: `work` is given its JetStream."""
    import nats  # noqa: PLC0415 - an extra

    async def do():
        connection = await nats.connect(url.rpartition("/")[0], allow_reconnect=False)
        try:
            return await work(connection.jetstream())
        finally:
            await connection.close()

    return asyncio.run(do())


def events_on_record(url):
    """Return how many events the centre of a URL has on record."""

    async def count(js):
        name = url.partition("?")[0].rpartition("/")[2]
        return (await js.stream_info(f"{name}_events")).state.messages

    return at_server(url, count)
