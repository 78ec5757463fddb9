--- The kind of work `export`: the audit events of each company, to a file of its own, or to a receiver of all, where each
-- event says whose it is. Each company has its cursor of that name.
-- @module lastpass.tenants.export_kinds
local errors = require "lastpass.error"
local exports = require "lastpass.export"
local outcomes = require "lastpass.tenants.outcome"
local path_words = require "lastpass.plan.words.companies"
local scheduler = require "lastpass.transport.scheduler"
local secret = require "lastpass.secret"

local M = {}

local PARTIAL = 3 -- the exit code when a receiver refuses events

local function fail(code, message, hint)
  return errors.fail("argument", code, message, { hint = hint })
end

-- Events of many companies in one file would undo each other: a file belongs to one cursor.
local function check_sink(sink)
  local path = type(sink) == "table" and sink.path
    or type(sink) == "string" and sink ~= "-" and sink
  if not path then
    return true
  end
  local ok, filled = pcall(path_words.path, { company = { name = "a", cid = 1 } }, path)
  if not ok then
    return fail("bad_path", (filled:gsub("^[^:]*:%d+: source: ", path .. ": ")))
  elseif filled == path then
    return fail(
      "one_file",
      ("%s is one file, and each company needs its own"):format(path),
      "write {company} or {cid} into the path, such as events-{company}.json"
    )
  end
  return true
end

-- Where each event says whose it is, when all go to one receiver.
local MARKS = { ndjson = "company", csv = "company", text = "company", syslog = "host" }
local HAS_ACCOUNT = { ecs = true, ocsf = true }

local function name_of(format)
  return type(format) == "table" and format.name or format or "ndjson"
end

local function is_own_file(sink)
  return type(sink) == "string" and sink ~= "-" or type(sink) == "table" and sink.path ~= nil
end

local function prepare(settings)
  local ok, message, err = check_sink(settings.sink)
  if not ok then
    return nil, message, err
  end
  local name = name_of(settings.format)
  if not is_own_file(settings.sink) and not MARKS[name] and not HAS_ACCOUNT[name] then
    return fail(
      "bad_format",
      ("events in the format %s do not say whose they are"):format(name),
      "write ndjson, ecs, ocsf, csv, text or syslog, or into a file with {company} in its path"
    )
  end
  return settings
end

local function sink_of(settings, company, context)
  local sink = settings.sink
  if is_own_file(sink) then
    local copy = {}
    for name, value in pairs(type(sink) == "table" and sink or { kind = "file", path = sink }) do
      copy[name] = value
    end
    copy.path = path_words.path({ company = company }, copy.path)
    return copy
  elseif type(sink) == "table" or not context.output then
    return sink
  end
  return {
    begin = function(_, _, header)
      context.output(nil, header)
      return true
    end,
    write = function(_, text)
      context.output(text)
      return true
    end,
    confirm = function()
      return {}
    end,
  }
end

local function format_of(settings, company)
  local format = {}
  for name, value in pairs(type(settings.format) == "table" and settings.format or {}) do
    format[name] = value
  end
  format.name = name_of(settings.format)
  local mark = MARKS[format.name]
  if mark and not is_own_file(settings.sink) and not format[mark] then
    format[mark] = mark == "host" and company.name:gsub("[^%w._-]", "-") or company.name
  end
  return format
end

local function outcome_of(result)
  local unknown = errors.names_of(result.unknown)
  local row = {
    events = result.events,
    duplicates = result.duplicates,
    refused = result.refused,
    position = result.position,
    dead_letters = result.dead_letters,
    unknown = unknown,
  }
  return outcomes.new {
    fields = M.fields,
    times = { position = true },
    rows = { row },
    summary = { events = result.events, refused = result.refused, position = result.position },
    code = result.refused > 0 and PARTIAL or 0,
  }
end

local function run(company, settings, context)
  local client, message, err = company:client()
  local key
  if client and settings.pseudonymise_key_file then
    key, message, err = secret.file(settings.pseudonymise_key_file)
  end
  if not client or err then
    return nil, message, err
  end
  local options = {
    format = format_of(settings, company),
    sink = sink_of(settings, company, context),
    pseudonymise = key,
    cancel = function()
      local deadline = context.deadline()
      return context.is_cancelled() or deadline and scheduler.now() >= deadline
    end,
  }
  for _, name in ipairs { "from", "to", "user", "search", "admin", "cursor", "overlap" } do
    options[name] = settings[name]
  end
  local result
  result, message, err = exports.run(client, options)
  if key then
    key:close()
  end
  if not result then
    return nil, message, err
  end
  return outcome_of(result)
end

--- Fields of the one row of each company.
M.fields = { "events", "duplicates", "refused", "position", "dead_letters", "unknown" }

---@type table<string, lastpass.tenants.Kind>
M.list = {}

M.list.export = {
  writes = false,
  settings = {
    from = { "string", "number" },
    to = { "string", "number" },
    user = "string",
    search = "string",
    admin = "boolean",
    format = { "string", "table" },
    sink = { "string", "table" },
    cursor = "string",
    overlap = "number",
    pseudonymise_key_file = "string",
  },
  prepare = prepare,
  run = run,
}

return M
