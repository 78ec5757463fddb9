local support = require "spec.sandbox.support"

local TWO = "gustavo.wagner@lumenor.example"

describe("pushsitestousers (enterprise-api §4.13)", function()
  it("is withdrawn", function()
    local reply = support.open():call("pushsitestousers", { users = "all" })
    assert.equal("FAIL", reply.status)
    assert.matches("no longer available", reply.error)
  end)

  it("works when told to", function()
    local box = support.open({ assumptions = { push_sites = "works" } })
    assert.equal('{"status":"OK","psid":"73"}', box:text("pushsitestousers", { users = "all" }))
    assert.equal(
      "74",
      box:call("pushsitestousers", { users = "Sales", url = "https://x.example" }).psid
    )
    assert.equal("75", box:call("pushsitestousers", { users = TWO, fav = "on" }).psid)
    for _, data in ipairs({
      { users = "no@x.example" },
      { url = "x" },
      { users = "all", persistent = 1 },
      { users = "all", persistent = "2" },
      { users = "all", usernametype = "other" },
      { users = "all", fav = "off" },
      { users = "all", site = "x" },
    }) do
      assert.equal("FAIL", box:call("pushsitestousers", data).status)
    end
  end)
end)
