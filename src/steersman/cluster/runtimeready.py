"""Waiting for a node's containerd to answer. Apart from `containerd`, as gRPC is slow to import."""

from steersman.component.clock import Clock
from steersman.component.nodecontext import NodeContext
from steersman.cri import grpc as cri
from steersman.cri.errors import Unavailable

START_SECONDS = 30.0
"""containerd answers within a second; a slow disk may take far longer."""
_POLL_SECONDS = 0.01


class ContainerdNotReady(Exception):
    """containerd did not answer in time."""


async def wait_ready(context: NodeContext, clock: Clock) -> None:
    """Return when containerd answers CRI calls; it opens its socket a little before."""
    deadline = clock.monotonic() + START_SECONDS
    while True:
        try:
            runtime = await cri.connect(context.containerd.socket)
        except Unavailable as error:
            if clock.monotonic() > deadline:
                raise ContainerdNotReady(str(context.containerd.socket)) from error
            await clock.sleep(_POLL_SECONDS)
            continue
        await runtime.close()
        return
