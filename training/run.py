"""One command per network: prepare the pairs (once), train (resuming), export with checks.

For example `python3 training/run.py general-standard-x2`. Uses a GPU if there is one.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import torch

from export import export
from networks import SHAPES
from train import train

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("--pairs", type=Path, default=HERE / "pairs", help="made by prepare.py if missing")
    parser.add_argument("--stills", type=Path, nargs="+", help="passed to prepare.py")
    parser.add_argument("--checkpoints", type=Path, default=HERE / "checkpoints")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="finish the schedule within this time")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--node", default=os.environ.get("NODE", "node"), help="Node.js, for the check of the export")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if not arguments.pairs.exists():
        command = [sys.executable, str(HERE / "prepare.py"), "--out", str(arguments.pairs)]
        if arguments.stills:
            command += ["--stills", *map(str, arguments.stills)]
        subprocess.run(command, check=True)
    train(arguments.network, [arguments.pairs], arguments.checkpoints, arguments.minutes)
    export(arguments.network, arguments.checkpoints, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
