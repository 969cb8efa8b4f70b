"""A line of limited speed between a browser and a server on this machine."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

BLOCK = 16 * 1024
BURST_S = 0.05  # what a busy processor slept too long is made good


@contextmanager
def slow_line(address: str, mbit_s: float) -> Iterator[str]:
    """A second address of the server at `address`; all that comes from it shares `mbit_s`."""
    target = urlsplit(address)
    line = _Line(str(target.hostname), int(target.port or 80), mbit_s * 1e6 / 8)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    listening = asyncio.start_server(line.join, "localhost", 0)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result()
    try:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}/"
    finally:
        loop.call_soon_threadsafe(server.close)


class _Line:
    def __init__(self, host: str, port: int, bytes_s: float) -> None:
        self.host, self.port, self.bytes_s = host, port, bytes_s
        self.free_at = 0.0  # when all that was sent will have gone through

    async def join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, out = await asyncio.open_connection(self.host, self.port)
        await asyncio.gather(self._pass(near, out, slow=False), self._pass(far, back, slow=True))

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slow: bool
    ) -> None:
        try:
            while block := await source.read(BLOCK):
                if slow:
                    now = time.monotonic()
                    self.free_at = max(self.free_at, now - BURST_S) + len(block) / self.bytes_s
                    await asyncio.sleep(max(self.free_at - now, 0))
                sink.write(block)
                await sink.drain()
        except ConnectionError:
            pass  # either side hung up
        finally:
            sink.close()
