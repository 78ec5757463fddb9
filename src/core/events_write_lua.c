/*
** Formats as Lua decides them: a mapping is made of templates once, learns what each action's
** name means when it is first met, and then writes pages without Lua.
*/
#include <stdlib.h>
#include <string.h>

#include "events_lua.h"
#include "events_write.h"

#define MAPPING_TYPE "lastpass.events_mapping"

static const char *const field_names[] = {
#define X(name) #name,
    LP_WRITE_FIELDS(X)
#undef X
        NULL};

static const char *const encoding_names[] = {
#define X(name) #name,
    LP_ENCODINGS(X)
#undef X
        NULL};

static const char *const time_names[] = {
#define X(name) #name,
    LP_WRITE_TIMES(X)
#undef X
        NULL};

/* The fields, and what else can be asked. */
static const char *const condition_names[] = {
#define X(name) #name,
    LP_WRITE_FIELDS(X) LP_WRITE_CONDITIONS(X)
#undef X
        NULL};

static const char *const kind_names[] = {
#define X(name) #name,
    LP_TARGET_KINDS(X)
#undef X
        NULL};

static const char *const form_names[] = {
#define X(name) #name,
    LP_DATA_FORMS(X)
#undef X
        NULL};

static lp_mapping *check (lua_State *L, int index) {
  return luaL_checkudata(L, index, MAPPING_TYPE);
}

static int no_memory (lua_State *L) {
  return luaL_error(L, "out of memory");
}

/* The index of a word of the instruction on the top of the stack; raises for any other. */
static uint32_t word_at (lua_State *L, int position, const char *const *words, const char *what) {
  const char *word;
  uint32_t i = 0;
  lua_rawgeti(L, -1, position);
  word = lua_tostring(L, -1);
  while (word != NULL && words[i] != NULL && strcmp(words[i], word) != 0) i++;
  if (word == NULL || words[i] == NULL)
    luaL_error(L, "core.events_mapping: unknown %s '%s'", what, word == NULL ? "?" : word);
  lua_pop(L, 1);
  return i;
}

static void add (lua_State *L, lp_program *p, uint32_t code, uint32_t a, uint32_t b) {
  if (lp_program_add(p, code, a, b) != 0) no_memory(L);
}

/* The literal on the top of the stack, which is popped. */
static lp_span literal (lua_State *L, lp_mapping *m) {
  lp_span span;
  size_t n = 0;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
  if (lp_mapping_literal(m, text, n, &span) != 0) no_memory(L);
  lua_pop(L, 1);
  return span;
}

/* {"targets", {between =, after =, user =, …}, encoding} on the top of the stack */
static uint32_t read_list (lua_State *L, lp_mapping *m) {
  lp_target_list *list = &m->lists[m->list_count];
  memset(list, 0, sizeof *list);
  list->encoding = word_at(L, 3, encoding_names, "encoding");
  lua_rawgeti(L, -1, 2);
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_getfield(L, -1, "between");
  list->between = literal(L, m);
  lua_getfield(L, -1, "after");
  list->after = literal(L, m);
  for (unsigned kind = 0; kind < LP_TARGET_KIND_COUNT; kind++) {
    lua_getfield(L, -1, kind_names[kind]);
    if (!lua_isnil(L, -1)) list->kinds |= 1u << kind;
    list->before[kind] = literal(L, m);
  }
  lua_pop(L, 1);
  return (uint32_t)m->list_count++;
}

static void read_template (lua_State *L, lp_mapping *m, lp_program *p, int depth);

/* {"when", condition, {…} [, {…}]} on the top of the stack */
static void read_when (lua_State *L, lp_mapping *m, lp_program *p, int depth) {
  uint32_t condition = word_at(L, 2, condition_names, "condition");
  size_t unless = p->count, go;
  add(L, p, LP_DO_UNLESS, condition, 0);
  lua_rawgeti(L, -1, 3);
  read_template(L, m, p, depth + 1);
  lua_pop(L, 1);
  lua_rawgeti(L, -1, 4);
  if (!lua_isnil(L, -1)) {
    go = p->count;
    add(L, p, LP_DO_GO, 0, 0);
    p->code[unless].b = (uint32_t)p->count;
    read_template(L, m, p, depth + 1);
    p->code[go].b = (uint32_t)p->count;
  } else {
    p->code[unless].b = (uint32_t)p->count;
  }
  lua_pop(L, 1);
}

static const char *const instruction_names[] = {"slot", "text", "time", "when", "targets", NULL};

static void read_instruction (lua_State *L, lp_mapping *m, lp_program *p, int depth) {
  if (lua_type(L, -1) == LUA_TSTRING) {
    lp_span span;
    lua_pushvalue(L, -1);
    span = literal(L, m);
    if (span.length > 0) add(L, p, LP_DO_LITERAL, span.at, span.length);
    return;
  }
  if (!lua_istable(L, -1)) luaL_error(L, "core.events_mapping: texts and tables make a template");
  switch (word_at(L, 1, instruction_names, "instruction")) {
  case 0: {
    lua_Integer slot;
    lua_rawgeti(L, -1, 2);
    slot = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (slot < 1 || (size_t)slot > m->slot_count)
      luaL_error(L, "core.events_mapping: there is no slot %d", (int)slot);
    add(L, p, LP_DO_SLOT, (uint32_t)slot - 1, 0);
    break;
  }
  case 1: {
    uint32_t field = word_at(L, 2, field_names, "field");
    if (field == LP_FIELD_event_id) m->has_id = 1;
    add(L, p, LP_DO_TEXT, field, word_at(L, 3, encoding_names, "encoding"));
    break;
  }
  case 2:
    add(L, p, LP_DO_TIME, word_at(L, 2, time_names, "form of a time"), 0);
    break;
  case 3:
    read_when(L, m, p, depth);
    break;
  default:
    if (m->list_count == 64) luaL_error(L, "core.events_mapping: too many lists of targets");
    add(L, p, LP_DO_TARGETS, read_list(L, m), 0);
  }
}

/* The template on the top of the stack. */
static void read_template (lua_State *L, lp_mapping *m, lp_program *p, int depth) {
  size_t count;
  if (depth > 16) luaL_error(L, "core.events_mapping: too many conditions within conditions");
  luaL_checkstack(L, 8, "a template");
  if (!lua_istable(L, -1)) luaL_error(L, "core.events_mapping: a template must be a list");
  count = lua_rawlen(L, -1);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (int)i);
    read_instruction(L, m, p, depth);
    lua_pop(L, 1);
  }
}

/*
** core.events_mapping ({template, …}, slots) -> mapping
** A template is a list of what is written for an event: texts as they are;
** {"text", field, encoding}; {"time", form}; {"slot", i}: the action's own i-th text;
** {"when", condition, {…} [, {…}]}; {"targets", {between =, after =, user =, group =, …},
** encoding}. `slots`: how many an action has.
*/
static int lp_mapping_new (lua_State *L) {
  lp_mapping *m;
  size_t count;
  lua_Integer slots = luaL_optinteger(L, 2, 0);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, slots >= 0 && slots <= 64, 2, "up to 64 slots");
  count = lua_rawlen(L, 1);
  luaL_argcheck(L, count >= 1 && count <= 64, 1, "up to 64 templates");
  m = lua_newuserdata(L, sizeof *m);
  lp_mapping_init(m);
  luaL_getmetatable(L, MAPPING_TYPE);
  lua_setmetatable(L, -2);
  m->slot_count = (size_t)slots;
  m->programs = calloc(count, sizeof *m->programs);
  m->lists = calloc(64, sizeof *m->lists);
  if (m->programs == NULL || m->lists == NULL) return no_memory(L);
  for (; m->program_count < count;) {
    lp_program *p = &m->programs[m->program_count++];
    lua_rawgeti(L, 1, (int)m->program_count);
    read_template(L, m, p, 0);
    lua_pop(L, 1);
  }
  return 1;
}

/* mapping:define (name of an action, template, form of its Data, {text of each slot}) */
static int lp_mapping_define_action (lua_State *L) {
  lp_mapping *m = check(L, 1);
  size_t n;
  const char *name = luaL_checklstring(L, 2, &n);
  lua_Integer program = luaL_checkinteger(L, 3);
  int form = luaL_checkoption(L, 4, "none", form_names);
  lp_span slots[64];
  luaL_argcheck(L, program >= 1 && (size_t)program <= m->program_count, 3, "no such template");
  if (m->slot_count > 0) luaL_checktype(L, 5, LUA_TTABLE);
  for (size_t i = 0; i < m->slot_count; i++) {
    lua_rawgeti(L, 5, (int)i + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 5, "a string for every slot expected");
    slots[i] = literal(L, m);
  }
  if (lp_mapping_define(m, name, n, (uint32_t)program - 1, (uint32_t)form, slots) != 0)
    return no_memory(L);
  return 0;
}

/* mapping:missing (events) -> list of the names of actions that are not defined yet */
static int lp_mapping_missing (lua_State *L) {
  const lp_mapping *m = check(L, 1);
  const lp_events *e = lp_events_check(L, 2);
  int count = 0;
  lua_newtable(L);
  for (size_t i = 0; i < e->texts.groups.count; i++) {
    size_t n;
    const char *name = lp_event_action(e, (uint32_t)i, &n);
    if (lp_mapping_find(m, name, n) >= 0) continue;
    lua_pushlstring(L, name, n);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* mapping:counts () -> {name of an action = events written} */
static int lp_mapping_counts (lua_State *L) {
  const lp_mapping *m = check(L, 1);
  lua_newtable(L);
  for (size_t i = 0; i < m->action_count; i++) {
    size_t n;
    const char *name = lp_rows_text(&m->names, m->names.groups.texts[i], &n);
    lua_pushlstring(L, name, n);
    lua_pushinteger(L, (lua_Integer)m->actions[i].count);
    lua_rawset(L, -3);
  }
  return 1;
}

/*
** core.events_write (events, mapping [, passed [, most [, bytes]]]) -> text, events written,
** passed The oldest event first. With `most` or `bytes` it stops once there are so many, and
** continues from the third result; that is nil at the end.
*/
static int lp_events_write (lua_State *L) {
  lp_events *e = lp_events_check(L, 1);
  lp_mapping *m = check(L, 2);
  lua_Number most = luaL_optnumber(L, 4, 0), bytes = luaL_optnumber(L, 5, 0);
  size_t passed = (size_t)luaL_optinteger(L, 3, 0), written, count = e->texts.groups.count;
  uint32_t *actions = lua_newuserdata(L, count * sizeof *actions + 1);
  if (m->has_id) lp_events_need_identity(L, e);
  for (size_t i = 0; i < count; i++) {
    size_t n;
    const char *name = lp_event_action(e, (uint32_t)i, &n);
    long action = lp_mapping_find(m, name, n);
    if (action < 0) {
      lua_pushlstring(L, name, n);
      return luaL_error(L, "core.events_write: action '%s' is not defined", lua_tostring(L, -1));
    }
    actions[i] = (uint32_t)action;
  }
  if (lp_mapping_write(m, e, actions, &passed, most > 0 ? (size_t)most : SIZE_MAX,
                       bytes > 0 ? (size_t)bytes : SIZE_MAX, &written) != 0)
    return no_memory(L);
  lua_pushlstring(L, m->out.size == 0 ? "" : m->out.bytes, m->out.size);
  /* the text before this one is collected, so that the next takes its memory: fresh memory costs
  ** more than the collector; not sooner, or it would be given back to the system first */
  lua_gc(L, LUA_GCSTEP, 0);
  lua_pushinteger(L, (lua_Integer)written);
  if (passed < e->count)
    lua_pushinteger(L, (lua_Integer)passed);
  else
    lua_pushnil(L);
  return 3;
}

static int lp_mapping_close (lua_State *L) {
  lp_mapping_free(check(L, 1));
  return 0;
}

static const luaL_Reg mapping_methods[] = {{"define", lp_mapping_define_action},
                                           {"missing", lp_mapping_missing},
                                           {"counts", lp_mapping_counts},
                                           {NULL, NULL}};

static const luaL_Reg mapping_meta[] = {{"__gc", lp_mapping_close}, {NULL, NULL}};

static const luaL_Reg write_functions[] = {
    {"events_mapping", lp_mapping_new}, {"events_write", lp_events_write}, {NULL, NULL}};

void lp_events_write_open (lua_State *L) {
  lp_new_metatable(L, MAPPING_TYPE, mapping_meta, mapping_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, write_functions, 0);
}
