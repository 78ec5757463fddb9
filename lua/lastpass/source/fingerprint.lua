--- A SHA-256 over the values of all people of a source that has no bytes of its own. Servers give
-- entries in any order: two readings of the same people have the same fingerprint.
-- @module lastpass.source.fingerprint
local digest = require "lastpass.source.digest"

local M = {}

local fingerprint = {}
local fingerprint_mt = { __index = fingerprint, __name = "lastpass.source.fingerprint" }

-- Lengths before the texts, so that no two lists of texts run together to the same bytes.
local function append(parts, text)
  parts[#parts + 1] = ("%d:%s"):format(#text, text)
end

--- Adds one person.
---@param fields table name -> text or list of texts
function fingerprint:add(fields)
  local names = {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  local parts = {}
  for _, name in ipairs(names) do
    append(parts, name)
    local value = fields[name]
    if type(value) == "table" then
      parts[#parts + 1] = ("%d["):format(#value)
      for _, text in ipairs(value) do
        append(parts, text)
      end
    else
      append(parts, value)
    end
  end
  self._people[#self._people + 1] = digest.hex(table.concat(parts))
end

--- Ends it.
---@return string hex 64 hexadecimal digits
function fingerprint:hex()
  table.sort(self._people)
  return digest.hex(table.concat(self._people))
end

--- Gives a source one, as `fields.bind` takes it.
---@param own table gets `_fingerprint` and `_hash`
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err code "no_luaossl"
function M.give(own)
  local hash, message, err = digest.new()
  if not hash then
    return nil, message, err
  end
  local self = setmetatable({ _people = {} }, fingerprint_mt)
  own._fingerprint = self
  own._hash = function()
    return self:hex()
  end
  return true
end

return M
