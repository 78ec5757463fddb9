local companies = require "lastpass.sandbox.company"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.person"
local states = require "lastpass.sandbox.state"
local time = require "lastpass.time"

describe("lastpass.sandbox.state", function()
  local company, state

  before_each(function()
    company = companies.new({
      cid = 1,
      seed = 1,
      users = 40,
      invited = 2,
      epoch = 1781528400,
      zone = time.zone(),
    })
    state = states.new(company)
  end)

  it("finds the seed's people by address, whatever the case", function()
    local person = state:user(company:mail(7):upper())
    assert.equal(7, person.index)
    assert.equal(company:id(7), person.id)
    assert.equal(company:mail(7), person.fields.username)
    assert.is_nil(state:user("no@x.example"))
  end)

  it("tells users from invited people", function()
    local mail = company:mail(40)
    assert.is_true(state:person(mail).invited)
    assert.is_nil(state:user(mail))
    assert.equal(2, state:invited_count())
    state:remove(state:person(mail))
    assert.is_nil(state:person(mail))
    assert.same({ company:mail(41) }, json.decode(state:invited_json()))
  end)

  it("keeps a change only when it is told to", function()
    local person = state:user(company:mail(7))
    person.fields.fullname = "Changed"
    assert.equal(company:fullname(7), state:user(company:mail(7)).fields.fullname)
    state:keep(person)
    assert.equal("Changed", state:user(company:mail(7)).fields.fullname)
  end)

  it("writes a kept person with the bytes that the seed writes", function()
    for index = 0, 39 do
      local person = state:user(company:mail(index))
      state:keep(person)
      assert.same(
        json.decode("{" .. company:user_json(index) .. "}"),
        json.decode("{" .. people.json(person) .. "}")
      )
    end
  end)

  it("forgets an address that was given up, and can give it to somebody else", function()
    local person = state:user(company:mail(7))
    state:rename(person, "New@x.example")
    assert.is_nil(state:person(company:mail(7)))
    assert.equal(person, state:person("new@X.example"))
    assert.equal(40, state:count())
    local other = state:add(people.fresh(company:mail(7), "2026-06-15 09:00:00"))
    assert.equal(other, state:person(company:mail(7)))
    assert.equal(41, state:count())
    state:remove(person)
    assert.is_nil(state:person("new@x.example"))
    assert.equal(other, state:person(company:mail(7)))
  end)

  it("gives every new person an id above all others, or below", function()
    local last = state:add(people.fresh("a@x.example", ""))
    local first = state:add(people.fresh("b@x.example", ""), false, true)
    assert.is_true(last.id > company:id(41))
    assert.is_true(first.id < company:id(0))
    assert.is_true(state:add(people.fresh("c@x.example", "")).id > last.id)
  end)

  it("joins and leaves groups once", function()
    local person = state:add(people.fresh("a@x.example", ""))
    assert.is_false(people.leave(person, "One"))
    assert.is_true(people.join(person, "One"))
    assert.is_false(people.join(person, "One"))
    assert.same({ "One" }, person.fields.groups)
    assert.is_true(people.leave(person, "One"))
    assert.same({}, person.fields.groups)
  end)

  it("knows its groups", function()
    local count = state:group_count()
    assert.is_true(state:has_group("All Staff"))
    assert.is_false(state:has_group("New"))
    state:make_group("New")
    assert.is_true(state:has_group("New"))
    assert.equal(count + 1, state:group_count())
  end)

  it("counts mails by address and kind", function()
    state:count_mail("A@x.example", "invitation")
    state:count_mail("a@x.example", "invitation")
    state:count_mail("a@x.example", "password_reset")
    assert.same({ ["a@x.example"] = { invitation = 2, password_reset = 1 } }, state.mails)
  end)
end)
