#!/usr/bin/env python3
"""Lets schemathesis loose on sandboxes, one for each version of the API, and judges what it found.

    run.py [--tls-verify CA_FILE] URL_FOR_V1 URL_FOR_V2
    run.py [--tls-verify CA_FILE] --program "COMMAND WITH ARGUMENTS"

The command starts a sandbox, prints a line that ends with its address, and runs until it is told to
end. A sandbox ought to be fresh: the run leaves traces, and changes what is there.

It fails on any failure of the server, on any answer that the specs do not describe, on a sandbox
that no longer answers, and on a run too small or too shallow to say anything. It runs in the Python
that schemathesis is installed in, on two cores at once, with no randomness.
"""

import argparse
import json
import os
import pathlib
import shlex
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SPECS = HERE.parent.parent / "spec"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# Test cases for an operation, beside those of the examples and of the limits of each field.
CASES = {"v1": 120, "v2": 45}
LEAST_REQUESTS = 5_000
# Of a hundred requests as the specs want them, so many were answered with 200. The others name what
# is not there, or are not for the player who asks.
LEAST_SUCCESS = 35
PATIENCE = 600


def token(sandbox, trust):
    form = {"client_id": "fuzz", "client_secret": "fuzz", "grant_type": "client_credentials"}
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(sandbox + "/auth/token", data, timeout=10, context=trust) as answer:
        return json.load(answer)["access_token"]


def sandbox_of(program):
    """Runs `program`; it and the address that it prints first."""
    running = subprocess.Popen(shlex.split(program), stdout=subprocess.PIPE, text=True)
    return running, running.stdout.readline().split()[-1]


def start(version, sandbox, folder, options):
    trust = None
    if options.tls_verify:
        trust = ssl.create_default_context(cafile=options.tls_verify)
    bearer = token(sandbox, trust)
    command = [
        pathlib.Path(sys.executable).with_name("st"),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        SPECS / f"{version}.yaml",
        f"--url={sandbox}/{version}",
        f"--header=Authorization: Bearer {bearer}",
        f"--checks={','.join(CHECKS)}",
        "--phases=examples,coverage,fuzzing,stateful",
        "--mode=all",
        f"--max-examples={CASES[version]}",
        "--generation-deterministic",
        # The query parameters that can hold a token would replace the good one of the header.
        "--generation-with-security-parameters=false",
        "--suppress-health-check=all",
        "--continue-on-failure",
        "--request-timeout=10",
        "--warnings=off",
        "--no-color",
    ]
    if options.tls_verify:
        command.append(f"--tls-verify={options.tls_verify}")
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        "PLAYOFF_FUZZ_SANDBOX": sandbox,
        "PLAYOFF_FUZZ_TOKEN": bearer,
        "PLAYOFF_FUZZ_COUNTS": str(folder / f"{version}.json"),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Or sets are in another order in each run.
        "PYTHONHASHSEED": "0",
    }
    if options.tls_verify:
        environment["REQUESTS_CA_BUNDLE"] = options.tls_verify
    said = open(folder / f"{version}.log", "w")
    # There it leaves what it remembers of failures.
    return subprocess.Popen(
        list(map(str, command)), env=environment, cwd=folder, stdout=said, stderr=said
    )


def labels(mark, counts):
    return {label.removeprefix(mark) for label in counts if label.startswith(mark)}


def judge(version, code, folder):
    """What is wrong with the run, nothing if it is good."""
    said = (folder / f"{version}.log").read_text()
    try:
        counts = json.loads((folder / f"{version}.json").read_text())
    except FileNotFoundError:
        return [said, f"{version}: schemathesis ended with {code} before its first request"]
    requests = counts.pop("requests", 0)
    asked, reached = labels("asked ", counts), labels("200 ", counts)
    success = 100 * counts.get("good and 200", 0) // max(counts.get("good", 0), 1)
    statuses = {status: count for status, count in counts.items() if status.isdigit()}
    print(f"{version}: {requests} requests, by status {dict(sorted(statuses.items()))};", end=" ")
    print(f"of 100 good ones {success} were answered with 200")
    never = ", ".join(sorted(asked - reached)) or "none"
    print(f"{len(reached)} of {len(asked)} operations were; never: {never}")
    wrong = []
    if code != 0:
        wrong += [said, f"{version}: schemathesis found failures, see above"]
    if requests < LEAST_REQUESTS:
        wrong.append(f"{version}: {requests} requests are too few")
    if success < LEAST_SUCCESS:
        wrong.append(f"{version}: {success} in 100 is too shallow")
    return wrong


def end(program, sandbox):
    """What is wrong with how the sandbox ends."""
    if program.poll() is not None:
        return [f"the sandbox {sandbox} ended by itself with {program.returncode}"]
    program.terminate()
    try:
        program.wait(10)
    except subprocess.TimeoutExpired:
        program.kill()
        return [f"the sandbox {sandbox} did not end when it was told to"]
    return []


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tls-verify", metavar="CA_FILE")
    arguments.add_argument("--program")
    arguments.add_argument("sandboxes", nargs="*", metavar="URL")
    options = arguments.parse_args()
    programs, sandboxes = [], options.sandboxes
    if options.program:
        started = [sandbox_of(options.program) for _ in CASES]
        programs = [program for program, _ in started]
        sandboxes = [address for _, address in started]
    if len(sandboxes) != len(CASES):
        arguments.error("one sandbox for each version, or a program that starts one")
    began = time.monotonic()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pairs = zip(CASES, sandboxes)
        runs = {version: start(version, sandbox, folder, options) for version, sandbox in pairs}
        for version, run in runs.items():
            try:
                code = run.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                run.kill()
                code = "no end"
            wrong += judge(version, code, folder)
    for program, sandbox in zip(programs, sandboxes):
        wrong += end(program, sandbox)
    print(f"{time.monotonic() - began:.0f} seconds")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
