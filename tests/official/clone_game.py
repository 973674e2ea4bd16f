"""The official toolbox `playoff_core` carries a game from one host to another.

    clone_game.py ORIGINAL COPY          (in an empty folder)

It exports all design and data of the game at ORIGINAL, imports them at COPY, where there is none,
and compares both; then it clears COPY. The package is as it came from PyPI, which takes some care:

- It reads settings.ini and .env where it is imported.
- It joins paths with backslashes. On Linux these are letters of a name: all that it writes lies
  beside the folder it runs in, in files such as `work\\playoff-data\\design\\teams_design.json`.
- Its classes ImportDesign and ImportData stop at their first debug line, `"importing " + dict`.
  The classes that they are made of do the same work.
- It never deploys, and knows rules only one by one.
"""

import json
import os
import sys

HOSTS = {"ORIGINAL": sys.argv[1], "COPY": sys.argv[2]}

os.mkdir("work")
os.chdir("work")
with open("settings.ini", "w") as file:
    file.write("[constant]\nVersion = latest\nPlayer_id = student1\nCycle = alltime\n")
    file.write("[logger]\nLevel = debug\n")
with open(".env", "w") as file:
    for game, host in HOSTS.items():
        file.write(f"{game}_ID=toolbox\n{game}_SECRET=secret\n{game}_HOST={host}\n")
DATA = os.getcwd() + "\\playoff-data\\"
os.mkdir(DATA)

from playoff_core import (  # noqa: E402
    DeletePlayoffData,
    DeletePlayoffDesign,
    ExportData,
    ExportDesign,
    ExportRawData,
    ExportRawDesign,
    GetPlayoffData,
    GetPlayoffDesign,
    ImportData,
    ImportDesign,
    PatchPlayoffData,
    PostPlayoffData,
    PostPlayoffDesign,
    Utility,
)
from playoff_core.utility import Constant  # noqa: E402


def game(name):
    return Utility.get_playoff_client(name + "_ID", name + "_SECRET", name + "_HOST")


def exported(folder, name):
    with open(f"{DATA}{folder}\\{name}.json") as file:
        return json.load(file)


def export(original):
    ExportDesign(original).export_all_design()
    ExportRawDesign(original).export_all_design()
    ExportData(original).export_all_data()
    ExportRawData(original).export_all_data()


def import_design(original, copy):
    try:
        ImportDesign(copy).import_metrics()
    except TypeError:
        pass
    else:
        raise AssertionError("ImportDesign works after all: use it here")
    poster = PostPlayoffDesign(copy)
    for team in exported("design", "teams_design"):
        poster.create_team_design(team)
    for metric in exported("design", "metric_design"):
        poster.create_metric_design(metric)
    for action in exported("design", "actions_design"):
        poster.create_action_design(action)
    for board in exported("design", "leaderboards_design"):
        poster.create_leaderboard_design(board)
    rules = GetPlayoffDesign(original)
    for rule in rules.get_rules_design():
        poster.create_rule_design(rules.get_single_rule_design(rule["id"]))
    copy.post(Constant.DESIGN_DEPLOY, {}, {})


def import_data(copy):
    poster = PostPlayoffData(copy)
    for team in exported("data", "teams"):
        poster.create_team(team)
    for player in exported("data", "players"):
        poster.create_player(player)
    for team, players in exported("data", "players_in_team").items():
        for player in players:
            poster.join_team(team, player)
    # The one import that works as it is. It plays each action of the feed once, whatever its count.
    ImportData(copy).import_players_feed()
    patcher = PatchPlayoffData(copy)
    for player in exported("data-raw", "players_raw"):
        for score in player["scores"]:
            # A compound metric is a formula and follows by itself.
            if score["metric"]["type"] != "compound":
                patcher.update_metric(player["id"], score)


def designs(of):
    """The parts of the design, as far as the toolbox carries them: it leaves pictures and tags."""
    getter = GetPlayoffDesign(of)
    parts = {
        "teams": (getter.get_teams_design, getter.get_single_team_design),
        "metrics": (getter.get_metrics_design, getter.get_single_metric_design),
        "actions": (getter.get_actions_design, getter.get_single_action_design),
        "boards": (getter.get_leaderboards_design, getter.get_single_leaderboard_design),
        "rules": (getter.get_rules_design, getter.get_single_rule_design),
    }
    return {
        part: {row["id"]: carried(part, one(row["id"])) for row in every()}
        for part, (every, one) in parts.items()
    }


CARRIED = {
    "teams": {"id", "name", "description", "permissions", "creator_roles", "settings", "_hues"},
    "metrics": {"id", "name", "description", "type", "constraints"},
    "boards": {"id", "name", "description", "entity_type", "scope", "metric", "cycles"},
}


def carried(part, component):
    keys = CARRIED.get(part, set(component))
    return {key: component[key] for key in keys if key in component}


def scores(of):
    """What each player has of each metric, and the teams with the role that the toolbox carries."""
    getter = GetPlayoffData(of)
    players = {}
    for player in getter.get_players_by_id():
        profile = getter.get_player_profile(player)
        values = {score["metric"]["id"]: score["value"] for score in profile["scores"]}
        roles = {team["id"]: team["roles"][:1] for team in profile["teams"]}
        players[player] = (profile["alias"], values, roles)
    return players


def teams(of):
    """Name, access and definition of each team, and its members."""
    getter = GetPlayoffData(of)
    found = {}
    for team in getter.get_teams_by_id():
        info = getter.get_team_info(team)
        members = of.get(Constant.ADMIN_TEAMS + team + "/members", {"limit": 100})
        assert getter.get_players_count_in_team(team) == members["total"]
        names = sorted(member["id"] for member in members["data"])
        found[team] = (info["name"], info["access"], info["definition"]["id"], names)
    return found


def boards(of):
    """The rows of the boards for all players. Elsewhere it matters who played when, and in which
    team or scope, which a clone cannot know."""
    getter = GetPlayoffData(of)
    found = {}
    for board in designs(of)["boards"].values():
        everybody = board["entity_type"] == "players" and board["scope"]["type"] == "game"
        if everybody and "alltime" in board["cycles"]:
            rows = getter.get_leaderboard(board["id"])["data"]
            # Ranks are shared; the order within one is nobody's business.
            found[board["id"]] = sorted(
                (row["rank"], row["player"]["id"], row["score"]) for row in rows
            )
    return found


def same(what, of, original, copy):
    there, here = of(original), of(copy)
    assert there, f"the original has no {what}"
    for key in sorted(set(there) | set(here)):
        assert there.get(key) == here.get(key), (
            f"{what}, {key}: it was\n  {there.get(key)}\nand became\n  {here.get(key)}"
        )


def clear(copy):
    DeletePlayoffData(copy).delete_all_data()
    getter = GetPlayoffData(copy)
    assert (getter.get_players_count(), getter.get_team_count()) == (0, 0)
    DeletePlayoffDesign(copy).delete_all_design()
    assert not any(designs(copy).values())


original, copy = game("ORIGINAL"), game("COPY")
assert GetPlayoffData(original).get_game_id()
export(original)
before = scores(original)
import_design(original, copy)
import_data(copy)
for what, of in {"design": designs, "scores": scores, "teams": teams, "boards": boards}.items():
    same(what, of, original, copy)
assert scores(original) == before
print("the same game")
clear(copy)
print("and none")
