"""Nobody's notification can reach into the operator's network, and a real target passes."""

import socket

import pytest

from telecine.core.errors import ErrorKind, TelecineError
from telecine.notify.targets import Allowed, check_addresses, check_target, check_url, region_of

NOBODY = Allowed.of([])

FORBIDDEN_ADDRESSES = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",  # the metadata service of every cloud
    "168.63.129.16",  # the platform behind Azure's machines
    "100.64.0.1",
    "100.100.100.200",  # the metadata service of another cloud, in the range of carriers' NAT
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "203.0.113.9",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


def refusal(call, *arguments):
    with pytest.raises(TelecineError) as caught:
        call(*arguments)
    assert caught.value.kind is ErrorKind.TARGET_REFUSED
    assert caught.value.field == "url_end_point"
    return caught.value.detail


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_name_that_leads_inside_is_refused(address):
    told = refusal(check_addresses, "hook.example", 443, NOBODY, lambda host, port: ["8.8.8.8", address])
    assert "not public" in told


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_an_address_inside_is_refused_at_registration(address):
    host = f"[{address}]" if ":" in address else address
    refusal(check_target, "WEBHOOK", f"https://{host}/hook")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost"])
def test_an_address_in_disguise_is_refused_at_registration(host):
    refusal(check_target, "WEBHOOK", f"https://{host}/hook")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_passes(address):
    assert check_addresses("hook.example", 443, NOBODY, lambda host, port: [address]) == [address]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/a/b?c=d",
        "https://hooks.example.com:8443/",
        "HTTPS://Hooks.Example.com/",
        "https://bücher.example/",
        "https://my_host.example./",
        "https://[2606:4700::1111]/",
    ],
)
def test_a_plain_https_url_passes(url):
    assert check_url(url, NOBODY).scheme == "https"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com/", "scheme must be https"),
        ("ftp://hooks.example.com/", "scheme must be https"),
        ("file:///etc/passwd", "no valid host"),
        ("//hooks.example.com/", "scheme must be https"),
        ("hooks.example.com", "no valid host"),
        ("", "no valid host"),
        ("https:///path", "no valid host"),
        ("https://a b/", "no valid host"),
        ("https://ex%61mple.com/", "no valid host"),
        ("https://-a.example/", "no valid host"),
        ("https://user:password@hooks.example.com/", "user name"),
        ("https://user@hooks.example.com/", "user name"),
        ("https://@hooks.example.com/", "user name"),
        ("https://good.example\\@evil.example/", "user name"),
        ("https://hooks.example.com\r\nHost: evil/", "not a valid URL"),
        ("https://hooks.example.com:22/", "port 22"),
        ("https://hooks.example.com:25/", "port 25"),
        ("https://hooks.example.com:80/", "port 80"),
        ("https://hooks.example.com:0/", "port 0"),
        ("https://hooks.example.com:70000/", "port 70000"),
        ("https://hooks.example.com:x/", "not a valid URL"),
        ("https://hooks.example.com/" + "x" * 2048, "2048 characters"),
    ],
)
def test_any_other_url_is_refused_with_the_reason(url, why):
    assert why in refusal(check_url, url, NOBODY)


def test_what_the_operator_lists_may_be_private_plain_and_on_any_port():
    allowed = Allowed.of(["hook.internal", "10.1.0.0/16", "::1"])
    for url in ("http://HOOK.internal:81/", "http://10.1.2.3/", "http://[::1]:8080/"):
        check_url(url, allowed)
    assert check_addresses("hook.internal", 81, allowed, lambda host, port: ["192.168.0.9"]) == ["192.168.0.9"]
    assert check_addresses("other.example", 443, allowed, lambda host, port: ["10.1.2.3"]) == ["10.1.2.3"]
    refusal(check_addresses, "other.example", 443, allowed, lambda host, port: ["10.2.2.3"])
    refusal(check_url, "http://other.example/", allowed)
    check_target("WEBHOOK", "http://127.0.0.1:9000/hook", ["127.0.0.0/8"])


def test_a_name_that_does_not_resolve_can_be_registered(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror("no such name")

    monkeypatch.setattr("socket.getaddrinfo", nothing)
    check_target("WEBHOOK", "https://hooks.example.com/")


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        ("arn:aws:sns:us-west-2:73041xxxxx:PallyCon_TNP_SNS", "us-west-2"),  # as the document prints it
        ("arn:aws:sns:us-west-2:73041xxx:PallyCon_TNP_SNS", "us-west-2"),
        ("arn:aws:sns:ap-northeast-2:123456789012:topic.fifo", "ap-northeast-2"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:topic", "cn-north-1"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:topic", "us-gov-west-1"),
    ],
)
def test_an_arn_names_its_region(arn, region):
    assert region_of(arn) == region
    check_target("SNS", arn)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "topic",
        "https://hooks.example.com/",
        "arn:aws:sqs:us-west-2:123456789012:queue",
        "arn:aws:sns::123456789012:topic",
        "arn:aws:sns:us-west-2::topic",
        "arn:aws:sns:us-west-2:123456789012:",
        "arn:aws:sns:us-west-2:123456789012:a topic",
        "arn:aws:sns:us-west-2:123456789012:topic:subscription",
        "arn:aws:sns:evil.example/#-west-2:123456789012:topic",
        "arn:aws:sns:us-west-2@evil:123456789012:topic",
        "arn:aws-cn:sns:us-west-2:123456789012:topic",
        "arn:aws-us-gov:sns:us-west-2:123456789012:topic",
        "arn:aws:sns:us-west-2:123456789012:topic\n",
    ],
)
def test_anything_else_is_no_arn(arn):
    refusal(check_target, "SNS", arn)
