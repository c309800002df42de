"""What /metrics tells: upstream's names, types and labels, in both forms, read by Prometheus' own parsers."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.api.server import CONFIG, Served, serving
from tests.api.test_fairness import ByHeader

from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.plugin import WRITES, Plugin
from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmissionAttributes, AlwaysAllow
from steersman.apiserver.metrics.admission import AdmissionMetrics
from steersman.component.clock import RealClock
from steersman.component.metrics import Registry
from steersman.storage.memory import MemoryStore

text_parser = pytest.importorskip("prometheus_client.parser")
open_parser = pytest.importorskip("prometheus_client.openmetrics.parser")

OPEN = "application/openmetrics-text; version=1.0.0"
WHAT = ("verb", "group", "version", "resource", "subresource", "scope", "component")
FLOW = ("priority_level", "flow_schema")
STORED = ("group", "resource")
GONE = ("group", "version", "resource", "subresource", "removed_release")
ACT = ("type", "operation", "rejected")
HELD = ("operation", "group", "resource")
# Source: apiserver/pkg: endpoints/metrics, endpoints/filters, util/flowcontrol/metrics, admission/metrics,
# storage/etcd3/metrics, storage/cacher/metrics; component-base/metrics.
TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("apiserver_request_total", "counter", ("verb", "dry_run", *WHAT[1:], "code")),
    ("apiserver_request_duration_seconds", "histogram", ("verb", "dry_run", *WHAT[1:])),
    ("apiserver_request_sli_duration_seconds", "histogram", WHAT),
    ("apiserver_response_sizes", "histogram", WHAT),
    ("apiserver_longrunning_requests", "gauge", WHAT),
    ("apiserver_request_terminations_total", "counter", (*WHAT, "code")),
    ("apiserver_requested_deprecated_apis", "gauge", GONE),
    ("apiserver_current_inflight_requests", "gauge", ("request_kind",)),
    ("apiserver_current_inqueue_requests", "gauge", ("request_kind",)),
    ("apiserver_watch_events_total", "counter", ("group", "version", "resource")),
    ("apiserver_watch_events_sizes", "histogram", ("group", "version", "resource")),
    ("apiserver_watch_list_duration_seconds", "histogram", ("group", "version", "resource", "scope")),
    ("authentication_attempts", "counter", ("result",)),
    ("authentication_duration_seconds", "histogram", ("result",)),
    ("authenticated_user_requests", "counter", ("username",)),
    ("authorization_attempts_total", "counter", ("result",)),
    ("authorization_duration_seconds", "histogram", ("result",)),
    ("apiserver_admission_step_admission_duration_seconds", "histogram", ACT),
    ("apiserver_admission_controller_admission_duration_seconds", "histogram", ("name", *ACT)),
    ("apiserver_flowcontrol_dispatched_requests_total", "counter", FLOW),
    ("apiserver_flowcontrol_rejected_requests_total", "counter", (*FLOW, "reason")),
    ("apiserver_flowcontrol_request_execution_seconds", "histogram", (*FLOW, "type")),
    ("apiserver_flowcontrol_request_wait_duration_seconds", "histogram", (*FLOW, "execute")),
    ("apiserver_flowcontrol_work_estimated_seats", "histogram", FLOW),
    ("apiserver_flowcontrol_request_queue_length_after_enqueue", "histogram", FLOW),
    ("apiserver_flowcontrol_current_executing_requests", "gauge", FLOW),
    ("apiserver_flowcontrol_current_executing_seats", "gauge", FLOW),
    ("apiserver_flowcontrol_nominal_limit_seats", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_lower_limit_seats", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_upper_limit_seats", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_current_limit_seats", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_current_r", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_demand_seats_high_watermark", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_demand_seats_average", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_demand_seats_stdev", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_demand_seats_smoothed", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_target_seats", "gauge", ("priority_level",)),
    ("apiserver_flowcontrol_seat_fair_frac", "gauge", ()),
    ("apiserver_storage_objects", "gauge", ("resource",)),
    ("apiserver_resource_objects", "gauge", STORED),
    ("apiserver_resource_size_estimate_bytes", "gauge", STORED),
    ("apiserver_watch_cache_events_received_total", "counter", STORED),
    ("apiserver_watch_cache_initializations_total", "counter", STORED),
    ("apiserver_watch_cache_resource_version", "gauge", STORED),
    ("watch_cache_capacity", "gauge", STORED),
    ("etcd_requests_total", "counter", HELD),
    ("etcd_request_duration_seconds", "histogram", HELD),
    ("process_cpu_seconds_total", "counter", ()),
    ("process_open_fds", "gauge", ()),
    ("process_max_fds", "gauge", ()),
    ("process_resident_memory_bytes", "gauge", ()),
    ("process_virtual_memory_bytes", "gauge", ()),
    ("process_start_time_seconds", "gauge", ()),
    (
        "kubernetes_build_info",
        "gauge",
        (
            "major", "minor", "git_version", "git_commit", "git_tree_state", "build_date", "go_version", "compiler",
            "platform",
        ),
    ),
    ("registered_metrics_total", "counter", ("stability_level", "deprecated_version")),
)  # fmt: skip


class Everywhere(Plugin):
    """Looks at every write, and has no objection."""

    name = "Everywhere"
    operations = WRITES

    async def validate(self, attributes: AdmissionAttributes) -> None: ...


def deps() -> Deps:
    clock, metrics = RealClock(), Registry()
    chain = AdmissionChain((Everywhere(),), AdmissionMetrics(metrics, clock))
    return Deps(MemoryStore(clock), clock, ByHeader(), AlwaysAllow(), CONFIG, chain, metrics=metrics)


async def do_a_bit_of_everything(served: Served) -> None:
    await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
    maps = "/api/v1/namespaces/default/configmaps"
    await served.post(maps, {"metadata": {"name": "a"}})
    await served.post(f"{maps}?dryRun=All", {"metadata": {"name": "b"}})
    await served.get(f"{maps}/a", x_user="bob")
    await served.get("/api/v1/componentstatuses")
    initial = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with served.watching(f"{maps}?{initial}") as events:
        assert [(await anext(events))["type"] for _ in range(2)] == ["ADDED", "BOOKMARK"]
    level = {"type": "Limited", "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}}}
    group = "/apis/flowcontrol.apiserver.k8s.io/v1"
    await served.post(f"{group}/prioritylevelconfigurations", {"metadata": {"name": "l"}, "spec": level})


def families(parser: Any, data: bytes) -> Mapping[str, Any]:
    return {one.name: one for one in parser.text_string_to_metric_families(data.decode())}


def labels_of(samples: Iterable[Any], ending: str) -> set[frozenset[str]]:
    return {frozenset(one.labels) for one in samples if one.name.endswith(ending)}


@pytest.mark.parametrize("is_open", [False, True])
async def test_metrics_have_upstreams_names_types_and_labels(is_open: bool) -> None:
    async with serving(deps()) as served:
        await do_a_bit_of_everything(served)
        answer = await served.get("/metrics", accept=OPEN if is_open else "text/plain")
        assert answer.headers["content-type"].startswith(
            "application/openmetrics" if is_open else "text/plain; version"
        )
        found = families(open_parser if is_open else text_parser, answer.data)
        missing = [name for name, kind, _ in TABLE if name.removesuffix("_total") not in found]
        assert missing == ["apiserver_request_terminations_total", "apiserver_flowcontrol_rejected_requests_total"]
        for name, kind, labels in TABLE:
            if name in missing:
                continue
            family = found[name.removesuffix("_total")]
            ending = {"histogram": "_bucket", "counter": "_total"}.get(kind, "")
            wanted = {*labels, "le"} if kind == "histogram" else set(labels)
            assert (family.type, labels_of(family.samples, ending)) == (kind, {frozenset(wanted)}), name


async def test_each_request_counts_where_upstream_counts_it() -> None:
    async with serving(deps()) as served:
        await do_a_bit_of_everything(served)
        await served.get("/healthz")
        found = families(text_parser, (await served.get("/metrics")).data)
        shown = [
            (*(one.labels[name] for name in ("verb", "resource", "scope", "dry_run", "code")), one.value)
            for one in found["apiserver_request"].samples
        ]
        for wanted in (
            ("POST", "configmaps", "resource", "", "201", 1.0),
            ("POST", "configmaps", "resource", "All", "201", 1.0),
            ("GET", "configmaps", "resource", "", "200", 1.0),
            ("LIST", "componentstatuses", "cluster", "", "200", 1.0),
            ("WATCH", "configmaps", "namespace", "", "200", 1.0),
            ("GET", "", "", "", "200", 1.0),
        ):
            assert wanted in shown
        deprecated = [one.labels["resource"] for one in found["apiserver_requested_deprecated_apis"].samples]
        assert deprecated == ["componentstatuses"]
        users = {one.labels["username"]: one.value for one in found["authenticated_user_requests"].samples}
        assert users["other"] == 1
        stored = {one.labels["resource"]: one.value for one in found["apiserver_storage_objects"].samples}
        assert (stored["configmaps"], stored["secrets"]) == (1, 0)
        assert stored["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] == 1
        events = {one.labels["resource"]: one.value for one in found["apiserver_watch_events"].samples}
        assert events == {"configmaps": 1}
        steps = {
            (one.labels["type"], one.labels["operation"], one.labels["rejected"]): one.value
            for one in found["apiserver_admission_step_admission_duration_seconds"].samples
            if one.name.endswith("_count")
        }
        assert steps["validate", "CREATE", "false"] >= 4
        assert all(value == 0 for value in (one.value for one in found["apiserver_longrunning_requests"].samples))


async def test_who_is_sent_away_counts_too() -> None:
    async with serving(deps()) as served:
        await do_a_bit_of_everything(served)
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
        subject = {"kind": "User", "user": {"name": "bob"}}
        rules = [{"subjects": [subject], "resourceRules": [everything]}]
        spec = {"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": 5, "rules": rules}
        schemas = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
        await served.post(schemas, {"metadata": {"name": "s"}, "spec": spec})
        async with served.watching("/api/v1/nodes?watch=1&resourceVersion=0", **{"x-user": "bob"}):
            queues = served.server.flow_control.levels.by_name["l"].queues
            queues.seats_in_use += 1
            queues.executing += 1
            assert (await served.get("/api/v1/nodes", x_user="bob")).status == 429
            queues.seats_in_use -= 1
            queues.executing -= 1
        found = families(text_parser, (await served.get("/metrics")).data)
        terminated = found["apiserver_request_terminations"].samples[0]
        assert (terminated.labels["code"], terminated.labels["verb"], terminated.value) == ("429", "LIST", 1)
        rejected = found["apiserver_flowcontrol_rejected_requests"].samples[0]
        assert (rejected.labels, rejected.value) == (
            {"priority_level": "l", "flow_schema": "s", "reason": "concurrency-limit"},
            1,
        )


async def test_health_checks_are_counted_apart() -> None:
    async with serving(deps()) as served:
        assert (await served.get("/readyz?verbose")).status == 200
        found = families(text_parser, (await served.get("/metrics/slis")).data)
        current = {
            (one.labels["name"], one.labels["type"]): one.value for one in found["kubernetes_healthcheck"].samples
        }
        assert current["etcd", "readyz"] == 1
        total = found["kubernetes_healthchecks"].samples
        assert {one.labels["status"] for one in total} == {"success"}


async def test_readiness_names_what_is_done_at_the_start_and_ends_before_the_server_does(server: Served) -> None:
    text = (await server.get("/readyz?verbose")).data.decode()
    names = ("etcd-readiness", "informer-sync", "poststarthook/crd-informer-synced", "shutdown")
    assert all(f"[+]{name} ok\n" in text for name in names)
    server.server.stop_soon()
    assert (await server.get("/readyz/shutdown")).data == b"internal server error: process is shutting down\n"
    assert (await server.get("/livez")).status == 200
