local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local clocks = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local effort = require "spec.support.effort"
local people = require "lastpass.sandbox.company.people"

local function make(users)
  return companies.new({ cid = 1, seed = 1, users = users }, clocks.new(nil, true))
end

local filters = {
  { disabled = true },
  { disabled = false },
  { admin = true },
  { admin = false, disabled = false },
  { admin = true, disabled = true },
}

-- Everybody in order with their flags, by looking at each one.
local function naive(company, order)
  local list = {}
  for _, mail in ipairs(order) do
    local person = company:user(mail)
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

local function walked(company, filter, skip, count)
  local mails = {}
  company:walk(filter, skip, count, function(index, person)
    mails[#mails + 1] = person and person.fields.username or company.seeded:mail(index)
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

describe("lastpass.sandbox.company: users in their order", function()
  it("agrees with looking at everybody, whatever was changed", function()
    local users = 1700
    local company, random = make(users), arithmetic.random(11)
    local order = {}
    for index = 0, users - 1 do
      order[#order + 1] = company.seeded:mail(index)
    end
    local added = 0
    for _ = 1, 12 do
      for _ = 1, 25 do
        local at = 1 + random(#order)
        local kind = random(5)
        if kind == 0 then
          company:remove(company:user(order[at]))
          table.remove(order, at)
        elseif kind == 1 then
          added = added + 1
          local mail = ("added%d@x.example"):format(added)
          company:add(people.new_fields(mail, "2026-06-15 09:00:00"))
          order[#order + 1] = mail
        elseif kind == 2 then
          added = added + 1
          local mail = ("front%d@x.example"):format(added)
          company:add(people.new_fields(mail, "2026-06-15 09:00:00"), false, true)
          table.insert(order, 1, mail)
        else
          local person = company:user(order[at])
          local name = kind == 3 and "disabled" or "admin"
          person.fields[name] = not person.fields[name]
          company:save(person)
        end
      end
      local list = naive(company, order)
      for at = 0, #filters do
        local filter = filters[at]
        local wanted = expected(list, filter)
        assert.equal(#wanted, company:count(filter))
        for _ = 1, 3 do
          local skip, count = random(#wanted + 5), 1 + random(900)
          assert.same(slice(wanted, skip, count), walked(company, filter, skip, count))
        end
      end
    end
  end)

  it("finds a position in a company of a million without walking there", function()
    local company = make(1000000)
    for index = 0, 999999, 1000 do
      company:remove(company:user(company.seeded:mail(index)))
    end
    assert.equal(999000, company:count())
    local instructions, list = effort.of(function()
      return walked(company, nil, 900000, 2)
    end)
    assert.is_true(instructions < 900000, instructions) -- a step for each would be as many
    assert.same({ company.seeded:mail(900901), company.seeded:mail(900902) }, list)
  end)

  it("goes on nowhere", function()
    local company = make(10)
    assert.same({}, walked(company, nil, 10, 5))
    assert.same({}, walked(company, nil, 1000, 5))
    assert.same({}, walked(company, nil, 0, 0))
    assert.same({}, walked(make(0), nil, 0, 5))
    assert.same({}, walked(make(0), { disabled = true }, 0, 5))
  end)
end)
