#ifndef LP_SCIM_PAGE_LUA_H
#define LP_SCIM_PAGE_LUA_H

#include "compat.h"

/* Adds `scim_users`, `scim_append` and `scim_number` to the table on the top of the stack. */
void lp_scim_page_open (lua_State *L);

#endif
