--- Syslog (RFC 5424): a header, structured data, and the event as text, or one in CEF, LEEF or NDJSON.
-- @module lastpass.export.formats.syslog
local errors = require "lastpass.error"
local pieces = require "lastpass.export.formats.pieces"

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
  return { "when", kind, { " " .. kind .. '="', pieces.values(kind, "sd", ","), '"' } }
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

-- A template of another format behind our own slots.
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

return function(options, level)
  level = (level or 1) + 1
  local content = options.content or "text"
  if not contents[content] then
    errors.raise(level, "client:export: option 'content' must be text, cef, leef or ndjson")
  end
  local inner = content ~= "text" and require("lastpass.export.formats." .. content)(options) or nil
  local header = {
    { "slot", 1 },
    { "when", "time", { { "time", "iso" } }, { "-" } },
    " " .. host_name(options, level) .. " lastpass - ",
    { "slot", 2 },
  }
  local body = inner and shifted(inner.templates[1], OWN_SLOTS) or text
  return {
    templates = { pieces.wrap(header, structured, body) },
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
