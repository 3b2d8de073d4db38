"""schemathesis against `/openapi.json`: random requests of every address, and every method that an address does not take."""

import pathlib
import subprocess
import sys
import tempfile

from checks import arguments

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


def run(args, config, *options):
    """One run in a folder of its own, where it leaves what it notes."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://{args.http}/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--seed", "1", "--no-color", "--continue-on-failure", *options]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "schemathesis.toml").write_text(config)
        return subprocess.run(command, check=False, cwd=folder).returncode


args = arguments()
# Names at random, which no model has, and the name of one; unloaded it would rightly answer 503.
named = f'[parameters]\n"path.model" = "{args.model}"\n"path.version" = "1"\n'
sys.exit(run(args, "", "--max-examples", "30") | run(args, named, "--max-examples", "60", "--exclude-path-regex", "unload$"))
