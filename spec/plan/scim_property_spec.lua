-- The same random changes over SCIM and over the Enterprise API, of two companies that are equal: they end equal. What
-- a plan then still has to do is nothing, and taking it back leads to the same again. 2 or 40 seeds.
local extent = require "spec.support.extent"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local SEEDS = extent(2, 40)
local MOST =
  { create = 200, name = 200, join = 999, leave = 999, disable = 99, enable = 99, delete = 9 }

describe("a plan via scim", function()
  local boxes, files

  setup(function()
    boxes, files = {}, {}
    for _, via in ipairs { "enterprise", "scim" } do
      boxes[via] = support.start { users = 80, seed = 11 }
    end
  end)

  teardown(function()
    for _, box in pairs(boxes) do
      box:stop()
    end
    plans.remove(files)
  end)

  -- Random actions for people of the company; nobody is asked two things that contradict each other.
  local function actions_of(client, random)
    local groups, people = { "Chaos", "New ones", "Ärzte", 'Quotes " and \\' }, {}
    local actions =
      { create = {}, enable = {}, update = {}, groups = {}, disable = {}, delete = {} }
    local function some_groups()
      local list = {}
      for _, name in ipairs(groups) do
        list[#list + 1] = random() < 0.4 and name or nil
      end
      return list
    end
    for user in client:users() do
      people[#people + 1] = user
      for _, name in ipairs(#groups < 8 and user.groups or {}) do
        groups[#groups + 1] = name
      end
    end
    for _, user in ipairs(people) do
      local chance = random()
      if user.admin or user.status == "invited" then
        chance = 1
      end
      if chance < 0.1 then
        table.insert(actions[user.status == "active" and "disable" or "enable"], user.email)
      elseif chance < 0.12 then
        table.insert(actions.delete, user.email)
      elseif chance < 0.3 then
        local fullname = ("Renamed %d"):format(math.floor(random() * 1e6))
        table.insert(actions.update, { username = user.email, fullname = fullname })
      elseif chance < 0.6 then
        local row = { username = user.email, add = some_groups(), del = { user.groups[1] } }
        if #row.add + #row.del > 0 then
          table.insert(actions.groups, row)
        end
      end
    end
    for number = 1, 5 do
      local fullname = random() < 0.7 and ("Joe O'Neill %d"):format(number) or nil
      actions.create[number] = {
        username = ("joe+%d@x.example"):format(number),
        fullname = fullname,
        groups = some_groups(),
      }
    end
    return actions
  end

  -- What a company is like. Who was created is invited over the Enterprise API, where no groups are shown.
  local function state_of(client)
    local state = {}
    for user in client:users() do
      local groups = user.groups
      table.sort(groups)
      state[user.email] = user.email:find "^joe" and true
        or table.concat({ user.status, user.fullname or "", table.concat(groups, ",") }, "|")
    end
    return state
  end

  local function apply(via, seed)
    local box = boxes[via]
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    local client = box:client { journal = plans.path(files) }
    local before = state_of(client)
    local actions = actions_of(client, plans.random(seed))
    local plan = assert(client:plan(actions, { via = via, limit = MOST }))
    assert.same({}, plan.body.refusals)
    local final = #actions.delete > 0 and #actions.delete or nil
    local run = assert(client:apply(plan, { confirm_final = final, chunk = 7 }))
    assert.is_true(run.ok, tostring(run))
    local rest = assert(client:plan(actions, { limit = MOST }))
    for _, step in ipairs(rest.body.steps) do
      assert.equal("delete", step.kind) -- which is asked for, whoever is there
    end
    return client, run, before
  end

  for seed = 1, SEEDS do
    it(
      ("ends as over the Enterprise API, and is taken back to the same (seed %d)"):format(seed),
      function()
        local ends, ends_undone = {}, {}
        for via in pairs(boxes) do
          local client, run = apply(via, seed)
          ends[via] = state_of(client)
          local undo = assert(client:undo(run.id))
          assert.equal(via == "scim" and "scim" or nil, undo.body.via)
          local undone = assert(client:apply(undo, { chunk = 7 }))
          assert.is_true(undone.ok, tostring(undone))
          ends_undone[via] = state_of(client)
        end
        assert.same(ends.enterprise, ends.scim)
        assert.same(ends_undone.enterprise, ends_undone.scim)
      end
    )
  end
end)
