"""HTTP servers of this process, each answering in a thread of its own as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["file_server", "serving"]

_POLL_SECONDS = 0.02  # how long a stop may wait; the default is half a second


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """`server` answers; this is its URL. Afterwards, whatever failed, it is stopped, waited for and closed."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def file_server(folder: Path) -> AbstractContextManager[str]:
    """A plain web server over `folder`, as any library could run one."""
    return serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass
