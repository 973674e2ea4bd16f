"""Uses the official SDK `playoff` with a token that lies where a Rust program keeps it.

    shared_token.py SERVER PLACE ENTRY ask|use

SERVER is the sandbox, PLACE a redis:// URL with ENTRY as the key, or a folder with ENTRY as the
file. `ask` gets a token and keeps it; `use` reads the player johny with the token that is kept.
"""

import json
import os
import sys
import urllib.request

from playoff.playoff import Playoff

server, place, entry, act = sys.argv[1:]

if place.startswith("redis://"):
    import redis

    shelf = redis.Redis.from_url(place)

    def load():
        return json.loads(shelf.get(entry))

    def store(token):
        shelf.set(entry, json.dumps(token))
else:
    path = os.path.join(place, entry)

    def load():
        with open(path) as file:
            return json.load(file)

    def store(token):
        with open(path, "w") as file:
            json.dump(token, file)


# The SDK calls https and two host names, whatever it is told: here both are the sandbox.
real_urlopen = urllib.request.urlopen


def urlopen(request):
    for host in ("https://api.playoff.test", "https://playoff.test"):
        if request.full_url.startswith(host):
            request.full_url = server + request.full_url[len(host):]
    return real_urlopen(request)


urllib.request.urlopen = urlopen

playoff = Playoff(
    client_id="shared",
    client_secret="secret",
    type="client",
    store=store,
    load=load,
    hostname="playoff.test",
)
if act == "ask":
    playoff.get_access_token()
else:
    print(playoff.get("/runtime/player", {"player_id": "johny"})["id"])
