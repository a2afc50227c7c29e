"""Where the user's own policy is: the file named, else the config folder, else none (XDG Base Directory)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rootseal.errors import ConfigError, InputError
from rootseal.policy import Policy, format_policy, parse_policy, parse_trust
from wallet.disk import read_file, write_atomically

__all__ = ["default_policy_path", "load_policy", "own_policy", "read_policy", "write_policy"]

_LIMIT = 1 << 20


def default_policy_path() -> Path:
    """`$XDG_CONFIG_HOME/rootseal/policy.toml`, else below `~/.config`. Raises `ConfigError` without a home."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    if Path(given).is_absolute():  # the specification ignores relative ones
        return Path(given) / "rootseal" / "policy.toml"
    try:
        return Path.home() / ".config" / "rootseal" / "policy.toml"
    except RuntimeError as error:
        raise ConfigError("HOME", "is not set, so there is no config folder: use --policy FILE") from error


def load_policy(named: Path | None, trusts: Sequence[str]) -> Policy | None:
    """The policy named, else the user's own, and every `--trust` on top; None where nothing was said.

    Raises `ConfigError` or `InputError` naming the setting, or the file where one was named and is missing.
    """
    path = default_policy_path() if named is None else named
    policy = read_policy(path) if named is not None or path.exists() else None
    for trust in trusts:
        policy = (policy or Policy()).with_trust(parse_trust(trust))
    return policy


def own_policy() -> Policy | None:
    """The user's own policy, for what is said beside something else: None where there is none, or none that reads."""
    try:
        return load_policy(None, ())
    except (ConfigError, InputError):
        return None


def read_policy(path: Path) -> Policy:
    """Read strictly. Raises `ConfigError` naming file and setting."""
    data = read_file(path, _LIMIT)
    if len(data) > _LIMIT:
        raise InputError(str(path), f"is larger than {_LIMIT} bytes")
    try:
        return parse_policy(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "is not UTF-8") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.key}", str(error).removeprefix(f"{error.key}: ")) from error


def write_policy(path: Path, policy: Policy) -> None:
    """Write what is certain to be read back as the same policy, in one step."""
    text = format_policy(policy)
    if parse_policy(text) != policy:
        raise ConfigError("policy", "cannot be written so that it reads back the same")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(path.parent), f"cannot be made: {error.strerror}") from error
    write_atomically(path, text.encode())
