"""The API server's flags: how their texts are read, and how a cluster keeps them."""

from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificates

from steersman.cli import main
from steersman.cli.serverflags import given_flags
from steersman.cluster import flagtexts, serverflags
from steersman.cluster.authenticating import Identity, certificate_authorities
from steersman.cluster.errors import ClusterError
from steersman.cluster.facts import Wishes, flagged, new_cluster
from steersman.cluster.serverflags import FlagError, ServerFlags, absolute, read_flags
from steersman.component import certs, keys
from steersman.component.clock import FakeClock


def test_a_flag_is_read_from_its_text() -> None:
    assert read_flags({"service-node-port-range": "40000-40010"}).service_node_port_range == (40000, 40010)
    assert read_flags({}) == ServerFlags()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("service-node-port-range", "40000", "--service-node-port-range 40000: it is no"),
        ("service-node-port-range", "9-1", "no range of ports"),
        ("no-such", "1", "no flag --no-such"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, text: str, said: str) -> None:
    with pytest.raises(FlagError, match=said):
        read_flags({name: text})


@pytest.mark.parametrize(("text", "wanted"), [("10s", 10), ("1h30m", 5400), ("250ms", 0.25), ("1.5s", 1.5)])
def test_durations_are_read_as_go_writes_them(text: str, wanted: float) -> None:
    assert flagtexts.seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "10", "s", "1d", "10 s", "-1s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        flagtexts.seconds(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert flagtexts.path(str(tmp_path)) == tmp_path
    with pytest.raises(ValueError, match="no such file"):
        flagtexts.path(str(tmp_path / "none"))


def test_up_notes_what_it_was_given_until_it_is_taken_back() -> None:
    words = ("up", "--service-node-port-range", "31000-31100")
    given = given_flags(main._parser().parse_args(words))
    facts = flagged(new_cluster("192.0.2.7", Wishes()), given)
    assert facts.server_flags == {"service-node-port-range": "31000-31100"}
    assert flagged(facts, {}).server_flags == facts.server_flags
    assert flagged(facts, {"service-node-port-range": ""}).server_flags == {}


def test_flags_of_admission_are_checked_before_anything_starts(tmp_path: Path) -> None:
    serverflags.check_flags({})
    both = {"enable-admission-plugins": "Priority", "disable-admission-plugins": "Priority"}
    with pytest.raises(FlagError, match=r"admission control: \[Priority\] in enable-admission-plugins and"):
        serverflags.check_flags(both)
    file = tmp_path / "admission.yaml"
    head = "kind: AdmissionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nplugins:\n"
    file.write_text(head + "- name: EventRateLimit\n  configuration: {kind: Configuration}\n")
    with pytest.raises(FlagError, match=r'admission control: couldn.t init admission plugin "EventRateLimit": no kind'):
        serverflags.check_flags({"admission-control-config-file": str(file)})


def test_switches_are_read() -> None:
    assert flagtexts.switches("api/all=true,v1=false,x") == (("api/all", True), ("v1", False), ("x", True))
    for wrong in ("a=1", "=true"):
        with pytest.raises(ValueError, match="it is no list of names"):
            flagtexts.switches(wrong)


def test_flags_of_auditing_are_checked_before_anything_starts(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]\n")
    with pytest.raises(ClusterError, match=r"loading audit policy file: rules\[0\]\.level: Unsupported value"):
        serverflags.check_flags({"audit-policy-file": str(policy)})
    policy.write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n")
    serverflags.check_flags({"audit-policy-file": str(policy)})
    with pytest.raises(ClusterError, match="initializing audit webhook: "):
        serverflags.check_flags({"audit-webhook-config-file": str(policy)})
    with pytest.raises(ClusterError, match=r"max batch size 5, must be greater than max event size \(102400\)"):
        serverflags.check_flags({"audit-log-truncate-max-batch-size": "5"})
    with pytest.raises(ClusterError, match="invalid audit batch log throttle QPS or burst 0"):
        serverflags.check_flags({"audit-log-mode": "batch", "audit-log-batch-throttle-enable": "true"})
    for name, text in (("audit-log-mode", "lazy"), ("audit-log-version", "v1"), ("audit-log-batch-max-size", "0")):
        with pytest.raises(FlagError, match=f"--{name} {text}: it is no"):
            read_flags({name: text})


def test_an_audit_log_may_be_standard_output() -> None:
    assert read_flags({"audit-log-path": "-"}).audit_log_path == Path("/dev/stdout")
    assert absolute("audit-log-path", "-") == "/dev/stdout"
    assert absolute("audit-log-path", "a.log") == str(Path.cwd() / "a.log")


def test_the_configuration_of_encryption_is_checked_before_anything_starts(tmp_path: Path) -> None:
    keys = tmp_path / "keys.yaml"
    keys.write_text("kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources: []\n")
    with pytest.raises(ClusterError, match="failed to load encryption config: error while parsing file: resources"):
        serverflags.check_flags({"encryption-provider-config": str(keys)})
    with pytest.raises(ClusterError, match="must be set with --encryption-provider-config"):
        serverflags.check_flags({"encryption-provider-config-automatic-reload": "true"})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"oidc-client-id": "me"}, "oidc-issuer-url and oidc-client-id must be specified together"),
        ({"oidc-groups-claim": "g"}, "oidc-issuer-url and oidc-client-id must be specified together"),
        ({"oidc-issuer-url": "http://a", "oidc-client-id": "me"}, "URL scheme must be https"),
        ({"oidc-signing-algs": "none"}, 'oidc: unsupported signing alg: "none"'),
        ({"oidc-required-claim": "a"}, "it is no list of key=value"),
        ({"service-account-issuer": "https://a,https://a"}, 'service-account-issuer "https://a" is already specified'),
        ({"service-account-jwks-uri": "http://a"}, "requires https scheme"),
        ({"service-account-max-token-expiration": "30m"}, "must be between 1 hour and 2"),
        ({"service-account-key-file": "{file}"}, "does not contain any valid RSA or ECDSA public keys"),
        ({"service-account-signing-key-file": "{file}"}, "failed to parse service-account-issuer-key-file"),
        ({"token-auth-file": "{file}"}, "must have at least 3 columns"),
        ({"authentication-token-webhook-version": "v2"}, "it is none of v1, v1beta1"),
        ({"authentication-token-webhook-config-file": "{file}"}, "failed to get webhook authentication configuration"),
        ({"authentication-config": "{file}"}, "authentication configuration"),
        ({"authentication-config": "{config}", "oidc-client-id": "me"}, "are mutually exclusive"),
        ({"authentication-config": "{config}", "anonymous-auth": "true"}, "--anonymous-auth flag cannot be set"),
    ],
)
def test_flags_of_authentication_are_checked_before_anything_starts(
    flags: dict[str, str], said: str, tmp_path: Path
) -> None:
    file, config = tmp_path / "file", tmp_path / "config"
    file.write_text("nonsense\n")
    head = "kind: AuthenticationConfiguration\napiVersion: apiserver.config.k8s.io/v1beta1\n"
    config.write_text(f"{head}anonymous: {{enabled: false}}\n")
    serverflags.check_flags({"authentication-config": str(config)})
    with pytest.raises(ClusterError) as refused:
        serverflags.check_flags({name: text.format(file=file, config=config) for name, text in flags.items()})
    assert said in str(refused.value)


def test_clients_are_told_every_authority_that_the_flags_name(tmp_path: Path) -> None:
    now = FakeClock().now()
    users, proxies, own = (certs.new_ca(name, now).cert_pem for name in ("users", "proxies", "own"))
    files = {"client-ca-file": users, "requestheader-client-ca-file": proxies}
    for name, pem in files.items():
        (tmp_path / name).write_bytes(pem)
    flags = read_flags({name: str(tmp_path / name) for name in files})
    found = certificate_authorities(flags, Identity(keys.new_private_key(), own.rstrip(b"\n")))
    assert len(load_pem_x509_certificates(found)) == 3
    (tmp_path / "client-ca-file").write_text("nonsense")
    with pytest.raises(ClusterError, match="unable to load client CA file"):
        serverflags.check_flags({"client-ca-file": str(tmp_path / "client-ca-file")})
