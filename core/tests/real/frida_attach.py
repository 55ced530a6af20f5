"""Attaches frida to a process, with a script if one is given, until it is killed: frida_attach.py PID [SCRIPT]"""

import signal
import sys

import frida

session = frida.attach(int(sys.argv[1]))
if sys.argv[2:] and sys.argv[2]:
    script = session.create_script(sys.argv[2])
    script.load()
print("attached", flush=True)
signal.pause()
