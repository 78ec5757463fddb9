/*
** httpd.wait: sleeps until the program is to end. Its end is a signal, or the end of its input.
*/
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "httpd.h"

/*
** Whether the end of standard input means that the process that started us has gone. That of a pipe
*or a
** socket does, and Ctrl-D on a terminal while we are what it talks to. /dev/null and files have no
** such end: who starts us with them in the background wants us until a signal.
*/
enum { INPUT_SAYS_NOTHING, INPUT_IS_PIPE, INPUT_IS_TERMINAL };

static int lp_input_kind (void) {
  struct stat input;
  if (fstat(STDIN_FILENO, &input) != 0) return INPUT_SAYS_NOTHING;
  if (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)) return INPUT_IS_PIPE;
  return tcgetpgrp(STDIN_FILENO) >= 0 ? INPUT_IS_TERMINAL : INPUT_SAYS_NOTHING;
}

/* SIGINT, SIGTERM and SIGHUP, but a SIGHUP that is ignored (nohup) stays so. */
static void lp_end_signals (sigset_t *wanted) {
  struct sigaction action;
  sigemptyset(wanted);
  sigaddset(wanted, SIGINT);
  sigaddset(wanted, SIGTERM);
  if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
    sigaddset(wanted, SIGHUP);
}

static const char *lp_signal_taken (int signals) {
  struct signalfd_siginfo got;
  if (read(signals, &got, sizeof got) != (ssize_t)sizeof got) return NULL;
  return got.ssi_signo == SIGINT ? "SIGINT" : got.ssi_signo == SIGTERM ? "SIGTERM" : "SIGHUP";
}

/* Reads away what came; whether that was the end. */
static int lp_input_ends (void) {
  char scrap[512];
  ssize_t size = read(STDIN_FILENO, scrap, sizeof scrap);
  return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
}

#define BACKGROUND_POLL 500 /* ms between looks whether we are back in the foreground */

/*
** httpd.wait() -> "input", "SIGINT", "SIGTERM" or "SIGHUP": sleeps until standard input ends or a
** signal asks the program to stop. What is typed while we are in the background is the shell's.
*/
int lp_httpd_wait (lua_State *L) {
  sigset_t wanted, before;
  int kind = lp_input_kind(), signals;
  const char *reason = NULL;
  lp_end_signals(&wanted);
  pthread_sigmask(SIG_BLOCK, &wanted, &before);
  signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  if (signals < 0) {
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return luaL_error(L, "httpd.wait: %s", strerror(errno));
  }
  while (reason == NULL) {
    struct pollfd watched[2] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    int behind = kind == INPUT_IS_TERMINAL && tcgetpgrp(STDIN_FILENO) != getpgrp();
    nfds_t count = kind == INPUT_SAYS_NOTHING || behind ? 1 : 2;
    int ready = poll(watched, count, behind ? BACKGROUND_POLL : -1);
    if (ready < 0 && errno != EINTR) reason = "input";
    if (ready <= 0) continue;
    if (watched[0].revents != 0) {
      reason = lp_signal_taken(signals);
    } else if (kind == INPUT_IS_PIPE || tcgetpgrp(STDIN_FILENO) == getpgrp()) {
      if (lp_input_ends()) reason = "input";
    }
  }
  close(signals);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  lua_pushstring(L, reason);
  return 1;
}
