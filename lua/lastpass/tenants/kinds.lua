--- What can be done for each company of a set: a row for each kind of work. The engine, workers and the program go by
-- this table.
-- @module lastpass.tenants.kinds
local errors = require "lastpass.error"
local outcomes = require "lastpass.tenants.outcome"

local M = {}

--- One kind of work. What `run` raises as an error object, and what it returns as nil, message, err, makes the company a
-- missing one; `run` may wait, and lets other companies continue meanwhile.
---@class lastpass.tenants.Kind
---@field writes boolean      it changes something: its requests are not cut off, and workers need the company's lock
---@field settings table      names and types, as `errors.check_options` takes them; all of them can be written as JSON
---@field prepare? fun(settings: table): table|nil, string?, lastpass.Error? asked once, before any company: completes the
-- settings, or says what is wrong with them
---@field is_failure? fun(outcome: lastpass.tenants.Outcome): boolean it came to an end, and counts as failed all the same
---@field run fun(company: lastpass.tenants.Company, settings: table, context: lastpass.tenants.Context): table|nil, …
-- an outcome, or what went wrong

--- What a kind of work is told of the run.
---@class lastpass.tenants.Context
---@field deadline fun(): number|nil  when the company's time is over, by the clock of `scheduler.now`
---@field is_cancelled fun(): boolean the run is to end
---@field say fun(text: string)       something a person should hear meanwhile
---@field output? fun(text: string|nil, header: string?) where what is written goes when no file or receiver is named; the
-- header of all companies is the same, and is written once

-- The fields of users, and which of them are times.
local function user_fields()
  local names, times = {}, {}
  for position, field in ipairs(require("lastpass.directory.fields").list) do
    names[position] = field[1]
    times[field[1]] = field.kind == "time" or nil
  end
  return names, times
end

local function collect(iterator)
  local list = {}
  for one in iterator do
    list[#list + 1] = one
  end
  return list
end

-- With what the REST API says beside the directory.
local function run_accounts(client, settings, context)
  local rows, gap, err = client:accounts {
    status = settings.status,
    admin = settings.admin,
    levels = settings.levels,
  }
  if not rows then
    return nil, gap, err
  elseif gap then
    context.say(gap)
  end
  local fields, times = user_fields()
  fields[#fields + 1], fields[#fields + 2] = "account_status", "admin_level"
  return outcomes.new { fields = fields, times = times, rows = rows }
end

local function run_users(company, settings, context)
  local client, message, err = company:client()
  local rows
  if client and settings.accounts then
    return run_accounts(client, settings, context)
  elseif client and next(settings) then
    rows = collect(client:users(settings)) -- raises what goes wrong
  elseif client then
    rows, message, err = client:snapshot()
  end
  if not rows then
    return nil, message, err
  end
  local fields, times = user_fields()
  return outcomes.new { fields = fields, times = times, rows = rows }
end

local function run_groups(company)
  local client, message, err = company:client()
  local snapshot
  if client then
    snapshot, message, err = client:snapshot()
  end
  if not snapshot then
    return nil, message, err
  end
  local rows = {}
  for group in snapshot:groups() do
    local people = group:members()
    rows[#rows + 1] = { name = group.name, members = #people, people = people }
  end
  return outcomes.new { fields = { "name", "members", "people" }, rows = rows }
end

local EVENT_FIELDS =
  { "time", "local_time", "ambiguous", "username", "ip_address", "action", "data" }

local function run_events(company, settings)
  local client, message, err = company:client()
  if not client then
    return nil, message, err
  end
  return outcomes.new {
    fields = EVENT_FIELDS,
    times = { time = true },
    rows = collect(client:events(settings)),
  }
end

-- What writes needs the guards of a plan, which a call has not.
local function prepare_call(settings)
  local calls = require "lastpass.enterprise.call"
  local command = calls.find(settings.command or "")
  if not command then
    local name = tostring(settings.command)
    local near = errors.did_you_mean(name, calls.names())
    return errors.fail(
      "argument",
      "bad_command",
      ("LastPass has no command '%s'%s"):format(name, near)
    )
  elseif command.writes then
    return errors.fail(
      "argument",
      "writes",
      ("%s writes: over many companies a call only reads"):format(command.name),
      { hint = "a plan over companies has limits, waves and a journal" }
    )
  end
  -- with a hash that is none: only whether the data fit the command
  local nobody = { cid = 1, provhash = require("lastpass.secret").value(("0"):rep(64)) }
  local body, message = require("lastpass.core")[command.name](nobody, settings.data)
  if not body then
    return errors.fail("argument", "bad_data", message)
  end
  return settings
end

local function run_call(company, settings)
  local client, message, err = company:client()
  local reply
  if client then
    reply, message, err = client:call(settings.command, settings.data)
  end
  if reply == nil then
    return nil, message, err
  end
  return outcomes.new { fields = { "reply" }, rows = { { reply = reply } } }
end

---@type table<string, lastpass.tenants.Kind>
M.list = {
  users = {
    writes = false,
    -- accounts, levels: as of `client:accounts`, for what the REST API alone knows
    settings = {
      status = "string",
      admin = "boolean",
      disabled = "boolean",
      accounts = "boolean",
      levels = "boolean",
    },
    run = run_users,
  },
  groups = { writes = false, settings = {}, run = run_groups },
  events = {
    writes = false,
    settings = {
      from = { "string", "number" },
      to = { "string", "number" },
      user = "string",
      search = "string",
      admin = "boolean",
    },
    run = run_events,
  },
  call = {
    writes = false,
    settings = { command = "string", data = { "table", "string", "number", "boolean" } },
    prepare = prepare_call,
    run = run_call,
  },
}

-- Kinds that have a file of their own.
local FILES = {
  "lastpass.tenants.export_kinds",
  "lastpass.tenants.report_kinds",
  "lastpass.tenants.plan_kinds",
}
for _, module in ipairs(FILES) do
  for name, kind in pairs(require(module).list) do
    M.list[name] = kind
  end
end

--- A kind of work by its name; raises for any other.
---@param name string
---@param level integer 1 is the caller
---@return lastpass.tenants.Kind
function M.of(name, level)
  local kind = M.list[name]
  if not kind then
    local nearest = errors.did_you_mean(name, errors.names_of(M.list))
    errors.raise(level + 1, "tenants: there is no kind of work '%s'%s", tostring(name), nearest)
  end
  return kind
end

return M
