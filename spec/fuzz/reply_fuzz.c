/*
** The classifier of replies: any bytes give one of the five classes; a success is complete JSON,
** and cut anywhere it is a success no more.
*/
#include <stdio.h>

#include "compat.h"
#include "pieces.h"
#include "reply.h"

static const char *const classes[] = {"success", "partial", "refused", "auth", "protocol"};

static int class_of (lua_State *L, const lp_command *command, const char *text, size_t n) {
  int found = -1, results;
  lua_settop(L, 0);
  lua_pushlstring(L, text, n);
  text = lua_tostring(L, 1);
  results = lp_reply_classify(L, command, text, n);
  if (results < 4) abort();
  for (int i = 0; i < 5; i++)
    if (strcmp(lua_tostring(L, -results), classes[i]) == 0) found = i;
  if (found < 0 || lua_type(L, -results + 1) != LUA_TSTRING ||
      lua_type(L, -results + 2) != LUA_TSTRING || lua_type(L, -results + 3) != LUA_TTABLE) {
    fprintf(stderr, "class %s\n", lua_tostring(L, -results));
    abort();
  }
  return found;
}

static int is_complete (const char *text, size_t n) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  lp_scan s;
  lp_scan_init(&s);
  lp_scan_feed(&s, text, n);
  lp_scan_finish(&s);
  do kind = lp_scan_next(&s, &token);
  while (kind != LP_END && kind != LP_ERROR);
  lp_scan_free(&s);
  return kind == LP_END;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static lua_State *L = NULL;
  const lp_command *command;
  const char *text;
  uint32_t seed;
  if (L == NULL) {
    L = luaL_newstate();
    lua_newtable(L);
    lp_reply_open(L);
    lua_settop(L, 0);
  }
  if (!take_seed(&data, &size, &seed)) return 0;
  command = &lp_commands[seed % LP_COMMAND_COUNT];
  text = (const char *)data;
  if (class_of(L, command, text, size) > 1) return 0;
  if (!is_complete(text, size)) abort();
  /* blanks at the end belong to no value */
  while (size > 0 && strchr(" \n\r\t", text[size - 1]) != NULL) size--;
  for (size_t n = size > 64 ? size - 64 : 0; n < size; n++)
    if (class_of(L, command, text, n) <= 1) abort();
  if (size > 64 && class_of(L, command, text, seed % size) <= 1) abort();
  return 0;
}
