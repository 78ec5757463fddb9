local at_prompt = require "spec.cli.repl.at_prompt"
local core = require "lastpass.core"
local interrupts = require "lastpass.cli.repl.interrupts"
local start_box = require("spec.support.box").start

describe("repl.interrupts", function()
  local box

  before_each(function()
    box = start_box { users = 30, seed = 3, invited = 0 }
  end)

  after_each(function()
    box:stop()
  end)

  local function interrupt_after(seconds)
    io.popen(("(sleep %s; kill -INT $PPID) >/dev/null 2>&1 &"):format(seconds)):close()
  end

  it("gives what the function gives when no signal comes", function()
    local results, signal = interrupts.run(function(...)
      assert.equals(0, select("#", ...))
      return 1, nil, 3
    end, tostring)
    assert.same({ true, 1, nil, 3, n = 4 }, results)
    assert.is_nil(signal)
    results = interrupts.run(error, function()
      return "handled"
    end)
    assert.same({ false, "handled", n = 2 }, results)
    assert.is_nil((debug.gethook()))
  end)

  -- The program runs on Lua 5.4. LuaJIT reports a new line behind every call too, so there the chunk
  -- is stopped right behind the cancelled call and its results are lost.
  local it_keeps_results = rawget(_G, "jit") and function() end or it

  it_keeps_results("cancels the call that waits, and stops before the next line", function()
    assert(box:faults { command = "disableuser", delay = 20 })
    local prompt = at_prompt.new(box)
    interrupt_after(0.3)
    local outcome = prompt:run 'client:disableuser{ "ann@lumenor.example" }'
    assert.equals("SIGINT", outcome.signal)
    assert.same({ "cancelled", "interrupted" }, { outcome.err.kind, outcome.err.code })
    assert.is_true(outcome.err.uncertain)
    interrupt_after(0.3)
    outcome = prompt:run 'r = client:disableuser{ "ann@lumenor.example" }\nwent_on = true'
    assert.equals("interrupted", outcome.text)
    prompt:shown("went_on", "nil")
    assert(box:clear_faults())
    prompt:shown("client:snapshot():count()", "30")
  end)

  it_keeps_results("tells of a batch what was done before", function()
    assert(box:faults { command = "disableuser", delay = 0.8 })
    local prompt = at_prompt.new(box)
    prompt:run [[list = {}
    for user in users{ status = "active", admin = false } do list[#list + 1] = user.email end
    while #list > 12 do list[#list] = nil end
    options = { chunk = 4, in_flight = 1, limit = { disable = 12 } }]]
    interrupt_after(0.4)
    local outcome = prompt:run "client:disable_users(list, options)"
    assert.equals("SIGINT", outcome.signal)
    assert.truthy(outcome.text:find("4 done, 8 not tried", 1, true), outcome.text)
  end)

  it_keeps_results(
    "lets an apply finish what is under way, keeps its run, and stops then",
    function()
      assert(box:faults { command = "disableuser", delay = 0.8 })
      local prompt = at_prompt.new(box, function()
        return box:client { chunk = 1 }
      end)
      prompt:run [[list = {}
      for user in users{ status = "active", admin = false } do list[#list + 1] = user.email end]]
      prompt:run [[made = assert(client:plan(function(words)
      words.limit { disable = 30 }
      for i = 1, 12 do words.user(list[i]) { active = false } end
    end, { limit = { disable = 30 } }))]]
      prompt:shown("made:count()", "12")
      interrupt_after(0.4)
      local outcome = prompt:run [[
      run = client:apply(made, { in_flight = 2, progress = function() end })
      went_on = true]]
      assert.equals("SIGINT", outcome.signal)
      assert.equals("interrupted", outcome.text)
      prompt:shown("went_on", "nil")
      assert(box:clear_faults())
      local journal = box:journal { command = "disableuser" }
      assert.truthy(#journal >= 1 and #journal < 12, #journal)
      prompt:shown("run.stopped.kind, run.counts.uncertain", "cancelled\n0")
      prompt:shown(("run.counts.done == %d"):format(#journal), "true")
    end
  )

  it("leaves signals as they were", function()
    interrupts.run(function() end, tostring)
    local before = core.interrupts()
    assert.equals(0, before)
    assert.is_false(require("lastpass.transport.loop").is_interrupted())
  end)
end)
