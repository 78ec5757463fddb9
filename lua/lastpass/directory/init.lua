--- The model of a company: who is who, and what has changed between two reads.
-- @module lastpass.directory
local M = {}

local parts = {
  diff = function()
    return require("lastpass.directory.compare").diff
  end,
  describe = function()
    return require("lastpass.directory.compare").describe
  end,
  match = function()
    return require("lastpass.matching").find
  end,
  record = function()
    return require "lastpass.directory.record"
  end,
}

return setmetatable(M, {
  __index = function(_, name)
    local part = parts[name]
    if not part then
      return nil
    end
    local value = part()
    M[name] = value
    return value
  end,
})
