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
  { "slot", 1 },
  { "when", "data", { ": ", { "text", "data", "line" } } },
}

local function describe(_, label)
  return 1, { (label:gsub("%c", " ")) }
end

return function()
  return { templates = { template }, slots = 1, describe = describe, media_type = "text/plain" }
end
