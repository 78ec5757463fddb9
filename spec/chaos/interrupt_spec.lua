-- A real Ctrl-C in a program that does nothing about it: plain lua raises "interrupted!" somewhere.
local loop = require "lastpass.transport.loop"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local STEPS = 60

local function interpreter()
  local first = 0
  while arg[first - 1] do
    first = first - 1
  end
  return arg[first]
end

describe("a run that gets Ctrl-C", function()
  local box, client, files

  setup(function()
    -- some 0.9 s for all steps, four at once
    box = support.start { users = 150, seed = 21, latency = 0.06 }
    files = {}
  end)

  teardown(function()
    box:stop()
    plans.remove(files)
  end)

  local function requests()
    return support.requests(box, "updateuser")
  end

  -- Starts the child, and presses Ctrl-C once so many requests have come; gives what it said.
  local function run_child(after, journal, plan_path)
    local child = ("%s spec/support/chaos_child.lua '%s' %d '%s' '%s' '%s' 2>&1"):format(
      interpreter(),
      box.url,
      box.cid,
      box.provhash,
      journal,
      plan_path
    )
    local pipe = assert(io.popen(child .. " & echo $!; wait"))
    local number = assert(pipe:read("*l"):match "^%d+$")
    local gives_up = os.time() + 20
    while requests() < after and os.time() < gives_up do
      loop.sleep(0.02)
    end
    os.execute("kill -INT " .. number)
    local text = pipe:read "*a"
    pipe:close()
    return text
  end

  it("finishes what is under way, saves, and can go on", function()
    support.reset(box)
    local journal, plan_path = plans.path(files), plans.path(files)
    client = box:client { journal = journal }
    local list = {}
    for number, address in ipairs(plans.active(client, STEPS)) do
      list[number] = { "name", address, { fullname = "Name " .. number } }
    end
    assert(plans.plan(client, list):save(plan_path))
    local text = run_child(10, journal, plan_path)
    assert.truthy(text:find("the run was interrupted", 1, true), text)
    local run = assert(client:run(1))
    assert.equal("stopped", run.state)
    assert.equal("interrupted", run.stopped.code)
    assert.is_true(run.counts.done > 0 and run.counts.done < STEPS, tostring(run))
    -- Where the signal hits a task itself (LuaJIT), that one's answer stays open; between intent and request, nothing
    -- was sent of it.
    local open = run.counts.uncertain
    assert.is_true(open <= 1)
    local sent = requests() - run.counts.done
    assert.is_true(sent == open or sent == 0, ("%d sent, %d open"):format(sent, open))
    run = assert(client:resume(1, { settle_after = 0.2 }))
    assert.is_true(run.ok)
    assert.equal(STEPS, requests())
  end)
end)
