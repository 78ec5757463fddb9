/*
** Connections of lastpass.httpd whose answer is to come late: a heap of them, and the thread that
** wakes each when its time has come, so that hundreds can wait without holding anybody up.
*/
#include <limits.h>
#include <stdlib.h>

#include "array.h"
#include "httpd.h"

#define LP_LONGEST 1e9 /* seconds; a longer wait has no end */

long long lp_clock_read (clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (long long)now.tv_sec * LP_NANO + now.tv_nsec;
}

static void lp_heap_swap (lp_waiter *heap, size_t a, size_t b) {
  lp_waiter kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}

/* Adds one; 0 when there is no memory. The mutex is held. */
static int lp_waiter_add (lp_server *server, long long due, const lp_request *request) {
  size_t at = server->waiting;
  if (LP_RESERVE(server->waiters, at, 1, server->capacity) != 0) return 0;
  server->waiting++;
  server->waiters[at].due = due;
  server->waiters[at].topic = request->topic;
  server->waiters[at].connection = request->connection;
  while (at > 0 && server->waiters[(at - 1) / 2].due > server->waiters[at].due) {
    lp_heap_swap(server->waiters, at, (at - 1) / 2);
    at = (at - 1) / 2;
  }
  return 1;
}

/* Moves a waiter down to where it belongs. */
static void lp_heap_sink (lp_waiter *heap, size_t count, size_t at) {
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && heap[child + 1].due < heap[child].due) child++;
    if (heap[at].due <= heap[child].due) break;
    lp_heap_swap(heap, at, child);
    at = child;
  }
}

/* Takes the one due first. The mutex is held and the heap is not empty. */
static struct MHD_Connection *lp_waiter_take (lp_server *server) {
  struct MHD_Connection *connection = server->waiters[0].connection;
  server->waiters[0] = server->waiters[--server->waiting];
  lp_heap_sink(server->waiters, server->waiting, 0);
  return connection;
}

/* The timer thread: wakes each connection when its time has come. */
void *lp_timer_run (void *argument) {
  lp_server *server = argument;
  pthread_mutex_lock(&server->mutex);
  while (!server->stopping) {
    if (server->waiting == 0) {
      pthread_cond_wait(&server->changed, &server->mutex);
      continue;
    }
    long long due = server->waiters[0].due;
    if (due <= lp_clock_read(CLOCK_MONOTONIC)) {
      MHD_resume_connection(lp_waiter_take(server));
      continue;
    }
    struct timespec until;
    until.tv_sec = (time_t)(due / LP_NANO);
    until.tv_nsec = (long)(due % LP_NANO);
    pthread_cond_timedwait(&server->changed, &server->mutex, &until);
  }
  pthread_mutex_unlock(&server->mutex);
  return NULL;
}

/* Puts a connection to sleep. Suspending under the mutex keeps the timer from waking it before. */
int lp_connection_sleep (lp_request *request) {
  lp_server *server = request->server;
  long long due = LLONG_MAX;
  if (request->delay >= 0 && request->delay < LP_LONGEST)
    due = lp_clock_read(CLOCK_MONOTONIC) + (long long)(request->delay * (double)LP_NANO);
  pthread_mutex_lock(&server->mutex);
  int slept = !server->stopping && lp_waiter_add(server, due, request);
  if (slept) {
    MHD_suspend_connection(request->connection);
    if (server->waiters[0].connection == request->connection) pthread_cond_signal(&server->changed);
  }
  pthread_mutex_unlock(&server->mutex);
  return slept;
}

/* Something is new about a topic (0: about all): whoever waits for it is due now. */
void lp_topic_wake (lp_server *server, unsigned long long topic) {
  size_t woken = 0;
  pthread_mutex_lock(&server->mutex);
  for (size_t i = 0; i < server->waiting; i++) {
    lp_waiter *waiter = &server->waiters[i];
    if (waiter->topic == 0 || (topic != 0 && waiter->topic != topic)) continue;
    waiter->due = 0;
    woken++;
  }
  if (woken > 0) {
    for (size_t i = server->waiting / 2; i-- > 0;)
      lp_heap_sink(server->waiters, server->waiting, i);
    pthread_cond_signal(&server->changed);
  }
  pthread_mutex_unlock(&server->mutex);
}

int lp_server_is_stopping (lp_server *server) {
  pthread_mutex_lock(&server->mutex);
  int stopping = server->stopping;
  pthread_mutex_unlock(&server->mutex);
  return stopping;
}

/* Wakes them all, and ends the timer thread: nobody goes to sleep any more. */
void lp_sleepers_wake (lp_server *server) {
  pthread_mutex_lock(&server->mutex);
  server->stopping = 1;
  while (server->waiting > 0) MHD_resume_connection(lp_waiter_take(server));
  pthread_cond_signal(&server->changed);
  pthread_mutex_unlock(&server->mutex);
}

int lp_locks_make (lp_server *server) {
  pthread_condattr_t attributes;
  if (pthread_mutex_init(&server->mutex, NULL) != 0) return 0;
  int ok = pthread_condattr_init(&attributes) == 0;
  if (ok) {
    ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&server->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
  }
  if (!ok) pthread_mutex_destroy(&server->mutex);
  server->has_locks = ok;
  return ok;
}

/* Both threads have ended. */
void lp_locks_destroy (lp_server *server) {
  if (server->has_locks) {
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
  }
  server->has_locks = 0;
  free(server->waiters);
  server->waiters = NULL;
  server->waiting = server->capacity = 0;
}
