"""A webhook of a test's own that decides about requests."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer

Judge = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class AccessWebhook:
    """Answers with the status that `judge` makes of a spec. code: what else than success it answers with."""

    judge: Judge = lambda spec: {"allowed": False}
    code: int = 200
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    port: int = 0

    async def handle(self, request: Request) -> Response:
        review = json.loads(await request.body(1 << 20))
        self.asked.append(review)
        answer = {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": self.judge(review["spec"])}
        return Response(self.code, (("Content-Type", "application/json"),), json.dumps(answer).encode())

    def kubeconfig(self, folder: Path) -> str:
        file = folder / f"webhook-{self.port}.yaml"
        cluster = {"server": f"http://127.0.0.1:{self.port}/decide"}
        file.write_text(
            yaml.safe_dump({
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": "api-server"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            })
        )  # fmt: skip
        return str(file)


@contextlib.asynccontextmanager
async def deciding(judge: Judge) -> AsyncIterator[AccessWebhook]:
    webhook = AccessWebhook(judge)
    server = HTTPServer(webhook.handle)
    await server.start()
    webhook.port = server.port
    try:
        yield webhook
    finally:
        await server.stop(0.1)
