"""`python -m satsurvey`: the command line."""

from satsurvey.cli.main import run

if __name__ == "__main__":
    run()
