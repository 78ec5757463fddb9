-- What an identity provider of ours refuses: requests to sign on, and messages of logout (docs/saml-conformance.md).
local hostile = require "spec.saml.hostile_messages"

describe("an identity provider", function()
  for _, case in ipairs(hostile.cases) do
    it(("%s: %s is %s"):format(case.part, case.name, case.code), function()
      assert.equal(case.code, hostile.try(case))
    end)
  end
end)
