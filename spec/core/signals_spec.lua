if rawget(_G, "ngx") then
  describe("core.catch_interrupts", function()
    it("has no use inside nginx", function()
      pending "nobody presses Ctrl-C in a worker, and its signals are those of nginx"
    end)
  end)
  return
end

local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local start_box = require("spec.support.box").start

local interpreter = rawget(_G, "jit") and "luajit" or _VERSION == "Lua 5.1" and "lua5.1" or "lua5.4"

-- The shell's parent is this process. `os.execute` would ignore SIGINT meanwhile, so it is popen.
local function kill(signal, after)
  local pause = after and ("sleep %s; "):format(after) or ""
  local background = after and " &" or ""
  io.popen(("(%skill -%s $PPID) >/dev/null 2>&1%s"):format(pause, signal, background)):close()
end

-- What a program of its own prints, and how it ended.
local function run_program(text, prefix)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local pipe =
    assert(io.popen(('%s%s %s 2>&1; echo "ended $?"'):format(prefix or "", interpreter, path)))
  local output = pipe:read "*a"
  pipe:close()
  os.remove(path)
  return output
end

describe("core.catch_interrupts", function()
  before_each(function()
    assert(core.catch_interrupts())
  end)

  after_each(function()
    core.raise_interrupts()
    core.release_interrupts()
    loop.interruptible(nil)
  end)

  it("counts from zero, and says which signal was the last", function()
    assert.equals(0, core.interrupts())
    assert.equals(1, select("#", core.interrupts()))
    kill "INT"
    assert.same({ 1, "SIGINT" }, { core.interrupts() })
    kill "TERM"
    assert.same({ 2, "SIGTERM" }, { core.interrupts() })
    assert.is_true(core.catch_interrupts()) -- caught already: nothing is forgotten
    assert.equals(2, (core.interrupts()))
    assert.is_true(core.catch_interrupts(true))
    assert.equals(0, (core.interrupts()))
    kill "HUP"
    assert.same({ 1, "SIGHUP" }, { core.interrupts() })
    kill "INT"
    core.release_interrupts()
    assert.equals(2, (core.interrupts()))
    assert(core.catch_interrupts())
    assert.equals(0, (core.interrupts()))
  end)

  it("can be released twice, and collected while it catches", function()
    core.release_interrupts()
    core.release_interrupts()
    assert.truthy(run_program [[
      local core = require "lastpass.core"
      assert(core.catch_interrupts())
      io.popen("kill -INT $PPID"):close()
      print(core.interrupts())
    ]]:find "1%s+SIGINT%s+ended 0")
  end)

  it("ends the process with the third SIGINT", function()
    local output = run_program [[
      local core = require "lastpass.core"
      assert(core.catch_interrupts())
      for _ = 1, 2 do
        io.popen("kill -INT $PPID"):close()
      end
      print(core.interrupts())
      io.stdout:flush()
      io.popen("kill -INT $PPID"):close()
      print "still here"
    ]]
    assert.truthy(output:find "2%s+SIGINT%s+ended 130", output)
  end)

  it("ends the process with the third signal, whichever they are", function()
    local output = run_program [[
      local core = require "lastpass.core"
      assert(core.catch_interrupts())
      for _, name in ipairs { "HUP", "INT", "TERM" } do
        io.popen("kill -" .. name .. " $PPID"):close()
      end
      print "still here"
    ]]
    assert.truthy(output:find("ended 143", 1, true), output)
    assert.is_nil(output:find("still here", 1, true))
  end)

  it("can be left to end the process, without a traceback", function()
    local output = run_program [[
      require("lastpass.core").end_by_interrupts()
      io.popen("kill -INT $PPID"):close()
      print "still here"
    ]]
    assert.equal("ended 130\n", output)
  end)

  it("comes when the program lets it, where it was started with SIGINT blocked", function()
    local output = run_program(
      [[
        io.popen("kill -INT $PPID"):close()
        io.stdout:write "it waits\n"
        io.stdout:flush()
        require("lastpass.core").end_by_interrupts()
        print "still here"
      ]],
      "env --block-signal=INT "
    )
    assert.equal("it waits\nended 130\n", output)
  end)

  it("leaves ignored signals ignored", function()
    local output = run_program(([[
      local pipe = io.popen("trap '' TERM; %s -e '" .. [=[
        local core = require "lastpass.core"
        assert(core.catch_interrupts())
        io.popen("kill -TERM $PPID"):close()
        print((core.interrupts()))]=] .. "'")
      print(pipe:read "*a")
    ]]):format(interpreter))
    assert.truthy(output:find "^0%s+ended 0", output)
  end)

  it("comes back from a wait at once, and the call goes on when nobody wants it ended", function()
    local box = start_box { users = 5, faults = { { command = "getuserdata", delay = 4 } } }
    local client = box:client()
    kill("INT", 1)
    assert.equals(5, assert(client:snapshot()):count())
    assert.equals(1, (core.interrupts()))
    box:stop()
  end)

  it("cancels a waiting call where waits are interruptible", function()
    local box = start_box { users = 5, faults = { { command = "disableuser", delay = 20 } } }
    local client = box:client()
    loop.interruptible(function()
      return core.interrupts() > 0
    end)
    assert.is_false(loop.is_interrupted())
    kill("INT", 1)
    local began = loop.now()
    local err =
      check.failure("cancelled", "interrupted", client:disableuser { "ann@lumenor.example" })
    assert.is_true(err.uncertain)
    assert.truthy(loop.now() - began < 20)
    assert.is_true(loop.is_interrupted())
    err = check.failure("cancelled", "interrupted", client:disableuser { "bob@lumenor.example" })
    assert.is_nil(err.uncertain, "it was not sent")
    loop.interruptible(nil)
    box:stop()
  end)

  it("cancels the calls of all tasks, and pauses", function()
    local box = start_box { users = 5, faults = { { delay = 20 } } }
    local client = box:client()
    loop.interruptible(function()
      return core.interrupts() > 0
    end)
    kill("INT", 1)
    local codes, began = {}, loop.now()
    lastpass.parallel(4, function(spawn)
      for index = 1, 3 do
        spawn(function()
          local _, _, err = client:getsfdata "all"
          codes[index] = err.code
        end)
      end
      spawn(function()
        loop.sleep(20)
        codes[4] = "slept"
      end)
    end)
    assert.same({ "interrupted", "interrupted", "interrupted", "slept" }, codes)
    loop.sleep(20)
    assert.truthy(loop.now() - began < 20)
    loop.interruptible(nil)
    box:stop()
  end)

  it("forgets abandoned tasks", function()
    local box = start_box { users = 5, faults = { { command = "getsfdata", delay = 0.2 } } }
    local client, went_on = box:client(), false
    pcall(lastpass.parallel, 2, function(spawn)
      spawn(function()
        client:getsfdata "all"
        went_on = true
      end)
      loop.pool():perform()
      error "away"
    end)
    assert.is_true(went_on, "parallel waits for its tasks")
    loop.spawn(nil, function()
      client:getsfdata "all"
      went_on = "again"
    end)
    loop.abandon()
    assert.equals(5, assert(client:snapshot()):count())
    loop.sleep(0.3)
    assert.is_true(went_on)
    box:stop()
  end)
end)

describe("core.raise_interrupts", function()
  local function raise_in(text, library)
    local chunk = assert((loadstring or load)(text, "=typed"))
    assert(core.catch_interrupts())
    core.raise_interrupts(library or "@nothing")
    kill("INT", 0.2)
    local ok, message = pcall(function()
      chunk()
      return "went on"
    end)
    core.raise_interrupts()
    core.release_interrupts()
    return ok, tostring(message)
  end

  if rawget(_G, "jit") then
    jit.off() -- LuaJIT looks at hooks between bytecodes, not in compiled loops
  end

  it("stops Lua code", function()
    for _, text in ipairs {
      "while true do end",
      "repeat local x = 1 until false",
      "local function f() return f() end f()",
      "local t = {} for i = 1, 1e12 do t[1] = i end",
    } do
      local ok, message = raise_in(text)
      assert.is_false(ok, text)
      assert.truthy(message:find "interrupted", message)
    end
  end)

  it("spares the code of the library, and comes when it returns", function()
    local text = "returned = nil local finish = os.clock() + 0.5 "
      .. "while os.clock() < finish do end returned = true"
    local ok, message = raise_in(text, "=typed")
    assert.is_false(ok)
    assert.truthy(message:find "signals_spec.lua:%d+: interrupted", message)
    assert.is_true(rawget(_G, "returned"))
  end)

  it("counts an interrupt that came before", function()
    assert(core.catch_interrupts())
    kill "INT"
    local ok, message = pcall((loadstring or load)(
      [[
      local core = require "lastpass.core"
      core.raise_interrupts "@nothing"
      local x = 1
      return x]],
      "=typed"
    ))
    core.raise_interrupts()
    core.release_interrupts()
    assert.is_false(ok)
    assert.truthy(tostring(message):find "interrupted")
  end)

  it("does nothing when interrupts are not caught", function()
    core.raise_interrupts "@nothing"
    assert.is_nil((debug.gethook()))
  end)
end)
