"""The one settings file of a node, `node.toml`: typed, frozen, refused on unknown keys.

Secrets are paths, never values. Nothing is created implicitly: a missing file is an error whose text is
the command that makes it. Paths inside are relative to the node's directory unless absolute.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from anchor.files import write_atomically
from anchor.finality import parse_finality
from anchor.pins import Pins
from node.swapping import finish_swap
from rootseal.commitment import Home
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import address_text, parse_address
from rootseal.microcredential.countries import COUNTRIES

__all__ = ["CONFIG_NAME", "NODE_FORMAT", "NodeConfig", "read_config", "write_config"]

CONFIG_NAME: Final = "node.toml"
NODE_FORMAT: Final = "rootseal/node/1"
TEST_CHAINS: Final = frozenset({1337, 31337, 31338})
_MAX_BYTES: Final = 64 * 1024
_DAY: Final = 86_400
_HASH: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_URL: Final = re.compile(r"https?://[!-~]+", re.ASCII)
_SHOWN_URL: Final = re.compile(
    r"(?:https://[A-Za-z0-9.-]+|https?://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?:[/?][!-~]*)?", re.ASCII
)
_WEB: Final = re.compile(r"https://[!-~]+", re.ASCII)
_SMTP_URL: Final = re.compile(r"smtps?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*/=?^_`{|}~+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_PUBLIC_URL: Final = re.compile(r"https://([a-z0-9.-]+)(?::([0-9]{1,5}))?", re.ASCII)

Check = Callable[[str, Any], Any]


def _setting(doc: str, check: Check, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"doc": doc, "check": check})


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 512:
        raise ConfigError(key, "must be a text of 1 to 512 printable characters", value)
    return value


def _name(key: str, value: Any) -> str:
    text = _text(key, value)
    if len(text.encode()) > 128:
        raise ConfigError(key, "has more than the 128 bytes that the ledger takes", value)
    return text


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(key, "must be true or false", value)
    return value


def _whole(low: int, high: int) -> Check:
    def check(key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ConfigError(key, f"must be a whole number from {low} to {high}", value)
        return value

    return check


def _matching(pattern: re.Pattern[str], problem: str) -> Check:
    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > 256 or pattern.fullmatch(value) is None:
            raise ConfigError(key, problem, value)
        return value

    return check


def _one_of(*known: str) -> Check:
    def check(key: str, value: Any) -> str:
        if value not in known:
            raise ConfigError(key, f"must be one of {', '.join(known)}", value)
        return str(value)

    return check


def _urls(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 8:
        raise ConfigError(key, "must be a list of 1 to 8 addresses", value)
    return tuple(_matching(_URL, "must begin with http:// or https://")(key, url) for url in value)


def _shown_urls(key: str, value: Any) -> tuple[str, ...]:
    """What every visitor's browser is told to ask: no name and password, and no plain http beyond this machine."""
    if not isinstance(value, list | tuple) or len(value) > 8 or len(set(map(str, value))) < len(value):
        raise ConfigError(key, "must be a list of at most 8 different addresses", value)
    problem = "must begin with https:// (http:// only for this machine), and hold no name or password before the host"
    return tuple(_matching(_SHOWN_URL, problem)(key, url) for url in value)


def _smtp_url(key: str, value: Any) -> str:
    return str(_matching(_SMTP_URL, "must be smtp:// or smtps://, a host, and perhaps a port")(key, value))


def _mailbox(key: str, value: Any) -> str:
    return str(_matching(_MAILBOX, "must be one plain e-mail address, for example registrar@uni.example")(key, value))


def _hash(key: str, value: Any) -> bytes:
    if not isinstance(value, str) or _HASH.fullmatch(value) is None:
        raise ConfigError(key, "must be 0x and 64 lower-case hexadecimal digits", value)
    return bytes.fromhex(value[2:])


def _address(key: str, value: Any) -> bytes:
    try:
        return parse_address(value, key)
    except InputError as error:
        raise ConfigError(key, error.problem, value) from error


def _country(key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in COUNTRIES:
        raise ConfigError(key, "must be an ISO 3166-1 alpha-2 code, for example IE", value)
    return value


def _finality(key: str, value: Any) -> str:
    text = _text(key, value)
    parse_finality(text, key)
    return text


def _format(key: str, value: Any) -> str:
    if value != NODE_FORMAT:
        raise ConfigError(key, f"must be {NODE_FORMAT}; another version of rootseal wrote this file", value)
    return NODE_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """All settings. `ledger` to `issuer` are None until `node init` has deployed and registered."""

    format: str = _setting("Version of this file.", _format, NODE_FORMAT)
    test: bool = _setting("True for a rehearsal on a test chain: everything made says TEST.", _flag)
    name: str = _setting("Name of the institution as documents carry it; at most 128 bytes.", _name)
    country: str | None = _setting("Country of the institution, ISO 3166-1 alpha-2.", _country, None)
    url: str | None = _setting(
        "Web address of the institution (https).", _matching(_WEB, "must begin with https://"), None
    )
    public_url: str | None = _setting(
        "Where this node's public pages are reached (https, no path); it makes the issuer a did:web.",
        _matching(_PUBLIC_URL, "must be https:// and a host name in small letters, without a path"),
        None,
    )
    chain_urls: tuple[str, ...] = _setting("JSON-RPC endpoints, the first preferred.", _urls)
    public_chain_urls: tuple[str, ...] = _setting(
        "JSON-RPC endpoints that every visitor of /verify is shown and asks; no private key in them.", _shown_urls, ()
    )
    chain_id: int = _setting("EIP-155 chain id; pinned.", _whole(1, (1 << 63) - 1))
    genesis_hash: bytes = _setting("Hash of block 0, 0x…; pinned: chain ids are not unique.", _hash)
    finality: str = _setting("When a block is final: `tag`, or `depth:N` blocks on top.", _finality, "tag")
    ledger: bytes | None = _setting("Address of the ledger contract, 0x…; pinned.", _address, None)
    ledger_code_hash: bytes | None = _setting("Keccak-256 of the ledger's runtime code, 0x…; pinned.", _hash, None)
    deployment_block: int | None = _setting(
        "Block that created the ledger: where events are searched from.", _whole(0, (1 << 53) - 1), None
    )
    credits_contract: bytes | None = _setting(
        "Address of the credits contract of the ledger, 0x…; set by `node credits deploy`.", _address, None
    )
    credits_code_hash: bytes | None = _setting(
        "Keccak-256 of the credits contract's runtime code, 0x…; pinned.", _hash, None
    )
    issuer: int | None = _setting("Number of this issuer in the ledger.", _whole(1, (1 << 53) - 1), None)
    key_file: str = _setting("Keystore (v3) of the node's key, which anchors and writes status.", _text, "key.json")
    passphrase_file: str | None = _setting(
        "File whose first line is the passphrase of both keys; absent: asked for.", _text, None
    )
    log_key_file: str = _setting("Ed25519 key that signs the published log's checkpoints.", _text, "log-key.json")
    grace_seconds: int = _setting("Seconds before an accepted entry is sealed by itself.", _whole(0, 30 * _DAY), 900)
    seal_interval_seconds: int = _setting("Seconds between two seals, at least.", _whole(0, _DAY), 5)
    second_approver: bool = _setting("True: nothing is sealed before a second person approved it.", _flag, False)
    anchor_interval_seconds: int = _setting(
        "Anchor when entries wait and so many seconds have passed since the last anchor.", _whole(0, 30 * _DAY), 3600
    )
    anchor_count: int = _setting("Anchor earlier when so many entries wait; 0: never.", _whole(0, 1 << 32), 0)
    anchor_oldest_seconds: int = _setting(
        "Anchor earlier when a sealed entry has waited so long; 0: never.", _whole(0, 30 * _DAY), 0
    )
    anchor_max_gas_price: int = _setting(
        "Wait while the chain asks more, wei per gas, until half of a promise's time is over; 0: never wait.",
        _whole(0, 1 << 62),
        0,
    )
    promise_seconds: int = _setting(
        "Seconds from sealing to the promised anchor (anchorBy = signedAt + this).", _whole(60, 90 * _DAY), _DAY
    )
    max_fee_per_gas: int = _setting("The most to offer, wei per gas.", _whole(0, (1 << 62)), 500 * 10**9)
    http_host: str = _setting("Address that `node run` listens on.", _text, "127.0.0.1")
    http_port: int = _setting("Port that `node run` listens on; 0 takes a free one.", _whole(0, 65_535), 8080)
    trusted_proxies: int = _setting(
        "Web servers before this one whose X-Forwarded-For is believed; 0: none is.", _whole(0, 8), 0
    )
    requests_per_token: int = _setting("Requests a minute for each token; 0: no limit.", _whole(0, 10**6), 6000)
    requests_per_address: int = _setting(
        "Requests a minute for each address without a token; 0: no limit.", _whole(0, 10**6), 600
    )
    share_links: bool = _setting(
        "True: anybody may leave locked files here for links, 256 KiB each, 90 days at most.", _flag, False
    )
    smtp_url: str | None = _setting("Mail server: smtp://HOST:587 (STARTTLS) or smtps://HOST:465.", _smtp_url, None)
    smtp_plain: bool = _setting("True: mail and password travel unencrypted, also to another machine.", _flag, False)
    smtp_user: str | None = _setting("Name to log in to the mail server with; absent: no login.", _text, None)
    smtp_password_file: str | None = _setting("File whose first line is that login's password.", _text, None)
    mail_from: str | None = _setting("Address that mail comes from.", _mailbox, None)
    mail_reply_to: str | None = _setting("Address for learners' answers; absent: mail_from.", _mailbox, None)
    mail_bounce_address: str | None = _setting(
        "Mailbox for mail that comes back; each mail adds +TOKEN to it. Absent: mail_from, without a token.",
        _mailbox,
        None,
    )
    mail_template: str | None = _setting("Text of the mail (UTF-8); absent: the one in mail_language.", _text, None)
    mail_language: str = _setting(
        "Language of the mail without mail_template: en, de or sl.", _one_of("en", "de", "sl"), "en"
    )
    mail_carries: str = _setting(
        "What a mail brings: the `file`, or a `link` to fetch it once.", _one_of("file", "link"), "file"
    )
    mail_on_final: bool = _setting("True: `node run` mails each credential once its anchor is final.", _flag, False)
    claim_days: int = _setting("Days before a claim link expires.", _whole(1, 366), 30)
    webhook_log_days: int = _setting("Days for which it is kept what webhooks were told.", _whole(4, 3660), 90)

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value is not None or _required(setting):
                setting.metadata["check"](setting.name, _toml_value(value))
        if self.issuer is not None and (self.ledger is None or self.ledger_code_hash is None):
            raise ConfigError("issuer", "needs ledger and ledger_code_hash beside it", self.issuer)
        if self.chain_id in TEST_CHAINS and not self.test:
            raise ConfigError("test", f"must be true: chain {self.chain_id} is a development chain", self.test)

    @property
    def home(self) -> Home:
        """The log's home. Raises `ConfigError` while registration is unfinished."""
        if self.ledger is None or self.issuer is None:
            raise ConfigError("issuer", "registration is not finished; run `rootseal node init DIR` again")
        return Home(self.chain_id, self.ledger, self.issuer)

    @property
    def pins(self) -> Pins:
        """What the chain must show before anything is believed or sent."""
        return Pins(self.chain_id, self.genesis_hash, self.ledger, self.ledger_code_hash)

    @classmethod
    def from_toml(cls, text: str) -> NodeConfig:
        """Strictly read. Raises `ConfigError` naming an unknown, missing or wrong key."""
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(CONFIG_NAME, f"is not TOML: {error}") from error
        settings = {setting.name: setting for setting in fields(cls)}
        for key in found:
            if key not in settings:
                raise ConfigError(key, f"is no setting of {CONFIG_NAME}; known are {', '.join(settings)}", found[key])
        for key, setting in settings.items():
            if key not in found and (_required(setting) or key == "format"):
                raise ConfigError(key, f"is missing in {CONFIG_NAME}")
        return cls(**{key: settings[key].metadata["check"](key, value) for key, value in found.items()})

    def to_toml(self) -> str:
        """The inverse of `from_toml`, each setting under a line that says what it is."""
        lines = ["# Settings of a Rootseal node. Unknown keys are refused; secrets are paths, never values."]
        for setting in fields(self):
            value = getattr(self, setting.name)
            lines.append(f"\n# {setting.metadata['doc']}")
            lines.append(f"# {setting.name} =" if value is None else f"{setting.name} = {_toml(_toml_value(value))}")
        return "\n".join(lines) + "\n"


def read_config(directory: Path) -> NodeConfig:
    """The settings in `directory`. Raises `ConfigError`, with the command where there are none."""
    finish_swap(directory)  # keys and passphrase belong together: an interrupted change is finished first
    path = directory / CONFIG_NAME
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        problem = "there is no node here; make one with `rootseal node init DIR --chain-url URL --name NAME`"
        raise ConfigError(CONFIG_NAME, problem, str(directory)) from None
    except OSError as error:
        raise ConfigError(CONFIG_NAME, f"cannot be read: {error.strerror}", str(path)) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(CONFIG_NAME, f"is larger than {_MAX_BYTES} bytes", str(path))
    try:
        return NodeConfig.from_toml(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(CONFIG_NAME, f"is not UTF-8 at byte {error.start}", str(path)) from error


def write_config(directory: Path, config: NodeConfig) -> None:
    """Write `node.toml` in one step: a crash leaves the old file or the new one. Raises `ConfigError`."""
    path = directory / CONFIG_NAME
    try:
        write_atomically(path, config.to_toml().encode(), mode=0o644)
    except OSError as error:
        raise ConfigError(CONFIG_NAME, f"cannot be written: {error.strerror}", str(path)) from error


def _required(setting: Field[Any]) -> bool:
    return setting.default is MISSING


def _toml_value(value: Any) -> Any:
    """The value as it stands in the file."""
    if isinstance(value, bytes):
        return address_text(value) if len(value) == 20 else "0x" + value.hex()
    return list(value) if isinstance(value, tuple) else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # Printable text only: quote and backslash are all that a basic string must escape.
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
