"""Speed, measured: each benchmark beside an honest baseline in the same run. `python -m tests.bench --list`."""
