"""What the CNI executable and the node process say to each other."""

import json

import pytest

from steersman.cni.attachment import Attachment, HostPort
from steersman.cni.protocol import Attached, CNIError, ErrorCode, parse, result

ENV = "CNI_COMMAND=ADD\0CNI_CONTAINERID=c1\0CNI_IFNAME=eth0\0CNI_NETNS=/netns/c1\0\0"


def config(**more: object) -> str:
    return json.dumps({"cniVersion": "1.0.0", "name": "steersman", "type": "steersman"} | more)


@pytest.mark.parametrize(
    "mapping",
    [
        {"hostPort": 8080, "containerPort": 80, "protocol": "udp", "hostIP": ""},
        {"HostPort": 8080, "ContainerPort": 80, "Protocol": "udp", "HostIP": ""},
    ],
)
def test_port_mappings_are_read_in_either_spelling(mapping: dict[str, object]) -> None:
    said = ENV + config(runtimeConfig={"portMappings": [mapping, {"containerPort": 81}]})
    assert parse(said.encode()).host_ports() == (HostPort("udp", 8080, 80),)


def test_the_answer_names_address_gateway_and_way_out() -> None:
    request = parse((ENV + config()).encode())
    attached = Attached(Attachment("c1", "eth0", "10.1.2.3"), "10.1.2.1", "stv1", "02:00:00:00:00:01", "/netns/c1")
    answer = result(request, attached)
    assert answer["ips"] == [{"address": "10.1.2.3/32", "gateway": "10.1.2.1", "interface": 1}]
    assert answer["routes"] == [{"dst": "0.0.0.0/0", "gw": "10.1.2.1"}]
    assert answer["interfaces"][1]["sandbox"] == "/netns/c1"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", ErrorCode.INVALID_ENVIRONMENT),
        ("CNI_COMMAND=ADD\0\0{}", ErrorCode.INVALID_ENVIRONMENT),
        (ENV + "{", ErrorCode.DECODING_FAILURE),
        (ENV + config(cniVersion="9.0.0"), ErrorCode.UNSUPPORTED_VERSION),
    ],
)
def test_nonsense_is_refused_with_the_specifications_code(said: str, code: ErrorCode) -> None:
    with pytest.raises(CNIError) as refused:
        parse(said.encode())
    assert refused.value.code == code
