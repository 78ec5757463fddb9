-- The RFC's examples against the server over a backend in memory, and against the sandbox with the whole standard.
local memory = require "spec.support.scim_backend"
local rfc = require "spec.conform.scim_rfc"
local sandbox = require "spec.support.scim_box"

local busted = { describe = describe, it = it, before_each = before_each }

describe("the server:", function()
  rfc.check(function()
    return memory.site()
  end, busted, { groups_in_groups = true })
end)

describe("the sandbox with the whole standard:", function()
  rfc.check(function()
    return sandbox.open { events = 0, settings = { scim_mode = "rfc" } }
  end, busted, { groups_in_groups = true })
end)
