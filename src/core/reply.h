/* What a reply says, before anybody looks at its payload (enterprise-api §2). */
#ifndef LP_REPLY_H
#define LP_REPLY_H

#include <stddef.h>
#include "commands.h"
#include "compat.h"
#include "scan.h"

/*
** core.reply (command, text) -> class, code, message, texts, position
**   class: success | partial | refused | auth | protocol
**   texts: the error texts (with success: warnings), as a list
*/
int lp_reply_classify (lua_State *L, const lp_command *command, const char *text, size_t n);

/* Does this key belong to the envelope of a reply and not to its payload? */
int lp_reply_is_envelope_key (const char *key, size_t n);

void lp_reply_open (lua_State *L);

#endif
