--- Formats: each says how an event is written, as templates for the core (`core.events_mapping`) and
-- what is written for each action. A format is a row of the list below and a function that is given options and
-- returns
--
--     { templates = {template, …}, slots = n, describe = function(action, label) -> template, texts,
--       header = text or nil, media_type = text }
--
-- Templates have no line end; whoever sends events adds what goes between.
-- @module lastpass.export.formats
local audit = require "lastpass.audit"
local csv = require "lastpass.text.csv"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local text = require "lastpass.text"
local writer = require "lastpass.export.writer"

local M = {}

-- One JSON object a line, with our own names.
local function describe_ndjson(action)
  return 1,
    {
      (',"id":"%s","label":"'):format(action.id),
      ('","category":"%s","outcome":"%s","severity":"%s","targets":['):format(
        action.category,
        action.outcome,
        action.severity
      ),
    }
end

local function open_ndjson(options)
  local company = options.company
  return {
    templates = {
      {
        company and ('{"company":%s,'):format(json.shown(company)) or "{",
        {
          "when",
          "time",
          { '"time":"', { "time", "iso" }, '"' },
          { '"time":null,"local_time":"', { "text", "local_time", "json" }, '"' },
        },
        { "when", "ambiguous", { ',"ambiguous":true' } },
        ',"event_id":"',
        { "text", "event_id", "json" },
        '","actor":"',
        { "text", "username", "json" },
        '","ip":"',
        { "text", "address", "json" },
        '"',
        { "slot", 1 },
        { "text", "label", "json" },
        { "slot", 2 },
        writer.json_targets(),
        '],"data":"',
        { "text", "data", "json" },
        '"}',
      },
    },
    slots = 2,
    describe = describe_ndjson,
    media_type = "application/x-ndjson",
  }
end

-- Comma-separated values (RFC 4180), every field in quotes, with a header, guarded against spreadsheets as
-- `lastpass.text.csv` says.
local CSV_HEADER = "time,local_time,ambiguous,actor,ip,id,action,category,outcome,severity,"
  .. "users,groups,folders,items,policies,sites,data,event_id\r\n"

local function csv_template(encoding, company)
  local template = {
    company and csv.line({ company, "" }, { guard = encoding == "csv" }):gsub("\r\n$", "") .. '"'
      or '"',
    { "time", "iso" },
    '","',
    { "text", "local_time", encoding },
    '","',
    { "when", "ambiguous", { "true" } },
    '","',
    { "text", "username", encoding },
    '","',
    { "text", "address", encoding },
    '","',
    { "slot", 1 },
    { "text", "label", encoding },
    { "slot", 2 },
  }
  for _, kind in ipairs(audit.kinds) do
    template[#template + 1] = ',"'
    template[#template + 1] = writer.values(kind, encoding, ",")
    template[#template + 1] = '"'
  end
  for _, piece in ipairs {
    ',"',
    { "text", "data", encoding },
    '","',
    { "text", "event_id", encoding },
    '"\r',
  } do
    template[#template + 1] = piece
  end
  return template
end

local function describe_csv(action)
  return 1,
    {
      action.id .. '","',
      ('","%s","%s","%s"'):format(action.category, action.outcome, action.severity),
    }
end

local function open_csv(options)
  return {
    templates = { csv_template(options.guard == false and "csv_raw" or "csv", options.company) },
    slots = 2,
    describe = describe_csv,
    header = (options.company and "company," or "") .. CSV_HEADER,
    media_type = "text/csv",
  }
end

-- A line for people: when, who, from where, what, and the data.
local function open_text(options)
  return {
    templates = {
      {
        options.company and text.clean(options.company) .. "  " or "",
        { "when", "time", { { "time", "iso" } }, { { "text", "local_time", "line" } } },
        { "when", "ambiguous", { "?" } },
        "  ",
        { "when", "username", { { "text", "username", "line" } }, { "-" } },
        "  ",
        { "when", "ip", { { "text", "address", "line" } }, { "-" } },
        "  ",
        { "text", "label", "line" },
        { "when", "data", { ": ", { "text", "data", "line" } } },
      },
    },
    slots = 0,
    describe = function()
      return 1, {}
    end,
    media_type = "text/plain",
  }
end

-- Elastic Common Schema 8 (https://www.elastic.co/guide/en/ecs/8.11/index.html), one object a line.
local ECS_VERSION = "8.11.0"

-- What happens in vaults, folders and settings has no category of its own there; a change of the
-- configuration of the service is the nearest.
local ecs_categories = {
  authentication = "authentication",
  account = "iam",
  group = "iam",
  sharing = "configuration",
  vault = "configuration",
  configuration = "configuration",
  reporting = "configuration",
}

-- Which types a category allows: event.type in the schema.
local ecs_types = {
  authentication = { login = "start", login_failed = "start", logout = "end" },
  iam = { create = "creation", delete = "deletion", login = "info" },
  configuration = {
    create = "creation",
    delete = "deletion",
    read = "access",
    export = "access",
  },
}

local ecs_subjects = { account = "user", group = "group" }

local function ecs_types_of(action)
  local category = ecs_categories[action.category]
  local list = { ecs_subjects[action.category] }
  if category == "authentication" then
    list[#list + 1] = ecs_types.authentication[action.verb] or "info"
  else
    list[#list + 1] = ecs_types[category][action.verb] or "change"
  end
  return list
end

local function describe_ecs(action)
  local category = ecs_categories[action.category]
  local event = {
    kind = "event",
    module = "lastpass",
    dataset = "lastpass.event",
    provider = "enterprise_api",
    action = action.id,
    outcome = action.outcome,
    severity = writer.severity[action.severity],
    category = category and json.list { category } or nil,
    type = category and json.list(ecs_types_of(action)) or json.list { "info" },
  }
  return 1, { json.encode(event):sub(2) .. ',"lastpass":{"action":"' }
end

local function open_ecs(options)
  local account = ("%.0f"):format(tonumber(options.cid) or 0)
  local actor = { "when", "username", { '"', { "text", "username", "json" }, '"' } }
  local people = { "targets", { between = ",", after = '"', user = '"' }, "json" }
  local more_people = { "targets", { between = "", after = '"', user = ',"' }, "json" }
  local template = {
    '{"@timestamp":',
    { "when", "time", { '"', { "time", "iso_milliseconds" }, '"' }, { "null" } },
    ',"ecs":{"version":"' .. ECS_VERSION .. '"},"organization":{"id":"' .. account .. '"}',
    ',"event":{"id":"',
    { "text", "event_id", "json" },
    '",',
    { "slot", 1 },
    { "text", "label", "json" },
    '","targets":[',
    writer.json_targets(),
    '],"data":"',
    { "text", "data", "json" },
    '"',
    { "when", "ambiguous", { ',"time_ambiguous":true' } },
    { "when", "time", {}, { ',"local_time":"', { "text", "local_time", "json" }, '"' } },
    '},"message":"',
    { "text", "label", "json" },
    { "when", "data", { ": ", { "text", "data", "json" } } },
    '","user":{"name":"',
    { "text", "username", "json" },
    '"',
    { "when", "email", { ',"email":"', { "text", "username", "json" }, '"' } },
    { "when", "user", { ',"target":{"name":"', { "text", "user", "json" }, '"}' } },
    "}",
    { "when", "group", { ',"group":{"name":"', { "text", "group", "json" }, '"}' } },
    {
      "when",
      "address",
      {
        ',"source":{"address":"',
        { "text", "address", "json" },
        '"',
        { "when", "ip", { ',"ip":"', { "text", "address", "json" }, '"' } },
        "}",
      },
    },
    ',"related":{"user":[',
    { "when", "username", { actor, more_people }, { people } },
    "]",
    { "when", "ip", { ',"ip":["', { "text", "address", "json" }, '"]' } },
    "}}",
  }
  return {
    templates = { template },
    slots = 1,
    describe = describe_ecs,
    media_type = "application/x-ndjson",
  }
end

local function in_file(file, name)
  return function(...)
    return require("lastpass.export.formats." .. file)[name](...)
  end
end

local GUARD = { "guard", "boolean", "false leaves what a spreadsheet takes for a formula as it is" }
local COMPANY = { "company", "string", "whose events these are, first in each" }
local HOST = { "host", "string", "whose events these are" }
local CONTENT = { "content", "string", "what a message holds: text (default), cef, leef or ndjson" }

--- All formats, in the order of documents: what they are called, what they are, and their options as {name, type,
-- help}. The program, its completion and the documents have their list from here.
---@type {name: string, help: string, options?: table[], open: function}[]
M.list = {
  {
    name = "ndjson",
    help = "JSON, an object a line",
    options = { COMPANY },
    open = open_ndjson,
  },
  { name = "ecs", help = "Elastic Common Schema, an object a line", open = open_ecs },
  { name = "ocsf", help = "Open Cybersecurity Schema Framework", open = in_file("ocsf", "ocsf") },
  { name = "cef", help = "ArcSight's Common Event Format", open = in_file("syslog", "cef") },
  { name = "leef", help = "QRadar's Log Event Extended Format", open = in_file("syslog", "leef") },
  {
    name = "syslog",
    help = "syslog messages (RFC 5424)",
    options = { HOST, CONTENT },
    open = in_file("syslog", "syslog"),
  },
  { name = "csv", help = "comma-separated values", options = { GUARD, COMPANY }, open = open_csv },
  { name = "text", help = "lines for people", options = { COMPANY }, open = open_text },
}

--- The names of the formats.
M.names = {}

local by_name, known_options = {}, { name = "string" }
for position, format in ipairs(M.list) do
  M.names[position], by_name[format.name] = format.name, format
  for _, option in ipairs(format.options or {}) do
    known_options[option[1]] = option[2]
  end
end

local function takes_option(format, name)
  for _, option in ipairs(format.options or {}) do
    if option[1] == name then
      return true
    end
  end
  return name == "name"
end

--- Opens a format.
---@param given string|table its name, or a table of `name` and its options
---@param cid string|number the account
---@param level? integer whose line is blamed for an unknown one
---@return table format
function M.open(given, cid, level)
  level = (level or 1) + 1
  local options = type(given) == "table" and given or { name = given }
  errors.check_options("client:export: option 'format'", options, known_options, level)
  local name = tostring(options.name)
  local format = by_name[options.name]
  if not format then
    local hint = errors.did_you_mean(name, M.names)
    errors.raise(level, "client:export: unknown format '%s'%s", name, hint)
  end
  local complete = { cid = cid }
  for option, value in pairs(options) do
    if not takes_option(format, option) then
      errors.raise(level, "client:export: option '%s' is not for the format %s", option, name)
    end
    complete[option] = value
  end
  local opened = format.open(complete, level)
  opened.name = name
  return opened
end

return M
