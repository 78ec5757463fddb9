#ifndef LP_REQUEST_H
#define LP_REQUEST_H

#include "body.h"
#include "compat.h"

/* Adds one function for each command to the table on the top of the stack. */
void lp_request_open (lua_State *L);

/* Pushes an empty body. */
lp_body *lp_body_new (lua_State *L);

#endif
