"""Leases by which API servers show that they live."""

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.coordination import Lease, LeaseSpec
from steersman.apimachinery.times import MicroTime
from steersman.apiserver.identity import is_over, server_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_name_is_that_of_the_machine_hashed_as_upstream_does() -> None:
    # sha256(b"\x00\x04host\x00\x0ekube-apiserver"), its first 16 bytes in base 32.
    assert server_id("host") == "apiserver-dd6egxogzxmivwqge6rcnj6rwi"
    assert server_id("host") != server_id("host2")
    assert len(server_id("a" * 300)) == len("apiserver-") + 26


@pytest.mark.parametrize(
    ("age_seconds", "duration", "over"), [(3600, 3600, False), (3601, 3600, True), (0, None, True), (None, 3600, True)]
)
def test_a_lease_is_over_when_it_was_not_renewed_in_time(
    age_seconds: int | None, duration: int | None, over: bool
) -> None:
    renewed = None if age_seconds is None else MicroTime.of(NOW - timedelta(seconds=age_seconds))
    lease = Lease(spec=LeaseSpec(renewTime=renewed, leaseDurationSeconds=duration))
    assert is_over(lease, NOW) is over
