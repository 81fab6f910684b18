import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.protocols.fetching import AUTHORS_URLS, fetch_template
from pairjudge_lab.protocols.template import read_template
from pairjudge_lab.records import UserError

PAGES = {
    "/prompts/compare_0_ex.md": b"Q {question}\nA {response_a}\nB {response_b}\n",
    "/mustache": b"Q {{question}} A {{ response_a }} B {{response_b}}",
    "/page": b"<html>not a template</html>",
    "/large": b"x" * 300_000,
    "/bytes": b"\xff\xfe",
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_one_command_fetches_a_template(site, tmp_path, capsys):
    out = tmp_path / "authors.md"
    url = f"{site}/prompts/compare_0_ex.md"
    assert main(["template", "fetch", "--url", url, "--out", str(out)]) == 0
    assert out.read_bytes() == PAGES["/prompts/compare_0_ex.md"]
    assert read_template(out).digest in capsys.readouterr().out


def test_the_first_address_that_answers_counts(site):
    template = fetch_template([f"{site}/absent", f"{site}/prompts/compare_0_ex.md"])
    assert template.source.endswith("/prompts/compare_0_ex.md")


def test_places_written_with_double_braces_are_understood(site):
    values = {"question": "1", "response_a": "2", "response_b": "3"}
    filled = fetch_template([site + "/mustache"]).fill(values)
    assert filled == "Q 1 A 2 B 3"


@pytest.mark.parametrize("page", ["/absent", "/page", "/large", "/bytes"])
def test_what_is_no_template_is_refused(site, page):
    with pytest.raises(UserError, match=r"could not be fetched; tried .*by hand"):
        fetch_template([site + page])


def test_no_other_kind_of_address_is_opened(tmp_path):
    secret = tmp_path / "t.md"
    secret.write_text("{question}{response_a}{response_b}")
    with pytest.raises(UserError, match="an address starts with https"):
        fetch_template([f"file://{secret}"])


def test_the_authors_repository_is_asked_by_default():
    assert all(u.startswith("https://raw.githubusercontent.com/THU-KEG/") for u in AUTHORS_URLS)
    assert all(u.endswith("/compare_0_ex.md") for u in AUTHORS_URLS)
