-- For random companies and playbooks: what was planned and applied leaves nothing to plan, and taken
-- back gives the company as it was.
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local ROUNDS = os.getenv "LASTPASS_LONG" and 500 or 40
local GROUPS = { "All Staff", "Finance", "Sales", 'Night "shift"', "\195\156bung" }

local function pick(random, list)
  return list[math.floor(random() * #list) + 1]
end

local function some_groups(random)
  local groups = {}
  for _, name in ipairs(GROUPS) do
    if random() < 0.3 then
      groups[#groups + 1] = name
    end
  end
  return groups
end

-- A state for some of the people there are, and some who are not.
local function random_wishes(random, people)
  local wishes = {}
  for _, person in ipairs(people) do
    local kind = random()
    if kind < 0.5 then
      wishes[#wishes + 1] = {
        email = random() < 0.2 and person.email:upper() or person.email,
        fields = {
          fullname = random() < 0.5 and "Name " .. math.floor(random() * 5) or nil,
          groups = random() < 0.6 and some_groups(random) or nil,
          active = pick(random, { true, false, "unset" }),
        },
      }
    end
  end
  for number = 1, math.floor(random() * 4) do
    wishes[#wishes + 1] = {
      email = ("joiner%d@lumenor.example"):format(number),
      fields = { fullname = "Joiner " .. number, groups = some_groups(random), active = true },
    }
  end
  for _, wish in ipairs(wishes) do
    if wish.fields.active == "unset" then
      wish.fields.active = nil
    end
  end
  return wishes
end

local function playbook_of(wishes, missing)
  return function(p)
    for _, wish in ipairs(wishes) do
      p.user(wish.email)(wish.fields)
    end
    p.missing(missing)
    p.only(GROUPS)
    p.limit {
      disable = "100%",
      uninvite = "100%",
      leave = "100%",
      create = "100%",
      remove = 0,
      enable = "100%",
      join = "100%",
    }
  end
end

-- Everybody who can be compared before and after, in one text.
local function photograph(client, without)
  local lines = {}
  for user in client:users() do
    if not without[user.email:lower()] then
      local groups = user.groups
      table.sort(groups)
      lines[#lines + 1] = ("%s|%s|%s|%s"):format(
        user.email,
        user.fullname or "",
        user.status,
        table.concat(groups, ",")
      )
    end
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

describe("a plan", function()
  local box, files = nil, {}

  setup(function()
    box = support.start { users = 12, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
    plans.remove(files)
  end)

  it(("leaves nothing to plan, and can be taken back: %d companies"):format(ROUNDS), function()
    local path = plans.path(files)
    local steps, empty = 0, 0
    for seed = 1, ROUNDS do
      support.reset(box)
      local random = plans.random(seed)
      assert(box:act {
        settings = {
          unknown_group = "create",
          batchadd_makes = random() < 0.5 and "invited" or nil,
        },
      })
      assert(box:load { groups = GROUPS })
      local client = box:client { journal = path, chunk = 5 }
      local people = {}
      for user in client:users() do
        people[#people + 1] = { email = user.email, admin = user.admin }
      end
      local wishes = random_wishes(random, people)
      local playbook = playbook_of(wishes, pick(random, { "keep", "disable" }))
      local before = photograph(client, {})
      local plan, message = client:plan(playbook)
      assert(plan, message)
      if plan.body.refusals[1] then
        assert.equal("last_admin", plan.body.refusals[1].guard, seed)
      else
        steps, empty = steps + plan:count(), empty + (plan:is_empty() and 1 or 0)
        local run = assert(client:apply(plan))
        assert.is_true(run.ok, ("seed %d: %s"):format(seed, tostring(run)))
        local again = assert(client:plan(playbook))
        assert.is_true(again:is_empty(), ("seed %d: %s"):format(seed, tostring(again)))
        local undo = assert(client:undo(run.id))
        assert(client:apply(undo))
        local lost = {} -- an invitation that was withdrawn comes back as a new one
        for _, step in ipairs(plan.body.steps) do
          if step.reversal ~= "reversible" then
            lost[step.subject:lower()] = true
          end
        end
        local function without_lost(text)
          local lines = {}
          for line in text:gmatch "[^\n]+" do
            if not lost[line:match("^[^|]+"):lower()] then
              lines[#lines + 1] = line
            end
          end
          return table.concat(lines, "\n")
        end
        assert.equal(
          without_lost(before),
          photograph(client, lost),
          ("seed %d: %s"):format(seed, tostring(plan))
        )
      end
    end
    assert.is_true(steps > ROUNDS * 5, "too few steps: " .. steps)
    assert.is_true(empty < ROUNDS / 4)
  end)
end)
