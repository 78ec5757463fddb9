local cli = require "spec.support.cli"
local interrupt = require "lastpass.cli.interrupt"
local loop = require "lastpass.transport.loop"

describe("interrupts", function()
  after_each(interrupt.release)

  it("are looked for by what waits, once watched", function()
    assert.is_false(interrupt.has_come())
    interrupt.watch()
    assert.is_false(loop.is_interrupted())
    assert.equals(interrupt.has_come, loop.interruptible(interrupt.has_come))
  end)

  it("do not cancel calls of what looks for them itself", function()
    interrupt.watch()
    local inside
    local one, two = interrupt.gently(function(given)
      inside = loop.interruptible(nil)
      return given, "two"
    end, "one")
    assert.is_nil(inside)
    assert.equals("one", one)
    assert.equals("two", two)
    assert.equals(interrupt.has_come, loop.interruptible(interrupt.has_come))
    assert.has_error(function()
      interrupt.gently(error, "mine")
    end, "mine")
  end)
end)

describe("Ctrl-C while a plan is applied", function()
  it("finishes what is under way, saves, and says how to go on", function()
    local place = cli.start { users = 60 }
    local lines = {}
    for number, user in ipairs(place:json "users --status active --fields email") do
      lines[number] = ('user "%s" { fullname = "Late %d" }'):format(user.email, number)
    end
    local playbook = place:file(table.concat(lines, "\n"), ".lua")
    place.box:faults { command = "updateuser", delay = 0.3 }
    local output, code = cli.shell(
      ([[
      (exec env lastpass apply %s --yes -q --in-flight 2 --limit name=60) & child=$! tries=0
      until lastpass run show 1 --json 2>/dev/null | grep -q '"done":[1-9]' || [ $tries = 100 ]; do
        sleep 0.1; tries=$((tries + 1))
      done
      kill -INT $child; wait $child
    ]]):format(playbook),
      place:environment() .. "env --default-signal=INT "
    )
    place.box:clear_faults()
    assert.equals(130, code, output)
    local id = output:match "lastpass run resume (%d+)"
    assert.truthy(id, output)
    local run = place:json { "run", "show", id }
    assert.equals("stopped", run.state)
    assert.is_true(run.counts.done > 0 and run.counts.not_tried > 0, output)
    assert.equals(0, run.counts.uncertain)
    local resumed = place:json { "run", "resume", id, "--yes", "-q" }
    assert.equals(#lines, resumed.counts.done + resumed.counts.unchanged)
    place:stop()
  end)
end)
