"""/stats/summary: what the node's containers use. Pure.

Source: pkg/kubelet/apis/stats/v1alpha1.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.apimachinery.times import format_time
from steersman.cri.stats import ContainerStats
from steersman.kubelet import names


def stats_summary(node_name: str, figures: Sequence[ContainerStats], now: datetime) -> dict[str, Any]:
    """The summary, pods in order of their names."""
    pods: dict[str, dict[str, Any]] = {}
    for each in figures:
        labels = each.attributes.labels
        uid = labels.get(names.POD_UID, "")
        reference = {
            "name": labels.get(names.POD_NAME, ""),
            "namespace": labels.get(names.POD_NAMESPACE, ""),
            "uid": uid,
        }
        pod = pods.setdefault(uid, {"podRef": reference, "startTime": format_time(now), "containers": []})
        pod["containers"].append(_container(each, now))
    ordered = sorted(pods.values(), key=lambda pod: (pod["podRef"]["namespace"], pod["podRef"]["name"]))
    return {"node": {"nodeName": node_name, "startTime": format_time(now)}, "pods": ordered}


def _container(stats: ContainerStats, now: datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": stats.attributes.labels.get(names.CONTAINER_NAME, stats.attributes.metadata.name),
        "startTime": format_time(now),
    }
    if stats.cpu is not None:
        shown["cpu"] = {
            "time": format_time(stats.cpu.timestamp or now),
            "usageNanoCores": stats.cpu.usage_nano_cores or 0,
            "usageCoreNanoSeconds": stats.cpu.usage_core_nano_seconds or 0,
        }
    if stats.memory is not None:
        shown["memory"] = {
            "time": format_time(stats.memory.timestamp or now),
            "workingSetBytes": stats.memory.working_set_bytes or 0,
            "usageBytes": stats.memory.usage_bytes or 0,
            "rssBytes": stats.memory.rss_bytes or 0,
        }
    return shown
