/*
** measure COMMAND ARGUMENT…: runs a command and reports, after what it printed, how long it took
*and
** how it ended.
*/
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main (int argc, char **argv) {
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
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("measure");
    return 2;
  }
  printf("wall %.6f\n", now() - begin);
  printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
