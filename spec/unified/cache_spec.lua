local caches = require "lastpass.unified.cache"

describe("what is kept", function()
  it("is kept for a view and its settings", function()
    local view, settings = {}, {}
    local cache = caches.of(view, settings)
    assert.equal(cache, caches.of(view, settings))
    assert.not_equal(cache, caches.of({}, settings))
    assert.not_equal(cache, caches.of(view, {}))
  end)

  it("goes with the view", function()
    local settings, seen = {}, setmetatable({}, { __mode = "k" })
    do
      local view = {}
      seen[view] = true
      caches.of(view, settings).value = { view }
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
    local cache = caches.of({}, settings)
    local function want()
      return caches.once(cache, "value", function()
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
    local cache = caches.of({}, {})
    local function fail()
      return nil, "why"
    end
    assert.same({ nil, "why" }, { caches.once(cache, "a", fail) })
    assert.equal(
      1,
      caches.once(cache, "a", function()
        return 1
      end)
    )
    cache.computing.b = true -- somebody began and is gone
    assert.equal(
      2,
      caches.once(cache, "b", function()
        return 2
      end)
    )
  end)

  it("is bounded where there may be many", function()
    local cache = caches.of({}, {})
    local computed = 0
    for round = 1, 2 do
      for number = 1, 5 do
        local value = caches.among(cache, "bounded", tostring(number), 3, function()
          computed = computed + 1
          return number
        end)
        assert.equal(number, value, round)
      end
    end
    assert.is_true(cache.bounded.count <= 3)
    assert.is_true(computed > 5)
  end)
end)
