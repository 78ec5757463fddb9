-- pcall where a task waits.
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local protected = require "lastpass.plan.protected"

describe("lastpass.plan.protected", function()
  local function waits(...)
    loop.sleep(0.01)
    return ...
  end

  local function raises(what)
    loop.sleep(0.01)
    error(what, 0)
  end

  it("gives everything that was returned", function()
    assert.same({ true, 1, nil, 3 }, { protected(waits, 1, nil, 3) })
    assert.equal(4, select("#", protected(waits, 1, nil, nil)))
  end)

  it("gives what was raised, as it is", function()
    local object = { code = "x" }
    assert.same({ false, object }, { protected(raises, object) })
    assert.equal(object, select(2, protected(raises, object)))
  end)

  it("does both inside tasks, while others go on", function()
    local results, others = {}, 0
    lastpass.parallel(2, function(spawn)
      spawn(function()
        results = { protected(waits, 1, nil, 3) }
        results[5], results[6] = protected(raises, "oh")
      end)
      spawn(function()
        loop.sleep(0.001)
        others = others + 1
      end)
    end)
    assert.same({ true, 1, nil, 3, false, "oh" }, results)
    assert.equal(1, others)
  end)
end)
