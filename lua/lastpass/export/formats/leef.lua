--- QRadar's Log Event Extended Format, version 2.0, its attributes separated by tabs.
-- @module lastpass.export.formats.leef
local pieces = require "lastpass.export.formats.pieces"

local function attribute(kind, name)
  return { "when", kind, { "\t" .. name .. "=", pieces.values(kind, "leef", ",") } }
end

local template = {
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
  attribute("user", "accountName"),
  attribute("group", "groupName"),
  attribute("folder", "sharedFolder"),
  attribute("item", "item"),
  attribute("policy", "policy"),
  attribute("site", "resource"),
  { "when", "ambiguous", { "\ttimeAmbiguous=true" } },
  { "when", "data", { "\tmsg=", { "text", "data", "leef" } } },
}

local function describe(action)
  local header = table.concat({
    "LEEF:2.0",
    pieces.VENDOR,
    pieces.PRODUCT,
    require "lastpass.version",
    action.id,
    "x09",
  }, "|")
  local attributes = ("cat=%s\tsev=%d\toutcome=%s\taction="):format(
    action.category,
    pieces.severity[action.severity],
    action.outcome
  )
  return 1, { header .. "|" .. attributes }
end

return function()
  return { templates = { template }, slots = 1, describe = describe, media_type = "text/plain" }
end
