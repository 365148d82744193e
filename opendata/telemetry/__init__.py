"""How the program is seen from outside: figures of its processes, lines of its log, traces. Imports no service."""
