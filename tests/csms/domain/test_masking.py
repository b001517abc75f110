"""What must not be seen of messages and commands is not."""

import json
from typing import Any

import pytest

from csms.domain.masking import is_secret, masked

Pairs = list[tuple[dict[str, Any], dict[str, Any]]]

SECRETS: Pairs = [
    ({"key": "AuthorizationKey", "value": "S"}, {"key": "AuthorizationKey", "value": "***"}),
    (
        {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "S"}]},
        {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "***"}]},
    ),
    (
        {"setVariableData": [{"attributeValue": "S", "attributeType": "Actual",
                              "component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}]},
        {"setVariableData": [{"attributeValue": "***", "attributeType": "Actual",
                              "component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}]},
    ),
    (
        {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": "S"}]}]},
        {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": "***"}]}]},
    ),
    ({"variable": "SecurityCtrlr.BasicAuthPassword", "value": "S"},
     {"variable": "SecurityCtrlr.BasicAuthPassword", "value": "***"}),
    ({"variable": {"name": "VpnPassword", "customData": {"password": "S"}}},
     {"variable": {"name": "VpnPassword", "customData": {"password": "***"}}}),
    ({"values": {"SecurityCtrlr.BasicAuthPassword": "S", "WebSocketPingInterval": "60"}},
     {"values": {"SecurityCtrlr.BasicAuthPassword": "***", "WebSocketPingInterval": "60"}}),
    ({"connectionData": {"apn": {"apnUserName": "u", "apnPassword": "S"}}},
     {"connectionData": {"apn": {"apnUserName": "u", "apnPassword": "***"}}}),
    ({"connectionData": {"vpn": {"server": "a", "user": "S", "key": "S", "password": "S"}}},
     {"connectionData": {"vpn": {"server": "a", "user": "***", "key": "***", "password": "***"}}}),
    ({"basic_auth_password": ["S", 1, {"x": 2.5}, None]}, {"basic_auth_password": ["***", "***", {"x": "***"}, None]}),
    ({"values": {"WifiPassword": "S", "AuthorizationKey": "S"}},
     {"values": {"WifiPassword": "***", "AuthorizationKey": "***"}}),
    ({"key": "WiFi_PSK", "newValue": "S"}, {"key": "WiFi_PSK", "newValue": "***"}),
    ({"apn": {"simPin": 1234, "apn": "a"}}, {"apn": {"simPin": "***", "apn": "a"}}),
    ({"location": "ftp://me:S@host/x"}, {"location": "ftp://***@host/x"}),
    ({"location": 'ftp://me:S@S"S@host/x ftps://S@host'}, {"location": "ftp://***@host/x ftps://***@host"}),
]  # fmt: skip

TOKENS: Pairs = [
    ({"idTag": "TAG", "connectorId": 1}, {"idTag": "***", "connectorId": 1}),
    ({"idTagInfo": {"status": "Accepted", "parentIdTag": "TAG"}},
     {"idTagInfo": {"status": "Accepted", "parentIdTag": "***"}}),
    ({"idToken": {"idToken": "TAG", "type": "ISO14443", "additionalInfo": [{"additionalIdToken": "T", "type": "x"}]}},
     {"idToken": {"idToken": "***", "type": "ISO14443",
                  "additionalInfo": [{"additionalIdToken": "***", "type": "x"}]}}),
    ({"id_token": "TAG", "id_token_type": "Central", "group_id": "G"},
     {"id_token": "***", "id_token_type": "Central", "group_id": "***"}),
    ({"additionalInfo": ({"additionalIdToken": "x"},)}, {"additionalInfo": [{"additionalIdToken": "***"}]}),
    ({"localAuthorizationList": [{"idTag": "TAG"}]}, {"localAuthorizationList": [{"idTag": "***"}]}),
    ({"customerIdentifier": "NAME", "report": True}, {"customerIdentifier": "***", "report": True}),
    ({"idToken": ["A", "B"]}, {"idToken": ["***", "***"]}),
    ({"idTag": ["TAG", {"x": 7, "type": {"type": "T", "x": "TAG"}}]},
     {"idTag": ["***", {"x": "***", "type": {"type": "T", "x": "***"}}]}),
]  # fmt: skip

FREE_TEXT: Pairs = [
    ({"vendorId": "v", "data": "TAG"}, {"vendorId": "v", "data": "***"}),
    ({"customData": {"vendorId": "v", "owner": "NAME"}}, {"customData": {"vendorId": "v", "owner": "***"}}),
]


@pytest.mark.parametrize(("told", "shown"), SECRETS)
def test_secrets_are_shown_to_nobody_wherever_they_stand(told: dict[str, Any], shown: dict[str, Any]) -> None:
    assert masked(told, id_tokens=True, free_text=True) == shown


@pytest.mark.parametrize(("told", "shown"), TOKENS)
def test_id_tokens_are_hidden_unless_they_may_be_shown(told: dict[str, Any], shown: dict[str, Any]) -> None:
    assert masked(told, id_tokens=False, free_text=True) == shown
    assert json.dumps(masked(told, id_tokens=True, free_text=False)) == json.dumps(told)


@pytest.mark.parametrize(("told", "shown"), FREE_TEXT)
def test_free_text_is_hidden_unless_it_may_be_shown(told: dict[str, Any], shown: dict[str, Any]) -> None:
    assert masked(told, id_tokens=True, free_text=False) == shown
    assert masked(told, id_tokens=False, free_text=True) == told


def test_what_is_no_secret_is_shown_as_it_is() -> None:
    payload = {
        "key": "HeartbeatInterval",
        "value": "60",
        "component": {"name": "SecurityCtrlr"},
        "list": [1, None, True, 2.5],
    }
    assert masked(payload, id_tokens=False, free_text=False) == payload


@pytest.mark.parametrize("field", ["x", "password"])
def test_what_is_too_deep_to_be_looked_through_is_hidden(field: str) -> None:
    deep: Any = {"password": "S"}
    for _ in range(2000):
        deep = {field: [deep]}
    shown = masked({"status": "Accepted", "deep": deep}, id_tokens=True, free_text=True)
    levels = 0
    while isinstance(shown, dict | list):
        shown, levels = shown[-1] if isinstance(shown, list) else list(shown.values())[-1], levels + 1
    assert (shown, levels) == ("***", 100)


@pytest.mark.parametrize(
    ("setting", "secret"),
    [
        ("AuthorizationKey", True),
        ("authorizationkey", True),
        ("SecurityCtrlr.BasicAuthPassword", True),
        ("Wifi_Private_Key", True),
        ("WpaPSK", True),
        ("SIM-PIN", True),
        ("SimPin", True),
        ("HeartbeatInterval", False),
        ("PingInterval", False),
        ("AuthorizeRemoteTxRequests", False),
    ],
)
def test_the_name_of_a_setting_tells_whether_it_is_a_secret(setting: str, secret: bool) -> None:
    assert is_secret(setting) is secret
