#ifndef LP_HTTPD_H
#define LP_HTTPD_H

/* What the parts of lastpass.httpd have in common; nobody else includes this. */

#include <netinet/in.h>
#include <pthread.h>
#include <time.h>

#include <microhttpd.h>

#include "compat.h"

#define LP_NANO 1000000000LL

/* A connection whose answer waits until `due` (CLOCK_MONOTONIC, nanoseconds), or until somebody
** reports its topic (0: it has none). */
typedef struct {
  long long due;
  unsigned long long topic;
  struct MHD_Connection *connection;
} lp_waiter;

typedef struct {
  struct MHD_Daemon *daemon;
  lua_State *state;        /* touched by the serving thread only, while it runs */
  int serve_ref, read_ref; /* registry slots of `state`: lp_serve, lp_read */
  int answers_too_large;   /* the module has an answer for requests beyond max_body */
  pid_t owner;             /* a forked child has the memory but not the threads */
  char address[INET6_ADDRSTRLEN];
  int port;
  int open_to_network;
  size_t max_body;
  char *certificate, *key; /* libmicrohttpd keeps the pointers */
  pthread_t timer;
  int has_timer, has_locks;
  pthread_mutex_t mutex; /* guards everything below */
  pthread_cond_t changed;
  int stopping;
  lp_waiter *waiters; /* a binary heap, the next one due first */
  size_t waiting, capacity;
  char trouble[256]; /* libmicrohttpd's last complaint, for the message of start */
} lp_server;

enum { LP_READING, LP_TOO_LARGE, LP_DELAYED, LP_WAITING };

/* One request; libmicrohttpd keeps it beside the connection until the answer is out. */
typedef struct {
  lp_server *server;
  struct MHD_Connection *connection;
  const char *method, *path;
  char *target; /* as it came: path and query with their escapes */
  int phase;
  char *body;
  size_t length, capacity;
  struct MHD_Response *response; /* made by lp_serve */
  unsigned int status;
  double
      delay; /* seconds until the answer, or until a waiting request is tried again; < 0: no end */
  int drop;
  int has_wait, wait_ref; /* the Lua function that makes the answer once there is one */
  unsigned long long topic;
} lp_request;

long long lp_clock_read (clockid_t clock);

/* ---- httpd_sleep.c: answers that come late ---- */

int lp_locks_make (lp_server *server);
void lp_locks_destroy (lp_server *server);
void *lp_timer_run (void *argument);
int lp_connection_sleep (lp_request *request);
void lp_topic_wake (lp_server *server, unsigned long long topic);
int lp_server_is_stopping (lp_server *server);
void lp_sleepers_wake (lp_server *server);

/* ---- httpd_reply.c: a request in Lua, and what comes of it; protected callers only ---- */

void lp_field_set (lua_State *S, const char *name, const char *value);
void lp_state_complain (lua_State *S);
int lp_read (lua_State *S);
int lp_serve (lua_State *S);
void lp_wait_free (lp_request *request);

/* ---- httpd_request.c: what libmicrohttpd calls ---- */

enum MHD_Result lp_peer_accept (void *argument, const struct sockaddr *peer, socklen_t size);
void *lp_request_begin (void *argument, const char *target, struct MHD_Connection *connection);
enum MHD_Result lp_request_handle (void *argument, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_size, void **kept);
void lp_request_free (void *argument, struct MHD_Connection *connection, void **kept,
                      enum MHD_RequestTerminationCode code);

/* ---- httpd_wait.c ---- */

int lp_httpd_wait (lua_State *L);

#endif
