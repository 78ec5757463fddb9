--- The model of a company: who is who, and what has changed between two reads.
-- @module lastpass.directory
local M = {}

local rooms = {
  diff = function()
    return require("lastpass.directory.compare").diff
  end,
  describe = function()
    return require("lastpass.directory.compare").describe
  end,
  match = function()
    return require("lastpass.directory.match").find
  end,
  record = function()
    return require "lastpass.directory.record"
  end,
}

return setmetatable(M, {
  __index = function(_, name)
    local room = rooms[name]
    if not room then
      return nil
    end
    local value = room()
    M[name] = value
    return value
  end,
})
