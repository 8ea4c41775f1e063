"""What sites do to a crawler: each trouble ends in one record that names it, and never spreads."""

from __future__ import annotations

import gzip
import itertools
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from tests.crawler.conftest import Home, Reply, Site


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        for _ in range(60):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.2)
    except OSError:
        pass


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"<html>")
    handler.close_connection = True


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Send 50 MB without saying so before."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        for _ in range(50):
            handler.wfile.write(b"x" * (1 << 20))
    except OSError:
        pass


def redirect(reply: type[Reply], target: str, status: int = 302) -> Reply:
    return reply(status=status, headers={"Location": target})


def test_every_trouble_has_its_name(site: Site, home: Home, reply: type[Reply]) -> None:
    home.environment["KHABAR_MAX_BYTES"] = "1 MiB"
    html = b"<html><body>" + b"a" * 100
    bomb = gzip.compress(b"\0" * (50 << 20))
    circles = itertools.count()
    site.routes |= {
        "/ok": reply(html),
        "/gzip": reply(gzip.compress(html), headers={"Content-Encoding": "gzip"}),
        "/no-type": reply(b"\n<!DOCTYPE html><html>", kind=None),
        "/odd-header": reply(html, headers={"X-Odd": "caf\xe9\x01\x85", "Set-Cookie": "a=b", "X-Empty": ""}),
        "/%D8%B5%D8%A8%D8%AD": reply(html),
        "/moved": redirect(reply, "/ok", 301),
        "/gone": reply(b"", 410),
        "/legal": reply(b"", 451),
        "/pdf": reply(b"%PDF-1.7", kind="application/pdf"),
        "/json": reply(b"{}", kind="application/json"),
        "/unmarked": reply(b"plain words", kind=None),
        "/big": reply(b"x" * (2 << 20)),
        "/flood": flood,
        "/bomb": reply(bomb, headers={"Content-Encoding": "gzip"}),
        "/deflate-bomb": reply(zlib.compress(b"\0" * (50 << 20)), headers={"Content-Encoding": "deflate"}),
        "/odd-coding": reply(b"???", headers={"Content-Encoding": "rot13"}),
        "/circle": lambda _: redirect(reply, f"/circle?n={next(circles)}"),
        "/file": redirect(reply, "file:///etc/passwd"),
        "/nowhere": redirect(reply, ""),
        "/loopback": redirect(reply, f"http://127.0.0.1:{site.port}/secret"),
        "/decimal": redirect(reply, f"http://2130706433:{site.port}/secret"),
        "/metadata": redirect(reply, "http://169.254.169.254/latest/meta-data/"),
        "/mapped": redirect(reply, f"http://[::ffff:127.0.0.1]:{site.port}/secret"),
        "/password": redirect(reply, f"http://me:secret@alpha.example:{site.port}/ok"),
        "/away": redirect(reply, site.url("/ok", "beta.example")),
        "/disallowed": reply(html),
        "/hop": redirect(reply, "/disallowed"),
        "/robots.txt": reply(b"User-agent: *\nDisallow: /disallowed\n", kind="text/plain"),
    }
    for n in range(30):
        site.routes[f"/circle?n={n}"] = redirect(reply, f"/circle?n={n + 1}")
    wanted = [path for path in site.routes if path != "/robots.txt" and "?" not in path]
    wanted = [path.replace("%D8%B5%D8%A8%D8%AD", "صبح") for path in wanted]
    site.feed("/feed", *wanted, "http://elsewhere.example/page")
    home.source("alpha", site.url("/feed"))
    done = home.crawl("alpha")
    assert home.failures() == {
        "/gone": "http_410",
        "/legal": "http_451",
        "/pdf": "not_html",
        "/json": "not_html",
        "/unmarked": "not_html",
        "/big": "too_large",
        "/flood": "too_large",
        "/bomb": "too_large",
        "/deflate-bomb": "too_large",
        "/odd-coding": "bad_encoding",
        "/circle": "redirects",
        "/file": "bad_redirect",
        "/nowhere": "bad_redirect",
        "/loopback": "forbidden_address",
        "/decimal": "forbidden_address",
        "/metadata": "forbidden_address",
        "/mapped": "forbidden_address",
        "/password": "credentials",
        "/away": "redirected",
        "/disallowed": "robots",
        "/hop": "robots",
        "/page": "scope",
        "/ok": "scope",  # on beta.example, where /away leads
    }
    pages = {record.discovery.url: record for record in home.records() if record.kind == "page"}
    fetched = ("/ok", "/gzip", "/no-type", "/moved", "/odd-header", "/%D8%B5%D8%A8%D8%AD")
    assert set(pages) == {site.url(path) for path in fetched}
    assert pages[site.url("/gzip")].payload == html
    assert pages[site.url("/moved")].url == site.url("/ok")
    assert "/secret" not in site.paths("127.0.0.1")
    assert sum(path.startswith("/circle") for path in site.paths()) == 6
    refused = {r.discovery.failure for r in home.records() if r.discovery.refused}
    assert refused == {
        "not_html", "too_large", "forbidden_address", "credentials", "redirected", "robots", "scope"
    }  # fmt: skip
    assert home.frontier() == []
    assert done["claimed"] == home.discovered() == len(home.records()) == len(wanted) + 2


def test_passing_troubles_are_tried_again_a_bounded_number_of_times(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    answers = {"/mends": iter([500, 200]), "/later": iter([500, 500, 200])}

    def script(path: str) -> Callable[[BaseHTTPRequestHandler], Reply]:
        return lambda _: reply(b"<html>", next(answers[path]))

    site.routes |= {
        "/mends": script("/mends"),
        "/later": script("/later"),
        "/missing": reply(b"", 404),
        "/broken": reply(b"", 502),
        "/cut": cut_short,
    }
    site.feed("/feed", *site.routes)
    home.source("alpha", site.url("/feed"))
    home.crawl("alpha")
    assert [record.url for record in home.records()] == [site.url("/mends")]
    assert len(home.frontier()) == 4
    home.crawl("alpha")  # nothing is due yet
    assert site.paths().count("/missing") == 1
    home.crawl("alpha", later=700)
    assert home.failures() == {
        "/missing": "http_404",
        "/broken": "http_502",
        "/cut": "truncated",
    }
    assert site.paths().count("/missing") == 2
    assert site.paths().count("/broken") == 4
    assert home.frontier() == []
    names = [record.discovery.attempt for record in home.records()]
    assert len(names) == len(set(names)) == home.discovered() == 5


def test_slow_answers_are_given_up_and_a_dead_host_is_left_alone(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    home.environment["KHABAR_TIMEOUT"] = "1"

    def silence(_: BaseHTTPRequestHandler) -> None:
        time.sleep(3)

    site.routes |= {"/drip": drip} | {f"/silent/{n}": silence for n in range(8)}
    site.feed("/feed", *site.routes)
    site.feed("/other", "/fine", host="beta.example")
    site.pages("/fine")
    home.source("alpha", site.url("/feed"))
    home.source("beta", site.url("/other", "beta.example"))
    started = time.monotonic()
    done = home.crawl("alpha", "beta")
    assert time.monotonic() - started < 15
    assert done["fetched"] == 1
    assert done["postponed"] == 9
    assert len([path for path in site.paths() if path != "/feed"]) == 3
    assert len(home.frontier()) == 9


def test_the_claims_of_a_dead_host_come_to_an_end(site: Site, home: Home) -> None:
    dead = [f"http://beta.example:1/{n}" for n in range(130)]
    site.feed("/feed", *dead)
    pins = {"alpha.example": "127.0.0.1", "beta.example": "127.0.0.1"}
    home.source("alpha", site.url("/feed"), domains=["alpha.example", "beta.example"], addresses=pins)
    for crawl in range(3):
        assert home.crawl("alpha", later=crawl * 700)["postponed"] == 130
    assert home.records() == []
    assert home.crawl("alpha", later=2100)["failed"] == 130
    assert set(home.failures().values()) == {"connection_refused"}
    assert {record.discovery.robots for record in home.records()} == {"unreachable"}
    assert home.frontier() == []
    assert len(home.records()) == home.discovered() == 130


def test_a_host_that_asks_for_rest_gets_it(site: Site, home: Home, reply: type[Reply]) -> None:
    site.routes |= {"/a/1": reply(b"", 429, headers={"Retry-After": "1800"})}
    site.feed("/feed", "/a/1", "/a/2", "/a/3")
    site.pages("/a/2", "/a/3")
    home.source("alpha", site.url("/feed"))
    assert home.crawl("alpha")["fetched"] == 0
    assert site.paths() == ["/feed", "/a/1"]
    done = home.crawl("alpha", later=900)
    assert (done["resting"], done["busy"], done["fetched"], done["more"]) == (1, 0, 0, False)
    assert "alpha.example wants to be left alone for now" in done["log"]
    assert site.paths() == ["/feed", "/a/1"]
    site.pages("/a/1")
    assert home.crawl("alpha", later=1900)["fetched"] == 3
    assert home.frontier() == []


def test_a_feed_that_asks_for_rest_closes_its_host(site: Site, home: Home, reply: type[Reply]) -> None:
    site.feed("/feed", "/a/1", "/a/2")
    site.pages("/a/1", "/a/2")
    home.source("alpha", site.url("/feed"))
    home.crawl("alpha", "--max", "1")
    site.routes["/feed"] = reply(b"", 503, headers={"Retry-After": "60"})
    assert home.crawl("alpha")["fetched"] == 0
    assert len(home.frontier()) == 1


def test_robots_out_of_order_means_no_access(site: Site, home: Home, reply: type[Reply]) -> None:
    site.routes["/robots.txt"] = reply(b"", 503)
    site.feed("/feed", "/a/1")
    home.source("alpha", site.url("/feed"))
    done = home.crawl("alpha")
    assert site.paths() == []
    assert done["broken"] == 1
    assert "http_503" in done["log"]


def test_a_redirect_to_another_domain_of_the_source_enters_its_frontier(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    site.feed("/feed", "/to-beta", "/to-beta-too", "/circle")
    site.routes |= {
        "/to-beta": redirect(reply, site.url("/page", "beta.example")),
        "/to-beta-too": redirect(reply, site.url("/page", "beta.example")),
        "/circle": redirect(reply, site.url("/back", "beta.example")),
        "beta.example/back": redirect(reply, site.url("/circle")),
    }
    site.pages("/page")
    pins = {"alpha.example": "127.0.0.1", "beta.example": "127.0.0.1"}
    home.source("alpha", site.url("/feed"), domains=["alpha.example", "beta.example"], addresses=pins)
    done = home.crawl("alpha")
    assert done["fetched"] == 1
    page = next(record for record in home.records() if record.kind == "page")
    assert page.discovery.url == site.url("/page", "beta.example")
    assert page.discovery.endpoint == site.url("/feed")
    assert site.paths("beta.example").count("/page") == 1
    assert site.paths().count("/circle") <= 2
    assert home.failures().keys() == {"/to-beta", "/to-beta-too", "/circle", "/back"}
    assert home.frontier() == []
    assert home.discovered() == len(home.records()) == done["claimed"]


def test_broken_feeds_are_told_and_remembered(site: Site, home: Home, reply: type[Reply]) -> None:
    site.routes |= {
        "/empty": reply(b"", kind="application/rss+xml"),
        "/html": reply(b"<html><body>Are you human?</body></html>"),
        "/huge": reply(b"<rss>" + b"x" * (2 << 20), kind="application/rss+xml"),
        "/dead": reply(b"", 500),
        "/moved": redirect(reply, "http://gamma.example/feed"),
        "/many": reply(
            b"<rss version='2.0'><channel>" + b"<item><link>javascript:alert(1)</link></item>" * 1000,
            kind="application/rss+xml",
        ),
    }
    home.environment["KHABAR_MAX_BYTES"] = "1 MiB"
    paths = ("/empty", "/html", "/huge", "/dead", "/moved", "/many")
    home.source("alpha", *(site.url(path) for path in paths))
    done = home.crawl("alpha")
    assert (done["endpoints"], done["broken"], done["claimed"]) == (6, 5, 0)
    ledger = home.ledger()
    errors = {path: ledger.endpoint(site.url(path)).error for path in paths}
    assert [ledger.endpoint(site.url(path)).failures for path in paths] == [1, 1, 1, 1, 1, 0]
    ledger.close()
    assert errors == {
        "/empty": "empty",
        "/html": "not_a_feed",
        "/huge": "too_large",
        "/dead": "http_500",
        "/moved": "redirected: it leads to http://gamma.example/feed",
        "/many": None,
    }
    assert "1000 entries without a usable link" in done["log"]


def test_a_certificate_of_nobody_is_not_believed(site: Site, home: Home, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed("secure.example", tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    home.source("secure", f"https://secure.example:{server.server_address[1]}/feed")
    done = home.crawl("secure")
    server.shutdown()
    server.server_close()
    assert "tls" in done["log"]


def self_signed(host: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
