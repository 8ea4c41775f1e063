"""The ledger among processes that claim at once, and that are killed in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from khabar.ledger.sqlite import open_ledger

CLAIM = """
import json, sys
from datetime import datetime, UTC, timedelta
from pathlib import Path
from khabar.ledger.sqlite import open_ledger
from khabar.models import Entry
from khabar.ports import EndpointState, Found
ledger, me = open_ledger(Path(sys.argv[1])), sys.argv[2]
now = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)  # all claim at one moment
names = []
for n in range(int(sys.argv[3])):
    # Every process looks at pages of its own and at the same ones as the others.
    urls = [f"https://{me}.example/{n}", f"https://all.example/{n}"]
    items = [Found(url, "daily", "https://feed.example/" + me, "opinion", Entry(url)) for url in urls]
    state = EndpointState("https://feed.example/" + me, etag=str(n), checked=now)
    names += [claim.attempt for claim in ledger.discover(state, items, now)]
    print(n, flush=True)
print(json.dumps(names), flush=True)
"""


def _start(path: Path, me: str, looks: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLAIM, str(path), me, str(looks)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_at_one_moment_make_no_claim_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    children = [_start(path, f"p{n}", 60) for n in range(3)]
    names = [
        name for child in children for name in json.loads(child.communicate(timeout=60)[0].splitlines()[-1])
    ]
    assert len(names) == 60 * 3 + 60
    assert len({name.split(" ")[0] for name in names}) == len(names)
    ledger = open_ledger(path)
    assert sorted(claim.attempt for claim in ledger.frontier()) == sorted(names)
    assert sum(ledger.discovered().values()) == len(names)
    ledger.close()


def test_a_kill_leaves_the_etag_and_its_claims_or_neither(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for round_ in range(4):
        child = _start(path, f"k{round_}", 100_000)
        assert child.stdout is not None
        for _ in range(3 + round_ * 7):
            child.stdout.readline()
        time.sleep(round_ * 0.0007)
        child.kill()
        child.communicate(timeout=60)
        ledger = open_ledger(path)
        last = int(ledger.endpoint(f"https://feed.example/k{round_}").etag or -1)
        claims = list(ledger.frontier())
        mine = [claim for claim in claims if claim.url.startswith(f"https://k{round_}.example/")]
        assert len(mine) == last + 1 > 0
        assert sum(ledger.discovered().values()) == len(claims)
        ledger.close()
