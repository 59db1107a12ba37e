"""The memory that a command holds at most while it runs.

    memory.py MIB COMMAND ARGUMENT...     prints the smallest peak of five runs; exit code 1 where it is above MIB
"""
import os
import sys

most, command = float(sys.argv[1]), sys.argv[2:]
peaks = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"memory: {command[0]} ends with status {status}")
    peaks.append(usage.ru_maxrss / 1024)
print(f"memory: {min(peaks):.1f} MiB at most {most:g}")
sys.exit(min(peaks) > most)
