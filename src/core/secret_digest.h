/* What RADIUS makes of a shared secret: core.md5, core.hmac_md5, core.radius_hide. */
#ifndef LP_SECRET_DIGEST_H
#define LP_SECRET_DIGEST_H

#include "compat.h"

void lp_secret_digest_open (lua_State *L);

#endif
