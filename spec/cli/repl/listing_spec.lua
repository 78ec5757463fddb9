local listing = require "lastpass.cli.repl.listing"

describe("repl.listing", function()
  local function numbers(count)
    local at = 0
    return function()
      at = at + 1
      return at <= count and at or nil
    end
  end

  it("is an iterator, a list, and something to show", function()
    local seen = {}
    for number in listing.new("users", numbers(3)) do
      seen[#seen + 1] = number
    end
    assert.same({ 1, 2, 3 }, seen)
    local list = listing.new("users", numbers(3))
    assert.equals(2, list[2])
    assert.is_nil(list.name)
    assert.same({ 1, 2, 3 }, listing.items(list))
    assert.equals("users (3)", tostring(list))
    assert.equals("users", listing.kind(list))
    assert.is_nil(listing.kind {})
    seen = {}
    for number in list do -- also after it was looked at
      seen[#seen + 1] = number
    end
    assert.same({ 1, 2, 3 }, seen)
  end)

  it("stands for all things of a kind as a collection", function()
    local filters = {}
    local users = listing.collection("users", function(filter)
      filters[#filters + 1] = filter or "none"
      return listing.new("users", numbers(3))
    end, function(name)
      return "the " .. name
    end)
    assert.equals("the ann", users["ann"])
    assert.equals(3, users[3])
    assert.equals(3, #listing.items(users { disabled = true }))
    local sum = 0
    for number in users do
      sum = sum + number
    end
    for number in users() do
      sum = sum + number
    end
    assert.equals(12, sum)
    assert.same({ "none", { disabled = true }, "none", "none" }, filters)
    assert.equals("users", listing.kind(listing.everything(users)))
    assert.is_nil(listing.everything {})
    assert.is_true(listing.is_many(users))
    assert.is_true(listing.is_many(users()))
    assert.is_false(listing.is_many {})
  end)
end)
