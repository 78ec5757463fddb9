--- What several formats have in common.
-- @module lastpass.export.formats.pieces
local M = {}

--- The product as SIEMs are told of it.
M.VENDOR = "LastPass"
M.PRODUCT = "LastPass Business"

--- 0 to 10, as CEF and LEEF count.
M.severity = { info = 1, low = 3, medium = 6, high = 8 }

--- A JSON list of all targets: {"kind":"user","value":"ann@acme.com"}
---@return table instruction
function M.json_targets()
  local list = { between = ",", after = '"}' }
  for _, kind in ipairs { "user", "group", "folder", "item", "policy", "site" } do
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

--- A template with something before and behind.
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

return M
