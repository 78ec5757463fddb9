/* The commands of the Enterprise API as data, made from commands.def. */
#ifndef LP_COMMANDS_H
#define LP_COMMANDS_H

#include <stddef.h>
#include "compat.h"

typedef enum lp_type {
  LP_T_STRING,
  LP_T_INTEGER,
  LP_T_BOOLEAN,
  LP_T_STRINGS,
  LP_T_MAP,
  LP_T_ADDRESS /* a string that names an account */
} lp_type;

typedef enum lp_data {
  LP_D_OBJECT,
  LP_D_OBJECTS,
  LP_D_STRINGS,
  LP_D_TEXT,
  LP_D_TEXT_OR_OBJECT
} lp_data;

typedef struct lp_field {
  const char *name;
  lp_type type;
  int required;
  const char *values;
  const char *description;
} lp_field;

typedef struct lp_command {
  const char *name;
  lp_data data;
  int data_required;
  int writes;
  const char *state;
  const char *description;
  const char *page;
  const lp_field *fields; /* ends with a field without a name */
} lp_command;

typedef enum lp_command_number {
#define COMMAND(name, data, required, access, state, text, page, fields) LP_C_##name,
#include "commands.def"
#undef COMMAND
  LP_COMMAND_COUNT
} lp_command_number;

extern const lp_command lp_commands[LP_COMMAND_COUNT];

/* The command of that name, or NULL. */
const lp_command *lp_command_find (const char *name, size_t length);

/* Pushes `core.commands`: what the list says, as a Lua table. */
void lp_commands_push (lua_State *L);

/* The word of `count` words that is nearest to the given one, or NULL when none is near. */
const char *lp_nearest (const char *word, const char *const *words, size_t count);

#endif
