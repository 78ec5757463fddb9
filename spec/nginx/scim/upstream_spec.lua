-- What is known of LastPass behind a connection: green, away for a moment, away for long, refusing.
local fake_ngx = require "spec.support.fake_ngx"
local upstream = require "lastpass.nginx.scim.upstream"

describe("the upstream of a connection", function()
  local fake
  before_each(function()
    fake = fake_ngx.install { dicts = { "lastpass_scim" } }
    upstream.prepare "entra"
  end)
  after_each(function()
    fake.remove()
  end)

  it("is not up before it was asked, and up when it has answered", function()
    assert.same({ up = false, failing = false }, upstream.state("entra", 1000))
    upstream.record("entra", 1000)
    assert.same({ up = true, failing = false, checked = 1000 }, upstream.state("entra", 1001))
  end)

  it("is failing at once when it refuses the credentials", function()
    upstream.record("entra", 1000, "wrong hash", { kind = "auth" })
    local state = upstream.state("entra", 1000)
    assert.is_true(state.failing)
    assert.equal("wrong hash", state.message)
    upstream.record("entra", 1015)
    assert.is_true(upstream.state("entra", 1015).up)
    assert.is_nil(upstream.state("entra", 1015).message)
  end)

  it("may be away for a moment, and not for half a minute", function()
    upstream.record("entra", 1000, "no connection", { kind = "transport" })
    assert.is_false(upstream.state("entra", 1001).failing)
    upstream.record("entra", 1015, "no connection", { kind = "transport" })
    upstream.record("entra", 1030, "no connection", { kind = "transport" })
    assert.is_true(upstream.state("entra", 1030).failing)
    upstream.record("entra", 1045)
    upstream.record("entra", 1060, "no connection", { kind = "transport" })
    assert.is_false(upstream.state("entra", 1061).failing)
  end)

  it("needs no memory for a failure, however long its message", function()
    local full = fake_ngx.install { dicts = { "lastpass_scim" }, most = 4 }
    upstream.prepare "entra"
    upstream.record("entra", 1000, ("long "):rep(1000), { kind = "auth" })
    assert.is_true(upstream.state("entra", 1000).failing)
    assert.equal(200, #upstream.state("entra", 1000).message + 1)
    full.remove()
  end)
end)
