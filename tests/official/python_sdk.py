"""The official SDK `playoff` does what its own tests and its README do.

    python_sdk.py HOST

HOST has the login and the tokens, api.HOST the API. How these names are found and why their
certificate is trusted is the environment's business: the SDK is as it came from PyPI.

A printed line that starts with @ asks the test to do something to the sandbox; the answer is a
line.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib.metadata import version as version_of

from playoff import Playoff, PlayoffException

HOST = sys.argv[1]
# This version asks for the first token in its constructor, the next one never does by itself.
ASKS_BY_ITSELF = version_of("playoff") == "0.7.5"
STUDENT = {"player_id": "student1"}


def ask(what):
    print("@" + what, flush=True)
    return sys.stdin.readline().strip()


def token_requests():
    return int(ask("token_requests"))


def client(version="v2", client_id="python", client_secret="sec ret&=é", **options):
    playoff = Playoff(
        client_id=client_id,
        client_secret=client_secret,
        type="client",
        version=version,
        hostname=HOST,
        **options,
    )
    if not ASKS_BY_ITSELF and "load" not in options:
        playoff.get_access_token()
    return playoff


def student(**more):
    # A new one each time: the SDK writes its token into the query that it is given.
    return dict(STUDENT, **more)


def refused(name, text, call, *arguments, **options):
    try:
        answer = call(*arguments, **options)
    except PlayoffException as error:
        assert error.name == name, f"{error.name}, not {name}: {error.message}"
        assert text in error.message, error.message
        return
    raise AssertionError(f"{name} was expected, the answer was {answer}")


class Shelf:
    """A place for the token outside of the SDK, as its README recommends."""

    def __init__(self, token=None):
        self.token = token

    def store(self, token):
        self.token = dict(token)

    def load(self):
        return self.token


def tells_who_it_is():
    wrong = {"client_id": "wrong_id", "client_secret": "wrong_secret"}
    refused("client_auth_fail", "Client authentication failed", client, **wrong)
    before = token_requests()
    playoff = client()
    assert token_requests() == before + 1
    assert playoff.get("/runtime/player", student())["id"] == "student1"
    assert playoff.get("/runtime/player", student())["alias"] == "Student1"
    assert token_requests() == before + 1, "one token serves all calls"


def reads_and_writes(version, root, start):
    """The suite of the SDK, for one version of the API. `start` makes a process of module1."""
    playoff = client(version)
    for route in ["/gege", "/unknown"]:
        refused("route_not_found", "route does not exist", playoff.get, route, student())
    refused(
        "invalid_player",
        "The 'player_id' parameter should be specified in the query",
        playoff.get,
        root + "/player",
        {},
    )
    everybody = playoff.get(root + "/players", student())
    one = playoff.api("GET", root + "/players", student(limit=1))
    assert len(one["data"]) == 1 and one["data"][0] == everybody["data"][0]
    assert one["total"] == everybody["total"] == len(everybody["data"]) > 1

    profile = playoff.get(root + "/player", student())
    assert (profile["id"], profile["alias"], profile["enabled"]) == ("student1", "Student1", True)
    assert isinstance(playoff.get(root + "/definitions/processes", student()), list)
    assert isinstance(playoff.get(root + "/definitions/teams", student()), list)
    assert "data" in playoff.get(root + "/teams", student())

    fifth = playoff.get(root + "/processes", student(limit=1, skip=4))
    assert [process["definition"] for process in fifth["data"]] == ["module1"]
    total = fifth["total"]

    process = start(playoff)
    assert process["state"] == "ACTIVE"
    address = root + "/processes/" + process["id"]
    assert playoff.get(root + "/processes", student())["total"] == total + 1
    change = {"name": "patched_process", "access": "PUBLIC"}
    for patched in [playoff.patch(address, student(), change), playoff.get(address, student())]:
        assert {key: patched[key] for key in change} == change
    assert "Process" in playoff.delete(address, student())["message"]
    assert playoff.get(root + "/processes", student())["total"] == total
    try:
        playoff.get(address, student())
    except PlayoffException:
        pass
    else:
        raise AssertionError("a deleted process is still there")

    raw = playoff.get(root + "/player", student(), raw=True)
    assert isinstance(raw, bytes) and json.loads(raw) == profile


def start_in_v1(playoff):
    process = playoff.post("/definitions/processes/module1", student())
    assert process["definition"] == "module1"
    return process


def start_in_v2(playoff):
    process = playoff.post("/runtime/processes", student(), {"definition": "module1"})
    assert process["definition"]["id"] == "module1"
    return process


def score(playoff, player, metric):
    scores = playoff.get("/admin/players/" + player)["scores"]
    return next((score["value"] for score in scores if score["metric"]["id"] == metric), "0")


def plays():
    playoff = client()
    actions = playoff.get("/runtime/actions", student())
    assert "water" in [action["id"] for action in actions]
    before = int(score(playoff, "student1", "seeds"))
    played = playoff.post("/runtime/actions/water/play", student(), {"count": 2})
    assert played["events"]["local"][0]["event"] == "action"
    assert int(score(playoff, "student1", "seeds")) == before + 4

    board = playoff.get("/runtime/leaderboards/top_seeds", student(cycle="alltime", limit=100))
    rows = {row["player"]["id"]: row["score"] for row in board["data"]}
    assert int(rows["student1"]) == before + 4
    feed = playoff.get("/runtime/activity", student())
    assert any(event.get("action", {}).get("id") == "water" for event in feed)

    hours = playoff.post("/runtime/actions/daily_checkin/play", student())
    assert hours["events"]["local"]
    again = ("/runtime/actions/daily_checkin/play", student())
    refused("rate_limit_exceeded", "can only be triggered", playoff.post, *again)


def administers():
    playoff = client()
    player = {"id": "zoë", "alias": "Zoë"}
    total = playoff.get("/admin/players", {})["total"]
    assert playoff.post("/admin/players", {}, player)["id"] == "zoë"
    refused("player_exists", "zoë", playoff.post, "/admin/players", {}, player)
    assert playoff.get("/admin/players", {})["total"] == total + 1
    # The SDK sends routes as they are, so it can name only what is escaped already.
    address = "/admin/players/" + urllib.parse.quote(player["id"])
    assert playoff.get(address, {})["alias"] == "Zoë"
    assert playoff.get("/runtime/player", {"player_id": "zoë"})["alias"] == "Zoë"
    reward = {"metric": {"id": "seeds", "type": "point"}, "verb": "add", "value": "7"}
    playoff.patch(address + "/scores", {}, {"rewards": [reward]})
    assert score(playoff, urllib.parse.quote("zoë"), "seeds") == "7"
    client("v1").put("/game/players/" + urllib.parse.quote("zoë") + "/reset", {})
    assert score(playoff, urllib.parse.quote("zoë"), "seeds") == "0"
    playoff.delete(address, {})
    refused("player_not_found", "zoë", playoff.get, address, {})


def designs():
    playoff = client()
    metrics = "/design/versions/latest/metrics"
    apple = {"id": "apple", "name": "apple", "type": "point"}
    assert playoff.post(metrics, {}, apple)["id"] == "apple"
    assert "apple" in [metric["id"] for metric in playoff.get(metrics, {})]
    gone = playoff.delete(metrics + "/apple", {})
    assert gone["message"] == "The metric 'apple' has been deleted successfully", gone
    assert "apple" not in [metric["id"] for metric in playoff.get(metrics, {})]
    challenge = playoff.get("/design/versions/latest/actions/challenge_tmp_max_01", {})
    assert challenge["id"] == "challenge_tmp_max_01" and challenge["rules"]


def sees_pictures():
    playoff = client("v1")
    assert playoff.get("/assets/game", student(), raw=True).startswith(b"\x89PNG\r\n")
    no_id = ("/assets/players/:gs", student())
    refused("validation_exception", "Invalid request", playoff.get, *no_id)
    nobody = ("/assets/players/undefined", student())
    refused("image_not_found", "The player has no display image", playoff.get, *nobody)


def renews_tokens():
    shelf = Shelf({"access_token": "of-yesterday", "expires_at": int(time.time()) - 5})
    playoff = client(store=shelf.store, load=shelf.load)
    before = token_requests()
    assert playoff.get("/runtime/player", student())["id"] == "student1"
    assert token_requests() == before + 1, "its clock told that the token has ended"
    first = shelf.token["access_token"]

    ask("expire_tokens")
    assert playoff.get("/runtime/player", student())["id"] == "student1"
    assert token_requests() == before + 2, "the sandbox told"
    assert shelf.token["access_token"] != first
    assert playoff.get("/runtime/player", student())["id"] == "student1"
    assert token_requests() == before + 2

    shelf.token = dict(shelf.token, access_token="never-given")
    played = playoff.post("/runtime/actions/water/play", student(), {})
    assert len(played["events"]["local"]) > 0 and token_requests() == before + 3


def signs_for_players():
    client(client_id="signer", client_secret="secret")
    arguments = {"client_id": "signer", "client_secret": "secret", "player_id": "mira"}

    def bearer(**more):
        token = {"access_token": Playoff.createJWT(**arguments, **more)}
        shelf = Shelf(dict(token, expires_at=int(time.time()) + 3600))
        # What the sandbox refuses, the SDK answers with a token of the client, into nowhere.
        return client(client_id="signer", client_secret="secret", load=shelf.load)

    before = token_requests()
    anything = bearer()
    assert anything.get("/runtime/player", {})["id"] == "mira"
    assert anything.post("/runtime/actions/water/play", {})["events"]["local"]
    reader = bearer(scopes=["player.runtime.read"])
    assert reader.get("/runtime/player", {})["id"] == "mira"
    refused("access_denied", "", reader.post, "/runtime/actions/water/play", {})
    refused("access_denied", "", anything.get, "/runtime/player", student())
    assert token_requests() == before, "a player's token is made, not asked for"
    ended = bearer(expires=-60)
    refused("invalid_access_token", "", ended.get, "/runtime/player", {})


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def log_in(player):
    """The code that the browser of `player` brings back."""
    query = {
        "response_type": "code",
        "client_id": "python",
        "redirect_uri": "https://shop.example/back",
        "player_id": player,
    }
    address = f"https://{HOST}/auth?{urllib.parse.urlencode(query)}"
    try:
        urllib.request.build_opener(Stay).open(address)
    except urllib.error.HTTPError as answer:
        back = urllib.parse.urlsplit(answer.headers["Location"])
        assert (answer.code, back.netloc) == (302, "shop.example")
        return urllib.parse.parse_qs(back.query)["code"][0]
    raise AssertionError("the login did not lead back")


def lets_players_log_in():
    options = {"client_id": "python", "client_secret": "sec ret&=é", "type": "code"}
    playoff = Playoff(**options, redirect_uri="https://shop.example/back", hostname=HOST)
    playoff.exchange_code(log_in("otto"))
    # Nobody names the player: the token knows.
    assert playoff.get("/runtime/player", {})["id"] == "otto"
    assert playoff.post("/runtime/actions/water/play", {})["events"]["local"]
    used = playoff.code
    refused("invalid_grant", "", playoff.exchange_code, used)


def needs_to_be_told_to_ask():
    """The client of its README: 0.7.6 calls a `load` that nobody gave it."""
    playoff = Playoff(client_id="python", client_secret="x", type="client", hostname=HOST)
    try:
        playoff.get("/runtime/player", student())
    except TypeError as error:
        assert "NoneType" in str(error)
    else:
        raise AssertionError("0.7.6 asks for tokens by itself after all")


tells_who_it_is()
reads_and_writes("v1", "", start_in_v1)
reads_and_writes("v2", "/runtime", start_in_v2)
plays()
administers()
designs()
sees_pictures()
renews_tokens()
signs_for_players()
lets_players_log_in()
if not ASKS_BY_ITSELF:
    needs_to_be_told_to_ask()
print("version", version_of("playoff"))
