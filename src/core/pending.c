/*
** Bodies of requests on their way from one Lua state to another: a thread of nginx has a state of
** its own, and gets plain values only. So a body waits under a number in a table of the process,
** and is taken by the one who has the number, once. Its secret stays where it is.
*/
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "pending.h"
#include "request.h"
#include "secret.h"

typedef struct pending {
  struct pending *next;
  unsigned long number;
  lp_body body;
} pending;

static struct {
  pthread_mutex_t mutex;
  pending *first;
  unsigned long last_number;
} table = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

/* core.hand_off_body (body) -> number | nil without memory: a copy of it waits to be taken */
static int lp_hand_off_body (lua_State *L) {
  const lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  pending *p;
  luaL_argcheck(L, body->bytes != NULL, 1, "the body was closed");
  p = malloc(sizeof *p);
  if (p == NULL) return 0;
  p->body = *body;
  p->body.capacity = body->size;
  p->body.bytes = malloc(body->size);
  if (p->body.bytes == NULL || (body->secret != 0 && !lp_secret_retain(body->secret))) {
    free(p->body.bytes);
    free(p);
    return 0;
  }
  memcpy(p->body.bytes, body->bytes, body->size);
  pthread_mutex_lock(&table.mutex);
  p->number = ++table.last_number;
  p->next = table.first;
  table.first = p;
  pthread_mutex_unlock(&table.mutex);
  lua_pushnumber(L, (lua_Number)p->number);
  return 1;
}

static pending *take (unsigned long number) {
  pending **at, *found = NULL;
  pthread_mutex_lock(&table.mutex);
  for (at = &table.first; *at != NULL && found == NULL; at = &(*at)->next)
    if ((*at)->number == number) {
      found = *at;
      *at = found->next;
      break;
    }
  pthread_mutex_unlock(&table.mutex);
  return found;
}

/* core.take_body (number) -> body | nil when somebody has taken it */
static int lp_take_body (lua_State *L) {
  lua_Number number = luaL_checknumber(L, 1);
  lp_body *body = lp_body_new(L);
  pending *found;
  luaL_argcheck(L, number >= 1 && number < 4294967296.0, 1, "not the number of a pending body");
  found = take((unsigned long)number);
  if (found == NULL) return 0;
  *body = found->body;
  free(found);
  return 1;
}

static const luaL_Reg pending_functions[] = {
    {"hand_off_body", lp_hand_off_body}, {"take_body", lp_take_body}, {NULL, NULL}};

void lp_pending_open (lua_State *L) {
  luaL_setfuncs(L, pending_functions, 0);
}
