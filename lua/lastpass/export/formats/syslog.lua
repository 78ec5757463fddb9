--- What syslog servers and their SIEMs read: ArcSight's CEF, QRadar's LEEF, and syslog messages themselves.
-- @module lastpass.export.formats.syslog
local errors = require "lastpass.error"
local version = require "lastpass.version"
local writer = require "lastpass.export.writer"

local M = {}

-- Values that CEF has no key of its own for: custom strings with their labels.
local function cef_custom(number, kind)
  return {
    "when",
    kind,
    {
      (" cs%dLabel=%s cs%d="):format(number, kind, number),
      writer.values(kind, "cef", ","),
    },
  }
end

local cef_template = {
  { "slot", 1 },
  { "text", "label", "cef_header" },
  { "slot", 2 },
  { "when", "time", { "rt=", { "time", "milliseconds" }, " " } },
  "externalId=",
  { "text", "event_id", "cef" },
  " ",
  { "slot", 3 },
  { "when", "username", { " suser=", { "text", "username", "cef" } } },
  { "when", "ip", { " src=", { "text", "address", "cef" } } },
  { "when", "user", { " duser=", writer.values("user", "cef", ",") } },
  cef_custom(1, "group"),
  cef_custom(2, "folder"),
  cef_custom(3, "item"),
  cef_custom(4, "policy"),
  { "when", "site", { " destinationServiceName=", writer.values("site", "cef", ",") } },
  { "when", "ambiguous", { " flexString1Label=time flexString1=ambiguous" } },
  { "when", "data", { " msg=", { "text", "data", "cef" } } },
}

local function describe_cef(action)
  local header = table.concat({
    "CEF:0",
    writer.VENDOR,
    writer.PRODUCT,
    version,
    action.id,
    "",
  }, "|")
  return 1,
    {
      header,
      ("|%d|"):format(writer.severity[action.severity]),
      ("cat=%s act=%s outcome=%s"):format(action.category, action.id, action.outcome),
    }
end

--- ArcSight's Common Event Format, version 0 (CEF implementation standard, revision 25).
---@return table format
function M.cef()
  return {
    templates = { cef_template },
    slots = 3,
    describe = describe_cef,
    media_type = "text/plain",
  }
end

local function leef_attribute(kind, name)
  return { "when", kind, { "\t" .. name .. "=", writer.values(kind, "leef", ",") } }
end

local leef_template = {
  { "slot", 1 },
  { "text", "label", "leef" },
  "\teventId=",
  { "text", "event_id", "leef" },
  {
    "when",
    "time",
    { "\tdevTime=", { "time", "milliseconds" } },
    { "\tlocalTime=", { "text", "local_time", "leef" } },
  },
  { "when", "username", { "\tusrName=", { "text", "username", "leef" } } },
  { "when", "ip", { "\tsrc=", { "text", "address", "leef" } } },
  leef_attribute("user", "accountName"),
  leef_attribute("group", "groupName"),
  leef_attribute("folder", "sharedFolder"),
  leef_attribute("item", "item"),
  leef_attribute("policy", "policy"),
  leef_attribute("site", "resource"),
  { "when", "ambiguous", { "\ttimeAmbiguous=true" } },
  { "when", "data", { "\tmsg=", { "text", "data", "leef" } } },
}

local function describe_leef(action)
  local header = table.concat({
    "LEEF:2.0",
    writer.VENDOR,
    writer.PRODUCT,
    version,
    action.id,
    "x09",
  }, "|")
  local attributes = ("cat=%s\tsev=%d\toutcome=%s\taction="):format(
    action.category,
    writer.severity[action.severity],
    action.outcome
  )
  return 1, { header .. "|" .. attributes }
end

--- QRadar's Log Event Extended Format, version 2.0, its attributes separated by tabs.
---@return table format
function M.leef()
  return {
    templates = { leef_template },
    slots = 1,
    describe = describe_leef,
    media_type = "text/plain",
  }
end

local FACILITY = 10 -- "security/authorization messages", RFC 5424 §6.2.1
-- The number that RFC 5612 sets aside for documentation: this project has none of its own.
local DATA_ID = "lastpass@32473"
local BOM = "\239\187\191" -- what follows is UTF-8, §6.4

local severity = { info = 6, low = 5, medium = 4, high = 3 }

local contents = { text = true, cef = true, leef = true, ndjson = true }

local function parameter(name, field)
  return { "when", field, { " " .. name .. '="', { "text", field, "sd" }, '"' } }
end

local function parameters(kind)
  return { "when", kind, { " " .. kind .. '="', writer.values(kind, "sd", ","), '"' } }
end

local structured = {
  "[" .. DATA_ID,
  ' eventId="',
  { "text", "event_id", "sd" },
  '"',
  { "slot", 3 },
  parameter("actor", "username"),
  parameter("ip", "address"),
  parameters "user",
  parameters "group",
  parameters "folder",
  parameters "item",
  parameters "policy",
  parameters "site",
  { "when", "ambiguous", { ' ambiguous="true"' } },
  { "when", "time", {}, { ' localTime="', { "text", "local_time", "sd" }, '"' } },
  "] ",
}

local text = {
  BOM,
  { "text", "label", "line" },
  { "when", "data", { ": ", { "text", "data", "line" } } },
}

-- PRINTUSASCII, at most 32 (§6.2.7): ids are longer hardly ever.
local function message_id(action)
  return action.id:sub(1, 32)
end

local function host_name(options, level)
  local host = options.host or "-"
  if #host > 255 or not host:find "^[!-~]+$" then
    errors.raise(level + 1, "client:export: option 'host' must be a name without blanks")
  end
  return host
end

-- A template of another format after our own slots.
local function shifted(template, by)
  local moved = {}
  for position, instruction in ipairs(template) do
    local is_slot = type(instruction) == "table" and instruction[1] == "slot"
    moved[position] = is_slot and { "slot", instruction[2] + by } or instruction
  end
  return moved
end

local OWN_SLOTS = 3

local function own_texts(action)
  return {
    ("<%d>1 "):format(FACILITY * 8 + severity[action.severity]),
    message_id(action) .. " ",
    (' id="%s" category="%s" outcome="%s"'):format(action.id, action.category, action.outcome),
  }
end

--- Syslog (RFC 5424): a header, structured data, and the event as text, or one in CEF, LEEF or NDJSON.
---@param options table {host, content}
---@param level integer whose line is blamed
---@return table format
function M.syslog(options, level)
  level = level + 1
  local content = options.content or "text"
  if not contents[content] then
    errors.raise(level, "client:export: option 'content' must be text, cef, leef or ndjson")
  end
  local inner
  if content ~= "text" then
    inner = require("lastpass.export.formats").open(content, options.cid)
  end
  local header = {
    { "slot", 1 },
    { "when", "time", { { "time", "iso" } }, { "-" } },
    " " .. host_name(options, level) .. " lastpass - ",
    { "slot", 2 },
  }
  local body = inner and shifted(inner.templates[1], OWN_SLOTS) or text
  return {
    templates = { writer.wrap(header, structured, body) },
    slots = OWN_SLOTS + (inner and inner.slots or 0),
    describe = function(action, label)
      local texts = own_texts(action)
      if inner then
        local _, more = inner.describe(action, label)
        for _, one in ipairs(more) do
          texts[#texts + 1] = one
        end
      end
      return 1, texts
    end,
    media_type = "text/plain",
  }
end

return M
