-- Code that does not come to its end, and is ended all the same: in a pcall, in a coroutine, in both.
local core = require "lastpass.core"

local HERE = debug.getinfo(1, "S").source -- it is the library: what it does comes to its end

local LOOPS = {
  ["a loop"] = "while true do end",
  ["a loop that catches errors"] = "while true do pcall(function() while true do end end) end",
  ["a coroutine"] = "coroutine.wrap(function() while true do end end)()",
  ["a coroutine whose errors are caught"] = [[
    while true do
      local thread = coroutine.create(function() while true do end end)
      while coroutine.status(thread) ~= "dead" do coroutine.resume(thread) end
    end]],
}

if not rawget(_G, "jit") then -- LuaJIT calls no hook once its stack is full
  LOOPS["catches within catches"] = [[
    local function again() while true do pcall(again) end end
    while true do pcall(again) end]]
end

if rawget(_G, "ngx") then
  -- nginx runs the coroutines of a request itself, and an error from outside ends that request; what is
  -- watched in nginx runs in its threads, where coroutines are Lua's own
  LOOPS["a coroutine"], LOOPS["a coroutine whose errors are caught"] = nil, nil
end

local function compile(text, chunk)
  local fn = assert((loadstring or load)(text, chunk or "@loop.lua"))
  if rawget(_G, "jit") then
    jit.off(fn, true)
  end
  return fn
end

describe("core.watch", function()
  for name, text in pairs(LOOPS) do
    it("ends " .. name .. " that computes for too long", function()
      local fn = compile(text)
      assert.is_true(core.watch(HERE, 0.05))
      local ok, message = pcall(fn)
      local why = core.unwatch()
      assert.equal("time", why)
      assert.is_false(ok)
      assert.is_not_nil(message)
      assert.is_nil(debug.gethook())
    end)
  end

  it("leaves alone what comes to its end", function()
    assert.is_true(core.watch(HERE, 60))
    local ok = pcall(compile "for _ = 1, 1e5 do end")
    assert.is_nil(core.unwatch())
    assert.is_true(ok)
    assert.is_nil(core.unwatch())
  end)

  it("says where it has ended the code", function()
    core.watch(HERE, 0.05)
    local _, message = pcall(compile "\n\nwhile true do end")
    core.unwatch()
    assert.equal("loop.lua:3: time", message)
  end)

  it("lets the library's own code come to its end", function()
    core.watch(HERE, 0.02)
    local ok = pcall(compile(
      [[
      local begun = os.clock()
      while os.clock() - begun < 0.2 do end]],
      HERE .. "/more"
    ))
    local why = core.unwatch()
    assert.equal("time", why)
    assert.is_true(ok)
  end)

  it("does not displace another hook, and is not there twice", function()
    local function mine() end
    debug.sethook(mine, "", 1000000)
    assert.is_false(core.watch(HERE, 1))
    assert.equal(mine, debug.gethook())
    debug.sethook()
    assert.is_true(core.watch(HERE, 1))
    assert.is_false(core.watch(HERE, 1))
    core.unwatch()
  end)

  it("leaves no hook in a coroutine that outlives it", function()
    core.watch(HERE, 0.01)
    local thread = coroutine.create(compile [[
      coroutine.yield()
      local begun = os.clock()
      while os.clock() - begun < 0.1 do end
      return "done"]])
    coroutine.resume(thread)
    core.unwatch()
    assert.same({ true, "done" }, { coroutine.resume(thread) })
  end)
end)
