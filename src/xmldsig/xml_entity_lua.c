/* One entity out of a file of metadata, for Lua. */
#include <string.h>

#include "xml_entity.h"
#include "xmldsig_lua.h"

/* The aggregates of federations have 100 MB; the largest entities in them some hundred elements. */
static const lp_xml_limits file_limits = {.bytes = 512u * 1024u * 1024u,
                                          .depth = 64,
                                          .elements = 20000,
                                          .attributes = 100,
                                          .namespaces = 256};

static int lp_xml_entity_close (lua_State *L) {
  lp_xml_free_entity(luaL_checkudata(L, 1, LP_XML_ENTITY_TYPE));
  return 0;
}

/*
** xmldsig.entity (path, entity_id, limits?) -> the EntityDescriptor as text, {valid_until = {of
** what is around it, from the outside}} | nil, message, code
*/
int lp_xml_entity_new (lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *entity_id = luaL_checkstring(L, 2);
  lp_xml_limits limits = lp_xml_check_limits(L, 3, &file_limits);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_entity *entity;
  lp_xml_takes(L, "xmldsig.entity", 3);
  entity = lua_newuserdata(L, sizeof *entity);
  memset(entity, 0, sizeof *entity);
  luaL_getmetatable(L, LP_XML_ENTITY_TYPE);
  lua_setmetatable(L, -2);
  if (lp_xml_enter(&scope, &fault) == 0)
    (void)lp_xml_read_entity(path, entity_id, &limits, entity, &fault);
  lp_xml_leave(&scope);
  if (fault.code != NULL) {
    lp_xml_free_entity(entity);
    return lp_xml_push_fault(L, &fault);
  }
  lua_pushlstring(L, (const char *)xmlBufferContent(entity->text),
                  (size_t)xmlBufferLength(entity->text));
  lua_createtable(L, 0, 1);
  lua_newtable(L);
  for (unsigned i = 0; i < entity->count; i++) {
    lua_pushstring(L, entity->valid_until[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "valid_until");
  lp_xml_free_entity(entity);
  return 2;
}

static const luaL_Reg entity_meta[] = {{"__gc", lp_xml_entity_close}, {NULL, NULL}};

void lp_xml_entity_open (lua_State *L) {
  lp_new_metatable(L, LP_XML_ENTITY_TYPE, entity_meta, NULL);
  lua_pop(L, 1);
}
