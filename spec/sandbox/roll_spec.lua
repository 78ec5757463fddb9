local effort = require("spec.support.effort")
local arithmetic = require "lastpass.sandbox.company.arithmetic"
local companies = require "lastpass.sandbox.company"
local people = require "lastpass.sandbox.person"
local states = require "lastpass.sandbox.state"
local time = require "lastpass.time"

local function make(users)
  return states.new(companies.new({
    cid = 1,
    seed = 1,
    users = users,
    epoch = 1781528400,
    zone = time.zone(),
  }))
end

local filters = {
  { disabled = true },
  { disabled = false },
  { admin = true },
  { admin = false, disabled = false },
  { admin = true, disabled = true },
}

-- Everybody in order with their flags, by looking at each one.
local function naive(state, order)
  local list = {}
  for _, mail in ipairs(order) do
    local person = state:user(mail)
    list[#list + 1] = { mail = mail, fields = person.fields }
  end
  return list
end

local function expected(list, filter)
  local mails = {}
  for _, entry in ipairs(list) do
    local fields = entry.fields
    if
      not filter
      or (filter.disabled == nil or filter.disabled == fields.disabled)
        and (filter.admin == nil or filter.admin == fields.admin)
    then
      mails[#mails + 1] = entry.mail
    end
  end
  return mails
end

local function walked(state, filter, skip, count)
  local mails = {}
  state:walk(filter, skip, count, function(index, person)
    mails[#mails + 1] = person and person.fields.username or state.company:mail(index)
  end)
  return mails
end

local function slice(list, skip, count)
  local part = {}
  for at = skip + 1, math.min(#list, skip + count) do
    part[#part + 1] = list[at]
  end
  return part
end

describe("lastpass.sandbox.roll", function()
  it("agrees with looking at everybody, whatever was changed", function()
    local users = 1700
    local state, random = make(users), arithmetic.random(11)
    local order = {}
    for index = 0, users - 1 do
      order[#order + 1] = state.company:mail(index)
    end
    local added = 0
    for _ = 1, 12 do
      for _ = 1, 25 do
        local at = 1 + random(#order)
        local kind = random(5)
        if kind == 0 then
          state:remove(state:user(order[at]))
          table.remove(order, at)
        elseif kind == 1 then
          added = added + 1
          local mail = ("added%d@x.example"):format(added)
          state:add(people.fresh(mail, "2026-06-15 09:00:00"))
          order[#order + 1] = mail
        elseif kind == 2 then
          added = added + 1
          local mail = ("front%d@x.example"):format(added)
          state:add(people.fresh(mail, "2026-06-15 09:00:00"), false, true)
          table.insert(order, 1, mail)
        else
          local person = state:user(order[at])
          local name = kind == 3 and "disabled" or "admin"
          person.fields[name] = not person.fields[name]
          state:keep(person)
        end
      end
      local list = naive(state, order)
      for at = 0, #filters do
        local filter = filters[at]
        local wanted = expected(list, filter)
        assert.equal(#wanted, state:count(filter))
        for _ = 1, 3 do
          local skip, count = random(#wanted + 5), 1 + random(900)
          assert.same(slice(wanted, skip, count), walked(state, filter, skip, count))
        end
      end
    end
  end)

  it("finds a position in a company of a million without walking there", function()
    local state = make(1000000)
    for index = 0, 999999, 1000 do
      state:remove(state:user(state.company:mail(index)))
    end
    assert.equal(999000, state:count())
    local instructions, list = effort.of(function()
      return walked(state, nil, 900000, 2)
    end)
    assert.is_true(instructions < 900000, instructions) -- a step for each would be as many
    assert.same({ state.company:mail(900901), state.company:mail(900902) }, list)
  end)

  it("goes on nowhere", function()
    local state = make(10)
    assert.same({}, walked(state, nil, 10, 5))
    assert.same({}, walked(state, nil, 1000, 5))
    assert.same({}, walked(state, nil, 0, 0))
    assert.same({}, walked(make(0), nil, 0, 5))
    assert.same({}, walked(make(0), { disabled = true }, 0, 5))
  end)
end)
