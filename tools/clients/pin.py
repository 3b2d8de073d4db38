"""Pins the clients: writes requirements.txt with versions and hashes of wheels, for each Python that is supported on x86-64 Linux.

    python3 tools/clients/pin.py tritonclient[http,grpc]==2.73.0 kserve==0.21.0 schemathesis==4.32.0 > tools/clients/requirements.txt

pip chooses; nothing is installed. Give the same names with newer versions to move on.
"""

import collections
import json
import subprocess
import sys

PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"]


def chosen(python, wanted):
    """What pip would install for one Python: name, version and hash of each wheel."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    command += ["--only-binary", ":all:", "--python-version", python, "--target", "unused"]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    report = json.loads(subprocess.run(command + wanted, check=True, capture_output=True, text=True).stdout)
    for item in report["install"]:
        meta = item["metadata"]
        yield meta["name"].lower().replace("_", "-"), meta["version"], item["download_info"]["archive_info"]["hashes"]["sha256"]


def main():
    wheels = collections.defaultdict(lambda: collections.defaultdict(list))
    for python in PYTHONS:
        for name, version, digest in chosen(python, sys.argv[1:]):
            wheels[name, version][digest].append(python)
    versions = collections.Counter(name for name, _ in wheels)
    print("# Written by tools/clients/pin.py; the first line of its comment says how.")
    for (name, version), digests in sorted(wheels.items()):
        pythons = sorted({p for ps in digests.values() for p in ps})
        marker = ""
        if versions[name] > 1 or len(pythons) < len(PYTHONS):
            marker = " ; " + " or ".join(f'python_version == "{p}"' for p in pythons)
        print(f"{name}=={version}{marker}" + "".join(f" \\\n    --hash=sha256:{d}" for d in digests))


main()
