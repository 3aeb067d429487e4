"""`python -m satsurvey` and the command `satsurvey`: the way into the command line."""

import sys


def run() -> None:
    """Run the command line; Ctrl-C ends it quietly from the first moment on."""
    try:
        # Loaded here, so that an interruption while loading is one too and no traceback.
        from satsurvey.cli.main import run as start

        start()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
