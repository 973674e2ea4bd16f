"""What schemathesis has to know of Playoff: what the specs' own marks mean, and who is in the game.

It makes up every id, so that nearly all of its requests would ask for nobody. Here most of them are
given an id that the sandbox knows, from its demo game or from an earlier answer; the rest stay made
up. The same made-up value is always replaced in the same way, so that a failure can be repeated and
shrunk.
"""

import atexit
import base64
import copy
import hashlib
import json
import os
from collections import Counter

import requests
import schemathesis

SANDBOX = os.environ["PLAYOFF_FUZZ_SANDBOX"]
TOKEN = os.environ["PLAYOFF_FUZZ_TOKEN"]
COUNTS = os.environ["PLAYOFF_FUZZ_COUNTS"]

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
# How many in sixteen keep what schemathesis made up.
MADE_UP = 2
# Ids that came with answers, the latest of each kind.
LATEST = 12
# Parts of the demo game that may be destroyed, to see what becomes of what refers to them.
EXPENDABLE = {"lena", "yield", "get_rake", "top_yield", "barrow_rule"}


# ---------------------------------------------------------------- what the specs mean


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Reads two conventions of spec/README.md that OpenAPI 3.0.3 has no words for."""
    for schema in raw_schema["components"]["schemas"].values():
        if str(schema.get("x-playoff-model", "")).startswith("List<"):
            # Playoff answers an empty list as `{}` or `null` too.
            widen(schema, {"type": "object", "maxProperties": 0}, NULL)
        elif "JSON null" in schema.get("description", ""):
            widen(schema, NULL)
    # `default` stands for the errors of the caller. A failure of the server, an empty answer or a
    # redirect are described nowhere, and have to be found.
    for path in raw_schema["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"]["4XX"] = operation["responses"].pop("default")


NULL = {"nullable": True, "enum": [None]}


def widen(schema, *others):
    usual = {key: schema.pop(key) for key in list(schema) if not key.startswith("x-")}
    schema["anyOf"] = [usual, *others]


# ---------------------------------------------------------------- who is in the game


class Known:
    """Ids by kind: those of the demo game, which stay, and those of answers, which come and go."""

    def __init__(self):
        # Who made a process or team.
        self.owners = {}
        self.stay = {"versions": ["latest"]}
        self.come = {}
        for kind, address in {
            "players": "/v2/admin/players?limit=1000",
            "teams": "/v2/admin/teams?limit=1000",
            "processes": "/v2/runtime/processes?player_id=student1&limit=1000",
            **{
                "design " + kind: f"/v2/design/versions/latest/{kind}?limit=1000"
                for kind in ["teams", "metrics", "actions", "leaderboards", "rules", "processes"]
            },
        }.items():
            headers = {"Authorization": "Bearer " + TOKEN}
            answer = requests.get(SANDBOX + address, headers=headers, timeout=10)
            answer.raise_for_status()
            found = ids(answer.json())
            if kind == "processes":
                self.owners.update({one: "student1" for one in found})
            self.stay[kind] = [one for one in found if one not in EXPENDABLE]
            # What a request designs acts once it is deployed; the demo game's design does already.
            self.stay.setdefault(kind.removeprefix("design "), self.stay[kind])
            self.come[kind] = [one for one in found if one in EXPENDABLE]

    def of(self, kind, destroys=False):
        come = self.come.get(kind, [])
        return come if destroys else self.stay.get(kind, []) + come

    def learn(self, kind, found):
        come = [one for one in self.come.get(kind, []) if one not in found]
        fresh = [one for one in found if one not in self.stay.get(kind, [])]
        self.come[kind] = (come + fresh)[-LATEST:]

    def forget(self, kind, one):
        self.come[kind] = [other for other in self.come.get(kind, []) if other != one]


def ids(answer):
    if isinstance(answer, dict) and isinstance(answer.get("data"), list):
        answer = answer["data"]
    rows = answer if isinstance(answer, list) else [answer]
    found = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return list(dict.fromkeys(one for one in found if one))


known = None


def mark_of(made_up):
    """Bits as good as chance, the same for the same value."""
    return hashlib.sha256(repr(made_up).encode()).digest()


def choose(made_up, names):
    """One of `names`, or what was made up."""
    names = [name for name in names if name is not None]
    mark = mark_of(made_up)
    if not names or mark[0] % 16 < MADE_UP:
        return made_up
    return names[int.from_bytes(mark[1:5], "big") % len(names)]


CREATED = {"players", "teams", "metrics", "actions", "leaderboards", "rules", "processes"}

KINDS = {
    "player_id": "players",
    "target_player_id": "players",
    "team_id": "teams",
    "team_instance_id": "teams",
    "process_id": "processes",
    "invite_id": "invites",
    "request_id": "approvals",
    "action_id": "actions",
    "metric_id": "metrics",
    "leaderboard_id": "leaderboards",
    "rule_id": "design rules",
    "issue_id": "issues",
    "image_id": "images",
    "version": "versions",
    "entity_id": "players",
    "entities": "players",
}


def kind_of(name, path):
    segments = path.split("/")
    if name == "component_id":
        return "design " + segments[4]
    if name == "definition_id":
        return "design " + segments[2]
    return KINDS.get(name)


# ---------------------------------------------------------------- a request


@schemathesis.hook
def before_call(context, case, kwargs):
    global known
    known = known or Known()
    # Without a body there is an object that looks different in each run.
    body = case.body if isinstance(case.body, (dict, list)) else None
    made_up = [case.query, case.path_parameters, body]
    # Copies: what is made up for one case may be shared with the next.
    if isinstance(case.path_parameters, dict):
        case.path_parameters = with_known_ids(case, dict(case.path_parameters))
    if isinstance(case.query, dict):
        case.query = with_known_players(case, dict(case.query), made_up)
    if isinstance(body, dict):
        body = copy.deepcopy(body)
        if "file" in body:
            body["file"] = choose(body["file"], [DOT])
        fill(body, case.path)
        if body.get("name") == "":
            body["name"] = "Somehow"
        if case.method == "POST" and isinstance(body.get("id"), str) and creates(case.path):
            # The specs' examples have the ids of the demo game, which are taken.
            body["id"] = choose(body["id"], ["new_" + mark_of(made_up).hex()[:8]])
        case.body = body


def with_known_ids(case, path):
    last = case.path.rsplit("/", 1)[-1].strip("{}")
    # The demo game has to live through the whole run: only what a request made may be destroyed.
    destroys = case.method == "DELETE" or (case.method == "PATCH" and "/design/" in case.path)
    for name, made_up in path.items():
        kind = kind_of(name, case.path)
        doomed = destroys and name == last and kind != "versions"
        path[name] = choose(made_up, known.of(kind, doomed))
        if doomed and path[name] in known.stay.get(kind, []):
            path[name] = "nobody"
    return path


def with_known_players(case, query, made_up):
    declared = {parameter.name for parameter in case.operation.query}
    if "player_id" in declared:
        named = case.path_parameters.values() if isinstance(case.path_parameters, dict) else []
        owners = [known.owners.get(one) for one in named if isinstance(one, str)]
        owner = next((one for one in owners if one), None)
        # Much is allowed to the owner alone, so it is the owner in every other request.
        players = [owner] if owner and mark_of(made_up)[5] % 2 else known.of("players")
        player = choose(made_up, players)
        if player != made_up:
            query["player_id"] = player
    for name in ["entity_id", "entities", "team_instance_id"]:
        if name in query:
            query[name] = choose(query[name], known.of(KINDS[name]))
    if "cycle" in declared:
        query["cycle"] = choose(query.get("cycle"), ["alltime"])
    return query


def creates(path):
    return path.split("/")[-1] in CREATED or path.startswith("/definitions/")


TEAM_ROLES = [{"Head": True, "Sower": True}, {"Sower": True}]
LANE_ROLES = [{"main": "player"}, {"main": "observer"}]
REWARDS = [
    {"metric": {"id": "seeds", "type": "point"}, "verb": "add", "value": "3"},
    {"metric": {"id": "drops", "type": "point"}, "verb": "set", "value": "1"},
    {"metric": {"id": "shed", "type": "set"}, "verb": "add", "value": {"rake": "2"}},
    {"metric": {"id": "rank", "type": "state"}, "verb": "set", "value": "bloom"},
]


def fill(body, path, depth=0):
    """Names in `body` what there is, where its fields name something."""
    if depth > 6:
        return
    for key, value in list(body.items()):
        names = fitting(key, path)
        if names is not None:
            body[key] = choose(value, names)
        elif key == "rewards" and isinstance(value, list):
            body[key] = [choose(reward, REWARDS) for reward in value]
        elif key == "event_ids" and isinstance(value, list):
            body[key] = [choose(event, known.of("events")) for event in value]
        else:
            for one in value[:20] if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    fill(one, path, depth + 1)


def fitting(key, path):
    """What can stand under this key; None if it says nothing."""
    in_process = "processes" in path
    if key in ("requested_roles", "roles"):
        return LANE_ROLES if in_process else TEAM_ROLES
    if key == "definition":
        return ["module1"] if in_process else ["crew"]
    if key == "id":
        last = path.rsplit("/", 1)[-1]
        kinds = {"invites": "players", "transfer": "players", "play": "actions"}
        return known.of(kinds[last]) if last in kinds else None
    fixed = {"scope_id": "cup", "base_metric": "seeds", "level_metric": "rank", "rank": "Bloom"}
    if key in fixed:
        return [fixed[key]]
    kinds = {"player_id": "players", "trigger": "triggers", "apply": "remedies"}
    return known.of(kinds[key]) if key in kinds else None


# ---------------------------------------------------------------- an answer

counts = Counter()


@schemathesis.hook
def after_call(context, case, response):
    counts["requests"] += 1
    counts[str(response.status_code)] += 1
    counts["asked " + case.operation.label] += 1
    if case.meta is None or case.meta.generation.mode.is_positive:
        counts["good"] += 1
        counts["good and 200"] += response.status_code == 200
    if response.status_code != 200:
        return
    counts["200 " + case.operation.label] += 1
    last = case.path.rsplit("/", 1)[-1]
    if case.method == "DELETE" and last.startswith("{"):
        name = last.strip("{}")
        known.forget(kind_of(name, case.path), case.path_parameters[name])
        return
    try:
        answer = json.loads(response.content)
    except ValueError:
        return
    remember(case, answer)


# Lists that go by another name than what they hold.
HOLDS = {"requests": "approvals", "activity": "events", "notifications": "events"}


def remember(case, answer):
    named = [part for part in case.path.strip("/").split("/") if not part.startswith("{")]
    kind = HOLDS.get(named[-1], named[-1])
    if "versions" in named:
        kind = "design " + kind
    if kind == "triggers" and isinstance(answer, list):
        answer = [{"id": row.get("trigger")} for row in answer if isinstance(row, dict)]
    if kind == "issues" and isinstance(answer, list):
        rows = [row for row in answer if isinstance(row, dict)]
        known.learn("remedies", [row["apply"] for row in rows if row.get("apply") is not None])
    # The profile of the one who asks.
    if kind != "player":
        known.learn(kind, ids(answer))
    if case.method == "POST" and kind in ("processes", "teams"):
        player = case.query.get("player_id") if isinstance(case.query, dict) else None
        known.owners.update({one: player for one in ids(answer)})


@atexit.register
def tell():
    with open(COUNTS, "w") as file:
        json.dump(counts, file)
