--- From rows to text: Lua decides once what each action's name means, and the core writes by templates; here
-- are also the parts of templates that several formats have in common.
-- @module lastpass.export.writer
local audit = require "lastpass.audit"
local core = require "lastpass.core"
local redact = require "lastpass.export.redact"

local M = {}

--- The product as SIEMs know it.
M.VENDOR = "LastPass"
M.PRODUCT = "LastPass Business"

--- 0 to 10, as CEF and LEEF count.
M.severity = { info = 1, low = 3, medium = 6, high = 8 }

--- A JSON list of all targets: {"kind":"user","value":"ann@acme.com"}
---@return table instruction
function M.json_targets()
  local list = { between = ",", after = '"}' }
  for _, kind in ipairs(audit.kinds) do
    list[kind] = '{"kind":"' .. kind .. '","value":"'
  end
  return { "targets", list, "json" }
end

--- The values of the targets of one kind.
---@param kind string
---@param encoding string
---@param between string
---@return table instruction
function M.values(kind, encoding, between)
  return { "targets", { between = between, after = "", [kind] = "" }, encoding }
end

--- A template with something before and after it.
---@param before table template
---@param template table
---@param after? table template
---@return table template
function M.wrap(before, template, after)
  local whole = {}
  for _, part in ipairs { before, template, after or {} } do
    for _, instruction in ipairs(part) do
      whole[#whole + 1] = instruction
    end
  end
  return whole
end

-- What fits into a processor's cache is not fetched again when it is sent.
local AT_ONCE = 262144

local methods = {}
local writer_mt = { __name = "lastpass.export.writer", __index = methods }

local function add_frame(templates, frame)
  local complete = {}
  for position, template in ipairs(templates) do
    complete[position] = M.wrap(frame.before or {}, template, frame.after or { "\n" })
  end
  return complete
end

--- Makes a writer.
---@param format table of `lastpass.export.formats`
---@param options? table frame (templates `before` and `after` each event; default a line end),
-- pseudonyms (of `lastpass.export.redact`), batch (`events`, `bytes`: the most at once)
---@return table writer
function M.new(format, options)
  options = options or {}
  local templates = add_frame(format.templates, options.frame or {})
  return setmetatable({
    format = format,
    mapping = core.events_mapping(templates, format.slots),
    pseudonyms = options.pseudonyms,
    batch = options.batch or { bytes = AT_ONCE },
    unknown_names = {},
  }, writer_mt)
end

local function define_missing(self, rows)
  for _, label in ipairs(self.mapping:missing(rows)) do
    local action = audit.find(label)
    if action.id == "other" then
      self.unknown_names[#self.unknown_names + 1] = label
    end
    local template, texts = self.format.describe(action, label)
    self.mapping:define(label, template, action.data, texts)
  end
end

--- Writes the rows that are not dropped, oldest first. Secrets are taken out of the rows, and people
-- replaced when that is wanted.
---@param rows userdata events of the core
---@param take fun(text: string, count: integer, before: integer, after: integer): true|nil, string?, lastpass.Error?
-- told each batch: its events, how many there are, and how many of the last rows were passed before and after it
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:write(rows, take)
  redact.events(rows)
  if self.pseudonyms then
    self.pseudonyms:events(rows)
  end
  define_missing(self, rows)
  local passed = 0
  while passed do
    local text, count, next_passed =
      core.events_write(rows, self.mapping, passed, self.batch.events, self.batch.bytes)
    if count > 0 then
      local ok, message, err = take(text, count, passed, next_passed or #rows)
      if not ok then
        return nil, message, err
      end
    end
    passed = next_passed
  end
  return true
end

--- The names of actions that nobody knows, with how many events had them.
---@return table<string, integer>
function methods:unknown()
  local counts, unknown = self.mapping:counts(), {}
  for _, label in ipairs(self.unknown_names) do
    if counts[label] > 0 then
      unknown[label] = counts[label]
    end
  end
  return unknown
end

return M
