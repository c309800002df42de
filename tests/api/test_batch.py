"""Jobs and cron jobs over HTTP: what the server fills in, shows, warns of and refuses."""

from typing import Any

from tests.api.server import Served

JOBS, CRON_JOBS = ("/apis/batch/v1/namespaces/default/jobs", "/apis/batch/v1/namespaces/default/cronjobs")
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}


def job(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"template": TEMPLATE, **spec}}


async def test_a_job_selects_its_pods_by_its_own_uid(server: Served) -> None:
    made = (await server.post(JOBS, job("a"))).json
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["job-name"] == "a"
    assert made["metadata"]["generation"] == 1
    refused = await server.patch(f"{JOBS}/a", {"spec": {"completions": 3}})
    assert (refused.status, "field is immutable" in refused.json["message"]) == (422, True)
    suspended = (await server.patch(f"{JOBS}/a", {"spec": {"suspend": True}})).json
    assert suspended["metadata"]["generation"] == 2


async def test_jobs_are_shown_and_selected_by_their_successes(server: Served) -> None:
    await server.post(JOBS, job("a", completions=2))
    await server.post(JOBS, job("b"))
    status = {"status": {"succeeded": 1, "startTime": "2026-01-01T00:00:00Z"}}
    assert (await server.patch(f"{JOBS}/a/status", status)).status == 200
    table = (await server.get(f"{JOBS}?fieldSelector=status.successful%3D1", accept=TABLE)).json
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name", "Status", "Completions", "Duration", "Age", "Containers", "Images", "Selector",
    ]  # fmt: skip
    assert [row["cells"][:3] for row in table["rows"]] == [["a", "Running", "1/2"]]
    lost = await server.patch(f"{JOBS}/a/status", {"status": {"succeeded": 0}})
    assert (lost.status, "cannot decrease the succeeded counter" in lost.json["message"]) == (422, True)


async def test_pods_of_a_job_are_left_behind_unless_its_deletion_says_otherwise(server: Served) -> None:
    for name in ("a", "b"):
        await server.post(JOBS, job(name))
    assert (await server.delete(f"{JOBS}/a")).json["metadata"]["finalizers"] == ["orphan"]
    assert (await server.delete(f"{JOBS}/b", {"propagationPolicy": "Background"})).json["status"] == "Success"


async def test_a_cron_job_is_shown_with_its_schedule_and_warned_of_its_name(server: Served) -> None:
    spec = {"schedule": "*/5 * * * *", "timeZone": "Etc/UTC", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    made = await server.post(CRON_JOBS, {"metadata": {"name": "every.five"}, "spec": spec})
    assert (made.status, "a DNS label is recommended" in made.headers["warning"]) == (201, True)
    (row,) = (await server.get(CRON_JOBS, accept=TABLE)).json["rows"]
    assert row["cells"][:6] == ["every.five", "*/5 * * * *", "Etc/UTC", "False", 0, "<none>"]
