--- Comma-separated values (RFC 4180), every field in quotes, with a header.
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
}

local template = {
  '"',
  { "time", "iso" },
  '","',
  { "text", "local_time", "csv" },
  '","',
  { "when", "ambiguous", { "true" } },
  '","',
  { "text", "username", "csv" },
  '","',
  { "text", "address", "csv" },
  '",',
  { "slot", 1 },
}
for _, kind in ipairs { "user", "group", "folder", "item", "policy", "site" } do
  template[#template + 1] = ',"'
  template[#template + 1] = pieces.values(kind, "csv", ",")
  template[#template + 1] = '"'
end
template[#template + 1] = ',"'
template[#template + 1] = { "text", "data", "csv" }
template[#template + 1] = '"\r'

local function quote(text)
  return '"' .. text:gsub('"', '""') .. '"'
end

local function describe(action, label)
  return 1,
    {
      table.concat({
        quote(action.id),
        quote(label),
        quote(action.category),
        quote(action.outcome),
        quote(action.severity),
      }, ","),
    }
end

return function()
  return {
    templates = { template },
    slots = 1,
    describe = describe,
    header = table.concat(header, ",") .. "\r\n",
    media_type = "text/csv",
  }
end
