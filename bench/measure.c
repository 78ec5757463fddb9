/*
** measure COMMAND ARGUMENT…: runs a command and tells, behind what it printed, how long it took
** (wall, and user + system), the most memory it held, and how it ended. It is small itself, for
** Linux counts what the parent held at the fork as the child's.
*/
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds (struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main (int argc, char **argv) {
  struct rusage used;
  double begin = now();
  int status = 0;
  pid_t child;
  if (argc < 2) return 2;
  child = fork();
  if (child == 0) {
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &used) != child) {
    perror("measure");
    return 2;
  }
  printf("wall %.6f\n", now() - begin);
  printf("cpu %.6f\n", seconds(used.ru_utime) + seconds(used.ru_stime));
  printf("peak %.3f\n", (double)used.ru_maxrss / 1024); /* MiB */
  printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
