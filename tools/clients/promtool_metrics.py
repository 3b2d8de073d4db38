"""promtool (Debian's package prometheus) reads `/metrics`, after some requests, and must find nothing to complain of."""

import shutil
import subprocess
import sys
import urllib.request

from checks import arguments

args = arguments()
promtool = shutil.which("promtool")
if promtool is None:
    print("promtool: skipped, it is not on the PATH")
    sys.exit(0)
with urllib.request.urlopen(f"http://{args.http}/metrics") as response:
    text = response.read()
done = subprocess.run([promtool, "check", "metrics"], input=text, check=False)
print("promtool: failed" if done.returncode else f"promtool: {len(text.splitlines())} lines are fine")
sys.exit(done.returncode)
