--- The commands that ask a SCIM server: its users and groups, and whether identity providers can work with it.
-- @module lastpass.cli.commands.scim_client
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
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
  { "--page-size", "how many are asked for at once", value = "COUNT", number = "whole" },
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

-- ------------------------------------------------------------------ doctor

-- What to fix first, whole: a table would cut it.
local function show_first(session, row)
  for _, part in ipairs {
    { "first deviation", ("%s (%s)"):format(row.check, row.provider) },
    { "  sent", row.sent },
    { "  came", row.came },
    { "  expected", row.expected },
    { "  wrong", row.problem },
  } do
    if part[2] then
      session:say("%s: %s", part[1], part[2])
    end
  end
end

local NOT_TRIED = "an earlier request failed"

-- For people what was tried; for programs everything.
local function show_checks(session, view, rows)
  local tried = {}
  for _, row in ipairs(rows) do
    tried[#tried + 1] = (session:for_programs() or row.problem ~= NOT_TRIED) and row or nil
  end
  session:show(view, tried)
  session.streams:flush()
  if #tried < #rows then
    session:say("%d more were not tried: %s", #rows - #tried, NOT_TRIED)
  end
end

local function examine(session, options)
  if options.domain and not options.write then
    return values.usage "--domain needs --write: it is for the test users' addresses"
  end
  local writes = options.write and not options.dry_run
  local output = require "lastpass.cli.output"
  local view = require("lastpass.cli.views").scim_checks
  output.check(session, view)
  local scim = scim_server.client(session)
  if writes then
    local question = "create, change and remove a test user and a test group at " .. options.url
    must(require("lastpass.cli.confirm").ask(session, question .. "?"))
  end
  local doctor = require "lastpass.scim.doctor"
  local settings = { write = writes or nil, domain = writes and options.domain or nil }
  local rows = must(failure.call(doctor.run, scim, settings))
  show_checks(session, view, rows)
  if rows.first then
    show_first(session, rows.first)
    return exit.findings
  elseif not session:for_programs() then
    session:say(
      options.write and "identity providers can work with it"
        or "what only reads is as it should be; --write tries what identity providers change"
    )
  end
  return exit.done
end

return {
  {
    name = "scim doctor",
    summary = "Ask a SCIM server what identity providers ask",
    description = "The opening requests of Entra ID and Okta, and what the RFC says, one by one. "
      .. "Ends with 7, and shows the first deviation with what was sent, what came and what was "
      .. "expected. Without --write nothing is changed.",
    rows = true,
    writes = true,
    harm = "ask",
    arguments = { { "url", "base address of the server: https://host/scim/entra" } },
    options = values.join({
      { "--write", "create, change and remove a test user and a test group, too" },
      {
        "--domain",
        "of the test users' addresses; default scim-doctor.invalid, which gets no mail",
        value = "NAME",
      },
    }, scim_server.token_options, scim_server.way_options),
    examples = {
      { "lastpass scim doctor https://lastpass.acme.com/scim/entra", "asks for the token" },
      {
        "lastpass scim doctor https://idp.acme.com/scim/v2 --token-file idp.token --write --yes",
        "everything, from cron",
      },
    },
    topics = { "output", "exit-codes" },
    lua = function(options)
      local settings =
        { write = options.write and not options.dry_run or nil, domain = options.domain }
      return table.concat({
        scim_server.lua(options),
        ('local rows = require("lastpass.scim.doctor").run(scim%s)'):format(
          lua_text.further(settings)
        ),
        "for _, row in ipairs(rows) do print(row.state, row.check, row.problem) end",
      }, "\n")
    end,
    run = examine,
  },
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
