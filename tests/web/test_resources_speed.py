"""Ten thousand offerings: the public pages stay quick, and a sheet of them goes in within seconds."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
from django.conf import settings

from creditbank.gateways import clock
from tests.intruder import superuser
from tests.services.masterdata_rows import bring
from tests.web.office_cases import client_of

RESOURCES, OFFERINGS, ROUNDS = 2_000, 10_000, 8
LIMIT = 1.0
"""Seconds at the 95th percentile that even a busy machine keeps; the promise on an idle one is 0.15."""


@pytest.fixture
def crowded(bank, cast):
    today = clock.today(settings.TIME_ZONE)

    def on(days):
        return (today + timedelta(days=days)).isoformat()

    bring(bank, cast.college, "terms", [
        {"code": "T1", "name": "春", "starts_on": on(10), "ends_on": on(150)},
        {"code": "T0", "name": "秋", "starts_on": on(-150), "ends_on": on(-10)},
    ], "2026-01-01", "t")  # fmt: skip
    bring(bank, cast.college, "providers", [
        {"code": f"P{n}", "name": f"合作企业{n}", "kind": "校外" if n % 3 else "校内", "accredited_from": on(-100),
         "accredited_until": on(n - 20)} for n in range(200)
    ], "2026-01-01", "p")  # fmt: skip
    bring(bank, cast.college, "resources", [
        {"code": f"R{n}", "name": f"专业拓展课程{n}", "kind": "课程" if n % 4 else "实践基地", "provider": f"P{n % 200}",
         "category": f"类别{n % 12}", "published": "否" if n % 10 == 9 else "是"} for n in range(RESOURCES)
    ], "2026-01-01", "r")  # fmt: skip
    # One resource is offered a thousand times.
    rows = [
        {"code": f"O{n}", "resource": "R20" if n < 1000 else f"R{n % RESOURCES}", "term": "T1" if n % 4 else "T0",
         "starts_on": on(n % 60 - 30), "ends_on": on(n % 60 + 30), "seats": str(n % 90), "fee": "100"}
        for n in range(OFFERINGS)
    ]  # fmt: skip
    start = time.monotonic()
    bring(bank, cast.college, "offerings", rows, "2026-01-01", "o")
    with superuser(bank) as administrator:
        administrator.execute("ANALYZE")
    return time.monotonic() - start


@pytest.mark.slow
def test_pages_stay_quick_with_ten_thousand_offerings(crowded):
    client = client_of()
    addresses = [
        "/resources/", "/resources/?page=40", "/resources/?q=tuozhan", "/resources/?q=合作企业7&kind=course",
        "/resources/?term=T1&side=external", "/resources/?accredited=no", "/resources/?size=100", "/resources/svc/R20/",
        "/resources/svc/R20/?page=30", "/resources/svc/R30/",
    ]  # fmt: skip
    for address in addresses:
        assert client.get(address).status_code == 200
    spent = []
    for address in addresses * ROUNDS:
        start = time.monotonic()
        client.get(address)
        spent.append((time.monotonic() - start, address))
    times = sorted(seconds for seconds, _address in spent)
    worst = times[int(len(times) * 0.95)]
    print(f"median {statistics.median(times) * 1000:.0f} ms, p95 {worst * 1000:.0f} ms, import {crowded:.1f} s")
    assert worst < LIMIT, max(spent)
    assert crowded < 120
