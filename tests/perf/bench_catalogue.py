"""Search in a catalogue of 100,000 items: python -m tests.perf.bench catalogue."""

from __future__ import annotations

import statistics
from time import perf_counter, process_time

from django.db import connections

from creditbank.queries.catalogue.items import items_found
from creditbank.queries.catalogue.search import search_items
from creditbank.records.scope import acting_for
from tests.perf.catalogue_population import fill_catalogue, questions

ITEMS = 100_000
ASKED = 200
LIMIT = 100
RECALL = 90
"""Per cent; among names that differ in one part only, so that many others are as near."""


def measure_catalogue(table, institution):
    """Fill a catalogue, then ask each kind of question: how long, and how often the item that is meant comes first."""
    start, spent = perf_counter(), process_time()
    names = fill_catalogue(institution, ITEMS)
    table.add(
        f"{ITEMS:,} items stored with their keys",
        perf_counter() - start,
        "s",
        note=f"{process_time() - spent:.1f} s CPU here",
    )
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE catalogue_key, catalogue_item")
        cursor.execute("SELECT pg_total_relation_size('catalogue_key') / 1048576.0")
        table.add("search keys on disk", float(cursor.fetchone()[0]), "MB")
    with acting_for(purpose="bench") as scope:
        search_items(scope, "预热")
    for kind, asked in questions(names, ASKED).items():
        times, used, hits = [], process_time(), 0
        for text, meant in asked:
            with acting_for(purpose="bench") as scope:
                start = perf_counter()
                lines = items_found(scope, search_items(scope, text)[:20])
                times.append((perf_counter() - start) * 1000)
            hits += any(line.item.name.zh == meant for line in lines)
        used = (process_time() - used) / len(asked) * 1000
        times.sort()
        p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
        note = f"p50 {p50:.1f} ms, worst {times[-1]:.0f} ms, {used:.1f} ms CPU here; meant item in 20: {hits / len(asked):.0%}"
        table.add(f"search by {kind}, p95", p95, "ms", limit=LIMIT, least=False, note=note)
        if kind == "mistaken":
            table.add("mistaken names found among the first 20", 100 * hits / len(asked), "%", limit=RECALL)
