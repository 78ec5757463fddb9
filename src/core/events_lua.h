#ifndef LP_EVENTS_LUA_H
#define LP_EVENTS_LUA_H

#include "compat.h"
#include "events.h"

/* The rows of the events at this place of the stack; raises when there are none, or when their
** reply was not read to the end. */
lp_events *lp_events_check (lua_State *L, int index);

/* Sees to it that the rows have their digests and ordinals; raises when that cannot be. */
void lp_events_need_identity (lua_State *L, lp_events *rows);

/* Adds `events` to the table on the top of the stack. */
void lp_events_open (lua_State *L);
/* Adds `events_mapping` and `events_write`. */
void lp_events_write_open (lua_State *L);
/* Adds `hmac`. */
void lp_events_hmac_open (lua_State *L);

#endif
