local problems = require "lastpass.source.problems"

describe("an origin", function()
  it("names the line of a file", function()
    local place = problems.origin { file = "hr.csv", row = 3, line = 17 }
    assert.same({ file = "hr.csv", row = 3, line = 17 }, place)
    assert.equal("hr.csv:17", tostring(place))
  end)

  it("names the row of a list", function()
    assert.equal("table:3", tostring(problems.origin { list = "table", row = 3 }))
  end)

  it("can be told from a mark and another of its source", function()
    for _, pair in ipairs {
      {
        problems.origin { file = "hr.csv", row = 3, line = 17 },
        problems.origin { file = "hr.csv", row = 4, line = 18 },
      },
      { problems.origin { list = "table", row = 3 }, problems.origin { list = "table", row = 4 } },
      {
        problems.origin { url = "ldap://h", base = "o=x", dn = "cn=a,o=x" },
        problems.origin { url = "ldap://h", base = "o=x", dn = "cn=b" },
      },
    } do
      assert.equal(tostring(pair[1]), problems.origin_text(pair[2], problems.origin_mark(pair[1])))
    end
  end)

  it("names the entry of a directory beneath the base", function()
    local base, url = "ou=people,dc=acme", "ldap://host"
    local function shown(dn)
      return tostring(problems.origin { url = url, base = base, dn = dn })
    end
    assert.equal("ldap://host/ou=people,dc=acme uid=ann", shown "uid=ann,ou=people,dc=acme")
    assert.equal("ldap://host/ou=people,dc=acme uid=a,ou=x", shown "uid=a,ou=x,OU=People,DC=acme")
    assert.equal("ldap://host/ou=people,dc=acme", shown "ou=people,dc=acme")
    assert.equal("ldap://host/uid=ann,ou=staff,dc=acme", shown "uid=ann,ou=staff,dc=acme")
  end)
end)

describe("a problem", function()
  it("has its origin's fields and counts as refused", function()
    local self = { proof = { refused = 2 }, problems = {} }
    local place = problems.origin { file = "hr.json", row = 3, line = 17 }
    local column = { name = "fullname", label = "name" }
    local person, refused = problems.refuse(self, place, "missing_value", "'name' is empty", {
      column = column,
      value = ("x"):rep(2000),
      key = "ann@acme.com",
    })
    assert.is_nil(person)
    assert.equal(3, self.proof.refused)
    assert.equal(refused, self.problems[1])
    assert.same({
      file = "hr.json",
      row = 3,
      line = 17,
      origin = place,
      code = "missing_value",
      reason = "'name' is empty",
      field = "fullname",
      column = "name",
      value = ("x"):rep(1000),
      key = "ann@acme.com",
    }, refused)
    assert.equal("hr.json:17: 'name' is empty", tostring(refused))
  end)

  it("shows values short, on one line and without what a terminal would act on", function()
    assert.equal("'a?[2Jb??c'", problems.shown "a\27[2Jb\n\0c")
    -- The last character may have been cut in two, so it goes.
    assert.equal("'" .. ("\195\188"):rep(29) .. "…'", problems.shown(("\195\188"):rep(100)))
    assert.equal("'" .. ("x"):rep(60) .. "…'", problems.shown(("x"):rep(61)))
    assert.equal("'" .. ("x"):rep(60) .. "'", problems.shown(("x"):rep(60)))
  end)
end)
