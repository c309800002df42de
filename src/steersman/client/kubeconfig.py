"""kubeconfig files: where the API server is and how to prove who we are.

Source: client-go tools/clientcmd. Files named in a kubeconfig are relative to it; inline data wins over files.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEFAULT_PATH = Path("~/.kube/config")


class KubeconfigError(ValueError):
    """The file is missing, is no kubeconfig, or names what it doesn't contain."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client certificate with its key, or a bearer token; token_file is read again when it changes."""

    cert_pem: bytes | None = None
    key_pem: bytes | None = None
    token: str = ""
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One cluster and one identity."""

    server: str
    ca_pem: bytes | None = None
    credentials: Credentials = Credentials()
    namespace: str = "default"
    is_insecure: bool = False
    tls_server_name: str = ""


def default_path(environ: Mapping[str, str]) -> Path:
    """KUBECONFIG's first entry, or ~/.kube/config."""
    listed = environ.get("KUBECONFIG", "")
    first = next((entry for entry in listed.split(os.pathsep) if entry), "")
    return Path(first) if first else DEFAULT_PATH.expanduser()


def load(path: Path, context: str = "") -> ClientConfig:
    """The configuration of a context, the current one when none is named. Reads files."""
    document = _read(path)
    name = context or str(document.get("current-context") or "")
    chosen = _named(document, "contexts", "context", name)
    cluster = _named(document, "clusters", "cluster", str(chosen.get("cluster", "")))
    user = _named(document, "users", "user", str(chosen.get("user", ""))) if chosen.get("user") else {}
    token_file = user.get("tokenFile")
    return ClientConfig(
        server=str(cluster.get("server", "")),
        ca_pem=_data(cluster, "certificate-authority", path),
        credentials=Credentials(
            cert_pem=_data(user, "client-certificate", path),
            key_pem=_data(user, "client-key", path),
            token=str(user.get("token") or ""),
            token_file=path.parent / token_file if token_file else None,
        ),
        namespace=str(chosen.get("namespace") or "default"),
        is_insecure=bool(cluster.get("insecure-skip-tls-verify")),
        tls_server_name=str(cluster.get("tls-server-name") or ""),
    )


def in_cluster(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> ClientConfig:
    """What a pod finds: the API server's address in its environment, token and CA in a mounted folder."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (folder / "token").exists():
        raise KubeconfigError("not running in a pod with a service account")
    address = f"[{host}]" if ":" in host else host
    namespace = folder / "namespace"
    return ClientConfig(
        server=f"https://{address}:{port}",
        ca_pem=(folder / "ca.crt").read_bytes(),
        credentials=Credentials(token_file=folder / "token"),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
    )


def render(config: ClientConfig, cluster: str, user: str) -> str:
    """The kubeconfig text of a configuration, everything inline, with one context `user@cluster`."""
    credentials = config.credentials
    context = f"{user}@{cluster}"
    identity: dict[str, Any] = {}
    if credentials.cert_pem is not None and credentials.key_pem is not None:
        identity["client-certificate-data"] = base64.b64encode(credentials.cert_pem).decode()
        identity["client-key-data"] = base64.b64encode(credentials.key_pem).decode()
    if credentials.token:
        identity["token"] = credentials.token
    if credentials.token_file is not None:
        identity["tokenFile"] = str(credentials.token_file)
    place: dict[str, Any] = {"server": config.server}
    if config.ca_pem is not None:
        place["certificate-authority-data"] = base64.b64encode(config.ca_pem).decode()
    if config.is_insecure:
        place["insecure-skip-tls-verify"] = True
    if config.tls_server_name:
        place["tls-server-name"] = config.tls_server_name
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": cluster, "cluster": place}],
        "users": [{"name": user, "user": identity}],
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": user, "namespace": config.namespace}}],
        "current-context": context,
    }
    return yaml.safe_dump(document, sort_keys=False)


def write(path: Path, text: str) -> None:
    """Put a kubeconfig in its place, whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        raise KubeconfigError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise KubeconfigError(f"{path}: not a kubeconfig")
    return document


def _named(document: Mapping[str, Any], section: str, item: str, name: str) -> Mapping[str, Any]:
    entries: Sequence[Mapping[str, Any]] = document.get(section) or ()
    for entry in entries:
        if entry.get("name") == name:
            found: Mapping[str, Any] = entry.get(item) or {}
            return found
    raise KubeconfigError(f"{item} {name!r} does not exist")


def _data(entry: Mapping[str, Any], name: str, path: Path) -> bytes | None:
    inline = entry.get(f"{name}-data")
    if inline:
        return base64.b64decode(inline)
    file = entry.get(name)
    if not file:
        return None
    try:
        return (path.parent / str(file)).read_bytes()
    except OSError as error:
        raise KubeconfigError(f"{file}: {error.strerror}") from error
