-- Which transport is opened.
local check = require "spec.support.check"
local transport = require "lastpass.transport"

describe("lastpass.transport", function()
  it("opens curl, by its name or by default", function()
    assert.equal("function", type(transport.open().send))
    assert.equal("function", type(transport.open("curl", { proxy = "http://x:1" }).send))
  end)

  it("takes any object that can send", function()
    local own = { send = function() end }
    assert.equal(own, transport.open(own))
  end)

  it("raises for others", function()
    assert.equal(
      "transport: unknown transport 'wget' (known are: curl, resty, thread)",
      check.blamed(function()
        transport.open "wget"
      end)
    )
    assert.equal(
      "transport: the object has no method 'send'",
      check.blamed(function()
        transport.open { post = print }
      end)
    )
  end)
end)
