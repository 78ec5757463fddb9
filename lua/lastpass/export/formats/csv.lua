--- Comma-separated values (RFC 4180), every field in quotes, with a header, guarded against spreadsheets as
-- `lastpass.text.csv` says.
-- @module lastpass.export.formats.csv
local pieces = require "lastpass.export.formats.pieces"

local header = {
  "time",
  "local_time",
  "ambiguous",
  "actor",
  "ip",
  "id",
  "action",
  "category",
  "outcome",
  "severity",
  "users",
  "groups",
  "folders",
  "items",
  "policies",
  "sites",
  "data",
  "event_id",
}

local kinds = { "user", "group", "folder", "item", "policy", "site" }

local function template_of(encoding)
  local template = {
    '"',
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
  for _, kind in ipairs(kinds) do
    template[#template + 1] = ',"'
    template[#template + 1] = pieces.values(kind, encoding, ",")
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

local function describe(action)
  return 1,
    {
      action.id .. '","',
      ('","%s","%s","%s"'):format(action.category, action.outcome, action.severity),
    }
end

return function(options)
  return {
    templates = { template_of(options.guard == false and "csv_raw" or "csv") },
    slots = 2,
    describe = describe,
    header = table.concat(header, ",") .. "\r\n",
    media_type = "text/csv",
  }
end
