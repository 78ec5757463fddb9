-- A run over SCIM is killed again and again while every tenth answer is lost; in the end nobody was created or
-- invited twice, everybody is in the groups, and what is said of each row is so. 2, 60 or 200 kills.
local extent = require "spec.support.extent"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local SEEDS = extent(1, 10, 20)
local AT_ONCE = extent(1, 4) -- seeds; most of their time is waiting
local KILLS = extent(3, 8, 13) -- of a seed, at most
local LEAST_KILLS = extent(1, 60, 200)
local SHORTEST_LIFE, LONGEST_LIFE = 0.15, 0.6 -- seconds until a child is killed

local WRITES = {
  "scim:create_user",
  "scim:patch_user",
  "scim:delete_user",
  "scim:create_group",
  "scim:patch_group",
}

local COUNTS = extent(
  { create = 60, name = 20, groups = 60, disable = 30, delete = 10 },
  { create = 300, name = 60, groups = 200, disable = 100, delete = 40 }
)

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

describe("a run over SCIM that is killed", function()
  local boxes, files

  setup(function()
    boxes, files = {}, {}
    for number = 1, AT_ONCE do
      boxes[number] = support.start { users = 600, seed = 7 }
    end
  end)

  teardown(function()
    for _, box in ipairs(boxes) do
      box:stop()
    end
    plans.remove(files)
  end)

  -- What is to be done to whom, as actions of a plan.
  local function wanted(client)
    local users, at = {}, 0
    for user in client:users { status = "active" } do
      users[#users + 1] = not user.admin and user or nil
    end
    local function next_user()
      at = at + 1
      return assert(users[at], "the company is too small")
    end
    local actions = { create = {}, update = {}, groups = {}, disable = {}, delete = {} }
    for number = 1, COUNTS.create do
      local address = ("new%03d@chaos.example"):format(number)
      local groups = { "Chaos", number % 2 == 0 and "Even" or "Odd" }
      actions.create[number] = { username = address, fullname = "New " .. number, groups = groups }
    end
    for number = 1, COUNTS.name do
      actions.update[number] = { username = next_user().email, fullname = "Name " .. number }
    end
    for number = 1, COUNTS.groups do
      local user = next_user()
      actions.groups[number] =
        { username = user.email, add = { "Chaos" }, del = { user.groups[1] } }
    end
    for _, kind in ipairs { "disable", "delete" } do
      for number = 1, COUNTS[kind] do
        actions[kind][number] = next_user().email
      end
    end
    return actions
  end

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
      box.scim_url,
      box.scim_token,
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
    local actions = wanted(client)
    local limit =
      { create = 999, name = 999, join = 9999, leave = 999, disable = 999, delete = 999 }
    local plan = assert(client:plan(actions, { via = "scim", limit = limit }))
    assert.same({}, plan.body.refusals)
    for _, step in ipairs(plan.body.steps) do
      assert.equal("scim", step.via)
    end
    plan.body.expires = plan.body.expires + 366 * 86400
    require("lastpass.plan").of_body(plan.body):save(plan_path)
    assert(box:faults { command = WRITES, drop = "after", probability = 0.1, seed = seed })
    return {
      box = box,
      client = client,
      actions = actions,
      child = start(seed, box, journal, plan_path),
    }
  end

  -- Whether the directory shows what a row of the run says.
  local shows = {
    create = function(user, row)
      local is_all = user ~= nil
      for _, name in ipairs(is_all and row.groups or {}) do
        is_all = is_all and user:is_in(name)
      end
      return is_all
    end,
    name = function(user, row)
      return user.fullname == row.fullname
    end,
    groups = function(user, row)
      local left = row.del[1]
      return user:is_in "Chaos" and not (left and left ~= "Chaos" and user:is_in(left))
    end,
    disable = function(user)
      return user.status == "disabled"
    end,
    delete = function(user)
      return user == nil
    end,
  }

  local function rows_by_address(actions)
    local rows = {}
    for _, list in pairs(actions) do
      for _, row in ipairs(list) do
        rows[type(row) == "table" and row.username or row] = row
      end
    end
    return rows
  end

  local function check_company(one, run)
    local snapshot, asked = assert(one.client:snapshot()), rows_by_address(one.actions)
    local mails, done = assert(one.box:state { mails = true }).mails, 0
    for row in run:steps() do
      local about = ("%s %s: %s, %s"):format(row.kind, row.subject, row.state, tostring(row.reason))
      local user = snapshot:user(row.subject)
      assert.is_true(row.state == "done" or row.state == "not_confirmed", about)
      if row.state == "done" then
        assert.is_true(shows[row.kind](user, asked[row.subject]), about)
        done = done + 1
      end
      if row.kind == "create" then
        assert.equal(user and 1 or 0, (mails[row.subject] or {}).invitation or 0, about)
      end
    end
    return done
  end

  it("does nothing twice, and knows what became of each row", function()
    local kills = 0
    for first = 1, SEEDS, AT_ONCE do
      local begun = {}
      for seed = first, math.min(first + AT_ONCE - 1, SEEDS) do
        begun[#begun + 1] = begin(seed, boxes[#begun + 1])
      end
      for _, one in ipairs(begun) do
        local said = one.child.pipe:read "*a"
        one.child.pipe:close()
        local code, killed = said:match "^(%d+) (%d+)"
        assert.equal("0", code, plans.read(one.child.log))
        kills = kills + tonumber(killed)
        local run = assert(one.client:run(assert(one.client:runs { limit = 1 })[1].id))
        assert.equal("finished", run.state)
        local steps = 0
        for _ in run:steps() do
          steps = steps + 1
        end
        assert.is_true(check_company(one, run) >= steps * 0.9)
      end
    end
    assert.is_true(kills >= LEAST_KILLS, kills .. " kills")
  end)
end)
