--- What goes into a bundle: what LastPass answered, together with what was asked, and the same as tables.
-- @module lastpass.report.evidence.collect
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local directory = require "lastpass.directory.snapshot"
local errors = require "lastpass.error"
local events = require "lastpass.directory.events"
local expired = require "lastpass.directory.expired_passwords"
local folders = require "lastpass.directory.folders"
local json = require "lastpass.json"
local plain = require "lastpass.report.render.plain"
local redact = require "lastpass.report.evidence.redact"
local reply = require "lastpass.enterprise.reply"
local user_fields = require("lastpass.directory.fields").list
local values = require "lastpass.report.values"

local M = {}

local PASSES = 3

-- One call; its body goes into the bundle, without secrets.
local function ask(run, command, data)
  local body
  local prepared = call.prepare(run.client, command, data, 2)
  local value, message, err = call.perform(run.client, prepared, function(one, response)
    body = response.body
    return reply.read(one, response)
  end)
  if value == nil then
    return nil, message, err
  end
  local text, removed
  text, removed, err = redact.reply(body, run.keep)
  if not text then
    return nil, removed, err
  end
  text = run.client:redact(text)
  run.numbers[command] = (run.numbers[command] or 0) + 1
  local path = ("replies/%s-%04d.json"):format(command, run.numbers[command])
  run.replies[#run.replies + 1] = { path = path, text = text }
  -- No hash of what was received: with all but a short secret known, it would give the secret away.
  run.queries[#run.queries + 1] = {
    command = command,
    data = data == nil and json.null or data,
    file = path,
    removed_values = removed,
  }
  return value, body
end

-- The readers of the directory do the paging; what they ask goes through `ask`.
local function recorder(run)
  local client = {}
  for _, command in ipairs { "getsfdata", "reporting", "expiredmasterpwlist" } do
    client[command] = function(_, data)
      -- readers change their request for the next page; the list of queries keeps each as it was
      local copy = data
      if type(data) == "table" then
        copy = {}
        for name, value in pairs(data) do
          copy[name] = value
        end
      end
      return ask(run, command, copy)
    end
  end
  return setmetatable(client, { __index = run.client })
end

local function forget(run, command)
  for _, list in ipairs { run.replies, run.queries } do
    for position = #list, 1, -1 do
      local path = list[position].path or list[position].file
      if path:find("replies/" .. command .. "-", 1, true) == 1 then
        table.remove(list, position)
      end
    end
  end
  run.numbers[command] = nil
end

local function read_page(run, index)
  local size = run.client:option "page_size"
  local value, body, err = ask(run, "getuserdata", { pagesize = size, pageindex = index })
  if not value then
    return nil, body, err
  end
  local page = core.snapshot()
  local ok, message, code = page:feed(body)
  if ok then
    ok, message, code = page:finish()
  end
  if not ok then
    return errors.fail("protocol", code, "getuserdata: " .. message, { command = "getuserdata" })
  end
  return page
end

-- One pass over all pages, in turn. Gives the rows and whether they fit together.
local function read_pass(run)
  local whole, index, steady = core.snapshot(), 0, true
  local total
  while true do
    local page, message, err = read_page(run, index)
    if not page then
      return nil, message, err
    end
    local count = #page
    total = total or page:total()
    steady = page:total() == total and whole:append(page) == 0 and steady
    index = index + 1
    if count < run.client:option "page_size" or (total and #whole >= total) then
      break
    end
  end
  return whole:seal(), steady and (not total or #whole == total)
end

-- A second read, by other means, has to find the same people.
local function confirmed(run, snapshot)
  local other, message, err = run.client:snapshot()
  if not other then
    return nil, message, err
  elseif other:count() ~= snapshot:count() or other:invited_count() ~= snapshot:invited_count() then
    return false
  end
  for user in snapshot:users() do
    if not other:user(user.email) then
      return false
    end
  end
  return true
end

local function read_directory(run)
  for _ = 1, PASSES do
    forget(run, "getuserdata")
    local rows, steady, err = read_pass(run)
    if not rows then
      return nil, steady, err
    end
    local snapshot = directory.new(run.client, rows)
    local same, message
    same, message, err = confirmed(run, snapshot)
    if same == nil then
      return nil, message, err
    elseif steady and same then
      return snapshot
    end
  end
  return errors.fail("conflict", "directory_changing", "the directory changed while it was read", {
    command = "getuserdata",
    hint = "try at a quieter time",
  })
end

local function read_rest(run, found, options)
  local client = recorder(run)
  local list, message, err = folders.read(client, {})
  found.folders = list
  if list then
    found.expired, message, err = expired.read(client)
  end
  if found.expired and options.events then
    found.events, message, err = events.read(client, { from = options.events, to = options.to })
    if not found.events then
      return nil, message, err
    end
  end
  if not found.expired then
    return nil, message, err
  end
  return found
end

--- Reads everything that goes into a bundle.
---@param client lastpass.Client
---@param options table events, to, keep_attributes
---@return table|nil found replies, queries, snapshot, folders, expired, events, account, read_at
---@return string? message
---@return lastpass.Error? err
function M.run(client, options)
  local run = {
    client = client,
    keep = errors.set_of(options.keep_attributes),
    replies = {},
    queries = json.list {},
    numbers = {},
  }
  local found = {
    replies = run.replies,
    queries = run.queries,
    account = ("%s, account %.0f"):format(client:option "url", tonumber(client:option "cid")),
    read_at = math.floor(client:now()),
  }
  local message, err
  found.snapshot, message, err = read_directory(run)
  if not found.snapshot then
    return nil, message, err
  end
  return read_rest(run, found, options)
end

local function user_columns()
  local columns = {}
  for _, field in ipairs(user_fields) do
    if field.evidence then
      columns[field.evidence] = field[1] .. (field.kind == "time" and ":time" or "")
    end
  end
  return table.concat(columns, " ")
end

-- The tables of a bundle: what the replies say, as CSV, always in the same order. Each has its columns
-- ("name:kind"), what its rows are sorted by, and a function that gives them from what was collected.
-- Attributes of users are left out: they may hold anything.
local tables = {
  {
    name = "users",
    columns = user_columns(),
    sort = { "email", "id" },
    rows = function(found, add)
      for user in found.snapshot:users() do
        add(user)
      end
    end,
  },
  {
    name = "memberships",
    columns = "group email",
    sort = { "group", "email" },
    rows = function(found, add)
      for user in found.snapshot:users() do
        for _, group in ipairs(user.groups) do
          add { group = group, email = user.email }
        end
      end
    end,
  },
  {
    name = "folder_rights",
    columns = "folder_id folder deleted email can_write sees_passwords can_administer super_admin"
      .. " group",
    sort = { "folder_id", "email", "group" },
    rows = function(found, add)
      for _, folder in ipairs(found.folders) do
        for _, user in ipairs(folder.users) do
          local of_folder =
            { folder_id = folder.id, folder = folder.name, deleted = folder.deleted }
          add(setmetatable(of_folder, { __index = user }))
        end
      end
    end,
  },
  {
    name = "expired_passwords",
    columns = "id email last_password_change:time",
    sort = { "email", "id" },
    rows = function(found, add)
      for _, one in ipairs(found.expired) do
        add(one)
      end
    end,
  },
  {
    name = "events", -- in their order: several of one second have no other
    columns = "time:time local_time ambiguous username ip_address action data",
    rows = function(found, add)
      for _, event in ipairs(found.events) do
        add(setmetatable({ data = redact.data(event.data) }, { __index = event }))
      end
    end,
  },
}

local function columns_of(text)
  local columns = {}
  for name, kind in text:gmatch "([%w_]+):?(%a*)" do
    columns[#columns + 1] = { name = name, kind = kind ~= "" and kind or nil }
  end
  return columns
end

--- Adds the tables to the files of a bundle.
---@param list table[] {path, text}
---@param found table of `run`
---@return table counts how many of each there are
function M.add_tables(list, found)
  local counts = {
    invited = found.snapshot:invited_count(),
    folders = #found.folders,
    queries = #found.queries,
  }
  for _, one in ipairs(tables) do
    local rows = {}
    if one.name ~= "events" or found.events then
      one.rows(found, function(row)
        rows[#rows + 1] = row
      end)
      if one.sort then
        values.sort(rows, (table.unpack or unpack)(one.sort))
      end
      local text = plain.write_csv(columns_of(one.columns), rows, true)
      list[#list + 1] = { path = "tables/" .. one.name .. ".csv", text = text }
      counts[one.name] = #rows
    end
  end
  counts.users = found.snapshot:count()
  return counts
end

return M
