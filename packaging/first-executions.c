// Which functions a program executes, in the order of their first execution: a breakpoint on each, taken away when it is reached.
// For x64 Linux and programs at a fixed address.
//
//   first-executions ADDRESSES OUT PROGRAM ARGUMENT...     ADDRESSES: hexadecimal, one a line; OUT: those that were reached
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1 << 20, BREAKPOINT = 0xcc };

static uint64_t addresses[MOST];
static uint8_t replaced[MOST];

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

// Takes away the breakpoint that a stopped thread has reached. Returns whether it was one of ours.
static int reached(pid_t thread, int memory, size_t count, FILE *out) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0) return 0;
  uint64_t at = registers.rip - 1;
  uint64_t *found = bsearch(&at, addresses, count, sizeof *addresses, by_value);
  if (!found) return 0;
  uint8_t now;
  if (pread(memory, &now, 1, (off_t)at) != 1) die("memory");
  // Another thread may have been here in the meantime.
  if (now == BREAKPOINT) {
    if (pwrite(memory, &replaced[found - addresses], 1, (off_t)at) != 1) die("memory");
    fprintf(out, "%016lx\n", (unsigned long)at);
  }
  registers.rip = at;
  if (ptrace(PTRACE_SETREGS, thread, 0, &registers) != 0) die("registers");
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  FILE *in = fopen(argv[1], "r"), *out = fopen(argv[2], "w");
  if (!in || !out) die("file");
  size_t count = 0;
  char line[64];
  while (count < MOST && fgets(line, sizeof line, in)) addresses[count++] = strtoull(line, NULL, 16);
  qsort(addresses, count, sizeof *addresses, by_value);

  pid_t program = fork();
  if (program < 0) die("fork");
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(argv[3], argv + 3);
    _exit(127);
  }
  int status;
  if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) die(argv[3]);
  ptrace(PTRACE_SETOPTIONS, program, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", program);
  int memory = open(path, O_RDWR);
  if (memory < 0) die(path);
  uint8_t breakpoint = BREAKPOINT;
  for (size_t i = 0; i < count; i++)
    if (pread(memory, &replaced[i], 1, (off_t)addresses[i]) != 1 || pwrite(memory, &breakpoint, 1, (off_t)addresses[i]) != 1) die("memory");

  ptrace(PTRACE_CONT, program, 0, 0);
  for (;;) {
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) break;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == program) break;
      continue;
    }
    int stop = WSTOPSIG(status), event = status >> 16, deliver = stop;
    // A new thread starts with a stop; breakpoints and notices of clones are ours.
    if (stop == SIGSTOP || event != 0 || (stop == SIGTRAP && reached(thread, memory, count, out))) deliver = 0;
    ptrace(PTRACE_CONT, thread, 0, deliver);
  }
  return fclose(out) == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
