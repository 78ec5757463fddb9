-- Runs once: starts the program, which is the same under every interpreter.
-- Signals at any moment of a program's life: while it starts, and in a playbook that never ends. It ends by
-- the signal or with 130, and shows nothing of Lua's own. 25, 100 or 200 starts.
local extent = require "spec.support.extent"
local cli = require "spec.support.cli"
local plans = require "spec.support.plans"

local TRIES = extent(25, 100, 200)
local LONGEST = 0.09 -- seconds until the signal: by then a plan is under way
local DEFAULT = "exec env --default-signal=INT,TERM,HUP "

describe("the program that gets a signal", function()
  local place

  setup(function()
    place = cli.start { users = 20 }
  end)

  teardown(function()
    place:stop()
  end)

  -- Starts a plan of a playbook and sends a signal, after what the shell waits for; gives what was shown
  -- and the code.
  local function plan(playbook, wait, name)
    return cli.shell(
      ([[(
        lastpass plan %s & child=$!
        %s; kill -%s $child 2>/dev/null
        ( sleep 30; kill -KILL $child ) >/dev/null 2>&1 & watcher=$! # the wait has an end
        wait $child; code=$?; kill $watcher 2>/dev/null; exit $code
      )]]):format(playbook, wait, name),
      place:environment() .. DEFAULT
    )
  end

  it(("while it starts, ends quietly (%d times)"):format(TRIES), function()
    local playbook, random = place:file 'missing "keep"', plans.random(5)
    local early = 0
    for _ = 1, TRIES do
      local after = random() * LONGEST
      local output, code = plan(playbook, ("sleep %.4f"):format(after), "INT")
      local about = ("after %.4f s: %s: %s"):format(after, tostring(code), output)
      assert.is_true(code == 130 or code == 0, about)
      assert.is_nil(output:find("traceback", 1, true), about)
      assert.is_nil(output:find("interrupted!", 1, true), about)
      early = early + (code == 130 and 1 or 0)
    end
    assert.is_true(early > 0)
  end)

  it("in a playbook that never ends, ends it", function()
    local loops = {
      "while true do end",
      "while true do pcall(function() while true do end end) end",
      "local wrap = coroutine.wrap while true do pcall(wrap(function() while true do end end)) end",
    }
    local mark = os.tmpname()
    local wait = (
      "tries=0; until [ -e %s ] || [ $tries = 500 ]; "
      .. "do sleep 0.05; tries=$((tries + 1)); done"
    ):format(mark)
    for _, text in ipairs(loops) do
      for _, name in ipairs { "INT", "TERM", "HUP" } do
        os.remove(mark)
        local playbook = place:file(("io.open(%q, 'w'):close() %s"):format(mark, text))
        local output, code = plan(playbook, wait, name)
        local about = ("%s, %s: %s: %s"):format(text, name, tostring(code), output)
        assert.equal(130, code, about)
        assert.truthy(output:find("interrupted", 1, true), about)
        assert.is_nil(output:find("traceback", 1, true), about)
      end
    end
    os.remove(mark)
  end)
end)
