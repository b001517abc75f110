"""What is kept of commands has no secrets in it."""

from typing import Any

import pytest

from csms.domain.masking import masked


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"connectorId": 1, "idTag": "TAG"}, {"connectorId": 1, "idTag": "***"}),
        ({"idToken": {"idToken": "TAG", "type": "Local"}}, {"idToken": {"idToken": "***", "type": "Local"}}),
        ({"id_token": "TAG", "group_id_token": "G"}, {"id_token": "***", "group_id_token": "***"}),
        ({"localAuthorizationList": [{"idTag": "A"}]}, {"localAuthorizationList": [{"idTag": "***"}]}),
        ({"key": "AuthorizationKey", "value": "s3cret"}, {"key": "AuthorizationKey", "value": "***"}),
        ({"key": "HeartbeatInterval", "value": "60"}, {"key": "HeartbeatInterval", "value": "60"}),
        (
            {"setVariableData": [{"attributeValue": "s", "component": {"name": "SecurityCtrlr"},
                                  "variable": {"name": "BasicAuthPassword"}}]},
            {"setVariableData": [{"attributeValue": "***", "component": {"name": "SecurityCtrlr"},
                                  "variable": {"name": "BasicAuthPassword"}}]},
        ),
        (
            {"connectionData": {"apn": {"apnUserName": "u", "apnPassword": "p"}}},
            {"connectionData": {"apn": {"apnUserName": "u", "apnPassword": "***"}}},
        ),
        ({"location": "ftp://user:pass@host/x"}, {"location": "ftp://***@host/x"}),
        (
            {"values": {"SecurityCtrlr.BasicAuthPassword": "s", "WifiPassword": "s", "AuthorizationKey": "s"}},
            {"values": {"SecurityCtrlr.BasicAuthPassword": "***", "WifiPassword": "***", "AuthorizationKey": "***"}},
        ),
        ({"key": "WiFi_PSK", "value": "s"}, {"key": "WiFi_PSK", "value": "***"}),
        ({"vpn": {"server": "v", "user": "u", "password": "p", "key": "k", "type": "IPSec"}},
         {"vpn": {"server": "v", "user": "***", "password": "***", "key": "***", "type": "IPSec"}}),
        ({"apn": {"simPin": 1234, "apn": "a"}}, {"apn": {"simPin": "***", "apn": "a"}}),
        ({"customerIdentifier": "Jane", "report": True}, {"customerIdentifier": "***", "report": True}),
        ({"idToken": ["A", "B"]}, {"idToken": ["***", "***"]}),
        ({"additionalInfo": ({"additionalIdToken": "x"},)}, {"additionalInfo": [{"additionalIdToken": "***"}]}),
    ],
)  # fmt: skip
def test_secrets_are_masked_wherever_they_stand(told: dict[str, Any], kept: dict[str, Any]) -> None:
    assert masked(told) == kept
