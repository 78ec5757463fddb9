local cursor = require "lastpass.unified.cursor"
local problems = require "lastpass.unified.problems"

local NOW = 1795000000
local settings = { cursor_keys = { ("a"):rep(32) } }
local walk = { resource = "users", digest = cursor.digest { "1", "users", "", "id" } }

local function reason(other, text, now, keys)
  local keys_read, problem = cursor.read(keys or settings, other, text, now or NOW)
  assert.is_nil(keys_read)
  assert.equal(400, problem.status)
  assert.truthy(problems.titles[problem.status])
  return problem.message
end

describe("a cursor", function()
  local text = cursor.make(settings, walk, { "70000001" }, NOW)

  it("comes back as it was given, and is the same all day long", function()
    assert.same({ "70000001" }, cursor.read(settings, walk, text, NOW))
    assert.equal(text, cursor.make(settings, walk, { "70000001" }, NOW + 60))
    assert.truthy(text:find "^c1%.[%w_-]+%.[%w_-]+$")
    assert.is_true(#text < cursor.LONGEST)
  end)

  it("shows nothing of what is concealed", function()
    local one = cursor.make(settings, walk, { "7", concealed = "ann@acme.com" }, NOW)
    local keys = cursor.read(settings, walk, one, NOW)
    assert.same({ "7", concealed = "ann@acme.com" }, keys)
    local base64url = require("lastpass.text.base64").url
    assert.is_nil(base64url.decode(one:match "^c1%.([^.]+)"):find "ann")
    local long = cursor.make(settings, walk, { ("9"):rep(20), concealed = ("x"):rep(120) }, NOW)
    assert.is_true(#long <= cursor.LONGEST)
  end)

  it("is worth nothing when a byte is another", function()
    for position = 1, #text do
      local byte = text:sub(position, position)
      local other = byte == "A" and "B" or "A"
      local changed = text:sub(1, position - 1) .. other .. text:sub(position + 1)
      assert.match("^Invalid cursor", reason(walk, changed))
    end
    for _, nonsense in ipairs {
      "x",
      "c1..",
      "c1.a.b",
      "c2" .. text:sub(3),
      text .. "A",
      ("c"):rep(600),
    } do
      assert.match("^Invalid cursor", reason(walk, nonsense))
    end
  end)

  it("belongs to one account, resource and query", function()
    local other = { resource = "users", digest = cursor.digest { "2", "users", "", "id" } }
    assert.match("^Cursor does not belong", reason(other, text))
    other = { resource = "groups", digest = walk.digest }
    assert.match("^Cursor does not belong", reason(other, text))
    other = { resource = "users", digest = cursor.digest { "1", "users", 'status="active"', "id" } }
    assert.match("^Cursor does not belong", reason(other, text))
  end)

  it("ends after one day, or two", function()
    local expiry = cursor.expiry(NOW)
    assert.is_true(expiry - NOW >= 86400 and expiry - NOW <= 2 * 86400)
    assert.truthy(cursor.read(settings, walk, text, expiry))
    assert.match("^Expired cursor", reason(walk, text, expiry + 1))
  end)

  it("outlives a change of keys as long as the old one is kept", function()
    local both = { cursor_keys = { ("b"):rep(32), ("a"):rep(32) } }
    assert.truthy(cursor.read(both, walk, text, NOW))
    local latest = cursor.make(both, walk, { "1" }, NOW)
    assert.match("^Invalid cursor", reason(walk, latest))
    assert.match("^Invalid cursor", reason(walk, text, NOW, { cursor_keys = { ("b"):rep(32) } }))
  end)
end)
