-- Writes that the server carries out after the client has given up: held by a proxy, for longer than the
-- client's time limit. Nothing is carried out twice, nothing after it was taken back, and what is said of
-- each row is what the server did. Held for up to 3 s with 2 seeds, or 12 s with 4 or 6.
-- Runs first: it waits for answers that come late.
local extent = require "spec.support.extent"
local directory = require "lastpass.directory"
local loop = require "lastpass.transport.loop"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local SEEDS = extent(2, 4, 6)
local HOLD = extent(3, 12) -- seconds, at most
local TIME_LIMIT = 2 -- of a call; reads of a busy machine take their time too
local AT_ONCE = 6 -- seeds; most of their time is waiting

local EACH = extent(2, 4) -- steps of a kind

describe("writes that are carried out late", function()
  local boxes, proxies, files

  setup(function()
    boxes, proxies, files = {}, {}, {}
    for number = 1, math.min(AT_ONCE, SEEDS) do
      boxes[number] = support.start { users = 120, invited = 6, seed = 7 }
    end
  end)

  teardown(function()
    for _, box in ipairs(boxes) do
      box:stop()
    end
    plans.remove(files)
  end)

  after_each(function()
    for position, proxy in ipairs(proxies) do
      proxy:close()
      proxies[position] = nil
    end
  end)

  -- A proxy lives as long as its pipe. Its address comes by a file, as the pipe goes the other way.
  local function start_proxy(box, seed)
    local path = plans.path(files)
    local command = "python3 spec/support/late_proxy.py '%s' %d %g >%s"
    local proxy = assert(io.popen(command:format(box.url, seed, HOLD, path), "w"))
    proxies[#proxies + 1] = proxy
    local gives_up = loop.now() + 60
    while loop.now() < gives_up do
      local file = io.open(path)
      local url = file and file:read "*l"
      if file then
        file:close()
      end
      if url then
        return url
      end
      loop.sleep(0.05)
    end
    error "the proxy did not start"
  end

  local function wanted(client)
    local list, active = {}, plans.active(client, 4 * EACH)
    for number = 1, EACH do
      local address = ("late%d@chaos.example"):format(number)
      list[#list + 1] = { "create", address, { fullname = "Late " .. number, groups = {} } }
    end
    for number = 1, EACH do
      list[#list + 1] = { "name", active[number], { fullname = "Name " .. number } }
      list[#list + 1] = { "groups", active[EACH + number], { join = { "Chaos" }, leave = {} } }
      list[#list + 1] = { "disable", active[2 * EACH + number] }
      list[#list + 1] = { "remove", active[3 * EACH + number] }
    end
    return list
  end

  local function begin(seed, box)
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    local straight = box:client { journal = plans.path(files) }
    local one =
      { seed = seed, box = box, straight = straight, before = assert(straight:snapshot()) }
    one.client = box:client {
      url = start_proxy(box, seed),
      journal = straight:option "journal",
      timeout = TIME_LIMIT,
      retries = 0,
    }
    one.list = wanted(one.client)
    one.plan = plans.plan(one.client, one.list)
    -- up to the longest hold the server may still be at work
    one.options = { settle_after = 0.2, late_margin = HOLD, chunk = 2, in_flight = 8 }
    return one
  end

  local function with(options, more)
    local all = {}
    for _, one in ipairs { options, more } do
      for name, value in pairs(one) do
        all[name] = value
      end
    end
    return all
  end

  local writes =
    { "batchadd", "updateuser", "batchchangegrp", "disableuser", "enableuser", "deluser" }

  local function rows_sent(box)
    local rows = 0
    for _, command in ipairs(writes) do
      for _, entry in ipairs(assert(box:journal { command = command })) do
        rows = rows + math.max(entry.rows, 1)
      end
    end
    return rows
  end

  -- What is said of each row is so, and no row was carried out twice.
  local function check_truth(one, run)
    local now, done = assert(one.straight:snapshot()), 0
    for _, step in ipairs(one.list) do
      local kind, address, after = step[1], step[2], step[3]
      local row, user = plans.row(run, address), now:user(address)
      local is_so
      if kind == "create" then
        is_so = user ~= nil
      elseif kind == "name" then
        is_so = user.fullname == after.fullname
      elseif kind == "groups" then
        is_so = user:is_in "Chaos"
      elseif kind == "disable" then
        is_so = user.status == "disabled"
      else
        is_so = user == nil
      end
      local about = ("seed %d, %s %s: %s"):format(one.seed, kind, address, row.state)
      assert.is_true(row.state == "done" or row.state == "not_confirmed", about)
      assert.equal(row.state == "done", is_so, about)
      done = done + (is_so and 1 or 0)
    end
    assert.equal(done, rows_sent(one.box), ("seed %d: rows carried out"):format(one.seed))
  end

  local function in_waves(work)
    local seed = 0
    while seed < SEEDS do
      local tasks = {}
      while #tasks < #boxes and seed < SEEDS do
        seed = seed + 1
        tasks[#tasks + 1] = begin(seed, boxes[#tasks + 1])
      end
      require("lastpass").parallel(#tasks, function(spawn)
        for _, one in ipairs(tasks) do
          spawn(work, one)
        end
      end)
      for position, proxy in ipairs(proxies) do
        proxy:close()
        proxies[position] = nil
      end
    end
  end

  it(("are not repeated, and found (%d seeds)"):format(SEEDS), function()
    in_waves(function(one)
      local run = assert(one.client:apply(one.plan, one.options))
      assert.equal("finished", run.state)
      check_truth(one, run)
    end)
  end)

  it(("are found by who goes on with a run that was left (%d seeds)"):format(SEEDS), function()
    in_waves(function(one)
      local looks, random = 0, plans.random(one.seed)
      local function leave()
        looks = looks + 1
        return looks % 7 == 6 and random() < 0.5
      end
      local run = assert(one.client:apply(one.plan, with(one.options, { cancel = leave })))
      local tries = 0
      while run.state ~= "finished" do
        tries = tries + 1
        assert.is_true(tries < 40, run.stopped and run.stopped.message)
        local options = tries < 6 and { cancel = leave } or {} -- the last one stays
        run = assert(one.client:resume(run.id, with(one.options, options)))
      end
      check_truth(one, run)
    end)
  end)

  it(("do not undo what was taken back (%d seeds)"):format(SEEDS), function()
    in_waves(function(one)
      local function once_uncertain()
        local last = assert(one.client:runs { limit = 1 })[1]
        if last == nil then
          return false
        end
        local counts = assert(require("lastpass.store").of(one.client))
        counts = assert(counts:step_counts(last.id))
        return (counts.uncertain or 0) > 0
      end
      local run = assert(one.client:apply(one.plan, with(one.options, { cancel = once_uncertain })))
      local undo, message, err = one.client:undo(run.id)
      local gives_up = loop.now() + 10 * HOLD
      while not undo and loop.now() < gives_up do
        assert.equal("in_doubt", err.code, message)
        loop.sleep(math.min(err.retry_after, 0.5))
        undo, message, err = one.client:undo(run.id)
      end
      assert(undo, message)
      assert(one.client:apply(undo, one.options))
      loop.sleep(HOLD + 0.5) -- whatever is held yet has come through by then
      for _, change in ipairs(directory.diff(one.before, assert(one.straight:snapshot()))) do
        -- who was removed comes back as somebody invited
        assert.is_true(
          change.email ~= nil
            and undo.body.objects[change.email] ~= nil
            and undo.body.objects[change.email].status == "absent",
          ("seed %d: %s"):format(one.seed, tostring(change))
        )
      end
    end)
  end)

  it("that are refused late leave nothing, and nothing to take back", function()
    local one = begin(99, boxes[1])
    assert(one.box:faults {
      command = "deluser",
      status = 200,
      body = '{"status":"FAIL","error":"no"}',
    })
    local list = { { "remove", one.list[#one.list][2] } }
    local run = assert(one.client:apply(plans.plan(one.client, list), one.options))
    assert.equal("finished", run.state)
    local state = plans.states(run)[list[1][2]]
    assert.is_true(state == "refused" or state == "not_confirmed", state)
    assert.is_true(support.requests(one.box, "deluser") <= 2)
    assert.equal(0, assert(one.client:undo(run.id)):count())
    assert.is_not_nil(assert(one.straight:snapshot()):user(list[1][2]))
  end)
end)
