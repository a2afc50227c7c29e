"""The officers' console: server-rendered pages over the same services and rules as the HTTP interface, no script.

`install_console` puts it into the application. Every page asks again who is signed in and what he may; GET changes
nothing; every form carries a token of its session.
"""

from __future__ import annotations

from node.console.installing import install_console

__all__ = ["install_console"]
