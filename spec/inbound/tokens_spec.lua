local digest = require "lastpass.digest"
local tokens = require "lastpass.inbound.tokens"

local DAY = 86400
local NOW = 1800000000

describe("tokens of connections", function()
  it("are long, random, told by their beginning, and stored as their hash", function()
    local text, hash = tokens.new()
    assert.matches("^lps_[%w_-]+$", text)
    assert.equals(47, #text)
    assert.equals(digest.hex(text), hash)
    assert.are_not.equal(text, (tokens.new()))
    assert.equals(hash, tokens.hash(text))
  end)

  it("are live until they expire or are revoked, and the day that has begun counts", function()
    local function state(token)
      return { tokens.state(token, NOW) }
    end
    assert.same({ "live" }, state {})
    assert.same({ "live", 1 }, state { expires = NOW + 1 })
    assert.same({ "live", 30 }, state { expires = NOW + 30 * DAY })
    assert.same({ "expired" }, state { expires = NOW })
    assert.same({ "revoked" }, state { revoked = NOW - 1, expires = NOW + DAY })
  end)

  it("warn when the last one of a connection will soon be gone", function()
    local function left(...)
      return { tokens.days_left({ ... }, NOW) }
    end
    assert.same({ 0, true }, left())
    assert.same({ 13, true }, left { expires = NOW + 13 * DAY })
    assert.same({ 14, false }, left { expires = NOW + 14 * DAY })
    assert.same({ 90, false }, left({ expires = NOW + DAY }, { expires = NOW + 90 * DAY }))
    assert.same({ nil, false }, left({ expires = NOW + DAY }, {}))
    assert.same({ 0, true }, left({ revoked = NOW }, { expires = NOW - 1 }))
  end)
end)
