"""API keys, their rights and the audit log, by the management key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, serve

from .cases import body as chat_body
from .cases import to_proto
from .conftest import Rpc
from .shapes import checked, missing

TEAM = "5ea6f6bd-7815-4b8a-9135-28b2d7ba6722"
KEYS = f"/auth/teams/{TEAM}/api-keys"
ALL = ["api-key:endpoint:*", "api-key:model:*"]


@pytest.fixture(scope="module")
def manage(server: Server) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {server.management_key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=20) as client:
        yield client


def create(manage: httpx.Client, **given: Any) -> dict[str, Any]:
    answer = manage.post(KEYS, json={"name": "test", "acls": ALL, **given})
    made: dict[str, Any] = checked(answer, "/auth/teams/{teamId}/api-keys")
    return made


def update(manage: httpx.Client, key: dict[str, Any], mask: str | None = None, **given: Any) -> dict[str, Any]:
    body = {"apiKey": given, **({} if mask is None else {"fieldMask": mask})}
    answer = manage.put(f"/auth/api-keys/{key['apiKeyId']}", json=body)
    changed: dict[str, Any] = checked(answer, "/auth/api-keys/{api_key_id}")
    return changed


def ask(server: Server, rpc: Rpc, secret: str, prompt: str = "Say hello", model: str = "grok-3") -> tuple[int, str]:
    """The outcome of a chat with a key: the same on both wires."""
    headers = {"authorization": f"Bearer {secret}"}
    answer = httpx.post(f"{server.url}/v1/chat/completions", json=chat_body(prompt, model=model), headers=headers)
    call = rpc.channel.unary_unary("/xai_api.Chat/GetCompletion")
    request = to_proto(rpc, chat_body(prompt, model=model)).SerializeToString()
    if answer.status_code == 200:
        call(request, metadata=list(headers.items()), timeout=10)
        return 200, ""
    with pytest.raises(grpc.RpcError) as caught:
        call(request, metadata=list(headers.items()), timeout=10)
    error: Any = caught.value
    assert error.details() == answer.json()["error"]
    assert {"PERMISSION_DENIED": 403, "INVALID_ARGUMENT": 400}[error.code().name] == answer.status_code
    return answer.status_code, answer.json()["error"]


def test_a_new_key_works_at_once(server: Server, rpc: Rpc, manage: httpx.Client) -> None:
    key = create(manage, name="ci", qps=5, qpm=100, tpm="9007199254740993", expireTime="2099-01-01T00:00:00Z")
    assert missing("ManagementApiKey", key) == set()
    assert (key["qps"], key["qpm"], key["tpm"]) == (5, 100, "9007199254740993")
    assert key["aclStrings"] == ALL
    assert key["expireTime"] == "2099-01-01T00:00:00Z"
    assert key["redactedApiKey"] == f"{key['apiKey'][:4]}...{key['apiKey'][-4:]}"
    assert ask(server, rpc, key["apiKey"]) == (200, "")
    headers = {"authorization": f"Bearer {key['apiKey']}"}
    me = httpx.get(f"{server.url}/v1/api-key", headers=headers).json()
    assert (me["api_key_id"], me["name"], me["acls"], me["team_id"]) == (key["apiKeyId"], "ci", ALL, TEAM)
    info = rpc.channel.unary_unary("/xai_api.Auth/get_api_key_info", None, rpc.message("ApiKey").FromString)
    assert info(b"", metadata=list(headers.items()), timeout=10).api_key_id == key["apiKeyId"]
    where = checked(manage.get(f"/auth/api-keys/{key['apiKeyId']}/propagation"),
                    "/auth/api-keys/{apiKeyId}/propagation")  # fmt: skip
    assert set(where["icPropagation"].values()) == {True}


@pytest.mark.parametrize(
    ("acls", "model", "status"),
    [
        (["api-key:endpoint:chat", "api-key:model:grok-3"], "grok-3", 200),
        (["api-key:endpoint:chat", "api-key:model:grok-3-latest"], "grok-3", 200),
        (["api-key:endpoint:*", "api-key:model:grok-3"], "grok-3-beta", 200),
        (["api-key:endpoint:*", "api-key:model:grok-4"], "grok-3", 403),
        (["api-key:endpoint:image", "api-key:model:*"], "grok-3", 403),
        ([], "grok-3", 403),
    ],
)
def test_rights(server: Server, rpc: Rpc, manage: httpx.Client, acls: list[str], model: str, status: int) -> None:
    key = create(manage, acls=acls)
    found, text = ask(server, rpc, key["apiKey"], model=model)
    assert found == status, text
    assert status == 200 or "has no right api-key:" in text


def test_rights_of_other_operations(server: Server, rpc: Rpc, manage: httpx.Client) -> None:
    key = create(manage, acls=["api-key:endpoint:image", "api-key:endpoint:video", "api-key:model:grok-imagine-image"])
    headers = {"authorization": f"Bearer {key['apiKey']}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        assert client.post("/v1/images/generations", json={"prompt": "x"}).status_code == 200
        assert client.post("/v1/images/generations", json={"prompt": "x", "model": "grok-2-image"}).status_code == 403
        assert client.post("/v1/videos/generations", json={"prompt": "x"}).status_code == 403
        for path in ("/v1/models", "/v1/language-models", "/v1/tts/voices", "/v1/files", "/v1/custom-voices"):
            assert client.get(path).status_code == 403, path
        assert client.get("/v1/me").status_code == 200
    call = rpc.channel.unary_unary("/xai_api.Image/GenerateImage")
    call(rpc.message("GenerateImageRequest", prompt="x").SerializeToString(), metadata=list(headers.items()))
    for method, name in (("Video/GenerateVideo", "GenerateVideoRequest"), ("Models/ListLanguageModels", "ApiKey")):
        data = rpc.message(name).SerializeToString()
        with pytest.raises(grpc.RpcError) as caught:
            rpc.channel.unary_unary(f"/xai_api.{method}")(data, metadata=list(headers.items()), timeout=10)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_disabled_blocked_deleted(server: Server, rpc: Rpc, manage: httpx.Client) -> None:
    key = create(manage)
    secret, name = key["apiKey"], key["apiKeyId"]
    assert update(manage, key, "disabled", disabled=True)["disabled"] is True
    assert ask(server, rpc, secret) == (403, f"The API key xa***{secret[-2:]} is disabled.")
    headers = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{server.url}/v1/api-key", headers=headers).json()["api_key_disabled"] is True
    assert update(manage, key, "disabled")["disabled"] is False
    assert ask(server, rpc, secret)[0] == 200
    assert httpx.post(f"{server.url}/emulator/keys/{name}/blocked").status_code == 204
    assert ask(server, rpc, secret) == (403, f"The API key xa***{secret[-2:]} is blocked.")
    assert httpx.get(f"{server.url}/v1/me", headers=headers).json()["api_key"]["blocked"] is True
    assert httpx.delete(f"{server.url}/emulator/keys/{name}/blocked").status_code == 204
    assert ask(server, rpc, secret)[0] == 200
    assert checked(manage.delete(f"/auth/api-keys/{name}"), "/auth/api-keys/{apiKeyId}") == {}
    assert ask(server, rpc, secret) == (403, f"The API key xa***{secret[-2:]} was deleted.")
    assert httpx.get(f"{server.url}/v1/api-key", headers=headers).status_code == 403
    assert manage.delete(f"/auth/api-keys/{name}").status_code == 404
    assert manage.put(f"/auth/api-keys/{name}", json={"apiKey": {"name": "x"}}).status_code == 404


def test_update(manage: httpx.Client) -> None:
    key = create(manage, qps=5, tpm="7")
    changed = update(manage, key, "name,aclStrings,tpm", name="new", aclStrings=ALL[:1], qps=9)
    assert (changed["name"], changed["aclStrings"], changed["qps"]) == ("new", ALL[:1], 5)
    assert "tpm" not in changed  # named by the mask, but not given
    assert "apiKey" not in changed
    assert changed["modifyTime"] >= changed["createTime"]
    assert update(manage, key, None, qpm=3)["qpm"] == 3
    refused = {"apiKey": {"name": "x"}, "fieldMask": "apiKeyId"}
    assert manage.put(f"/auth/api-keys/{key['apiKeyId']}", json=refused).status_code == 400


def test_rotate(server: Server, rpc: Rpc, manage: httpx.Client) -> None:
    key = create(manage)
    path = f"/auth/api-keys/{key['apiKeyId']}/rotate"
    second = checked(manage.post(path, json={}), "/auth/api-keys/{apiKeyId}/rotate")
    assert second["apiKeyId"] == key["apiKeyId"]
    assert second["apiKey"] != key["apiKey"]
    assert ask(server, rpc, key["apiKey"])[0] == ask(server, rpc, second["apiKey"])[0] == 200  # for 24 hours
    third = manage.post(path, json={"oldSecretExpireTime": "2020-01-01T00:00:00Z"}).json()
    assert ask(server, rpc, second["apiKey"]) == (403, f"The API key xa***{second['apiKey'][-2:]} was rotated.")
    assert ask(server, rpc, third["apiKey"])[0] == 200
    for refused in ({"oldSecretExpireTime": "2099-01-01T00:00:00Z"}, {"expireTime": "2020-01-01T00:00:00Z"}):
        assert manage.post(path, json=refused).status_code == 400


def test_keys_lapse() -> None:
    with serve() as server:
        headers = {"authorization": f"Bearer {server.management_key}"}
        with httpx.Client(base_url=server.url, headers=headers) as manage:
            soon = (datetime.now(timezone.utc) + timedelta(hours=30)).isoformat()
            first, second = create(manage, expireTime=soon), create(manage)
            third = manage.post(f"/auth/api-keys/{second['apiKeyId']}/rotate", json={}).json()

            def statuses() -> list[int]:
                secrets = (first["apiKey"], second["apiKey"], third["apiKey"])
                calls = ({"authorization": f"Bearer {secret}"} for secret in secrets)
                return [httpx.get(f"{server.url}/v1/models", headers=call).status_code for call in calls]

            assert statuses() == [200, 200, 200]
            server.advance(25 * 3600)  # the rotated secret lapses after a day
            assert statuses() == [200, 403, 200]
            server.advance(6 * 3600)
            assert statuses() == [403, 403, 200]


def test_list(manage: httpx.Client) -> None:
    marker = f"api-key:model:marker-{time.monotonic_ns()}"
    made = [create(manage, acls=[marker, *ALL], name=f"key {index}") for index in range(5)]
    update(manage, made[1], "disabled", disabled=True)
    found, token = [], ""
    while True:
        params = {"pageSize": 2, "aclFilters": [marker, ALL[0]], **({"paginationToken": token} if token else {})}
        page = checked(manage.get(KEYS, params=params), "/auth/teams/{teamId}/api-keys")
        assert len(page["apiKeys"]) <= 2
        found += page["apiKeys"]
        token = page.get("paginationToken")
        if not token:
            break
    assert [key["apiKeyId"] for key in found] == [key["apiKeyId"] for key in made]
    assert not any("apiKey" in key for key in found)
    active = manage.get(KEYS, params={"aclFilters": marker, "activeOnly": "true"}).json()["apiKeys"]
    assert [key["name"] for key in active] == ["key 0", "key 2", "key 3", "key 4"]
    for params in ({"pageSize": "x"}, {"pageSize": -1}, {"paginationToken": "x"}, {"activeOnly": "perhaps"}):
        assert manage.get(KEYS, params=params).status_code == 400


def test_times(manage: httpx.Client) -> None:
    for given, told in (
        ("2099-01-01T02:00:00.5+02:00", "2099-01-01T00:00:00.500000Z"),
        ("2099-01-01T00:00:00.123456789Z", "2099-01-01T00:00:00.123456Z"),
        ("2099-01-01T00:00:00", "2099-01-01T00:00:00Z"),
    ):
        assert create(manage, expireTime=given)["expireTime"] == told


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 422),
        ({"name": 5}, 422),
        ({"name": "x", "qps": "5"}, 422),
        ({"name": ""}, 400),
        ({"name": "x", "acls": ["everything"]}, 400),
        ({"name": "x", "tpm": "many"}, 400),
        ({"name": "x", "tpm": "9223372036854775808"}, 400),
        ({"name": "x", "qps": -1}, 400),
        ({"name": "x", "expireTime": "soon"}, 400),
    ],
)
def test_refused_keys(manage: httpx.Client, given: dict[str, Any], status: int) -> None:
    assert manage.post(KEYS, json=given).status_code == status


def test_management_key_is_needed(server: Server, manage: httpx.Client) -> None:
    path = f"{server.url}/auth/management-keys/validation"
    found = checked(manage.get(path), "/auth/management-keys/validation")
    assert missing("ManagementKeyValidationResponse", found) == {"apiKey"}
    assert (found["scope"], found["scopeId"]) == ("SCOPE_TEAM", TEAM)
    statuses = [
        httpx.get(path, headers={"authorization": f"Bearer {key}"} if key else {}).status_code
        for key in (None, "nonsense", server.api_key, server.management_key)
    ]
    assert statuses == [401, 400, 403, 200]
    assert httpx.get(f"{server.url}/v1/me", headers=dict(manage.headers)).status_code == 400
    for path in ("auth/teams/x/api-keys", "auth/teams/x/models", "audit/teams/x/events", "v1/billing/teams/x/invoices"):
        assert manage.get(f"{server.url}/{path}").status_code == 403


def test_models_and_endpoints(manage: httpx.Client) -> None:
    (cluster,) = checked(manage.get(f"/auth/teams/{TEAM}/models"), "/auth/teams/{teamId}/models")["clusterConfigs"]
    assert missing("ClusterConfig", cluster) == set()
    for name, schema in (
        ("languageModels", "MgmtLanguageModel"),
        ("embeddingModels", "MgmtEmbeddingModel"),
        ("imageGenerationModels", "MgmtImageGenerationModel"),
        ("audioModels", "MgmtAudioModel"),
        ("videoGenerationModels", "MgmtVideoGenerationModel"),
    ):
        assert cluster[name]
        assert all(missing(schema, model) == set() for model in cluster[name])
    acls = checked(manage.get(f"/auth/teams/{TEAM}/endpoints"), "/auth/teams/{teamId}/endpoints")["acls"]
    assert {"chat", "embed", "image", "models", "sample", "tokenize", "documents", "*"} <= {
        item["value"] for item in acls
    }
    assert all(missing("Acl", item) == set() for item in acls)


def test_audit(manage: httpx.Client) -> None:
    path, where = f"/audit/teams/{TEAM}/events", "/audit/teams/{teamId}/events"
    key = create(manage)
    name = key["apiKeyId"]
    update(manage, key, "name", name="audited")
    manage.post(f"/auth/api-keys/{name}/rotate", json={})
    manage.delete(f"/auth/api-keys/{name}")
    events = checked(manage.get(path, params={"eventFilter.query": name.upper()}), where)["events"]
    assert [event["description"].split()[0] for event in events] == ["Created", "Changed", "Rotated", "Deleted"]
    assert all(missing("AuditEvent", event) == missing("AuditEventUser", event["user"]) == set() for event in events)
    newest = manage.get(path, params={"eventFilter.query": name, "orderBy": "TIME_DESCENDING"}).json()["events"]
    assert newest == events[::-1]
    params: dict[str, Any] = {"eventFilter.query": name, "pageSize": 3}
    first = checked(manage.get(path, params=params), where)
    second = checked(manage.get(path, params={**params, "pageToken": first["nextPageToken"]}), where)
    assert first["events"] + second["events"] == events
    assert "nextPageToken" not in second

    def count(**given: str) -> int:
        params = {"eventFilter.query": name, **{name.replace("_", "."): value for name, value in given.items()}}
        return len(manage.get(path, params=params).json()["events"])

    assert count(eventFilter_eventId=events[1]["eventId"]) == 1
    assert count(eventFilter_userId=events[0]["user"]["userId"]) == 4
    assert count(eventFilter_userId="nobody") == 0
    assert count(eventTimeFrom=events[2]["eventTime"]) == 2
    assert count(eventTimeTo=events[2]["eventTime"]) == 2
    assert manage.get(path, params={"eventTimeTo": "soon"}).status_code == 400
    assert manage.get(path, params={"orderBy": "SIZE"}).status_code == 400
