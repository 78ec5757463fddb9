--- A line for people: when, who, from where, what, and the data.
-- @module lastpass.export.formats.text

local template = {
  { "when", "time", { { "time", "iso" } }, { { "text", "local_time", "line" } } },
  { "when", "ambiguous", { "?" } },
  "  ",
  { "when", "username", { { "text", "username", "line" } }, { "-" } },
  "  ",
  { "when", "ip", { { "text", "address", "line" } }, { "-" } },
  "  ",
  { "text", "label", "line" },
  { "when", "data", { ": ", { "text", "data", "line" } } },
}

local function describe()
  return 1, {}
end

return function()
  return { templates = { template }, slots = 0, describe = describe, media_type = "text/plain" }
end
