-- The RFC's examples, and what Entra ID and Okta send, against the server over a backend in memory, the sandbox with
-- the whole standard, and the sandbox as LastPass might be.
local conformance = require "spec.support.scim_conformance"
local memory = require "spec.support.scim_backend"
local sandbox = require "spec.support.scim_box"

local busted = { describe = describe, it = it, before_each = before_each }

local function company(settings)
  return function()
    return sandbox.open { events = 0, settings = settings }
  end
end

local function in_memory()
  return memory.site()
end

describe("the server", function()
  conformance.rfc(in_memory, busted, { groups_in_groups = true })
  conformance.entra(in_memory, busted)
  conformance.okta(in_memory, busted)
end)

describe("the sandbox with the whole standard", function()
  conformance.rfc(company { scim_mode = "rfc" }, busted, { groups_in_groups = true })
  conformance.entra(company { scim_mode = "rfc" }, busted)
  conformance.okta(company { scim_mode = "rfc" }, busted)
end)

for name, settings in pairs {
  ["as LastPass might be"] = {},
  ["that does what all need and no more"] = { scim_minimal = true },
  ["that stores everything"] = { scim_attributes = "all", scim_rename = "allow" },
} do
  describe("the sandbox " .. name, function()
    conformance.entra(company(settings), busted)
    conformance.okta(company(settings), busted)
  end)
end
