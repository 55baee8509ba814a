"""The benchmark: `python -m bench` makes a bill, runs the job on it and holds the times against the bars."""
