-- A run is killed again and again while every fifth answer is lost; in the end nothing was done twice, and
-- what is said of each row is so. 9, 100 or 500 kills.
-- Runs first: many runs, killed one after the other.
local extent = require "spec.support.extent"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local SEEDS = extent(3, 20, 40)
local AT_ONCE = extent(3, 4) -- seeds; most of their time is waiting
local KILLS = extent(3, 8, 13) -- of a seed, at most
local LEAST_KILLS = extent(3, 100, 500)
local SHORTEST_LIFE, LONGEST_LIFE = 0.2, 1.1 -- seconds until a child is killed

local WRITES = {
  "batchadd",
  "updateuser",
  "batchchangegrp",
  "reinviteuser",
  "disableuser",
  "enableuser",
  "deluser",
}

-- 2,000 steps of every kind that matters.
local COUNTS = { create = 1300, name = 60, groups = 400, reinvite = 40, disable = 150, remove = 50 }

local function interpreter()
  local first = 0
  while arg[first - 1] do
    first = first - 1
  end
  return arg[first]
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Kills the child at random moments, then lets it come to its end; says its last exit code and how
-- often it was killed.
local SCRIPT = [[
exec 2>>%s
kills=0
for life in %s; do
  timeout -s KILL "$life" %s
  code=$?
  [ $code = 137 ] && kills=$((kills + 1))
  [ $code = 0 ] && break
done
tries=0
while [ $code != 0 ] && [ $tries -lt 20 ]; do
  tries=$((tries + 1))
  %s
  code=$?
done
echo "$code $kills"
]]

describe("a run that is killed", function()
  local boxes, files

  setup(function()
    boxes, files = {}, {}
    for number = 1, AT_ONCE do
      boxes[number] = support.start { users = 1000, invited = COUNTS.reinvite, seed = 7 }
    end
  end)

  teardown(function()
    for _, box in ipairs(boxes) do
      box:stop()
    end
    plans.remove(files)
  end)

  -- What is to be done to whom.
  local function wanted(client)
    local list, active, invited = {}, {}, {}
    for user in client:users() do
      if user.status == "active" and not user.admin then
        active[#active + 1] = user
      elseif user.status == "invited" then
        invited[#invited + 1] = user.email
      end
    end
    local at = 0
    local function next_user()
      at = at + 1
      return assert(active[at], "the company is too small")
    end
    for number = 1, COUNTS.create do
      local address = ("new%04d@chaos.example"):format(number)
      list[#list + 1] = { "create", address, { fullname = "New " .. number, groups = {} } }
    end
    for number = 1, COUNTS.name do
      list[#list + 1] = { "name", next_user().email, { fullname = "Name " .. number } }
    end
    for _ = 1, COUNTS.groups do
      local user = next_user()
      local leave = user.groups[1] and { user.groups[1] } or {}
      list[#list + 1] = { "groups", user.email, { join = { "Chaos" }, leave = leave } }
    end
    for number = 1, COUNTS.reinvite do
      list[#list + 1] = { "reinvite", invited[number] }
    end
    for _ = 1, COUNTS.disable do
      list[#list + 1] = { "disable", next_user().email }
    end
    for _ = 1, COUNTS.remove do
      list[#list + 1] = { "remove", next_user().email }
    end
    return list
  end

  -- Starts the child, and whoever kills it.
  local function start(seed, box, journal, plan_path)
    local random, lives = plans.random(seed), {}
    for number = 1, KILLS do
      lives[number] = ("%.3f"):format(SHORTEST_LIFE + random() * (LONGEST_LIFE - SHORTEST_LIFE))
    end
    local child = { interpreter(), "spec/support/chaos_child.lua" }
    for _, argument in ipairs {
      box.url,
      ("%d"):format(box.cid),
      box.provhash,
      journal,
      plan_path,
    } do
      child[#child + 1] = quote(argument)
    end
    child = table.concat(child, " ")
    local log = plans.path(files)
    local script = SCRIPT:format(quote(log), table.concat(lives, " "), child, child)
    return { pipe = assert(io.popen(script)), log = log }
  end

  local function begin(seed, box)
    local journal, plan_path = plans.path(files), plans.path(files)
    local client = box:client { journal = journal }
    support.reset(box)
    local list = wanted(client)
    assert(plans.plan(client, list):save(plan_path))
    assert(box:reset())
    assert(box:act { settings = { unknown_group = "create" } })
    assert(box:faults { command = WRITES, drop = "after", probability = 0.2, seed = seed })
    return {
      seed = seed,
      box = box,
      client = client,
      list = list,
      child = start(seed, box, journal, plan_path),
    }
  end

  local function rows_sent(box, command)
    local rows, requests = 0, 0
    for _, entry in ipairs(assert(box:journal { command = command })) do
      rows, requests = rows + entry.rows, requests + 1
    end
    return rows, requests
  end

  -- Whether the directory shows what a step wants.
  local function shows(user, kind, after)
    if kind == "create" then
      return user ~= nil
    elseif kind == "name" then
      return user.fullname == after.fullname
    elseif kind == "groups" then
      return user:is_in "Chaos" and not (after.leave[1] and user:is_in(after.leave[1]))
    elseif kind == "disable" then
      return user.status == "disabled"
    end
    return user == nil
  end

  -- What is said of each row is so: done, or sent twice at most and not done. One creation and one
  -- invitation a person, nothing unknown repeated. Gives how many steps of a kind are done.
  local function check_company(one, run)
    local snapshot = assert(one.client:snapshot())
    local state = assert(one.box:state { mails = true })
    local rows, done, unknown = {}, {}, 0
    for row in run:steps() do
      rows[row.subject] = row
    end
    for _, step in ipairs(one.list) do
      local kind, address, after = step[1], step[2], step[3]
      local row = rows[address]
      local about = ("%s %s: %s, %s"):format(kind, address, row.state, tostring(row.reason))
      local mails = state.mails[address:lower()] or {}
      if kind == "reinvite" then
        assert.is_true(row.state == "done" or row.state == "unknown", about)
        assert.is_true((mails.invitation or 0) <= 1, about)
        assert.is_true(row.state == "unknown" or mails.invitation == 1, about)
        unknown = unknown + (row.state == "unknown" and 1 or 0)
      else
        local is_so = shows(snapshot:user(address), kind, after)
        assert.is_true(row.state == "done" or row.state == "not_confirmed", about)
        assert.equal(row.state == "done", is_so, about)
        assert.is_true(kind ~= "create" or (mails.invitation or 0) == (is_so and 1 or 0), about)
        done[kind] = (done[kind] or 0) + (is_so and 1 or 0)
      end
    end
    assert.equal(unknown, run.counts.unknown)
    return done
  end

  -- Each row that is done was carried out once, whatever was lost and killed, and no other.
  local function check_requests(box, done)
    assert.equal(done.create, (rows_sent(box, "batchadd")))
    assert.equal(done.groups, (rows_sent(box, "batchchangegrp")))
    assert.equal(done.disable, (rows_sent(box, "disableuser")))
    assert.equal(done.name, select(2, rows_sent(box, "updateuser")))
    assert.equal(done.remove, select(2, rows_sent(box, "deluser")))
    assert.is_true(select(2, rows_sent(box, "reinviteuser")) <= COUNTS.reinvite)
  end

  -- Waits for the child, and looks at what it has left behind; gives how often it was killed.
  local function complete(one)
    local code, kills = one.child.pipe:read("*a"):match "^(%d+) (%d+)"
    one.child.pipe:close()
    assert.equal("0", code, ("seed %d: %s"):format(one.seed, plans.read(one.child.log)))
    assert(one.box:clear_faults())
    local last = assert(one.client:runs { limit = 2 })
    assert.equal(1, #last)
    assert.equal("finished", last[1].state)
    check_requests(one.box, check_company(one, assert(one.client:run(last[1].id))))
    return tonumber(kills)
  end

  it(("ends in the desired state, with nothing done twice (%d seeds)"):format(SEEDS), function()
    local kills, seed = 0, 0
    while seed < SEEDS do
      local wave = {}
      while #wave < AT_ONCE and seed < SEEDS do
        seed = seed + 1
        wave[#wave + 1] = begin(seed, boxes[#wave + 1])
      end
      for _, one in ipairs(wave) do
        kills = kills + complete(one)
      end
      plans.remove(files)
    end
    assert.is_true(kills >= LEAST_KILLS, kills .. " were killed: too few to prove anything")
  end)
end)
