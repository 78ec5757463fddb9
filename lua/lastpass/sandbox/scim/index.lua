--- Which resources have a value: an index for filters, of ids, as several may have the same.
-- @module lastpass.sandbox.scim.index
local M = {}

local methods = {}
local index_mt = { __index = methods }

--- An empty index.
function M.new()
  return setmetatable({ ids = {} }, index_mt)
end

--- Takes an id from one value to another.
---@param id integer
---@param from any nil: it had none
---@param to any nil: it has none any more
function methods:move(id, from, to)
  if from ~= nil and self.ids[from] then
    self.ids[from][id] = nil
    if next(self.ids[from]) == nil then
      self.ids[from] = nil
    end
  end
  if to ~= nil then
    self.ids[to] = self.ids[to] or {}
    self.ids[to][id] = true
  end
end

--- What has a value, by growing id; ids of what is gone are forgotten.
---@param value any
---@param find fun(id: integer): any
---@return any[]
function methods:each(value, find)
  local ids, found = {}, {}
  for id in pairs(self.ids[value] or {}) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  for _, id in ipairs(ids) do
    local one = find(id)
    if one then
      found[#found + 1] = one
    else
      self:move(id, value, nil)
    end
  end
  return found
end

return M
