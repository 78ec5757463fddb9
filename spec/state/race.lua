-- Processes that add, take and advance the same keys at once: of each key one wins.
local assert = require "luassert"
local state = require "lastpass.state"
local support = require "spec.support.store"

local KEYS, CHILDREN = 25, 3

return function(place)
  local here = state.database(place)
  for key = 1, KEYS do
    assert(here:add("taken" .. key, "v" .. key, 600))
  end
  local children, won = {}, {}
  for index = 1, CHILDREN do
    children[index] = support.child { "state", place, "5", tostring(KEYS) }
  end
  for _, child in ipairs(children) do
    assert.equal("ready", child:read())
  end
  assert(here:add("begin", "1", 600))
  for _, child in ipairs(children) do
    for what, key in child:wait():gmatch "(%l+) (%d+)" do
      local name = what .. key
      won[name] = (won[name] or 0) + 1
    end
  end
  for key = 1, KEYS do
    assert.equal(1, won["added" .. key], "added " .. key)
    assert.equal(1, won["taken" .. key], "taken " .. key)
    assert.equal(1, won["advanced" .. key], "advanced " .. key)
  end
end
