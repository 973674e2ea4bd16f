"""Reads a player's profile with the official client, as often as told, and says what it took.

    official.py URL IN_FLIGHT CALLS

The client speaks https to `HOST` and `api.HOST` alone. So that it is compared with the others over
the same plain connection, the scheme and the host are exchanged where it opens an address; all
else is as it came from PyPI.
"""
import json
import sys
import threading
import time
import urllib.request

from playoff import Playoff

HOST = 'playoff.example'
url, in_flight, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
open_address = urllib.request.urlopen


def in_clear_text(request, *rest):
    for name in ('https://api.' + HOST, 'https://' + HOST):
        if request.full_url.startswith(name):
            request.full_url = url + request.full_url[len(name):]
    return open_address(request, *rest)


urllib.request.urlopen = in_clear_text
# No proxy of the environment between here and the server on this machine.
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))

client = Playoff('bench', 'secret', 'client', hostname=HOST)
failures = []


def worker():
    try:
        for _ in range(calls // in_flight):
            player = client.get('/admin/players/johny', {})
            assert player['id'] == 'johny', player
    except Exception as error:  # it must not end in a thread that nobody asks
        failures.append(repr(error))


def run():
    threads = [threading.Thread(target=worker) for _ in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


client.get('/admin/players/johny', {})
began, processor = time.monotonic(), time.process_time()
run()
wall, processor = time.monotonic() - began, time.process_time() - processor
if failures:
    sys.exit(failures[0])
print(json.dumps({'wall': wall, 'processor': processor, 'calls': calls // in_flight * in_flight}))
