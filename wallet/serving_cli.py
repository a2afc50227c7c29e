"""`rootseal wallet serve`: the wallet as a page in your own browser, on your own machine."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from wallet.console import line

__all__ = ["serve"]


@click.command("serve")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0 takes a free one.")
@click.option("--no-open", is_flag=True, help="Print the address only; open no browser.")
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whom you trust; else your own policy.")
def serve(directory: Path, port: int, no_open: bool, rpc: str | None, policy: Path | None) -> None:
    """Show the wallet in DIR as a page that only this machine reaches, until Ctrl-C.

    The address that is printed works once, in one browser: whoever has it could use it before you. Where DIR is
    new, the page makes a wallet, or restores one.

    \b
    Examples:
      rootseal wallet serve ~/wallet
      rootseal wallet serve ~/wallet --no-open --port 8400 --rpc https://node.example

    Exit codes: 0 stopped; 2 DIR is something else, or the port is taken.
    """
    from wallet.page.serving import run_page
    from wallet.page.site import Site
    from wallet.settings import load_policy

    site = Site(directory.absolute(), load_policy(policy, ()), rpc)

    def announce(url: str) -> None:
        line(f"Your wallet, for one browser: {url}")
        line("Stop it with Ctrl-C.")
        if not no_open:
            webbrowser.open(url)

    run_page(site, port, announce)
