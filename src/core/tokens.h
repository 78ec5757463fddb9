#ifndef LP_TOKENS_H
#define LP_TOKENS_H

#include "compat.h"
#include "scan.h"

/* The state's own set of keys, emptied: one for all readers of whole texts, so that a small reply
** costs no allocation. Nothing is pushed. */
lp_keys *lp_keys_of_state (lua_State *L);

void lp_tokens_open (lua_State *L);

#endif
