-- Tokens of connections, as a worker knows them: which are let in, how long they are remembered, and what happens when
-- the journal cannot be read.
local digest = require "lastpass.digest"
local tokens = require "lastpass.nginx.scim.tokens"

describe("the tokens of SCIM connections", function()
  local now, list, reads, failure, touched, cache

  before_each(function()
    now, reads, failure, touched = 1000, 0, nil, {}
    list = {
      { id = 1, connection = "entra", label = "old", hash = digest.hex "one", expires = 2000 },
      { id = 2, connection = "entra", label = "new", hash = digest.hex "two" },
      { id = 3, connection = "okta", label = "okta", hash = digest.hex "three" },
    }
    cache = tokens.new({
      scim_tokens = function()
        reads = reads + 1
        if failure then
          return nil, failure.message, failure
        end
        return list
      end,
      touch_scim_tokens = function(_, given)
        if failure then
          return nil, failure.message, failure
        end
        touched[#touched + 1] = given
        return true
      end,
    }, function()
      return now
    end)
  end)

  local function label_of(connection, text)
    local token, reason = cache:find(connection, text and "Bearer " .. text)
    return token and token.label or nil, reason
  end

  it("opens a connection to its own two tokens, and to nothing else", function()
    assert.equal("old", label_of("entra", "one"))
    assert.equal("new", label_of("entra", "two"))
    assert.equal("okta", label_of("okta", "three"))
    for reason, text in pairs { unknown = "three", missing = false } do
      local label, told = label_of("entra", text or nil)
      assert.is_nil(label)
      assert.equal(reason, told)
    end
    for _, header in ipairs {
      "Bearer",
      "Basic one",
      "Bearer one two",
      "Bearer " .. ("x"):rep(600),
      "one",
      "",
    } do
      assert.is_nil((cache:find("entra", header)), header)
    end
    assert.equal("old", cache:find("entra", "bearer  one ").label)
  end)

  it("refuses one that has expired or was revoked, within seconds", function()
    assert.equal("old", label_of("entra", "one"))
    now = 2000
    assert.same({ nil, "expired" }, { label_of("entra", "one") })
    assert.equal("new", label_of("entra", "two"))
    list[2].revoked = 2001
    now = 2003
    assert.same({ nil, "revoked" }, { label_of("entra", "two") })
  end)

  it("reads them every few seconds at most, however many requests come", function()
    for _ = 1, 100 do
      label_of("entra", "one")
    end
    assert.equal(1, reads)
    for _ = 1, 100 do
      label_of("entra", "unknown")
    end
    assert.equal(1, reads)
    now = now + 1
    label_of("entra", "unknown")
    assert.equal(2, reads) -- one that was just made is known at once
    list[4] = { id = 4, connection = "entra", label = "third", hash = digest.hex "four" }
    now = now + 0.6
    assert.equal("third", label_of("entra", "four"))
  end)

  it("lets nobody in when the journal cannot be read, and calls no token wrong", function()
    failure = { kind = "transport", code = "store_lost", message = "the database is away" }
    local token, reason, err = cache:find("entra", "Bearer one")
    assert.is_nil(token)
    assert.equal("unreadable", reason)
    assert.equal(failure, err)
    failure = nil
    now = now + 0.01
    assert.equal("old", label_of("entra", "one"))
    failure = { kind = "transport", code = "store_lost", message = "the database is away" }
    now = now + 4 -- for a moment what was read last is good enough
    assert.equal("old", label_of("entra", "one"))
    now = now + 2
    assert.same({ nil, "unreadable" }, { label_of("entra", "one") })
    assert.same({ nil, "unreadable" }, { label_of("entra", "wrong") })
  end)

  it("notes when they were used last, in one write", function()
    label_of("entra", "one")
    now = now + 1
    label_of("entra", "one")
    label_of("okta", "three")
    assert.is_true(cache:touch())
    assert.equal(1, #touched)
    table.sort(touched[1], function(a, b)
      return a.id < b.id
    end)
    assert.same({ { id = 1, at = 1001 }, { id = 3, at = 1001 } }, touched[1])
    assert.is_true(cache:touch())
    assert.equal(1, #touched)
    label_of("entra", "two")
    failure = { kind = "transport", message = "away" }
    assert.is_nil(cache:touch())
    failure = nil
    assert.is_true(cache:touch())
    assert.same({ { id = 2, at = 1001 } }, touched[2])
  end)

  it("lists the live ones of a connection", function()
    assert.equal(2, #cache:of "entra")
    now = 2500
    assert.equal(1, #cache:of "entra")
    assert.equal(0, #cache:of "nobody")
  end)
end)
