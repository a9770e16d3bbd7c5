"""A list of 5,000 rows is read, matched, verified and proposed well within thirty seconds."""

from __future__ import annotations

import io

from creditbank.exchange.official_lists import packaged_kind, read_list
from creditbank.gateways import clock
from creditbank.gateways.files import open_upload
from creditbank.gateways.identities import Identities
from creditbank.queries.official_lists.lists import count_standings, lines_of, standings_of
from creditbank.records.scope import acting_for
from creditbank.services.official_lists.imports import apply_list, plan_list
from tests.cast import AT, ON
from tests.services.list_population import claim_many, enrol_many, list_workbook
from tests.services.list_sheets import about, brought_of

MOST_SECONDS = 30
"""The promise itself; five seconds of it are work, the rest is room for a loaded machine."""


def test_five_thousand_rows_take_no_more_than_thirty_seconds(bank, cast):
    enrol_many(bank, cast.college, 4000)
    claim_many(cast.college, 1000)
    content = list_workbook(5000, 4000)
    start = clock.monotonic()
    with open_upload(io.BytesIO(content), name="list.xlsx") as upload:
        read = read_list(upload, packaged_kind("one-plus-x"), institution=cast.college, today=ON)
    with acting_for(institution=cast.college, purpose="test") as scope:
        what = {"scope": scope, "identities": Identities(bank), "brought": brought_of(read), "about": about()}
        applied = apply_list(**what, actor=cast.zhao.person, at=AT)
    spent = clock.monotonic() - start
    with acting_for(institution=cast.college, purpose="test") as scope:
        planned = plan_list(**what | {"scope": scope})
    assert (applied.certain + applied.doubtful, applied.nobody) == (4000, 1000)
    assert applied.doubtful > 100
    assert planned.standings.total() == applied.certain
    with acting_for(institution=cast.college, purpose="test") as scope:
        counts = count_standings(standings_of(scope, applied.list_id, lines_of(scope, applied.list_id)))
    assert counts["proposed"] == applied.proposed > 2000
    assert counts["verified"] > 300
    assert counts["differs"] > 300
    assert spent <= MOST_SECONDS, f"{spent:.1f} s"
