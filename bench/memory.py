"""`python -m bench.memory N`: how much an ingest of N records grows a fresh process."""

import sys

import django


def main() -> None:
    django.setup()
    from bench.ingesting import measure_memory  # noqa: PLC0415 (needs Django)

    first, whole = measure_memory(int(sys.argv[1]))
    print(first, whole)


if __name__ == "__main__":
    main()
