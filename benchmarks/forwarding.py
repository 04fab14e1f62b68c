"""`python -m benchmarks.forwarding FROM_HOST:PORT TO_HOST:PORT…`: TCP passed on, in pairs.

The embedded servers listen on loopback alone; processes in other network namespaces reach them
through this. Like a proxy of production it drops whoever has been silent too long.
"""

import asyncio
import contextlib
import socket
import sys

SILENCE = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 3,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 15_000,
}


async def forward(source: tuple[str, int], target: tuple[str, int]) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _notice_silence(writer)
        there, back = await asyncio.open_connection(*target)
        _, waiting = await asyncio.wait(
            [asyncio.create_task(_pass(reader, back)), asyncio.create_task(_pass(there, writer))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in waiting:
            task.cancel()
        writer.close()
        back.close()

    server = await asyncio.start_server(accept, *source)
    await server.serve_forever()


def _notice_silence(writer: asyncio.StreamWriter) -> None:
    link = writer.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in SILENCE.items():
        link.setsockopt(socket.IPPROTO_TCP, option, value)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


async def main(words: list[str]) -> None:
    places = [_place(word) for word in words]
    pairs = zip(places[::2], places[1::2], strict=True)
    await asyncio.gather(*(forward(source, target) for source, target in pairs))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
