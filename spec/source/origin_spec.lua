local origin = require "lastpass.source.origin"

describe("an origin", function()
  it("names the line of a file", function()
    local place = origin.of_file("hr.csv", 3, 17)
    assert.same({ file = "hr.csv", row = 3, line = 17 }, place)
    assert.equal("hr.csv:17", tostring(place))
  end)

  it("names the row of a list", function()
    assert.equal("table:3", tostring(origin.of_list("table", 3)))
  end)

  it("can be told from a mark and another of its source", function()
    for _, pair in ipairs {
      { origin.of_file("hr.csv", 3, 17), origin.of_file("hr.csv", 4, 18) },
      { origin.of_list("table", 3), origin.of_list("table", 4) },
      {
        origin.of_entry("ldap://h", "o=x", "cn=a,o=x"),
        origin.of_entry("ldap://h", "o=x", "cn=b"),
      },
    } do
      assert.equal(tostring(pair[1]), origin.text(pair[2], origin.mark(pair[1])))
    end
  end)

  it("names the entry of a directory beneath the base", function()
    local base, url = "ou=people,dc=acme", "ldap://host"
    local function shown(dn)
      return tostring(origin.of_entry(url, base, dn))
    end
    assert.equal("ldap://host/ou=people,dc=acme uid=ann", shown "uid=ann,ou=people,dc=acme")
    assert.equal("ldap://host/ou=people,dc=acme uid=a,ou=x", shown "uid=a,ou=x,OU=People,DC=acme")
    assert.equal("ldap://host/ou=people,dc=acme", shown "ou=people,dc=acme")
    assert.equal("ldap://host/uid=ann,ou=staff,dc=acme", shown "uid=ann,ou=staff,dc=acme")
  end)
end)
