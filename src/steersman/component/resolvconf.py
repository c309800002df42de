"""The machine's resolver configuration: which file holds it, and what stands in it."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

ETC = Path("/etc/resolv.conf")
SYSTEMD_RESOLVED = Path("/run/systemd/resolve/resolv.conf")


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """What a resolv.conf says."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def host_resolv_conf(etc: Path = ETC, resolved: Path = SYSTEMD_RESOLVED) -> Path:
    """The machine's resolv.conf whose servers can be reached from other network namespaces. Blocks on a file.

    With systemd-resolved /etc/resolv.conf names only its stub on a loopback address, which pods haven't.
    """
    servers = read_resolv_conf(etc).servers
    is_stub = bool(servers) and all(_is_loopback(server) for server in servers)
    return resolved if is_stub and resolved.exists() else etc


def read_resolv_conf(path: Path) -> ResolvConf:
    """A file's content; empty where there is none. Blocks on a file."""
    try:
        return parse_resolv_conf(path.read_text(errors="replace"))
    except OSError:
        return ResolvConf()


def parse_resolv_conf(text: str) -> ResolvConf:
    """The content of a resolv.conf. Source: pkg/kubelet/network/dns/dns.go: parseResolvConf."""
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    for line in text.splitlines():
        words = line.split()
        match words[:1]:
            case ["nameserver"] if len(words) > 1:
                servers.append(words[1])
            case ["search"]:
                searches = tuple(name if name == "." else name.removesuffix(".") for name in words[1:])
            case ["options"]:
                options = tuple(words[1:])
    return ResolvConf(tuple(servers), searches, options)


def _is_loopback(server: str) -> bool:
    try:
        return ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False
