local clocks = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.company.people"

describe("lastpass.sandbox.company.people", function()
  local company, seeded

  before_each(function()
    company = companies.new({ cid = 1, seed = 1, users = 40, invited = 2 }, clocks.new(nil, true))
    seeded = company.seeded
  end)

  it("finds the seed's people by address, whatever the case", function()
    local person = company:user(seeded:mail(7):upper())
    assert.equal(7, person.index)
    assert.equal(seeded:id(7), person.id)
    assert.equal(seeded:mail(7), person.fields.username)
    assert.is_nil(company:user("no@x.example"))
  end)

  it("tells users from invited people", function()
    local mail = seeded:mail(40)
    assert.is_true(company:person(mail).invited)
    assert.is_nil(company:user(mail))
    assert.equal(2, company:invited_count())
    company:remove(company:person(mail))
    assert.is_nil(company:person(mail))
    assert.same({ seeded:mail(41) }, json.decode(company:invited_json()))
  end)

  it("stores a change only when it is saved", function()
    local person = company:user(seeded:mail(7))
    person.fields.fullname = "Changed"
    assert.equal(seeded:fullname(7), company:user(seeded:mail(7)).fields.fullname)
    company:save(person)
    assert.equal("Changed", company:user(seeded:mail(7)).fields.fullname)
  end)

  it("writes a saved person with the bytes that the seed writes", function()
    for index = 0, 39 do
      local person = company:user(seeded:mail(index))
      company:save(person)
      assert.same(
        json.decode("{" .. seeded:user_json(index) .. "}"),
        json.decode("{" .. people.json(person) .. "}")
      )
    end
  end)

  it("forgets an address that was given up, and can give it to somebody else", function()
    local person = company:user(seeded:mail(7))
    company:rename(person, "New@x.example")
    assert.is_nil(company:person(seeded:mail(7)))
    assert.equal(person, company:person("new@X.example"))
    assert.equal(40, company:count())
    local other = company:add(people.new_fields(seeded:mail(7), "2026-06-15 09:00:00"))
    assert.equal(other, company:person(seeded:mail(7)))
    assert.equal(41, company:count())
    company:remove(person)
    assert.is_nil(company:person("new@x.example"))
    assert.equal(other, company:person(seeded:mail(7)))
  end)

  it("gives every new person an id above all others, or below", function()
    local last = company:add(people.new_fields("a@x.example", ""))
    local first = company:add(people.new_fields("b@x.example", ""), false, true)
    assert.is_true(last.id > seeded:id(41))
    assert.is_true(first.id < seeded:id(0))
    assert.is_true(company:add(people.new_fields("c@x.example", "")).id > last.id)
  end)

  it("joins and leaves groups once", function()
    local person = company:add(people.new_fields("a@x.example", ""))
    assert.is_false(people.leave(person, "One"))
    assert.is_true(people.join(person, "One"))
    assert.is_false(people.join(person, "One"))
    assert.same({ "One" }, person.fields.groups)
    assert.is_true(people.leave(person, "One"))
    assert.same({}, person.fields.groups)
  end)

  it("knows its groups", function()
    local count = company:group_count()
    assert.is_true(company:has_group("All Staff"))
    assert.is_false(company:has_group("New"))
    company:make_group("New")
    assert.is_true(company:has_group("New"))
    assert.equal(count + 1, company:group_count())
  end)

  it("counts mails by address and kind", function()
    company:count_mail("A@x.example", "invitation")
    company:count_mail("a@x.example", "invitation")
    company:count_mail("a@x.example", "password_reset")
    assert.same({ ["a@x.example"] = { invitation = 2, password_reset = 1 } }, company.mails)
  end)
end)
