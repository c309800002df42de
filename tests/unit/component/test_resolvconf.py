from pathlib import Path

import pytest

from steersman.component.resolvconf import ResolvConf, host_resolv_conf, parse_resolv_conf, read_resolv_conf


def test_resolv_conf_is_read_as_libc_does() -> None:
    text = "# made by hand\nnameserver 192.0.2.1\nsearch a.example. b.example\noptions ndots:1 edns0\n"
    assert parse_resolv_conf(text) == ResolvConf(("192.0.2.1",), ("a.example", "b.example"), ("ndots:1", "edns0"))


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert read_resolv_conf(tmp_path / "none") == ResolvConf()


@pytest.mark.parametrize(
    ("text", "takes_resolved"),
    [
        ("nameserver 127.0.0.53\n", True),
        ("nameserver 127.0.0.53\nnameserver ::1\n", True),
        ("nameserver 127.0.0.1\nnameserver 192.0.2.1\n", False),
        ("nameserver 192.0.2.1\n", False),
        ("", False),
    ],
)
def test_the_stub_of_systemd_resolved_is_not_handed_to_pods(tmp_path: Path, text: str, takes_resolved: bool) -> None:
    etc, resolved = tmp_path / "etc", tmp_path / "resolved"
    etc.write_text(text)
    assert host_resolv_conf(etc, resolved) == etc  # without systemd-resolved there is no other
    resolved.write_text("nameserver 192.0.2.7\n")
    assert host_resolv_conf(etc, resolved) == (resolved if takes_resolved else etc)
