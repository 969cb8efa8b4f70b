"""What several benchmarks measure alike."""

import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def parser(about: str) -> argparse.ArgumentParser:
    """Takes where the data and the models are; `about` is the script's docstring."""
    taken = argparse.ArgumentParser(description=about.splitlines()[0])
    taken.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    taken.add_argument("--models", type=Path, default=ROOT / "models")
    return taken


def peak_gb() -> float:
    """The most memory of this process alone: what getrusage tells of a new one is its parent's."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / 1e9
