--- The commands that ask a SCIM server: its users and groups, and whether identity providers can work with it.
-- @module lastpass.cli.commands.scim_client
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local scim_server = require "lastpass.cli.scim_server"
local values = require "lastpass.cli.values"

local must = failure.must

local list_options = values.join({
  {
    "--filter",
    "only those for whom this SCIM filter is true: 'active eq false'",
    value = "FILTER",
  },
  { "--page-size", "how many are asked for at once", value = "COUNT", number = true },
}, scim_server.options)

local function asked_of(options)
  return { filter = options.filter, page_size = options.page_size }
end

-- A filter that is wrong is found here, before anything is sent.
local function check_filter(options)
  if options.filter then
    must(require("lastpass.scim.filter").parse(options.filter))
  end
end

local function list_of(type)
  return function(session, options)
    check_filter(options)
    local scim = scim_server.client(session)
    return failure.call(scim.list, scim, type, asked_of(options))
  end
end

local function list_lua(type, shown)
  return function(options)
    return ("%s\nfor one in scim:list(%s%s) do print(%s) end"):format(
      scim_server.lua(options),
      lua_text.value(type),
      lua_text.further(asked_of(options)),
      shown
    )
  end
end

-- One by its name, or by its id. Lists of groups come without members, so a group is read once more.
local function find_one(scim, type, attribute, text)
  local found, message, err = scim:find(type, attribute, text)
  if found and type == "Group" then
    return scim:get(type, found.id)
  elseif not found and err.code == "not_found" then
    found, message, err = scim:get(type, text)
  end
  if found or err.code ~= "not_found" then
    return found, message, err
  end
  local code = type == "User" and "no_such_user" or "no_such_group"
  return errors.fail(
    "refused",
    code,
    ("there is no %s with this name or id: %s"):format(type:lower(), text)
  )
end

-- One resource: its fields, or with --json all that the server says of it.
local function show_resource(session, view, resource)
  local options = session.options
  if options.json and not options.fields and not options.where then
    return session:print(require("lastpass.json").shown(resource))
  end
  session:show_one(require("lastpass.cli.views")[view], resource)
end

local function show_one(type, attribute, view, argument)
  return function(session, options)
    local scim = scim_server.client(session)
    show_resource(session, view, must(find_one(scim, type, attribute, options[argument])))
    return 0
  end
end

local function show_lua(type, attribute, argument)
  return function(options)
    return ("%s\nprint(assert(scim:find(%s, %s, %s)).id)"):format(
      scim_server.lua(options),
      lua_text.value(type),
      lua_text.value(attribute),
      lua_text.value(options[argument])
    )
  end
end

return {
  {
    name = "scim users",
    summary = "List the users of a SCIM server",
    description = "Of the profile's company over SCIM, or of any server with --url. The list is "
      .. "complete, or it fails.",
    rows = true,
    options = list_options,
    examples = {
      {
        "lastpass scim users --filter 'active eq false'",
        "who is disabled, by the server's filter",
      },
      {
        "lastpass scim users --url https://idp.acme.com/scim/v2 --token-file idp.token --csv",
        "of another server",
      },
    },
    topics = { "output", "profiles" },
    lua = list_lua("User", "one.userName, one.active"),
    view = "scim_users",
    list = list_of "User",
  },
  {
    name = "scim user",
    summary = "Show one user of a SCIM server",
    description = "With --json all that the server says of them.",
    rows = true,
    arguments = { { "user", "userName (an address, at LastPass) or id", names = "users" } },
    options = scim_server.options,
    examples = { { "lastpass scim user ann@acme.com --json", "the resource as it is" } },
    topics = { "output" },
    lua = show_lua("User", "userName", "user"),
    run = show_one("User", "userName", "scim_users", "user"),
  },
  {
    name = "scim groups",
    summary = "List the groups of a SCIM server",
    rows = true,
    options = list_options,
    examples = { { "lastpass scim groups --sort -members", "the largest first" } },
    topics = { "output" },
    lua = list_lua("Group", "one.displayName, #(one.members or {})"),
    view = "scim_groups",
    list = list_of "Group",
  },
  {
    name = "scim group",
    summary = "Show one group of a SCIM server",
    description = "With --json all that the server says of it.",
    rows = true,
    arguments = { { "group", "displayName or id", names = "groups" } },
    options = scim_server.options,
    examples = { { "lastpass scim group Finance --json", "the resource as it is" } },
    topics = { "output" },
    lua = show_lua("Group", "displayName", "group"),
    run = show_one("Group", "displayName", "scim_groups", "group"),
  },
}
