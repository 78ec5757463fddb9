local people = require "lastpass.report.people"

describe("lastpass.report.people", function()
  it("picks columns by name", function()
    local own = { name = "own", title = "Own" }
    local columns = people.pick("email", own, "last_login")
    assert.same(
      { "email", "own", "last_login" },
      { columns[1].name, columns[2].name, columns[3].name }
    )
    assert.has_error(function()
      people.pick "e-mail"
    end)
  end)

  it("copies what is shown of a user, groups sorted", function()
    local user = { email = "a@x.example", status = "active", groups = { "B", "A" } }
    local row = people.row(user)
    assert.same({ "A", "B" }, row.groups)
    assert.same({ "B", "A" }, user.groups)
    assert.is_false(row.admin)
  end)

  it("takes the domain of an address", function()
    assert.equal("acme.example", people.domain "Ann@Acme.Example")
    assert.equal("", people.domain "nobody")
  end)
end)
