"""The parts of bench/run: peers, cases, real programs, measuring, statistics and reports."""
