"""Show that every pin, transitive ones too, resolves to a binary on each supported Python.

    make pins

For each version, the pins whose marker holds there are resolved together, without their own
requirements (the files are complete, so pip must find nothing more to add) and from wheels alone.
Local folders are built from pure Python and need no binary. Nothing is installed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.11", "3.12", "3.13")


def pins(version: str) -> list[str]:
    """The `name==version` pins of both files that hold on this version of Python."""
    found = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            try:
                pin = Requirement(line.partition("#")[0].strip())
            except InvalidRequirement:  # a comment, an option, or a local folder
                continue
            if pin.marker is None or pin.marker.evaluate(
                {"python_version": version, "python_full_version": version + ".0"}
            ):
                found.append(f"{pin.name}{pin.specifier}")
    return found


def resolves(version: str) -> bool:
    wanted = pins(version)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
        command += ["--only-binary=:all:", "--python-version", version, "--target", folder, *wanted]
        result = subprocess.run(command, capture_output=True, text=True)
    print(
        f"Python {version}: {len(wanted)} pins, {'each has a binary' if result.returncode == 0 else 'NOT all have one'}"
    )
    if result.returncode:
        print("\n".join(line for line in result.stderr.splitlines() if line.startswith("ERROR")), file=sys.stderr)
    return result.returncode == 0


if __name__ == "__main__":
    sys.exit(0 if False not in [resolves(version) for version in VERSIONS] else 1)
