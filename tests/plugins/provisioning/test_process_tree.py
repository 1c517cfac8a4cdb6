"""No process below another is overlooked, whatever state those between them are in."""

import subprocess
import sys

# Its first thread is over, so it looks dead; another thread lives, so its child is still its own.
HALF_DEAD = """
import ctypes, subprocess, sys, threading, time
child = subprocess.Popen(["sleep", "90"])
threading.Thread(target=time.sleep, args=(90,)).start()
print(child.pid, flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""
WORKER = f"""
import os, subprocess, sys, time
from pathlib import Path
from trunkline_provisioning.process_tree import adopt_orphans, bury_orphans, descendants
adopt_orphans()
half_dead = subprocess.Popen([sys.executable, "-c", {HALF_DEAD!r}], stdout=subprocess.PIPE, text=True)
child = int(half_dead.stdout.readline())
while Path(f"/proc/{{half_dead.pid}}/stat").read_text().split()[2] != "Z":
    time.sleep(0.01)
assert os.waitpid(half_dead.pid, os.WNOHANG) == (0, 0)
print(descendants(os.getpid()) == [child])
bury_orphans(spare=())
print(Path(f"/proc/{{child}}").exists())
"""


def test_what_is_below_a_process_that_is_half_dead_is_found_and_buried() -> None:
    told = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=60)
    assert (told.stdout.split(), told.stderr) == (["True", "False"], "")
