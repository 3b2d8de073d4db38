"""schemathesis against `/openapi.json`: random requests of every address, and every method that an address does not take."""

import subprocess
import sys

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

args = arguments()
command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://{args.http}/openapi.json"]
command += ["--checks", ",".join(CHECKS), "--max-examples", "60", "--seed", "1", "--no-color", "--continue-on-failure"]
sys.exit(subprocess.run(command, check=False).returncode)
