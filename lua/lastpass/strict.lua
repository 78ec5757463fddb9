--- The same object, but failures are raised: for scripts that stop at the first one.
-- @module lastpass.strict
local signature = require "lastpass.signature"

local wrap

local function finish(value, ...)
  if value == nil and select("#", ...) >= 2 then
    local message, err = ...
    error(type(err) == "table" and err or message, 0)
  end
  return wrap(value), ...
end

local strict_mt = { __name = "lastpass.strict" }

function strict_mt.__index(proxy, name)
  local target = rawget(proxy, "_target")
  local value = target[name]
  if type(value) ~= "function" then
    return value
  end
  return function(self, ...)
    return finish(value(self == proxy and target or self, ...))
  end
end

function strict_mt.__tostring(proxy)
  return tostring(rawget(proxy, "_target"))
end

local objects = {
  ["lastpass.Client"] = true,
  ["lastpass.User"] = true,
  ["lastpass.Group"] = true,
  ["lastpass.Snapshot"] = true,
}

function wrap(value)
  if type(value) == "function" then -- the iterators over users and groups
    return function(...)
      return wrap(value(...))
    end
  end
  local metatable = type(value) == "table" and getmetatable(value)
  if metatable and objects[metatable.__name] then
    return setmetatable({ _target = value }, strict_mt)
  end
  return value
end

--- Wraps a client; the users, groups and snapshots that it and its iterators give are wrapped too.
---@param client lastpass.Client
---@return lastpass.Client strict raises the error object where the client returns nil, message, err
local function strict(client)
  return wrap(client)
end

return signature.check(
  "lastpass.strict",
  "client: lastpass.Client|lastpass.User|lastpass.Group|lastpass.Snapshot",
  strict
)
