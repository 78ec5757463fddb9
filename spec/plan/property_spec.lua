-- For random companies and playbooks: what was planned and applied leaves nothing to plan, and taken
-- back gives the company as it was.
-- And for random files with random damage: no plan does more than the limits say, and whoever has a
-- status that nobody knows is left alone.
-- Runs first: many companies are made up.
local extent = require "spec.support.extent"
local companies = require "spec.support.companies"
local plans = require "spec.support.plans"
local support = require "spec.support.box"
local support_store = require "spec.support.store"

local unpack_list = table.unpack or unpack

collectgarbage("setpause", 400) -- many small companies: a fifth of the work was collecting them

local ROUNDS = extent(40, 500)
local COMPANIES_OF_JOURNAL = 5 -- each plan counts all that its journal has of the last day
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
local function random_declarations(random, people)
  local declarations = {}
  for _, person in ipairs(people) do
    local kind = random()
    if kind < 0.5 then
      declarations[#declarations + 1] = {
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
    declarations[#declarations + 1] = {
      email = ("joiner%d@lumenor.example"):format(number),
      fields = { fullname = "Joiner " .. number, groups = some_groups(random), active = true },
    }
  end
  for _, one in ipairs(declarations) do
    if one.fields.active == "unset" then
      one.fields.active = nil
    end
  end
  return declarations
end

local function playbook_of(declarations, missing)
  return function(p)
    for _, one in ipairs(declarations) do
      p.user(one.email)(one.fields)
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
    local path
    local steps, empty = 0, 0
    for seed = 1, ROUNDS do
      if seed % COMPANIES_OF_JOURNAL == 1 then
        path = plans.path(files)
      end
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
      local declarations = random_declarations(random, people)
      local playbook = playbook_of(declarations, pick(random, { "keep", "disable" }))
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

-- What the limits of safety.md are, worked out here once more: the share of what, and the least.
local LIMITS = {
  create = { 25, 25 },
  enable = { 2, 3 },
  name = { 25, 25 },
  join = { 10, 10 },
  leave = { 10, 10 },
  disable = { 5, 1 },
  uninvite = { 5, 1 },
  remove = { 0, 0 },
  delete = { 0, 0 },
}
local FACTORS = { day = 2, week = 3, month = 5 }
local DAYS = { day = 1, week = 7, month = 30 }

local ACTIVE = { "active", "on leave" }
local INACTIVE = { "terminated", "\195\188bergang" }
local MEANINGS =
  { active = true, ["on leave"] = true, terminated = false, ["\195\188bergang"] = false }
local FOREIGN = { "", "Aktiv", "Beendet", "inactive", "left", "0", "n/a", "active?", "Finance" }
local TEAMS = { "Finance", "Sales", "Legal", "Board" }

-- The meaning of a cell by another way than the library's: what the damages below do is undone.
local function meaning_of(cell)
  local word = cell:gsub("\194\160", " "):gsub("^%s+", ""):gsub("%s+$", "")
  word = word:gsub("%u", string.lower):gsub("\195\156", "\195\188")
  return MEANINGS[word]
end

-- A company of some people, some of whom have left; and the file that says the same of them.
local function random_company(random)
  local users, rows = {}, {}
  local left = random() * 0.5
  for position = 1, 5 + math.floor(random() * 150) do
    local email = ("person%d@acme.com"):format(position)
    local is_gone, team = position > 1 and random() < left, pick(random, TEAMS)
    local project = random() < 0.3 and "Project " .. math.floor(random() * 3) or nil
    users[position] = {
      email = email,
      fullname = "Person " .. position,
      groups = random() < 0.8 and { team, project } or {},
      disabled = is_gone,
      admin = position == 1,
    }
    rows[position] = {
      email = email,
      team = team,
      project = project or "",
      state = is_gone and pick(random, INACTIVE) or pick(random, ACTIVE),
    }
  end
  return { users = users, invited = {} }, rows
end

local damages = {}

function damages.case(random, value)
  return random() < 0.5 and value:upper() or value:sub(1, 1):upper() .. value:sub(2)
end

function damages.blanks(random, value)
  local blank = pick(random, { " ", "\194\160", "  ", "\t" })
  return random() < 0.5 and blank .. value or value .. blank
end

function damages.empty()
  return ""
end

function damages.foreign(random)
  return pick(random, FOREIGN)
end

-- Some cells of a column, or all of them, in one of the ways of a slip.
local function damage(random, rows, column)
  local kind, share = random(), random() < 0.5 and 1 or random()
  if kind < 0.5 then
    local change = damages[pick(random, { "case", "blanks", "empty", "foreign" })]
    for _, row in ipairs(rows) do
      if random() < share then
        row[column] = change(random, row[column])
      end
    end
  elseif kind < 0.65 then -- one value down the whole column
    local value = pick(random, rows)[column]
    for _, row in ipairs(rows) do
      row[column] = random() < share and value or row[column]
    end
  elseif kind < 0.8 then -- moved by a row
    local first = rows[1][column]
    for position, row in ipairs(rows) do
      row[column] = rows[position + 1] and rows[position + 1][column] or first
    end
  elseif kind < 0.9 then -- two columns changed places
    local other = pick(random, { "team", "state", "email" })
    for _, row in ipairs(rows) do
      row[column], row[other] = row[other], row[column]
    end
  else -- rows that are not there
    for position = #rows, 2, -1 do
      if random() < share * 0.3 then
        table.remove(rows, position)
      end
    end
  end
end

local function copy(rows)
  local list = {}
  for position, row in ipairs(rows) do
    list[position] = {
      email = row.email,
      team = row.team,
      project = row.project,
      state = row.state,
    }
  end
  return list
end

-- The ways in which a playbook may say it. The last one is what nobody should write.
local ways = {
  function(p, hr)
    for person in hr:rows() do
      p.user(person.email) {
        groups = { person.team or "", person.project or "" },
        active = p.status(person.state, { active = ACTIVE, inactive = INACTIVE }),
      }
    end
  end,
  function(p, hr)
    p.users(hr, {
      groups = { "team", "project" },
      active = { field = "state", active = ACTIVE, inactive = INACTIVE },
    })
  end,
  function(p, hr)
    for person in hr:rows() do
      local groups = { person.team or "", person.project or "" }
      p.user(person.email) { groups = groups, active = person.state ~= "terminated" }
    end
  end,
}
local COMPARED = 3

local function file_of(rows)
  local list = {}
  for position, row in ipairs(rows) do
    local is_first = position == 1 -- a column that nobody has makes no plan
    list[position] = {
      email = row.email,
      team = (is_first or row.team ~= "") and row.team or nil,
      project = (is_first or row.project ~= "") and row.project or nil,
      state = (is_first or row.state ~= "") and row.state or nil,
    }
  end
  return list
end

local function allowed(name, people, memberships, factor)
  local share, least = LIMITS[name][1], LIMITS[name][2]
  local whole = name == "leave" and memberships or people
  return share == 0 and 0 or math.max(math.floor(whole * share / 100), least) * factor
end

local function counts_of(steps)
  local counts = {}
  for _, step in ipairs(steps) do
    if step.kind == "groups" then
      counts.join = (counts.join or 0) + #step.after.join
      counts.leave = (counts.leave or 0) + #step.after.leave
    else
      counts[step.kind] = (counts[step.kind] or 0) + 1
    end
  end
  return counts
end

local effects = {}

function effects.create(company, step)
  local groups = { unpack_list(step.after.groups) }
  table.insert(company.users, { email = step.subject, groups = groups })
end

function effects.enable(_, _, user)
  user.disabled = false
end

function effects.disable(_, _, user)
  user.disabled = true
end

function effects.name(_, step, user)
  user.fullname = step.after.fullname
end

function effects.groups(_, step, user)
  local is_left, groups = {}, {}
  for _, name in ipairs(step.after.leave) do
    is_left[name] = true
  end
  for _, list in ipairs { user.groups, step.after.join } do
    for _, name in ipairs(list) do
      groups[#groups + 1] = not is_left[name] and name or nil
    end
  end
  user.groups = groups
end

-- What apply would do and write down.
local function carry_out(client, plan)
  local journal, tenant = companies.journal(client)
  local steps, outcomes, by_email = {}, {}, {}
  for _, user in ipairs(client.company.users) do
    by_email[user.email:lower()] = user
  end
  for number, step in ipairs(plan.body.steps) do
    local after = step.after
    steps[number] = { number = number, kind = step.kind, subject = step.subject, after = after }
    outcomes[number] = { number = number, state = "done" }
    effects[step.kind](client.company, step, by_email[step.subject:lower()])
  end
  local run =
    assert(journal:begin_run { tenant = tenant, plan = plan.name, kind = "apply", total = #steps })
  assert(journal:intend(run, steps))
  assert(journal:record(run, outcomes))
  assert(journal:end_run(run, "finished", {}))
end

local NEXT_DAY = "UPDATE lastpass_steps SET touched_at = touched_at - 86401 "
  .. "WHERE run IN (SELECT id FROM lastpass_runs WHERE tenant = ?)"

local function memberships_of(company)
  local count = 0
  for _, user in ipairs(company.users) do
    count = count + #user.groups
  end
  return count
end

describe("a plan from a damaged file", function()
  local COMPANIES, MOST_DAYS = extent(25, 60, 400), 12

  it(("does no more than the limits say: %d companies"):format(COMPANIES), function()
    local planned, refused, undecided = 0, 0, 0
    for seed = 1, COMPANIES do
      local random = plans.random(seed * 31)
      local company, rows = random_company(random)
      local client = companies.client(company)
      local journal, tenant = companies.journal(client)
      local done = {} -- by day
      for day = 1, MOST_DAYS do
        support_store.tamper(journal, NEXT_DAY, tenant)
        done[day] = {}
        for _ = 1, 1 + math.floor(random() * 3) do
          local damaged = copy(rows)
          for _ = 1, 1 + math.floor(random() * 2) do
            damage(random, damaged, pick(random, { "state", "team", "project", "email" }))
          end
          local way = math.floor(random() * #ways) + 1
          local choice = pick(random, { "keep", "disable", "remove" })
          local people, memberships = #company.users, memberships_of(company)
          local where = ("seed %d, day %d, way %d"):format(seed, day, way)
          local plan, message = companies.plan(client, function(p)
            ways[way](p, p.source.table(file_of(damaged), { name = "hr" }))
            p.missing(choice)
          end)
          if not plan then -- of a column that is empty for everybody, a mapping makes no plan
            assert.matches("nobody has the field '%l+', which the mapping names", message, where)
          end
          local steps = plan and plan.body.steps or {}
          for _, row in ipairs(way ~= COMPARED and damaged or {}) do
            if meaning_of(row.state) == nil then
              undecided = undecided + 1
              for _, step in ipairs(steps) do
                assert.is_true(
                  step.subject:lower() ~= row.email:lower(),
                  where .. ": " .. row.email
                )
              end
            end
          end
          if not plan or #plan.body.refusals > 0 then
            refused = refused + 1
          else
            planned = planned + #steps
            local counts = counts_of(steps)
            for name, count in pairs(counts) do
              assert.is_true(count <= allowed(name, people, memberships, 1), where .. ": " .. name)
              done[day][name] = (done[day][name] or 0) + count
              for span, factor in pairs(FACTORS) do
                local sum = 0
                for earlier = math.max(1, day - DAYS[span] + 1), day do
                  sum = sum + (done[earlier][name] or 0)
                end
                local most = allowed(name, people, memberships, factor)
                local text = ("%s: %s in a %s: %d of %d"):format(where, name, span, sum, most)
                assert.is_true(sum <= most, text)
              end
            end
            carry_out(client, plan)
          end
        end
      end
    end
    assert.is_true(planned > COMPANIES * 10, "too few steps: " .. planned)
    assert.is_true(refused > COMPANIES, "too few refusals: " .. refused)
    assert.is_true(undecided > COMPANIES * 50, "too few words: " .. undecided)
  end)
end)
