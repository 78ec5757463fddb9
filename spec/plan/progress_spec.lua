-- Progress: on a terminal, elsewhere, and for a function.
local loop = require "lastpass.transport.loop"
local progress = require "lastpass.plan.progress"

describe("lastpass.plan.progress", function()
  local written, stream, clock, now

  before_each(function()
    written, clock, now = {}, 100, loop.now
    stream = {
      write = function(_, text)
        written[#written + 1] = text
      end,
      flush = function() end,
    }
    loop.now = function()
      return clock
    end
  end)

  after_each(function()
    loop.now = now
  end)

  it("rewrites one line on a terminal, and leaves it at the end", function()
    local shown = progress.new(true, 250, 0, stream, true)
    clock = 101
    shown:show(48, "disable")
    clock = 101.05 -- too soon for another line
    shown:show(50, "disable")
    clock = 105
    shown:show(250, "disable")
    shown:finish()
    assert.same(
      { "\r48/250  48/s  4.2 s left\27[K", "\r250/250  50/s  0 s left\27[K", "\n" },
      written
    )
  end)

  it("writes a line every five seconds elsewhere, and the last one", function()
    local shown = progress.new(true, 100, 0, stream, false)
    clock = 102
    shown:show(10, "create")
    assert.same({}, written)
    clock = 105
    shown:show(50, "create")
    clock = 107
    shown:show(70, "create")
    shown:finish()
    assert.same({ "50/100  10/s  5 s left\n", "70/100  10/s  3 s left\n" }, written)
  end)

  it("writes nothing when nothing has happened", function()
    progress.new(true, 0, 0, stream, true):finish()
    progress.new(true, 0, 0, stream, false):finish()
    assert.same({}, written)
  end)

  it("gives a function everything", function()
    local states = {}
    local shown = progress.new(function(state)
      states[#states + 1] = state
    end, 40, 10, stream, true)
    shown:show(10, "create")
    clock = 102
    shown:show(20, "name")
    shown:finish()
    assert.same({
      { done = 10, total = 40, phase = "create" },
      { done = 20, total = 40, phase = "name", rate = 5, seconds_left = 4 },
    }, states)
    assert.same({}, written)
  end)
end)
