"""How long it takes to begin: the import, and ``--help`` of every command, beside bare Python.

python benchmarks/startup.py
"""

import argparse
import subprocess
import sys
import time

from pairjudge_lab.cli.shared.main import command_names


def best(repeats: int, *code: str) -> float:
    """The shortest of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        clock = time.perf_counter()
        subprocess.run([sys.executable, *code], check=True, capture_output=True)
        times.append(time.perf_counter() - clock)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each; the best counts (5)")
    args = parser.parse_args()
    bare = best(args.repeats, "-c", "pass")
    print(f"bare Python               {bare:6.3f} s")
    print("beyond it:")
    seconds = best(args.repeats, "-c", "import pairjudge_lab") - bare
    print(f"import pairjudge_lab      {seconds:6.3f} s")
    for name in command_names():
        command = name.replace("_", "-")
        seconds = best(args.repeats, "-m", "pairjudge_lab", command, "--help") - bare
        print(f"{command + ' --help':26}{seconds:6.3f} s")


if __name__ == "__main__":
    main()
