-- Runs as text.
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local run_room = require "lastpass.plan.run"

describe("lastpass.plan.run_text", function()
  local function run_of(outcomes, state, more)
    local body = document.new()
    for number = 1, #outcomes do
      body.steps[number] =
        { number = number, kind = "disable", subject = ("u%d@x.example"):format(number) }
    end
    local fields = {
      id = 7,
      plan = ("ab"):rep(32),
      kind = "apply",
      state = state,
      body = body,
      outcomes = outcomes,
    }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return tostring(run_room.new(fields))
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), part .. " is not in:\n" .. text)
  end

  it("of a good run says how many, and how to take it back", function()
    assert.equal(
      "Run 7 (plan abababababab) finished: 1 done, 1 so already\n"
        .. "to take it back: client:undo(7) makes the plan",
      run_of({ { state = "done" }, { state = "unchanged" } }, "finished")
    )
  end)

  it("of an empty run says so, and offers nothing", function()
    assert.equal("Run 7 (plan abababababab) finished: nothing to do", run_of({}, "finished"))
  end)

  it("names every row that is not done, and why", function()
    local text = run_of({
      { state = "done" },
      { state = "refused", reason = "No such user" },
      { state = "unknown", reason = "no trace" },
    }, "finished")
    has(text, "1 done, 1 refused, 1 unknown")
    has(text, "u2@x.example")
    has(text, "No such user")
    has(text, "u3@x.example")
    assert.is_nil(text:find("u1@x.example", 1, true))
    assert.is_nil(text:find("client:resume", 1, true))
  end)

  it("of a stopped run says why, what to do about it, and how to go on", function()
    local _, _, err = errors.fail("auth", "x", "wrong hash", { hint = "check provhash" })
    local text = run_of({ { state = "not_tried" } }, "stopped", { stopped = err })
    has(text, "stopped: 1 not tried")
    has(text, "wrong hash; check provhash")
    has(text, "to go on: client:resume(7)")
    assert.is_nil(text:find("client:undo", 1, true))
  end)

  it("of a run that broke off says how to go on, once", function()
    local _, _, err = errors.fail("cancelled", "interrupted", "interrupted", {
      hint = "go on with client:resume(7)",
    })
    local text = run_of({ { state = "intended" } }, "stopped", { stopped = err })
    has(text, "1 uncertain")
    local _, count = text:gsub("client:resume", "")
    assert.equal(1, count)
  end)

  it("of an undo names the run that was taken back", function()
    has(run_of({}, "finished", { kind = "undo", of_run = 3 }), "Run 7 (takes back run 3, plan abab")
  end)
end)
