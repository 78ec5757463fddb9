--- Which events of the last stretch of time were handed on, each with how often: events have no id,
-- and two that say the same within one second are two (enterprise-api §4.11).
-- An event stands here as its digest: 16 bytes of the SHA-256 of its five texts.
-- @module lastpass.export.seen

local M = {}

local DIGEST = 16

local methods = {}
local seen_mt = { __name = "lastpass.export.seen", __index = methods }

--- Reads what `dump` has written.
---@param bytes string "" for nothing
---@return table|nil seen
function M.read(bytes)
  local self = setmetatable({ counts = {}, latest = {}, newest = -math.huge }, seen_mt)
  local at = 1
  while at <= #bytes do
    local latest, count, stop = bytes:match("^(%-?%d+) (%d+)\n()", at + DIGEST)
    if not stop then
      return nil
    end
    self:note(bytes:sub(at, at + DIGEST - 1), tonumber(latest), tonumber(count))
    at = stop
  end
  return self
end

--- Remembers an event: it was met at least so often.
---@param digest string
---@param latest number the latest UTC time that it can have
---@param count integer
function methods:note(digest, latest, count)
  if count > (self.counts[digest] or 0) then
    self.counts[digest] = count
  end
  self.latest[digest] = latest
  self.newest = math.max(self.newest, latest)
end

--- How often an event was met.
---@param digest string
---@return integer
function methods:count(digest)
  return self.counts[digest] or 0
end

--- Forgets what is older.
---@param threshold number UTC
function methods:prune(threshold)
  for digest, latest in pairs(self.latest) do
    if latest < threshold then
      self.counts[digest], self.latest[digest] = nil, nil
    end
  end
end

--- All of it as bytes, the same for the same content.
---@return string
function methods:dump()
  local list = {}
  for digest, count in pairs(self.counts) do
    list[#list + 1] = digest .. ("%.0f %d\n"):format(self.latest[digest], count)
  end
  table.sort(list)
  return table.concat(list)
end

return M
