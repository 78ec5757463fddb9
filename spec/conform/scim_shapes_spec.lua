-- What identity providers send, to the sandbox: as LastPass's endpoint is thought to be, and with everything of the
-- standard.
local scenarios = require "spec.conform.scim_shapes"
local shapes = require "spec.support.scim_shapes"
local support = require "spec.support.scim_box"

describe("requests of identity providers", function()
  for mode, lacks in pairs { lastpass = { attributes = true }, rfc = {} } do
    for _, scenario in ipairs(scenarios) do
      it(("%s: %s (%s)"):format(scenario.provider, scenario.name, mode), function()
        local site = support.open { settings = { scim_mode = mode }, users = 3 }
        local count = shapes.play(scenario, function(...)
          return site:send(...)
        end, lacks)
        assert.is_true(count > 0)
      end)
    end
  end
end)
