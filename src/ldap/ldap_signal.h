/*
** Writing to a server that is gone raises SIGPIPE, which ends a program that has not asked for it;
** libldap leaves that to its callers. Around each of its calls the signal is held back, for this
** thread only, and one that it caused is taken away.
*/
#ifndef LP_LDAP_SIGNAL_H
#define LP_LDAP_SIGNAL_H

#include <signal.h>
#include <time.h>

typedef struct lp_signal_guard {
  sigset_t before;
  int was_pending;
} lp_signal_guard;

static inline void lp_signal_hold (lp_signal_guard *guard) {
  sigset_t pipe_signal, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigemptyset(&pending);
  sigpending(&pending);
  guard->was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &guard->before);
}

static inline void lp_signal_release (const lp_signal_guard *guard) {
  static const struct timespec at_once = {0, 0};
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  if (!guard->was_pending) sigtimedwait(&pipe_signal, NULL, &at_once);
  pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

#endif
