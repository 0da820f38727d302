"""Pages of other origins and unsigned programs, against the three real servers; and Label Studio's
own identity."""

import base64
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import dagster as dg
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.local.settings import REGION, load_secrets
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.integration.browser import browser_page
from farmy_assets_tests.integration.running import LAUNCH, RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

EVIL = "http://evil.example"
SERVERS = ("ministack", "dagster", "uploads")
IMAGE = "images/an-image.jpg"
CONFIG = '<View><Image name="image" value="$image"/></View>'
MUTATION = "mutation { setNuxSeen }"
QUERY = "{ version }"
# What a page can try without being allowed anything: each ends in what came of it.
ATTACK = """async ({lake, dagster, uploads, key, mutation}) => {
  const tried = {};
  const attempt = async (name, work) => {
    try { tried[name] = await work(); } catch (error) { tried[name] = 'failed'; }
  };
  const read = async (address, options) => {
    const answer = await fetch(address, options);
    return answer.type === 'opaque' ? 'opaque' : answer.status + ' ' + await answer.text();
  };
  const json = {'Content-Type': 'application/json'};
  const body = JSON.stringify({query: mutation});
  const shown = (tag, address) => new Promise(done => {
    const element = document.createElement(tag);
    element.onload = () => done(tag === 'iframe' ? 'loaded a frame' : 'loaded');
    element.onerror = () => done('failed');
    element[tag === 'link' ? 'href' : 'src'] = address;
    document.body.append(element);
    setTimeout(() => done('failed'), 3000);
  });
  await attempt('list', () => read(lake + '/?list-type=2'));
  await attempt('get', () => read(lake + key));
  await attempt('put', () => read(lake + key, {method: 'PUT', body: 'x'}));
  await attempt('delete', () => read(lake + key, {method: 'DELETE'}));
  await attempt('reset', () => read(lake + '/_ministack/reset', {method: 'POST'}));
  await attempt('post', () => read(lake + key, {method: 'POST', mode: 'no-cors', body: 'x'}));
  await attempt('image', () => shown('img', lake + key));
  await attempt('script', () => shown('script', dagster + '/graphql?query={version}'));
  await attempt('query', () => read(dagster + '/graphql?query={version}'));
  await attempt('json', () => read(dagster + '/graphql', {method: 'POST', headers: json, body}));
  await attempt('text', () => read(dagster + '/graphql', {method: 'POST', body}));
  await attempt('blind', () => read(dagster + '/graphql', {method: 'POST', mode: 'no-cors', body}));
  await attempt('report', () => read(dagster + '/report_asset_materialization/evil',
    {method: 'POST', mode: 'no-cors'}));
  await attempt('page', () => read(uploads + '/'));
  await attempt('send', () => read(uploads + '/uploads', {method: 'POST', headers: json, body}));
  await attempt('socket', () => new Promise(done => {
    const socket = new WebSocket(dagster.replace('http', 'ws') + '/graphql', 'graphql-ws');
    socket.onopen = () => done('opened');
    socket.onerror = () => done('failed');
  }));
  for (const address of [dagster, uploads, lake]) {
    const frame = document.createElement('iframe');
    frame.name = 'frame-of-' + new URL(address).port;
    frame.src = address + '/';
    document.body.append(frame);
    const form = document.createElement('form');
    form.target = frame.name;
    form.method = 'POST';
    form.action = address + '/graphql?query=' + encodeURIComponent(mutation);
    document.body.append(form);
    await new Promise(done => setTimeout(done, 700));
    form.submit();
  }
  await new Promise(done => setTimeout(done, 1000));
  return tried;
}"""


def bucket(platform: RunningPlatform, zone: str) -> str:
    return str(getattr(platform.lake.settings, f"{zone}_bucket"))


def everything(platform: RunningPlatform) -> dict[str, list[str]]:
    """Every key of the lake, by zone."""
    lake = platform.lake
    return {
        "raw": list(lake.raw.keys("")), "cleansed": list(lake.cleansed.keys("")),
        "records": list(lake.records.bucket.keys("")), "datasets": list(lake.exports.keys("")),
    }  # fmt: skip


@pytest.fixture(scope="module")
def shown_image(platform: RunningPlatform) -> bytes:
    content = jpeg(7)
    platform.lake.cleansed.put(IMAGE, content, media_type="image/jpeg")
    platform.lake.raw.put_once(IMAGE, content)
    return content


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Referer": f"{EVIL}/page"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, 403),
    ],
)
def test_no_server_answers_a_page_of_somebody_else(
    platform: RunningPlatform, server: str, headers: dict[str, str], status: int
) -> None:
    address = platform.settings.address(server)
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = httpx.request(method, f"{address}/", headers=headers)
        assert answer.status_code == status, method
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("server", SERVERS)
def test_no_server_s_answer_can_be_framed(platform: RunningPlatform, server: str) -> None:
    answer = httpx.get(f"{platform.settings.address(server)}/")
    assert answer.headers["x-frame-options"] == "DENY"
    policies = answer.headers.get_list("content-security-policy")
    assert any("frame-ancestors 'none'" in policy for policy in policies)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/{raw}?list-type=2"), ("GET", "/{raw}/{key}"),
        ("PUT", "/{raw}/{key}"), ("DELETE", "/{raw}/{key}"), ("HEAD", "/{raw}"),
        ("PUT", "/{records}/batches/000001.json"),
        ("POST", "/_ministack/reset"), ("GET", "/_ministack/sqs/messages"), ("POST", "/"),
        ("GET", "/?Action=ListUsers&Version=2010-05-08"), ("GET", "/2015-03-31/functions"),
        ("GET", "/_aws/execute-api/x/y"),
    ],
)  # fmt: skip
def test_the_lake_answers_no_unsigned_request(
    platform: RunningPlatform, shown_image: bytes, method: str, path: str
) -> None:
    before = everything(platform)
    names = {zone: bucket(platform, zone) for zone in ("raw", "records")}
    address = platform.settings.address("ministack") + path.format(**names, key=IMAGE)
    assert httpx.request(method, address).status_code == 403
    known = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/x/s3/aws4_request"}
    assert httpx.request(method, address, headers=known).status_code == 403
    assert everything(platform) == before
    assert platform.lake.raw.get(IMAGE) == shown_image


def test_no_name_and_no_form_is_a_way_around_a_signature(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    before = everything(platform)
    address, name = platform.settings.address("ministack"), bucket(platform, "cleansed")
    port = platform.settings.ports["ministack"]
    for host in ("x", "zzzzzzzz", "d5f50139", "00000000"):
        for own in ("127.0.0.1", "localhost"):
            told = {"Host": f"{host}.execute-api.{own}:{port}"}
            for method in ("GET", "PUT", "DELETE"):
                answer = httpx.request(method, f"{address}/{name}/{IMAGE}", headers=told)
                assert answer.status_code in {403, 404, 421}
                assert shown_image not in answer.content
    told = {"Host": f"{name}.localhost:{port}"}
    assert httpx.get(f"{address}/{IMAGE}", headers=told).status_code == 403
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    listed = f"<Delete><Object><Key>{IMAGE}</Key></Object></Delete>"
    answer = httpx.post(f"{address}/{name}?delete", content=listed, headers=form)
    assert answer.status_code == 403
    assert everything(platform) == before


def client(platform: RunningPlatform, key: str, secret: str) -> Any:  # noqa: ANN401
    return boto3.client(
        "s3",
        endpoint_url=platform.settings.address("ministack"),
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={}),
    )


def test_neither_a_well_known_key_nor_a_wrong_secret_opens_the_lake(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    del shown_image
    secrets = load_secrets(platform.settings)
    for key, secret in (
        ("test", "test"),
        ("000000000000", "test"),
        (secrets.aws_access_key_id, "test"),
        ("test", secrets.aws_secret_access_key),
        (secrets.label_studio_access_key_id, secrets.aws_secret_access_key),
    ):
        forged = client(platform, key, secret)
        with pytest.raises(ClientError, match="AccessDenied"):
            forged.list_objects_v2(Bucket=bucket(platform, "raw"))
        with pytest.raises(ClientError, match="AccessDenied"):
            forged.put_object(Bucket=bucket(platform, "raw"), Key="x", Body=b"x")
        address = forged.generate_presigned_url(
            "get_object", {"Bucket": bucket(platform, "raw"), "Key": IMAGE}
        )
        assert httpx.get(address).status_code == 403


def test_a_presigned_address_is_good_for_its_time_its_key_and_its_method(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    s3 = platform.lake.cleansed.client
    about = {"Bucket": bucket(platform, "cleansed"), "Key": IMAGE}
    address = s3.generate_presigned_url("get_object", about, ExpiresIn=60)
    assert httpx.get(address).content == shown_image
    label_studio = {"Origin": platform.label_studio_url}
    assert httpx.get(address, headers=label_studio).content == shown_image
    assert httpx.get(address, headers={"Origin": EVIL}).status_code == 403
    assert httpx.put(address, content=b"x").status_code == 403
    assert httpx.get(address.replace("an-image", "another")).status_code == 403
    over = s3.generate_presigned_url("get_object", about, ExpiresIn=0)
    platform.wait_until("the end of its time", lambda: httpx.get(over).status_code == 403)


def test_a_form_without_a_signed_policy_is_refused(platform: RunningPlatform) -> None:
    before = everything(platform)
    address = f"{platform.settings.address('ministack')}/{bucket(platform, 'raw')}"
    for fields in ({"key": "images/x"}, {"key": "images/x", "policy": "e30="}):
        answer = httpx.post(address, data=fields, files={"file": ("x", b"x")})
        assert answer.status_code == 403
    assert everything(platform) == before


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200), ("text/plain", 415), ("application/graphql", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415),
    ],
)  # fmt: skip
def test_dagster_takes_queries_and_mutations_by_json_alone(
    platform: RunningPlatform, kind: str, status: int
) -> None:
    address = f"{platform.settings.address('dagster')}/graphql"
    for query in (QUERY, MUTATION):
        answer = httpx.post(
            address, content=f'{{"query": "{query}"}}', headers={"Content-Type": kind}
        )
        assert answer.status_code == status
        assert httpx.post(address, params={"query": query}).status_code == 415
        assert httpx.get(address, params={"query": query}).status_code == 405
    for path in ("report_asset_materialization", "report_asset_check", "report_asset_observation"):
        report = httpx.post(f"{platform.settings.address('dagster')}/{path}/evil")
        assert report.status_code == 415


def test_dagster_s_socket_is_opened_by_its_own_page_alone(platform: RunningPlatform) -> None:
    port = platform.settings.ports["dagster"]
    assert _upgraded(port, f"Origin: http://127.0.0.1:{port}")
    assert _upgraded(port, "X-Program: yes")
    assert not _upgraded(port, f"Origin: {EVIL}")
    assert not _upgraded(port, f"Origin: http://127.0.0.1:{port + 1}")
    assert not _upgraded(port, "X-Program: yes", host="evil.example")


def _upgraded(port: int, header: str, *, host: str = "") -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        lines = [
            "GET /graphql HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: graphql-ws", header, "", "",
        ]  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(64).startswith(b"HTTP/1.1 101")


@contextmanager
def elsewhere() -> Iterator[str]:
    """Somebody's web page, on this machine under another port; its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body>a page</body>")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_page_on_another_port_reads_nothing_changes_nothing_and_frames_nothing(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    before = everything(platform)
    runs = len(platform.instance.get_runs())
    targets = {name: platform.settings.address(name) for name in ("dagster", "uploads")}
    with elsewhere() as address, browser_page() as page:
        page.goto(address)
        tried = page.evaluate(
            ATTACK,
            {
                **targets, "lake": platform.settings.address("ministack"),
                "key": f"/{bucket(platform, 'cleansed')}/{IMAGE}", "mutation": MUTATION,
            },
        )  # fmt: skip
        framed = [frame.content() for frame in page.frames if frame.name.startswith("frame-of-")]
    # A request without CORS may be sent; of its answer a page sees that there was one.
    assert {name for name, came in tried.items() if came != "failed"} <= {"post", "blind", "report"}
    assert not [came for came in tried.values() if came not in {"failed", "opaque"}]
    for text in framed:
        assert "Dagster" not in text
        assert "Take a photograph" not in text
    assert everything(platform) == before
    assert platform.lake.cleansed.get(IMAGE) == shown_image
    assert len(platform.instance.get_runs()) == runs
    reported = platform.instance.get_latest_materialization_event(dg.AssetKey(["evil"]))
    assert reported is None


def test_dagster_s_own_page_works_and_starts_a_run(platform: RunningPlatform) -> None:
    params = {
        "mode": "default",
        "selector": {
            "repositoryLocationName": "farmy_assets", "repositoryName": "__repository__",
            "jobName": "__ASSET_JOB", "assetSelection": [{"path": ["no_such_asset"]}],
        },
        "runConfigData": {},
    }  # fmt: skip
    with browser_page() as page:
        refused: list[str] = []
        page.on(
            "response", lambda r: refused.append(r.url) if r.status in {403, 405, 415} else None
        )
        page.goto(f"{platform.settings.address('dagster')}/runs")
        page.get_by_text("Runs").first.wait_for()
        page.wait_for_load_state("networkidle")
        answer = page.evaluate(
            """async ([query, params]) => (await fetch('/graphql', {method: 'POST',
            headers: {'Content-Type': 'application/json'},
            body: JSON.stringify({query, variables: {params}})})).json()""",
            [LAUNCH, params],
        )
        page.goto(f"{platform.settings.address('dagster')}/graphql")
        assert "GraphiQL" in page.content() or "graphiql" in page.content()
        assert refused == []
    assert "launchRun" in answer["data"]


# ------------------------------------------------------------------ Label Studio's own identity


def refused(work: Any) -> None:  # noqa: ANN401
    with pytest.raises(ClientError) as told:
        work()
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_label_studio_s_keys_read_cleansed_images_and_do_nothing_else(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    secrets = load_secrets(platform.settings)
    s3 = client(
        platform, secrets.label_studio_access_key_id, secrets.label_studio_secret_access_key
    )
    cleansed = bucket(platform, "cleansed")
    assert s3.get_object(Bucket=cleansed, Key=IMAGE)["Body"].read() == shown_image
    platform.lake.cleansed.put("elsewhere.txt", b"x")
    refused(lambda: s3.get_object(Bucket=cleansed, Key="elsewhere.txt"))
    for zone in ("raw", "records", "datasets", "cleansed"):
        name = bucket(platform, zone)
        refused(lambda name=name: s3.list_objects_v2(Bucket=name))
        refused(lambda name=name: s3.list_objects_v2(Bucket=name, Prefix="images/"))
        refused(lambda name=name: s3.head_bucket(Bucket=name))
        refused(lambda name=name: s3.put_object(Bucket=name, Key="images/x", Body=b"x"))
        refused(lambda name=name: s3.delete_object(Bucket=name, Key=IMAGE))
        if zone != "cleansed":
            refused(lambda name=name: s3.get_object(Bucket=name, Key=IMAGE))
    refused(s3.list_buckets)


def test_label_studio_shows_a_cleansed_image_and_no_storage_reaches_another_bucket(
    platform: RunningPlatform, shown_image: bytes
) -> None:
    raw, cleansed = bucket(platform, "raw"), bucket(platform, "cleansed")
    inbox = Inbox(campaign="web-access", phase=Phase.ANNOTATION, person="anna")
    project = platform.studio.ensure_inbox(inbox, label_config=CONFIG, instructions="")
    uris = [f"s3://{cleansed}/{IMAGE}", f"s3://{raw}/{IMAGE}"]
    tasks = [NewTask(task_key=f"k{n}", data={"image": uri}) for n, uri in enumerate(uris)]
    platform.studio.add_tasks(project, tasks)
    with httpx.Client(
        base_url=platform.label_studio_url, trust_env=False,
        headers={"Authorization": f"Token {platform.label_studio_token}"},
    ) as studio:  # fmt: skip
        shown = studio.get("/api/tasks", params={"project": project, "page_size": 10}).json()
        task = shown["tasks"][0]["id"]

        def resolved(uri: str) -> httpx.Response:
            told = base64.b64encode(uri.encode()).decode()
            return studio.get(f"/tasks/{task}/resolve/", params={"fileuri": told})

        assert resolved(uris[0]).content == shown_image
        assert resolved(uris[1]).status_code >= 400
        for kind in ("s3", "export/s3"):
            made = studio.post(f"/api/storages/{kind}", json={"project": project, "bucket": raw})
            assert made.status_code == 400, made.text
        # As one that was made when the server still had the platform's own keys.
        database = platform.settings.home / "label-studio" / "data" / "label_studio.sqlite3"
        with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            changed = connection.execute(
                "UPDATE io_storages_s3importstorage SET bucket = ? WHERE project_id = ?",
                (raw, project),
            ).rowcount
        assert changed == 1
        answer = resolved(uris[1])
        assert answer.status_code >= 400
        assert shown_image not in answer.content
