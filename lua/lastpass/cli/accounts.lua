--- What the program shows of people beside the directory: account status and admin level, which the REST API is asked for
-- when a command names them, and which interface says what.
-- @module lastpass.cli.accounts
local failure = require "lastpass.cli.failure"
local user_view = require "lastpass.cli.views.users"

local M = {}

local TITLES = { enterprise = "the Enterprise API", rest = "the REST API" }

-- Whether the REST API alone shows that status. Its client is not loaded for a command that says nothing of it.
local function is_of_rest(status)
  return status and require("lastpass.directory.accounts").statuses[status] ~= nil
end

-- Whether an option of output names a field.
local function names(options, field)
  for _, name in ipairs { "fields", "sort", "where", "template" } do
    if type(options[name]) == "string" and options[name]:find(field, 1, true) then
      return true
    end
  end
  return false
end

--- What `client:accounts` is to be asked for; nil when the directory alone has all that was named.
---@param options table of the command line
---@return table|nil settings
function M.asked(options)
  local levels = names(options, "admin_level") or nil
  if
    not levels
    and not options.explain_source
    and not is_of_rest(options.status)
    and not names(options, "account_status")
  then
    return nil
  end
  return { status = options.status, admin = options.admin or nil, levels = levels }
end

local function text_of(sources)
  local fields = {}
  for name, surface in pairs(sources) do
    fields[surface] = fields[surface] or {}
    table.insert(fields[surface], name)
  end
  local only = not fields.rest and "enterprise" or not fields.enterprise and "rest"
  if only then
    return "all from " .. TITLES[only]
  end
  table.sort(fields.rest)
  return ("%s from %s"):format(table.concat(fields.rest, ", "), TITLES.rest)
end

--- How joined people are shown.
---@param options table
---@return lastpass.cli.View
function M.view(options)
  local view = { fields = {}, columns = {} }
  for name, value in pairs(user_view) do
    view[name] = view[name] or value
  end
  view.fast, view.each = nil, nil
  local more = { "account_status", "admin_level", options.explain_source and "sources" or nil }
  for _, list in ipairs { user_view.fields, more } do
    for _, field in ipairs(list) do
      view.fields[#view.fields + 1] = field
    end
  end
  for position, column in ipairs(user_view.columns) do
    view.columns[position] = column
  end
  if options.explain_source then
    view.columns[#view.columns + 1] = { field = "sources", title = "says", rank = 6, wrap = true }
  end
  local function shown(user, field)
    local value = user[field]
    if field == "sources" then
      return text_of(value)
    elseif view.times[field] and type(value) == "number" then
      return require("lastpass.time").iso(value)
    end
    return value
  end
  if options.explain_source then -- a map, which a table and CSV show in words
    view.shown, view.cell = shown, shown
  end
  return view
end

--- Lists people.
---@param session lastpass.cli.Session
---@param options table
---@param asked table of `asked`
---@return integer code
function M.list(session, options, asked)
  local client, view = session:client(), M.view(options)
  require("lastpass.cli.output").check(session, view)
  local list, gap, err = client:accounts(asked)
  failure.must(list, gap, err)
  session:show(view, list)
  session.streams:flush()
  if gap then
    session:say("note: %s", gap)
  end
  if not client:option "rest" then
    session:say "note: the REST API was not asked: the profile has no rest_key"
  end
  return 0
end

M.source_view = {
  name = "fields",
  key = "field",
  fields = { "field", "value", "source" },
  columns = { "field", { field = "value", wrap = true }, "source" },
}

local function fields_of(view, user)
  local selection, rows = require "lastpass.cli.output.selection", {}
  for _, field in ipairs(view.fields) do
    local value = selection.value(view, user, field)
    local source = user.sources[field]
    if field ~= "sources" and source and value ~= nil then
      if type(value) == "table" and not (getmetatable(value) or {}).__tostring then
        value = table.concat(value, ", ")
      end
      rows[#rows + 1] = { field = field, value = value, source = TITLES[source] }
    end
  end
  return rows
end

--- Shows one person, with the interface that says each field.
---@param session lastpass.cli.Session
---@param options table
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err code "no_such_user"
function M.show(session, options)
  local client = session:client()
  local has_rest = client:option "rest" ~= nil
  local list, gap, err = client:accounts {
    email = options.email,
    levels = has_rest or nil,
  }
  failure.must(list, gap, err)
  if not list[1] then
    return require("lastpass.error").fail(
      "refused",
      "no_such_user",
      ("there is no user %s"):format(options.email)
    )
  end
  session:show(M.source_view, fields_of(M.view {}, list[1]))
  session.streams:flush()
  if gap then
    session:say("note: %s", gap)
  end
  if not has_rest then
    session:say "note: the REST API was not asked: the profile has no rest_key"
  end
  return 0
end

return M
