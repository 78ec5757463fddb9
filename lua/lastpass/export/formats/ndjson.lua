--- One JSON object a line, with our own names.
-- @module lastpass.export.formats.ndjson
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
  pieces.json_targets(),
  '],"data":"',
  { "text", "data", "json" },
  '"}',
}

local function describe(action)
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

return function()
  return {
    templates = { template },
    slots = 2,
    describe = describe,
    media_type = "application/x-ndjson",
  }
end
