local kept_room = require "lastpass.unified.kept"

describe("what is kept", function()
  it("is kept for a view and its settings", function()
    local view, settings = {}, {}
    local kept = kept_room.of(view, settings)
    assert.equal(kept, kept_room.of(view, settings))
    assert.not_equal(kept, kept_room.of({}, settings))
    assert.not_equal(kept, kept_room.of(view, {}))
  end)

  it("goes with the view", function()
    local settings, seen = {}, setmetatable({}, { __mode = "k" })
    do
      local view = {}
      seen[view] = true
      kept_room.of(view, settings).value = { view }
    end
    collectgarbage()
    collectgarbage()
    -- tables that are keys of values that hold them go in 5.2 and later only
    if _VERSION ~= "Lua 5.1" then
      assert.is_nil(next(seen))
    end
  end)

  it("is computed once, also by two who want it at the same time", function()
    local computed, settings = 0, { pause = coroutine.yield, wait = coroutine.yield }
    local kept = kept_room.of({}, settings)
    local function want()
      return kept_room.once(kept, "value", function()
        computed = computed + 1
        coroutine.yield()
        coroutine.yield()
        return "done"
      end)
    end
    local first, second = coroutine.create(want), coroutine.create(want)
    local got = {}
    while #got < 2 do
      for _, one in ipairs { first, second } do
        if coroutine.status(one) ~= "dead" then
          local ok, value = coroutine.resume(one)
          assert.is_true(ok, value)
          got[#got + 1] = coroutine.status(one) == "dead" and value or nil
        end
      end
    end
    assert.same({ "done", "done" }, got)
    assert.equal(1, computed)
  end)

  it("is not kept when it failed, and not waited for for ever", function()
    local kept = kept_room.of({}, {})
    local function fail()
      return nil, "why"
    end
    assert.same({ nil, "why" }, { kept_room.once(kept, "a", fail) })
    assert.equal(
      1,
      kept_room.once(kept, "a", function()
        return 1
      end)
    )
    kept.computing.b = true -- somebody began and is gone
    assert.equal(
      2,
      kept_room.once(kept, "b", function()
        return 2
      end)
    )
  end)

  it("is bounded where there may be many", function()
    local kept = kept_room.of({}, {})
    local computed = 0
    for round = 1, 2 do
      for number = 1, 5 do
        local value = kept_room.among(kept, "shelf", tostring(number), 3, function()
          computed = computed + 1
          return number
        end)
        assert.equal(number, value, round)
      end
    end
    assert.is_true(kept.shelf.count <= 3)
    assert.is_true(computed > 5)
  end)
end)
