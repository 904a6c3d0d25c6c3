"""The GraphQL endpoint as HTTP: status codes, content types, shapes."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    library = seed(scene(1, studio_id=2, tag_ids=[2, 1], performer_ids=[2]), scene(2, files=[]))
    with loaded(stash_process, library) as client:
        yield client


def test_an_unknown_field_is_a_validation_error(stash: Stash) -> None:
    answer = stash.post("{ findScenes { scenes { plot } } }", JSON)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/json"
    (error,) = answer.json()["errors"]
    assert error["message"] == 'Cannot query field "plot" on type "Scene".'
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert answer.json()["data"] is None


def test_broken_syntax_is_a_parse_error(stash: Stash) -> None:
    answer = stash.post("{ findScenes {", JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


def test_variables_of_a_wrong_type_are_a_validation_error(stash: Stash) -> None:
    body = {"query": "query ($i: [Int!]) { findScenes(scene_ids: $i) { count } }"}
    answer = requests.post(
        f"{stash.url}/graphql", json={**body, "variables": {"i": ["x"]}}, headers=JSON, timeout=10
    )
    assert answer.status_code == 422


def test_whoever_accepts_anything_gets_the_newer_type_and_400_uncompressed(stash: Stash) -> None:
    answer = stash.post("{ findScenes { plot } }", {"Accept": "*/*"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/graphql-response+json"
    good = stash.post("{ version { version } }", {"Accept": "*/*", "Accept-Encoding": "gzip"})
    assert good.status_code == 200
    assert "Content-Encoding" not in good.headers


def test_json_is_compressed_for_those_who_take_it(stash: Stash) -> None:
    host = urlsplit(stash.url).netloc
    connection = http.client.HTTPConnection(host, timeout=10)
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
    body = b'{"query": "{ version { version } }"}'
    try:
        for _ in range(2):  # the connection stays open between requests
            connection.request("POST", "/graphql", body, headers)
            response = connection.getresponse()
            assert response.headers["Content-Encoding"] == "gzip"
            text = gzip.decompress(response.read())
            assert text == b'{"data":{"version":{"version":"v0.30.1"}}}'
    finally:
        connection.close()


def test_other_content_types_and_bad_json_are_refused(stash: Stash) -> None:
    url = f"{stash.url}/graphql"
    text = requests.post(url, data="x", headers={"Content-Type": "text/plain"}, timeout=10)
    assert text.status_code == 400
    assert text.json()["errors"][0]["message"] == "transport not supported"
    broken = requests.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=10)
    assert broken.status_code == 400


def test_get_serves_queries_only(stash: Stash) -> None:
    url = f"{stash.url}/graphql"
    asked = {"query": "query ($i: ID!) { findTag(id: $i) { name } }", "variables": '{"i": "1"}'}
    assert requests.get(url, asked, timeout=10).json()["data"]["findTag"] == {"name": "Night"}
    write = requests.get(url, {"query": "mutation { reloadPlugins }"}, timeout=10)
    assert write.status_code == 406


def test_errors_of_resolvers_are_200_and_come_before_the_data(stash: Stash) -> None:
    answer = stash.post('mutation { sceneUpdate(input: {id: "9"}) { id } }', JSON)
    assert answer.status_code == 200
    assert answer.text == (
        '{"errors":[{"message":"scene with id 9 not found","path":["sceneUpdate"]}],'
        '"data":{"sceneUpdate":null}}'
    )


def test_a_locked_database_is_an_error_with_200(stash: Stash) -> None:
    with stash.switched(locked_share=1.0):
        answer = stash.post("{ findScenes { count } }", JSON)
    assert answer.status_code == 200
    assert answer.json() == {
        "errors": [{"message": "database is locked", "path": ["findScenes"]}],
        "data": None,
    }


def test_an_empty_job_queue_is_null(stash: Stash) -> None:
    assert stash.data("{ jobQueue { id } plugins { id } }") == {"jobQueue": None, "plugins": None}


def test_unset_texts_are_empty(stash: Stash) -> None:
    fields = "details director code date files { id } groups { scene_index }"
    assert stash.scene(2, fields) == {
        "details": "",
        "director": "",
        "code": "",
        "date": "2024-05-01",
        "files": [],
        "groups": [],
    }


def test_relations_and_paths(stash: Stash) -> None:
    fields = """title studio { name parent_studio { name } } tags { name }
        performers { name disambiguation gender } paths { screenshot stream sprite }
        files { path basename size duration parent_folder { path } }
        __typename"""
    found = stash.scene(1, fields)
    base = stash.url
    time = 1738404000
    assert found["studio"]["parent_studio"]["name"] == "Northwater"
    assert [tag["name"] for tag in found["tags"]] == ["Night", "Outdoor"]
    assert found["performers"] == [
        {"name": "Ana Ruiz", "disambiguation": "photographer", "gender": None}
    ]
    assert found["paths"] == {
        "screenshot": f"{base}/scene/1/screenshot?t={time}",
        "stream": f"{base}/scene/1/stream",
        "sprite": f"{base}/scene/0000000000000001_sprite.jpg",
    }
    assert found["files"] == [
        {
            "path": "/data/library/scene 1.mp4",
            "basename": "scene 1.mp4",
            "size": 1001,
            "duration": 60.5,
            "parent_folder": {"path": "/data/library"},
        }
    ]
    assert found["__typename"] == "Scene"


def test_paths_are_built_from_the_host_header(stash: Stash) -> None:
    query = "{ findScene(id: 1) { paths { preview } } }"
    headers = {"Host": "stash.example:1", "X-Forwarded-Prefix": "/stash", **JSON}
    paths: Any = stash.post(query, headers).json()["data"]["findScene"]["paths"]
    assert paths["preview"] == "http://stash.example:1/stash/scene/1/preview"


def test_requests_are_counted_as_reads_and_writes(stash: Stash) -> None:
    stash.tell("counters/reset", {})
    stash.data("query Mutationless { version { version } }")
    stash.data("mutation { reloadPlugins }")
    stash.data("\n  # a comment\n mutation Again { reloadPlugins }")
    counters = stash.ask("counters")
    assert (counters["reads"], counters["writes"]) == (1, 2)
    assert counters["by_route"] == {"POST /graphql": 3}


def test_faults_break_the_requests_that_they_match(stash: Stash) -> None:
    fault = {"match": "findScenes", "action": "status", "status": 502, "body": "bad gateway"}
    stash.tell("faults", [fault])
    assert stash.post("{ findScenes { count } }").status_code == 502
    assert stash.post("{ findScenes { count } }").status_code == 200


def test_the_health_check_needs_no_graphql(stash: Stash) -> None:
    assert requests.get(f"{stash.url}/healthz", timeout=10).text == "."
