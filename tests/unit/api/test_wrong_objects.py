"""Objects of core/v1 that break one rule each: what is said of them, in upstream's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.api.core import Pod
from steersman.api.core.defaults import default_pod
from steersman.api.core.validation import validate_pod
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.status import Cause

Fields = Mapping[str, Any]
CONTAINER = {"name": "c", "image": "i"}


def pod_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a pod with one container."""
    spec = {"containers": [{**CONTAINER, **wrong.get("container", {})}], **wrong.get("spec", {})}
    metadata = {"name": "p", "namespace": "d", **wrong.get("metadata", {})}
    return validate_pod(default_pod(from_wire({"metadata": metadata, "spec": spec}, Pod)))


FILES: Mapping[str, Callable[[Fields], Sequence[Cause]]] = {"wrong-pods.yaml": pod_faults}


def cases() -> Iterator[object]:
    """Every case of every file."""
    for name, faults in FILES.items():
        table = yaml.safe_load(Path(__file__).with_name(name).read_text())
        for group, rows in table.items():
            for number, row in enumerate(rows):
                yield pytest.param(faults, row["wrong"], row["says"], id=f"{name}-{group}-{number}")


@pytest.mark.parametrize(("faults", "wrong", "says"), cases())
def test_what_is_wrong_is_said_and_nothing_else(
    faults: Callable[[Fields], Sequence[Cause]], wrong: Fields, says: Sequence[str]
) -> None:
    found = [f"{cause.field}: {cause.message}" for cause in faults(wrong)]
    assert len(found) == len(says), found
    for fault, beginning in zip(found, says, strict=True):
        assert fault.startswith(beginning), fault


@pytest.mark.parametrize("faults", FILES.values())
def test_a_plain_object_is_right(faults: Callable[[Fields], Sequence[Cause]]) -> None:
    assert faults({}) == []
