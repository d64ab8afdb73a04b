"""`python -m bench [--tiny] [NAME …]`: measures, prints a table, writes bench.json."""

import argparse
import atexit
import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import django
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import cluster, report
from bench.sizes import FULL, TINY, Size
from core.launcher.commandline import home_folder

# Function -> the figures that it gives; in the order in which they run.
MEASUREMENTS = {
    "bench.deciding.decide_vs_raw": ["decide_vs_raw", "claim_duplicates"],
    "bench.deciding.audit_vs_unaudited": ["audit_vs_unaudited"],
    "bench.deciding.claim_64_vs_best": ["claim_64_vs_best"],
    "bench.deciding.claim_50k_leases_vs_none": ["claim_50k_leases_vs_none"],
    "bench.deciding.decide_bulk_vs_save_loop": ["decide_bulk_vs_save_loop"],
    "bench.ingesting.ingest": ["ingest_vs_copy", "ingest_vs_update_or_create"],
    "bench.ingesting.ingest_rss_growth_mb": ["ingest_rss_growth_mb"],
    "bench.lists.queue_1m_vs_10k": ["queue_1m_vs_10k"],
    "bench.lists.admin_list_1m_vs_10k": ["admin_list_1m_vs_10k"],
    "bench.searching.search_vs_scan": ["search_en_vs_scan", "search_zh_vs_scan"],
    "bench.searching.ingest_with_search_vs_without": ["ingest_with_search_vs_without"],
    "bench.albums.gallery_page_deep_vs_first": ["gallery_page_deep_vs_first"],
    "bench.albums.gallery_vs_others": ["gallery_vs_drf_cursor", "gallery_vs_static"],
    "bench.families.likeness": ["family_recall", "family_precision"],
    "bench.families.keystrokes_per_100": ["keystrokes_per_100"],
    "bench.banks.match_1m_vs_numpy_scan": ["match_1m_vs_numpy_scan"],
    "bench.banks.match_http": ["match_http_1m_per_s", "match_http_1m_batch_per_s"],
    "bench.banks.match_10m_memory_mb": ["match_10m_memory_mb"],
    "bench.banks.match_truth": ["match_recall", "match_precision"],
    "bench.mirroring.mirror_vs_pillow": ["mirror_vs_pillow"],
    "bench.reviewing.next_picture_p95_ms": ["next_picture_p95_ms"],
    "bench.reviewing.sixty_by_keyboard_vs_stock_admin": ["sixty_by_keyboard_vs_stock_admin"],
    "bench.reviewing.review_first_paint_1m_vs_10k": ["review_first_paint_1m_vs_10k"],
    "bench.waiting.waiting_200_console_p95": ["waiting_200_console_p95"],
    "bench.counting.dashboard_1m_vs_count": ["dashboard_1m_vs_count"],
}


def main() -> None:
    chosen, size = _arguments()
    target = home_folder() / "bench.json"
    kept = os.environ.get("GATEHOUSE_BENCH_HOME")
    target.parent.mkdir(parents=True, exist_ok=True)
    root = Path(kept or tempfile.mkdtemp(prefix="bench-", dir=target.parent))
    if not kept:
        # Registered before the cluster is, so that it runs after the cluster's end.
        atexit.register(shutil.rmtree, root, ignore_errors=True)
    started = time.monotonic()
    cluster.start(root)
    django.setup()
    cluster.migrate()
    figures = _measure(chosen, size)
    report.write(target, figures)
    report.show(figures)
    missed = sum(not figure.ok for figure in figures)
    print(
        f"{len(figures)} figures in {(time.monotonic() - started) / 60:.1f} min, "
        f"{missed or 'none'} missed their goal; written to {target}"
    )


def _measure(chosen: list[str], size: Size) -> list[report.Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    figures: list[report.Figure] = []
    with Progress(*columns, console=cluster.console, disable=not sys.stderr.isatty()) as progress:
        for path in chosen:
            module, _, name = path.rpartition(".")
            task = progress.add_task(name)
            began = time.monotonic()
            figures += getattr(importlib.import_module(module), name)(size)
            progress.remove_task(task)
            cluster.say(f"{name}: {time.monotonic() - began:.0f} s")
    return figures


def _arguments() -> tuple[list[str], Size]:
    known = [name for names in MEASUREMENTS.values() for name in names]
    parser = argparse.ArgumentParser(
        prog="python -m bench", epilog=f"figures: {', '.join(known)}", description=__doc__
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these figures")
    parser.add_argument("--tiny", action="store_true", help="small sizes: see that it runs")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))} (known: {', '.join(known)})")
    wanted = set(options.names or known)
    chosen = [path for path, names in MEASUREMENTS.items() if wanted & set(names)]
    return chosen, TINY if options.tiny else FULL


if __name__ == "__main__":
    main()
