"""`python -m upstream.sandbox --port N`."""

from upstream.sandbox.server import main

if __name__ == "__main__":
    main()
