/* commands.def, turned into C tables and into the Lua table that the rest is made from. */
#include <ctype.h>
#include <string.h>

#include "commands.h"

#define READ 0
#define WRITE 1
#define NO_FIELDS
#define FIELD(name, type, required, values, text) {#name, LP_T_##type, required, values, text},
#define COMMAND(name, data, required, access, state, text, page, fields)                           \
  static const lp_field fields_##name[] = {fields{NULL, LP_T_STRING, 0, NULL, NULL}};
#include "commands.def"
#undef COMMAND

#define COMMAND(name, data, required, access, state, text, page, fields)                           \
  {#name, LP_D_##data, required, access, state, text, page, fields_##name},
const lp_command lp_commands[LP_COMMAND_COUNT] = {
#include "commands.def"
};
#undef COMMAND

const lp_command *lp_command_find (const char *name, size_t length) {
  for (int i = 0; i < LP_COMMAND_COUNT; i++)
    if (strlen(lp_commands[i].name) == length && memcmp(lp_commands[i].name, name, length) == 0)
      return &lp_commands[i];
  return NULL;
}

#define NEAREST_MAX 64 /* longer words are never near a name of ours */

/* Levenshtein's distance, without regard to case. */
static size_t distance (const char *a, size_t m, const char *b, size_t n) {
  size_t row[NEAREST_MAX + 1];
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t above = row[j], best;
      int same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
      best = diagonal + (same ? 0 : 1);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[n];
}

const char *lp_nearest (const char *word, const char *const *words, size_t count) {
  size_t length = strlen(word), limit = length / 2 > 2 ? length / 2 : 2, best = 0;
  const char *nearest = NULL;
  if (length > NEAREST_MAX) return NULL;
  for (size_t i = 0; i < count; i++) {
    size_t n = strlen(words[i]), d;
    if (n > NEAREST_MAX) continue;
    d = distance(word, length, words[i], n);
    if (d <= limit && (nearest == NULL || d < best)) {
      nearest = words[i];
      best = d;
    }
  }
  return nearest;
}

static void set_string (lua_State *L, const char *key, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void set_boolean (lua_State *L, const char *key, int value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, key);
}

void lp_commands_push (lua_State *L) {
  static const char *const types[] = {"string",          "integer",          "boolean",
                                      "list of strings", "table of strings", "address"};
  static const char *const kinds[] = {"object", "list of objects", "list of strings", "text",
                                      "text or object"};
  lua_createtable(L, LP_COMMAND_COUNT, LP_COMMAND_COUNT);
  for (int i = 0; i < LP_COMMAND_COUNT; i++) {
    const lp_command *command = &lp_commands[i];
    lua_newtable(L);
    set_string(L, "name", command->name);
    set_string(L, "data", kinds[command->data]);
    set_boolean(L, "data_required", command->data_required);
    set_boolean(L, "writes", command->writes);
    set_string(L, "state", command->state);
    set_string(L, "description", command->description);
    set_string(L, "page", command->page);
    lua_newtable(L);
    for (int f = 0; command->fields[f].name != NULL; f++) {
      const lp_field *field = &command->fields[f];
      lua_newtable(L);
      set_string(L, "name", field->name);
      set_string(L, "type", types[field->type]);
      set_boolean(L, "required", field->required);
      set_string(L, "values", field->values);
      set_string(L, "description", field->description);
      lua_rawseti(L, -2, f + 1);
    }
    lua_setfield(L, -2, "fields");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, command->name);
    lua_rawseti(L, -2, i + 1);
  }
}
