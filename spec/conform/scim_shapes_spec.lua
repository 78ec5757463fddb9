-- What identity providers send, to the server over a backend in memory, and to the sandbox: as LastPass's endpoint is
-- thought to be, with the least that it may have, and with everything of the standard.
local memory = require "spec.support.scim_backend"
local sandbox = require "spec.support.scim_box"
local scenarios = require "spec.conform.scim_shapes"
local shapes = require "spec.support.scim_shapes"

local function company(settings)
  return function()
    return sandbox.open { settings = settings, users = 3, events = 0 }
  end
end

local few = { attributes = true }

local sites = {
  { "the server", {}, memory.site },
  { "lastpass", few, company {} },
  { "minimal", { attributes = true, group_put = true }, company { scim_minimal = true } },
  { "all attributes", {}, company { scim_attributes = "all" } },
  { "rfc", {}, company { scim_mode = "rfc" } },
}

describe("requests of identity providers", function()
  for _, site in ipairs(sites) do
    local name, lacks, open = site[1], site[2], site[3]
    for _, scenario in ipairs(scenarios) do
      it(("%s: %s (%s)"):format(scenario.provider, scenario.name, name), function()
        local one = open()
        local count = shapes.play(scenario, function(...)
          return one:send(...)
        end, lacks)
        assert.is_true(count > 0)
      end)
    end
  end
end)
