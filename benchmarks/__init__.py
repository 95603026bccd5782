"""What reproduces every number that the README states: one folder per question, each run with `python -m`."""
