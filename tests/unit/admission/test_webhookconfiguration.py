"""Who the server is to admission webhooks."""

import base64
from pathlib import Path
from typing import Any

import pytest

from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.webhookconfiguration import webhook_identities
from steersman.apiserver.webhooks.identities import NOBODY, Identities, Identity

HEAD = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration"}
PLUGIN = "ValidatingAdmissionWebhook"


@pytest.mark.parametrize(
    ("host", "port", "wanted"),
    [
        ("a.ns.svc", 443, "a.ns.svc"),
        ("a.ns.svc", 8443, "a.ns.svc:8443"),
        ("b.ns.svc", 443, "*.ns.svc"),
        ("b.ns.svc", 8443, "*"),
        ("x.example.com", 8443, "*.example.com:8443"),
        ("x.example.com", 443, "*"),
    ],
)
def test_the_closest_name_counts(host: str, port: int, wanted: str) -> None:
    names = ("a.ns.svc", "a.ns.svc:8443", "*.ns.svc", "*.example.com:8443", "*")
    assert Identities({name: Identity(name) for name in names}).of(host, port).authorization == wanted


def test_without_a_name_the_current_user_counts_or_nobody() -> None:
    assert Identities({"me": Identity("x")}, "me").of("h", 443).authorization == "x"
    assert Identities().of("h", 443) is NOBODY


def test_users_are_read_with_the_files_they_name(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    (tmp_path / "cert").write_bytes(b"cert")
    key = base64.b64encode(b"key").decode()
    (tmp_path / "kubeconfig").write_text(
        "users:\n- name: '*.svc'\n  user: {token: t}\n- name: f\n  user: {tokenFile: token}\n"
        f"- name: c\n  user: {{client-certificate: cert, client-key-data: {key}}}\n"
        "- name: b\n  user: {username: u, password: p}\n"
        "contexts:\n- name: x\n  context: {user: f}\ncurrent-context: x\n"
    )
    made = webhook_identities(PLUGIN, {**HEAD, "kubeConfigFile": str(tmp_path / "kubeconfig")})
    assert made.of("a.svc", 443) == Identity("Bearer t")
    assert made.of("elsewhere", 443) == Identity("Bearer from-file")
    assert made.of("b", 443) == Identity("Basic dTpw")
    pair = made.of("c", 443).pair
    assert pair is not None
    assert (pair.cert_pem, pair.key_pem) == (b"cert", b"key")
    assert webhook_identities(PLUGIN, None).of("a.svc", 443) is NOBODY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kubeConfigFile": "here"}, 'kubeConfigFile: Invalid value: "here": must be an absolute file path'),
        ({"kubeConfigFile": "/nowhere/at/all"}, f'couldn\'t init admission plugin "{PLUGIN}": .*No such file'),
        ({"staticManifestsDir": "/x"}, "requires the ManifestBasedAdmissionControlConfig feature gate"),
        ({"kubeconfig": "/x"}, 'unknown field "kubeconfig"'),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        webhook_identities(PLUGIN, {**HEAD, **given})
