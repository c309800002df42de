"""Paths that aren't resources: version, health, metrics, keys, and the list of all paths."""

import platform
from collections.abc import Awaitable, Callable
from typing import Any

from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.status import unknown_resource
from steersman.apiserver.endpoints.discovery import Discovery
from steersman.apiserver.flowcontrol.dump import PREFIX, Dumps
from steersman.apiserver.http.answers import compressed, json_answer, text_answer
from steersman.apiserver.request import Query
from steersman.apiserver.reviews import TokenIssuer
from steersman.component.healthz import HealthEndpoint
from steersman.component.http.message import Request, Response
from steersman.component.metrics import CONTENT_TYPE, OPENMETRICS_TYPE, Registry
from steersman.component.processmetrics import export_build, export_process

MAJOR, MINOR = "1", "37"
GIT_VERSION = f"v{MAJOR}.{MINOR}.0+steersman"

Serve = Callable[[Request], Awaitable[Response]]


class PlainEndpoints:
    """Everything served outside of resources."""

    def __init__(  # noqa: PLR0913  # what it is put together from
        self,
        discovery: Discovery,
        health: tuple[HealthEndpoint, ...],
        metrics: Registry,
        slis: Registry,
        issuer: TokenIssuer | None,
        openapi: Callable[[str, Request], Awaitable[Response | None]],
        dumps: Dumps | None = None,
    ) -> None:
        self._dumps = dumps
        self._discovery = discovery
        self._health = {endpoint.name: endpoint for endpoint in health}
        # By path.
        self._registries = {"/metrics": metrics, "/metrics/slis": slis}
        self._issuer = issuer if issuer is not None and issuer.is_discoverable else None
        self._openapi = openapi
        self._version = encode(version_document())

    async def answer(self, path: str, request: Request) -> Response:
        """The response; NotFound for what isn't there."""
        found = await self._discovery.answer(path, request.headers.get("accept", ""))
        found = found or await self._openapi(path, request) or self._document(path)
        if found is None and path in self._registries:
            found = _measured(self._registries[path], request)
        if found is not None:
            return found
        if self._dumps is not None and path.startswith(PREFIX):
            table = self._dumps.answer(path, bool(Query(request.query).get("includeRequestDetails")))
            if table is not None:
                return text_answer(200, table)
        name, _, check = path.strip("/").partition("/")
        if name in self._health:
            return await self._healthy(self._health[name], check, Query(request.query))
        if path.startswith(("/api/", "/apis/")):
            raise unknown_resource()
        return text_answer(404, "404 page not found\n")

    def _document(self, path: str) -> Response | None:
        match path.rstrip("/"):
            case "":
                return json_answer(200, encode({"paths": self._paths()}))
            case "/version":
                return json_answer(200, self._version)
            case "/.well-known/openid-configuration" if self._issuer is not None:
                return json_answer(200, self._issuer.openid_configuration())
            case "/openid/v1/jwks" if self._issuer is not None:
                body = self._issuer.jwks()
                return Response(200, (("Content-Type", "application/jwk-set+json"),), body)
            case _:
                return None

    async def _healthy(self, endpoint: HealthEndpoint, check: str, query: Query) -> Response:
        if check:
            one = await endpoint.answer_one(check)
            return text_answer(one.status, one.text) if one else text_answer(404, "404 page not found\n")
        answer = await endpoint.answer("verbose" in query, query.all("exclude"))
        return text_answer(answer.status, answer.text)

    def _paths(self) -> list[str]:
        paths = [*self._discovery.paths, *self._registries, "/openapi/v2", "/openapi/v3", "/version"]
        for endpoint in self._health.values():
            paths += [f"/{endpoint.name}", *(f"/{endpoint.name}/{name}" for name in endpoint.names)]
        if self._issuer is not None:
            paths += ["/.well-known/openid-configuration", "/openid/v1/jwks"]
        return sorted(paths)


def _measured(registry: Registry, request: Request) -> Response:
    """The metrics, in the form the client asks for."""
    is_open = "application/openmetrics-text" in request.headers.get("accept", "")
    body = registry.render_open() if is_open else registry.render()
    answer = Response(200, (("Content-Type", OPENMETRICS_TYPE if is_open else CONTENT_TYPE),), body)
    return compressed(answer, request.headers.get("accept-encoding", ""))


def export_server(registry: Registry) -> None:
    """Show the process and what it is built of in the registry."""
    facts = version_document()
    names = ("major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler")
    export_process(registry)
    export_build(registry, *(facts[name] for name in names), facts["platform"])
    registry.count_itself()


def version_document() -> dict[str, Any]:
    """What kubectl version shows; emulation fields as since 1.33."""
    return {
        "major": MAJOR, "minor": MINOR, "emulationMajor": MAJOR, "emulationMinor": MINOR,
        "minCompatibilityMajor": MAJOR, "minCompatibilityMinor": str(int(MINOR) - 1),
        "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"python{platform.python_version()}", "compiler": "cpython", "platform": _platform(),
    }  # fmt: skip


def _platform() -> str:
    machine = platform.machine()
    return f"linux/{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"
