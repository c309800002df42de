"""What only one of several control planes may do at a time: controllers, and scheduling."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from steersman.client.informer import Informers
from steersman.client.interface import Client
from steersman.client.lease import Candidate, LeaderElector, Timing
from steersman.cluster.electionflags import ElectionFlags
from steersman.component.clock import Clock

CONTROLLER_MANAGER, SCHEDULER = "kube-controller-manager", "kube-scheduler"

Work = Callable[[], Awaitable[None]]


def own_identity() -> str:
    """Who this process is among the candidates."""
    return f"{socket.gethostname()}_{uuid4()}"


@dataclass(frozen=True, slots=True)
class Election:
    """What was said of it. several: there may be other control planes, so that leaders are elected unless said not."""

    flags: ElectionFlags
    several: bool

    @property
    def takes_place(self) -> bool:
        """A lease has to be held."""
        return self.several if self.flags.leader_elect is None else self.flags.leader_elect


class Elections:
    """Runs work while a lease is held; at once and always where nobody is elected.

    The informers that the work shares follow nothing until something is led here.
    """

    def __init__(self, client: Client, clock: Clock, election: Election, informers: Informers) -> None:
        self._client, self._clock = client, clock
        self._election, self._informers = election, informers
        self._identity = own_identity()
        self._leads = asyncio.Event()

    async def run(self) -> None:
        """Run the informers from the time on when they are needed."""
        await self._leads.wait()
        await self._informers.run()

    async def lead(self, name: str, work: Work) -> None:
        """Work while the lease of this name is held; LeadershipLostError when it is lost."""
        if not self._election.takes_place:
            self._leads.set()
            await work()
            return
        flags = self._election.flags
        timing = Timing(
            timedelta(seconds=flags.leader_elect_lease_duration),
            timedelta(seconds=flags.leader_elect_renew_deadline),
            timedelta(seconds=flags.leader_elect_retry_period),
        )
        candidate = Candidate(flags.leader_elect_resource_namespace, name, self._identity)

        async def begin() -> None:
            if self._leads.is_set():
                # Led for some other work already: what the predecessor wrote last may be missing.
                await self._informers.relist()
            self._leads.set()
            await work()

        await LeaderElector(self._client, self._clock, candidate, timing).run(begin)
