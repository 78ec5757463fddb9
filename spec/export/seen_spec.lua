-- What was seen of the last while.
local seen = require "lastpass.export.seen"

describe("lastpass.export.seen", function()
  local function digest(text)
    return (text .. ("."):rep(16)):sub(1, 16)
  end

  it("counts, and comes back from its bytes", function()
    local one = seen.read ""
    local a, b = digest "a", digest "b"
    assert.equal(0, one:count(a))
    one:note(a, 100, 1)
    one:note(a, 100, 3)
    one:note(a, 100, 2)
    one:note(b, 200, 1)
    assert.equal(3, one:count(a))
    assert.equal(200, one.newest)
    local two = assert(seen.read(one:dump()))
    assert.equal(one:dump(), two:dump())
    assert.equal(3, two:count(a))
    assert.equal(200, two.newest)
    two:prune(150)
    assert.equal(0, two:count(a))
    assert.equal(1, two:count(b))
  end)

  it("takes any digest, also one with line ends and digits in it", function()
    local one = seen.read ""
    for number = 1, 2000 do
      one:note(digest(tostring(number)), number, number % 3 + 1)
    end
    one:note(("1 2\n"):rep(4), -5, 7)
    local two = assert(seen.read(one:dump()))
    assert.equal(7, two:count(("1 2\n"):rep(4)))
    assert.equal(one:dump(), two:dump())
  end)

  it("does not take what it has not written", function()
    assert.is_nil(seen.read "rubbish")
    assert.is_nil(seen.read((("x"):rep(16)) .. "1 1"))
  end)
end)
