--- What the commands about the SCIM endpoint have in common: connections of this company, as the journal has them.
-- @module lastpass.cli.connections
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local inbound_connection = require "lastpass.inbound.connection"
local time = require "lastpass.time"
local tokens = require "lastpass.inbound.tokens"

local M = {}

local must = failure.must

local function all_of(journal, tenant)
  return must(journal:scim_connections { tenant = tenant })
end

local function unknown(journal, list, name)
  local names = {}
  for position, connection in ipairs(list) do
    names[position] = connection.name
  end
  local others = must(journal:scim_connections { name = name })
  local message = ("no endpoint has reported a connection '%s'%s"):format(
    name:gsub("%c", "?"),
    errors.did_you_mean(name, names)
  )
  local hint =
    "nginx reports its connections when it starts; is --journal the place that it writes to?"
  if others[1] then
    message = ("the connection '%s' belongs to another company"):format(name)
    hint = "--profile names the company"
  end
  return errors.fail("argument", "no_such_connection", message, { hint = hint })
end

--- The journal, and a connection of this company; what is wrong is raised.
---@param session lastpass.cli.Session
---@param name string
---@return lastpass.store.Journal journal
---@return lastpass.store.ScimConnection connection
---@return string tenant
function M.open(session, name)
  local journal, tenant = must(session:journal())
  local list = all_of(journal, tenant)
  for _, connection in ipairs(list) do
    if connection.name == name then
      return journal, connection, tenant
    end
  end
  return must(unknown(journal, list, name))
end

--- The journal and all connections of the company. That there are none is said: it may be the wrong journal.
---@param session lastpass.cli.Session
---@return lastpass.store.Journal journal
---@return lastpass.store.ScimConnection[] list
---@return string tenant
function M.all(session)
  local journal, tenant = must(session:journal())
  local list = all_of(journal, tenant)
  if #list == 0 then
    session:say "note: no endpoint has reported a connection of this company to this journal"
  end
  return journal, list, tenant
end

-- One connection, or all of the company.
local function chosen(session, name)
  if name then
    local journal, connection = M.open(session, name)
    return journal, { connection }
  end
  return M.all(session)
end

--- Names of this company's connections, for completions.
---@param session lastpass.cli.Session
---@return string[]
function M.names(session)
  local names = {}
  local journal, tenant = session:journal()
  for position, connection in ipairs(journal and all_of(journal, tenant) or {}) do
    names[position] = connection.name
  end
  return names
end

--- Tokens that count.
---@param journal lastpass.store.Journal
---@param name string of a connection
---@param now integer
---@return lastpass.store.ScimToken[]
function M.live_tokens(journal, name, now)
  local list = {}
  for _, token in ipairs(must(journal:scim_tokens(name))) do
    if tokens.state(token, now) == "live" then
      list[#list + 1] = token
    end
  end
  return list
end

--- Tokens of the company's connections, as they are shown.
---@param session lastpass.cli.Session
---@param name? string of one connection
---@return table[]
function M.tokens(session, name)
  local list, now = {}, time.now()
  local journal, which = chosen(session, name)
  for _, connection in ipairs(which) do
    for _, token in ipairs(must(journal:scim_tokens(connection.name))) do
      token.state, token.days_left = tokens.state(token, now)
      token.warns = token.days_left and token.days_left < tokens.WARN_DAYS
      list[#list + 1] = token
    end
  end
  return list
end

local function describe(journal, connection, counts, now)
  local of_it = must(journal:scim_tokens(connection.name))
  local shown = {}
  for _, token in ipairs(of_it) do
    local state, days = tokens.state(token, now)
    if state == "live" then
      shown[#shown + 1] = days and ("%s: %d days"):format(token.label, days) or token.label
    end
  end
  connection.tokens = shown
  connection.days_left, connection.warns = tokens.days_left(of_it, now)
  connection.objects, connection.held = counts and counts.objects or 0, counts and counts.held or 0
  local last = must(journal:scim_requests { connection = connection.name, limit = 1 })[1]
  connection.last_request = last and last.at
  return connection
end

--- The company's connections, as they are shown.
---@param session lastpass.cli.Session
---@return table[]
function M.list(session)
  local journal, list, tenant = M.all(session)
  local counts, now = must(journal:scim_counts(tenant)), time.now()
  for _, connection in ipairs(list) do
    describe(journal, connection, counts[inbound_connection.store_name(connection)], now)
  end
  return list
end

--- Requests of the connections of a company, the newest first.
---@param session lastpass.cli.Session
---@param name? string of one connection
---@param filter table of `journal:scim_requests`, without the connection
---@return lastpass.store.ScimRequest[]
function M.requests(session, name, filter)
  local list = {}
  local journal, which = chosen(session, name)
  for _, connection in ipairs(which) do
    filter.connection = connection.name
    for _, request in ipairs(must(journal:scim_requests(filter))) do
      list[#list + 1] = request
    end
  end
  table.sort(list, function(a, b)
    return a.id > b.id
  end)
  for position = (filter.limit or 100) + 1, #list do
    list[position] = nil
  end
  return list
end

--- The lines of Lua that list something of the journal.
---@param list string an expression, with `journal` and `tenant`
---@param shown string what is printed of `one`
---@return string
function M.lua(list, shown)
  return table.concat({
    'local store = require "lastpass.store"',
    "local journal, tenant = assert(store.of(client)), store.tenant(client)",
    ("for _, one in ipairs(assert(%s)) do print(%s) end"):format(list, shown),
  }, "\n")
end

return M
