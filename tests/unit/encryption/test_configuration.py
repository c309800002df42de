"""Which resources are encrypted how, and which configurations can't be used."""

from datetime import timedelta
from random import Random

import pytest

from steersman.component.clock import FakeClock
from steersman.storage.encryption.configuration import EncryptionError, configuration_of
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.providers import Maker, Providers
from steersman.storage.encryption.transformer import Identity

HEAD = "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n"
SECRET = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
AES = f"{{aesgcm: {{keys: [{{name: a, secret: {SECRET}}}]}}}}"


def no_plugin(endpoint: str, timeout: timedelta) -> KeyService:
    raise AssertionError(endpoint)


def made(text: str) -> Providers:
    return Maker(FakeClock(), Random(1), no_plugin).made((HEAD + text).encode(), "keys")


def entry(resources: str, providers: str = AES) -> str:
    return f"- {{resources: [{resources}], providers: [{providers}]}}\n"


def test_the_first_rule_for_a_resource_its_group_or_everything_counts() -> None:
    providers = made(
        entry("events", "{identity: {}}") + entry("secrets, pandas.bears.example") + entry("'*.apps'") + entry("'*.'")
    )
    of = providers.of
    assert of("secrets") is not of("events")
    assert of("secrets") is not of("pods")
    assert of("deployments.apps") is of("daemonsets.apps")
    assert isinstance(of("jobs.batch"), Identity)
    assert not isinstance(of("pods"), Identity)
    everything = made(entry("'*.*'"))
    assert everything.of("jobs.batch") is everything.of("secrets")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry("secrets, secrets"), "the same resource cannot be specified multiple times"),
        (entry("secrets, '*.'"), "using overlapping resources such as 'secrets' and '"),
        (entry("secrets, '*.*'"), "using overlapping resources"),
        (entry("'*.apps', deployments.apps"), "using overlapping resources"),
        (entry("'*.'") + entry("secrets"), 'transformers: resource "secrets" is masked by earlier rule "\\*\\."'),
        (entry("'*.*'") + entry("x.apps"), 'resource "x.apps" is masked by earlier rule "\\*\\.\\*"'),
        (entry("Secrets"), r"resources\[0\].resources\[0\]: Invalid value: \"Secrets\": resource name should not cont"),
        (entry("'*'"), r"use '\*\.' to encrypt all the resources from core API group or \*\.\* to"),
        (entry("events.events.k8s.io"), "Use 'events' instead in the config file"),
        (entry("ingresses.extensions"), "'extensions' group has been removed"),
        (entry("'secrets.*'"), "encrypting the same resource across groups is not supported"),
        (entry("serviceipallocations"), "resources which do not have REST API/s cannot be encrypted"),
        (" []", "resources: Required value: at least one resources is required"),
        (entry(""), r"resources\[0\].resources: Required value: at least one resources\[0\].resources is required"),
        (entry("secrets", ""), r"resources\[0\].providers: Required value"),
        (entry("secrets", "{}"), "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC"),
        (entry("secrets", f"{{identity: {{}}, {AES[1:]}"), "more than one provider specified in a single element"),
        (entry("secrets", "{aescbc: {keys: []}}"), "at least one keys is required"),
        (entry("secrets", "{aescbc: {keys: [{secret: YQ==}]}}"), r"keys\[0\].name: Required value: name is a manda"),
        (entry("secrets", "{aescbc: {keys: [{name: a}]}}"), r"keys\[0\].secret: Required value: secret is a mandatory"),
        (
            entry("secrets", "{aescbc: {keys: [{name: a, secret: YWJj}]}}"),
            r'"REDACTED": secret is not of the expected length, got 3, expected one of \[16 24 32\]',
        ),
        (entry("secrets", "{secretbox: {keys: [{name: a, secret: YWJj}]}}"), r"got 3, expected one of \[32\]"),
        (entry("secrets", "{aesgcm: {keys: [{name: a, secret: '!'}]}}"), "secrets must be base64 encoded"),
        (entry("secrets", "{aesgmc: {}}"), r'unknown field "resources\[0\].providers\[0\].aesgmc"'),
        (entry("secrets", "{kms: {name: a, endpoint: 'unix:///a'}}"), "KMSv1 is deprecated"),
        (entry("secrets", "{kms: {name: 'a:b', endpoint: 'unix:///a', apiVersion: v2}}"), "must not contain ':'"),
        (entry("secrets", "{kms: {name: a, endpoint: 'tcp://a', apiVersion: v2}}"), 'unsupported scheme "tcp" for KMS'),
        (entry("secrets", "{kms: {name: a, apiVersion: v2}}"), "endpoint is a mandatory field for a kms"),
        (entry("secrets", "{kms: {name: a, endpoint: 'unix:///a', apiVersion: v3}}"), "unsupported apiVersion apiVer"),
        (entry("secrets", "{kms: {name: a, endpoint: 'unix:///a', apiVersion: v2, cachesize: 1}}"), "supported in v2"),
        (entry("secrets", "{kms: {name: a, endpoint: 'unix:///a', apiVersion: v2, timeout: -1s}}"), "a positive value"),
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_be_used_is_refused_in_upstreams_words(text: str, said: str) -> None:
    with pytest.raises(EncryptionError, match=said) as raised:
        made(text)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", 'error while loading file: encryption provider configuration file "keys" is empty'),
        ("{", 'error decoding encryption provider configuration file "keys": '),
        ("kind: Pod\napiVersion: v1", 'no kind "Pod" is registered for version "v1"'),
        (f"kind: EncryptionConfiguration\nresources: [{{secret: {SECRET}}}]", 'registered for version ""'),
    ],
)
def test_what_is_no_configuration_is_refused(data: str, said: str) -> None:
    with pytest.raises(EncryptionError, match=said) as raised:
        configuration_of(data.encode(), "keys")
    assert SECRET not in str(raised.value)


def test_keys_are_not_shown() -> None:
    config = configuration_of((HEAD + entry("secrets")).encode(), "keys")
    assert SECRET not in repr(config)
