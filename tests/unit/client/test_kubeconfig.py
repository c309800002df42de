import stat
from pathlib import Path

import pytest

from steersman.client.kubeconfig import (
    ClientConfig,
    Credentials,
    KubeconfigError,
    default_path,
    in_cluster,
    load,
    render,
    write,
)

CONFIG = ClientConfig("https://127.0.0.1:6443", b"CA", Credentials(cert_pem=b"CERT", key_pem=b"KEY"), namespace="team")


def test_what_was_written_is_read_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config"
    write(path, render(CONFIG, "steersman", "admin"))
    assert load(path) == CONFIG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_files_are_found_beside_the_kubeconfig_and_contexts_by_name(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"FILE")
    (tmp_path / "config").write_text(
        """
current-context: one
clusters: [{name: c, cluster: {server: "https://h:1", certificate-authority: ca.crt, tls-server-name: kube}}]
users: [{name: u, user: {token: secret}}, {name: f, user: {tokenFile: token}}]
contexts:
- {name: one, context: {cluster: c, user: u}}
- {name: two, context: {cluster: c, user: f, namespace: n}}
"""
    )
    one, two = load(tmp_path / "config"), load(tmp_path / "config", "two")
    assert (one.ca_pem, one.credentials.token, one.tls_server_name, one.namespace) == (
        b"FILE",
        "secret",
        "kube",
        "default",
    )
    assert (two.credentials.token_file, two.namespace) == (tmp_path / "token", "n")


@pytest.mark.parametrize(
    ("text", "message"),
    [("[", "not YAML"), ("[]", "not a kubeconfig"), ("current-context: x", "context 'x' does not exist")],
)
def test_a_bad_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(KubeconfigError, match=message):
        load(tmp_path / "config")


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_the_environment_names_the_file() -> None:
    assert default_path({"KUBECONFIG": "/a:/b"}) == Path("/a")
    assert default_path({}) == Path("~/.kube/config").expanduser()


def test_a_pod_finds_the_server_by_its_environment_and_mounted_account(tmp_path: Path) -> None:
    for name, text in {"token": "t", "ca.crt": "CA", "namespace": "ns\n"}.items():
        (tmp_path / name).write_text(text)
    found = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)
    assert (found.server, found.namespace, found.ca_pem) == ("https://[fd00::1]:443", "ns", b"CA")
    assert found.credentials.token_file == tmp_path / "token"
    with pytest.raises(KubeconfigError):
        in_cluster({}, tmp_path)
