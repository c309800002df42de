"""Records and their protobuf form."""

from datetime import UTC, datetime

from steersman.component.protobuf import Codec
from steersman.cri import calls, records


def codec() -> Codec:
    return Codec("runtime.v1", calls.all_messages())


def test_a_record_reads_back_as_it_was_written() -> None:
    config = records.PodSandboxConfig(
        metadata=records.PodSandboxMetadata("web", "u-1", "default", 2),
        hostname="web",
        dns_config=records.DNSConfig(("10.96.0.10",), ("default.svc",), ("ndots:5",)),
        port_mappings=(records.PortMapping(records.Protocol.UDP, 53, 5353, ""),),
        labels={"app": "web"},
        linux=records.LinuxPodSandboxConfig(
            cgroup_parent="/steersman",
            security_context=records.LinuxSandboxSecurityContext(
                namespace_options=records.NamespaceOption(network=records.NamespaceMode.NODE),
                run_as_user=0,
            ),
        ),
    )
    request = calls.RunPodSandboxRequest(config, "runc")
    data = codec().encode(request)
    assert codec().decode(data, calls.RunPodSandboxRequest) == request


def test_a_wrapped_zero_is_kept_apart_from_unset() -> None:
    both = codec()
    zero = records.LinuxContainerSecurityContext(run_as_user=0)
    request = calls.CreateContainerRequest(
        "s", records.ContainerConfig(linux=records.LinuxContainerConfig(security_context=zero))
    )
    read = both.decode(both.encode(request), calls.CreateContainerRequest)
    assert read.config.linux is not None
    assert read.config.linux.security_context == zero
    assert read.config.linux.security_context.run_as_group is None


def test_a_filter_for_the_first_state_is_sent() -> None:
    wanted = records.ContainerFilter(state=records.ContainerStateValue(records.ContainerState.CREATED))
    data = codec().encode(calls.ListContainersRequest(wanted))
    # Field 1, the filter; in it field 2, the state, which is empty but there.
    assert data == b"\x0a\x02\x12\x00"


def test_instants_are_nanoseconds_and_zero_is_never() -> None:
    status = records.ContainerStatus(id="c", created_at=datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    data = codec().encode(calls.ContainerStatusResponse(status))
    read = codec().decode(data, calls.ContainerStatusResponse).status
    assert read.created_at == status.created_at
    assert read.started_at is None


def test_negative_exit_codes_and_unknown_fields_are_read() -> None:
    # exit_code = -1 as int32 (ten bytes), then field 100, which no record declares.
    data = b"\x0a\x0b\x38" + b"\xff" * 9 + b"\x01" + b"\xa2\x06\x01x"
    assert codec().decode(data, calls.ContainerStatusResponse).status.exit_code == -1


def test_a_state_of_a_later_cri_is_the_catch_all() -> None:
    data = b"\x0a\x02\x18\x09"
    status = codec().decode(data, calls.ContainerStatusResponse).status
    assert status.state is records.ContainerState.UNKNOWN
