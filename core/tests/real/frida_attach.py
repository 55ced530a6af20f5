"""Attaches frida to a process, with a script if one is given, until standard input ends: frida_attach.py PID [SCRIPT]"""

import sys

import frida

session = frida.attach(int(sys.argv[1]))
if sys.argv[2:] and sys.argv[2]:
    script = session.create_script(sys.argv[2])
    script.load()
print("attached", flush=True)
sys.stdin.read()
session.detach()
