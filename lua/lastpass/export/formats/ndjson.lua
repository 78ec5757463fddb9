--- One JSON object a line, with our own names.
-- @module lastpass.export.formats.ndjson
local json = require "lastpass.json"
local pieces = require "lastpass.export.formats.pieces"

local template = {
  "{",
  {
    "when",
    "time",
    { '"time":"', { "time", "iso" }, '"' },
    { '"time":null,"local_time":"', { "text", "local_time", "json" }, '"' },
  },
  { "when", "ambiguous", { ',"ambiguous":true' } },
  ',"actor":"',
  { "text", "username", "json" },
  '","ip":"',
  { "text", "address", "json" },
  '"',
  { "slot", 1 },
  pieces.json_targets(),
  '],"data":"',
  { "text", "data", "json" },
  '"}',
}

local function describe(action, label)
  return 1,
    {
      (',"id":%s,"label":%s,"category":%s,"outcome":%s,"severity":%s,"targets":['):format(
        json.encode(action.id),
        json.encode(label),
        json.encode(action.category),
        json.encode(action.outcome),
        json.encode(action.severity)
      ),
    }
end

return function()
  return {
    templates = { template },
    slots = 1,
    describe = describe,
    media_type = "application/x-ndjson",
  }
end
