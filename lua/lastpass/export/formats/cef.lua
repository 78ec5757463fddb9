--- ArcSight's Common Event Format, version 0 (CEF implementation standard, revision 25).
-- @module lastpass.export.formats.cef
local pieces = require "lastpass.export.formats.pieces"

-- Values that CEF has no key of its own for: custom strings with their labels.
local function custom(number, kind)
  return {
    "when",
    kind,
    {
      (" cs%dLabel=%s cs%d="):format(number, kind, number),
      pieces.values(kind, "cef", ","),
    },
  }
end

local template = {
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
  { "when", "user", { " duser=", pieces.values("user", "cef", ",") } },
  custom(1, "group"),
  custom(2, "folder"),
  custom(3, "item"),
  custom(4, "policy"),
  { "when", "site", { " destinationServiceName=", pieces.values("site", "cef", ",") } },
  { "when", "ambiguous", { " flexString1Label=time flexString1=ambiguous" } },
  { "when", "data", { " msg=", { "text", "data", "cef" } } },
}

local function describe(action)
  local header = table.concat({
    "CEF:0",
    pieces.VENDOR,
    pieces.PRODUCT,
    require "lastpass.version",
    action.id,
    "",
  }, "|")
  return 1,
    {
      header,
      ("|%d|"):format(pieces.severity[action.severity]),
      ("cat=%s act=%s outcome=%s"):format(action.category, action.id, action.outcome),
    }
end

return function()
  return { templates = { template }, slots = 3, describe = describe, media_type = "text/plain" }
end
