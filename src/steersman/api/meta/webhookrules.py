"""How a webhook is reached: what makes its URL or its Service wrong.

Source: apiserver/pkg/util/webhook/validation.go.
"""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from steersman.apimachinery.fielderrors import invalid_value, invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain, port_number
from steersman.apimachinery.status import Cause

ONE_WAY = "exactly one of url or service is required"
_FORM = "; desired format: https://host[/path]"


def url_faults(url: str, path: Path) -> Iterable[Cause]:
    """A host by https, and a path at most."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield required(path, f"url must be a valid URL: {error}{_FORM}")
        return
    if parts.scheme != "https":
        yield invalid_value(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    host = parts.netloc.rpartition("@")[2]
    if not host:
        yield invalid_value(path, host, f"host must be specified{_FORM}")
    yield from _extras(parts, path)


def _extras(parts: SplitResult, path: Path) -> Iterable[Cause]:
    user, at, _ = parts.netloc.rpartition("@")
    if at:
        yield invalid_value(path, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid_value(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid_value(path, parts.query, "query parameters are not permitted in the URL")


def service_faults(url_path: str | None, port: int | None, path: Path) -> Iterable[Cause]:
    """A Service's port and path; that it has namespace and name is said by its fields' markers."""
    if port is not None and (errors := port_number(port)):
        yield invalid_value(path.child("port"), port, f"port is not valid: {', '.join(errors)}")
    if url_path is None or url_path in ("", "/"):
        return
    where = path.child("path")
    if url_path == "//":
        yield invalid_value(where, url_path, "segment[0] may not be empty")
        return
    if not url_path.startswith("/"):
        yield invalid_value(where, url_path, "must start with a '/'")
    for position, step in enumerate(url_path[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid_value(where, url_path, f"segment[{position}] may not be empty")
        else:
            why = [f"segment[{position}]: {error}" for error in dns1123_subdomain(step)]
            yield from invalid_values(where, url_path, why)
