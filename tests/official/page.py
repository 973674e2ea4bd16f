"""The Python of a page of the guide does what the page says.

    page.py PAGE

Its blocks run one after the other, as one program. Each `text` block that follows one must be what
was printed since the one before.
"""

import contextlib
import io
import re
import sys
import urllib.error
import urllib.parse
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def come_back(login):
    """The code that johny's browser brings back from this address."""
    try:
        urllib.request.build_opener(Stay).open(login + "&player_id=johny")
    except urllib.error.HTTPError as answer:
        back = urllib.parse.urlsplit(answer.headers["Location"])
        return urllib.parse.parse_qs(back.query)["code"][0]
    raise AssertionError("the login did not lead back")


page = open(sys.argv[1], encoding="utf-8").read()
names = {"come_back": come_back}
printed, blocks = None, 0
for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
    if language == "python":
        assert not printed, f"the page does not show {printed!r}"
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(text, f"block {blocks} of {sys.argv[1]}", "exec"), names)
        printed, blocks = output.getvalue(), blocks + 1
    elif language == "text" and printed is not None:
        assert printed == text, f"printed {printed!r}, the page shows {text!r}"
        printed = None
assert not printed, f"the page does not show {printed!r}"
print("blocks", blocks)
