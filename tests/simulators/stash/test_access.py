"""Sessions, keys and pictures."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
import requests

from simulators.stash.session import Caller, Sessions, first_cookie
from simulators.stash.state import default_switches
from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

KEY = "the-right-key"
SWITCHES = default_switches("v0.30.1")


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    library = seed(
        scene(1, cover="one"), scene(2), scene(3, cover="png:three"), scene(4, cover="huge:four")
    )
    options = ("--username", "anna", "--password", "secret", "--api-key", KEY)
    with loaded(stash_process, library, *options) as client:
        yield client


def get(stash: Stash, path: str, **headers: str) -> requests.Response:
    return requests.get(stash.url + path, headers=headers, allow_redirects=False, timeout=10)


def login(stash: Stash, password: str = "secret") -> requests.Response:
    form = {"username": "anna", "password": password}
    return requests.post(f"{stash.url}/login", data=form, allow_redirects=False, timeout=10)


def session_of(response: requests.Response) -> str:
    header = response.headers["Set-Cookie"]
    found = re.fullmatch(
        r"session=([^;]+); Path=/; Expires=[^;]+ GMT; Max-Age=3600; SameSite=Lax", header
    )
    assert found is not None, header
    return found[1]


def test_graphql_without_credentials_is_401(stash: Stash) -> None:
    answer = requests.post(
        f"{stash.url}/graphql", json={"query": "{ version { version } }"}, timeout=10
    )
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "FormBased"


def test_a_picture_without_credentials_leads_to_the_login_page(stash: Stash) -> None:
    answer = get(stash, "/scene/1/screenshot?t=17")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?returnURL=%2Fscene%2F1%2Fscreenshot%3Ft%3D17"
    page = requests.get(f"{stash.url}/scene/1/screenshot?t=17", timeout=10)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_path_with_an_extension_is_401(stash: Stash) -> None:
    assert get(stash, "/scene/abc_sprite.jpg").status_code == 401
    assert get(stash, "/healthz").text == "."


def test_the_key_opens_by_header_and_by_query(stash: Stash) -> None:
    by_header = get(stash, "/scene/1/screenshot", ApiKey=KEY)
    by_query = get(stash, f"/scene/1/screenshot?apikey={KEY}")
    assert by_header.status_code == by_query.status_code == 200
    assert "Set-Cookie" not in by_header.headers


def test_a_foreign_key_is_401_even_beside_a_good_cookie(stash: Stash) -> None:
    cookie = session_of(login(stash))
    answer = get(stash, "/scene/1/screenshot", ApiKey="other", Cookie=f"session={cookie}")
    assert answer.status_code == 401


def test_a_login_gives_a_cookie_that_every_request_renews(stash: Stash) -> None:
    assert login(stash, "wrong").status_code == 401
    cookie = session_of(login(stash))
    answer = get(stash, "/scene/1/screenshot", Cookie=f"session={cookie}")
    assert answer.status_code == 200
    assert get(stash, "/", Cookie=f"session={session_of(answer)}").status_code == 404


def test_the_first_of_two_cookies_counts(stash: Stash) -> None:
    cookie = session_of(login(stash))
    stale = get(stash, "/scene/1/screenshot", Cookie=f"session=old; session={cookie}")
    assert stale.status_code == 302
    assert first_cookie('a=1; session="x"; session=y') == "x"


def test_plugins_get_the_cookie_as_go_marshals_it() -> None:
    newer = Sessions(SWITCHES, "admin", "p", "").plugin_cookie(Caller("admin"))
    older = Sessions({**SWITCHES, "version": "v0.28.1"}, "admin", "p", "")
    cookie = older.plugin_cookie(Caller("admin"))
    assert set(newer) - set(cookie) == {"Quoted", "Partitioned"}


def test_before_v0_25_a_plugin_was_never_entered_twice() -> None:
    caller = Caller("", (("P", "Scene.Update.Post"),))
    assert caller.loops(("P", "Tag.Update.Post"), never_twice=True)
    assert not caller.loops(("P", "Scene.Update.Post"), never_twice=False)
    assert not caller.loops(("Q", "Scene.Update.Post"), never_twice=True)


def test_a_wrong_key_was_an_internal_error_before_v0_26(stash: Stash) -> None:
    with stash.switched(version="v0.25.1"):
        assert get(stash, "/scene/1/screenshot", ApiKey="other").status_code == 500


def test_an_old_cookie_is_refused(stash: Stash) -> None:
    cookie = session_of(login(stash))
    with stash.switched(max_session_age=-1):
        assert get(stash, "/scene/1/screenshot", Cookie=f"session={cookie}").status_code == 302


def test_the_key_is_in_the_configuration_and_in_stream_urls_alone(stash: Stash) -> None:
    stash.session.headers["ApiKey"] = KEY
    query = """{ configuration { general { apiKey } }
        findScene(id: 1) { paths { stream screenshot } } }"""
    found = stash.data(query)
    assert found["configuration"]["general"]["apiKey"] == KEY
    paths = found["findScene"]["paths"]
    assert paths["stream"].endswith(f"/scene/1/stream?apikey={KEY}")
    assert KEY not in paths["screenshot"]


def test_without_a_password_all_is_open_but_not_to_foreign_keys() -> None:
    sessions = Sessions(SWITCHES, "admin", "", "")
    assert sessions.read(sessions.sign(Caller("", (("P", "Hook"),)))) == Caller(
        "", (("P", "Hook"),)
    )
    assert sessions.login("admin", "") is None


@pytest.mark.parametrize("value", ["", "x", "!", base64.urlsafe_b64encode(b"a|b").decode()])
def test_a_damaged_cookie_is_no_session(value: str) -> None:
    sessions = Sessions(SWITCHES, "admin", "p", "")
    assert sessions.read(value) is None
    signed = sessions.sign(Caller("admin"))
    forged = base64.urlsafe_b64decode(signed).replace(b"|", b"|0")
    assert sessions.read(signed) is not None
    assert sessions.read(base64.urlsafe_b64encode(forged).decode()) is None


@pytest.mark.parametrize(("num", "kind"), [(1, "image/jpeg"), (3, "image/png")])
def test_a_cover_has_its_type_and_digest(stash: Stash, num: int, kind: str) -> None:
    answer = get(stash, f"/scene/{num}/screenshot", ApiKey=KEY)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-cache"
    digest = hashlib.md5(answer.content).hexdigest()
    assert answer.headers["ETag"] == f'"{digest}"'
    again = get(stash, f"/scene/{num}/screenshot?t=5", ApiKey=KEY)
    assert again.content == answer.content
    assert again.headers["Cache-Control"].endswith("immutable")


def test_a_known_picture_is_not_sent_again(stash: Stash) -> None:
    first = get(stash, "/scene/1/screenshot", ApiKey=KEY)
    known = {"If-None-Match": first.headers["ETag"]}
    answer = requests.get(
        f"{stash.url}/scene/1/screenshot", headers={"ApiKey": KEY, **known}, timeout=10
    )
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_scene_without_a_cover_shows_the_default_svg(stash: Stash) -> None:
    answer = get(stash, "/scene/2/screenshot", ApiKey=KEY)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"


def test_an_unknown_scene_has_no_picture(stash: Stash) -> None:
    assert get(stash, "/scene/999/screenshot", ApiKey=KEY).status_code == 404
    assert get(stash, "/scene/1/preview", ApiKey=KEY).status_code == 404


def test_a_huge_cover_is_above_ten_megabytes(stash: Stash) -> None:
    assert len(get(stash, "/scene/4/screenshot", ApiKey=KEY).content) > 10 * 1024 * 1024


def test_an_uploaded_cover_is_served_as_it_came(stash: Stash) -> None:
    stash.session.headers["ApiKey"] = KEY
    data = b"\x89PNG\r\n\x1a\nnot much of a picture"
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    stash.data(
        'mutation ($c: String) { sceneUpdate(input: {id: "2", cover_image: $c}) { id } }', c=url
    )
    answer = get(stash, "/scene/2/screenshot", ApiKey=KEY)
    assert answer.content == data
