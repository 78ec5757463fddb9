local check = require "spec.support.check"
local ldap_groups = require "lastpass.source.ldap_groups"

-- A directory of groups: a list of {dn, attributes}.
local function connection(entries)
  local at = 0
  return {
    search = function()
      return 1
    end,
    next = function()
      at = at + 1
      if entries[at] then
        return "entry", entries[at][1], entries[at][2]
      end
      return "done", { code = 0, message = "Success", referrals = {} }
    end,
    dn = function(_, text)
      local name = text:match "^%s*%w+=([^,]*)"
      if name then
        return text:lower():gsub(", ", ","), name
      end
    end,
  }
end

local function group(name, members, more)
  local attributes = { cn = { name }, member = members }
  for key, value in pairs(more or {}) do
    attributes[key] = value
  end
  return { "cn=" .. name, attributes }
end

local function read(entries, options)
  return ldap_groups.read(connection(entries), options or {}, {
    where = "here",
    base = "o=people",
    timeout = 1,
  })
end

local function groups_of(groups, dn, attributes)
  local list, message = groups:of(dn, attributes or {})
  return list and table.concat(list, ",") or message
end

describe("ldap_groups", function()
  it("finds the groups of a person and those that hold them, in circles too", function()
    local groups = assert(read {
      group("Sales", { "uid=ann", "UID=Bob, o=x" }),
      group("EMEA", { "CN=sales", "uid=cid" }),
      group("All", { "cn=emea", "cn=all" }),
      group("Ring A", { "cn=ring b", "uid=ann" }),
      group("Ring B", { "cn=ring a" }),
      group("Empty"),
    })
    assert.equal("All,EMEA,Ring A,Ring B,Sales", groups_of(groups, "uid=ann"))
    assert.equal("All,EMEA,Sales", groups_of(groups, "uid=bob,o=x"))
    assert.equal("", groups_of(groups, "uid=nobody"))
    groups:finish()
    assert.same({ count = 6, pages = 1, other_members = 1 }, groups.proof)
    assert.equal("All,EMEA", groups_of(groups, "uid=cid"))
  end)

  it("stays with those that name the person when asked to", function()
    local groups = assert(read({ group("A", { "uid=ann" }), group("B", { "cn=a" }) }, {
      nested = false,
    }))
    assert.equal("A", groups_of(groups, "uid=ann"))
  end)

  it("goes as deep as groups do", function()
    local entries, depth = { group("g1", { "uid=ann" }) }, 20000
    for level = 2, depth do
      entries[level] = group("g" .. level, { "cn=g" .. level - 1 })
    end
    assert.equal(depth, #assert(read(entries)):of("uid=ann", {}))
  end)

  it("knows members by an attribute", function()
    local groups = assert(read({
      { "cn=A", { cn = { "A" }, memberuid = { "ANN", "gone" } } },
      { "cn=B", { cn = { "B" }, memberuid = { "ann" } } },
    }, { member = "memberUid", by = "uid" }))
    assert.same({ "uid" }, groups:attributes())
    assert.equal("A,B", groups_of(groups, "cn=Ann Lee", { uid = { "ann" } }))
    assert.equal("", groups_of(groups, "cn=Bob"))
    groups:finish()
    assert.equal(1, groups.proof.other_members)
  end)

  it("knows groups by what people say, with and without reading them", function()
    local entries = { group("A", nil, { memberof = { "cn=B" } }), group("B") }
    local groups = assert(read(entries, { member_of = "memberOf", base = "o=x" }))
    assert.same({ "memberof" }, groups:attributes())
    assert.equal("A,B", groups_of(groups, "uid=ann", { memberof = { "CN=a", "cn=unread" } }))
    groups = assert(read(nil, { member_of = "memberOf" }))
    assert.is_nil(groups.proof)
    assert.equal("A,B", groups_of(groups, "uid=ann", { memberof = { "cn=B", "cn=A" } }))
    assert.equal("", groups_of(groups, "uid=bob"))
    check.failure("argument", "bad_name", groups:of("uid=cid", { memberof = { "what" } }))
    check.failure(
      "argument",
      "duplicate_group",
      groups:of("uid=cid", { memberof = { "cn=b,o=x" } })
    )
  end)

  it("takes no two groups for one, and none without a name", function()
    local err = check.failure(
      "argument",
      "duplicate_group",
      read { group("A"), { "cn=a,ou=2", { cn = { "a" } } } }
    )
    assert.equal("here: two groups are called 'a': cn=A and cn=a,ou=2", err.message)
    check.failure("argument", "unnamed_group", read { { "cn=A", {} } })
    check.failure("argument", "unnamed_group", read { { "cn=C", { cn = { "A", "B" } } } })
    local groups = assert(read { { "cn=B", { cn = { "A", "B" }, member = { "uid=ann" } } } })
    assert.equal("B", groups_of(groups, "uid=ann"))
  end)

  it("looks for members where the group's class has them", function()
    local groups = assert(read {
      { "cn=A", { cn = { "A" }, objectclass = { "top", "groupOfNames" }, member = { "uid=ann" } } },
      {
        "cn=B",
        {
          cn = { "B" },
          objectclass = { "groupOfUniqueNames" },
          uniquemember = { "uid=ann#'0101'B", "uid=bob" },
          member = { "uid=cid" }, -- what such a group has of another class is not read
        },
      },
      { "cn=C", { cn = { "C" }, objectclass = { "posixGroup" }, memberuid = { "ann", "Bob" } } },
      { "cn=D", { cn = { "D" }, objectclass = { "ourOwn" }, uniquemember = { "cn=c" } } },
    })
    assert.same({ "uid" }, groups:attributes())
    assert.equal("A,B,C,D", groups_of(groups, "uid=ann", { uid = { "other", "ann" } }))
    assert.equal("B,C,D", groups_of(groups, "uid=bob", { uid = { "bob" } }))
    assert.equal("B", groups_of(groups, "uid=bob", {}))
    assert.equal("", groups_of(groups, "uid=cid", {}))
    assert.is_true(groups:finish(3))
  end)

  it("finds members of memberUid by another attribute, those of other classes by name", function()
    local groups = assert(read({
      { "cn=A", { cn = { "A" }, objectclass = { "groupOfNames" }, member = { "uid=ann" } } },
      { "cn=B", { cn = { "B" }, objectclass = { "posixGroup" }, memberuid = { "ann@x" } } },
    }, { by = "mail" }))
    assert.same({ "mail" }, groups:attributes())
    assert.equal("A,B", groups_of(groups, "uid=ann", { mail = { "Ann@X" } }))
  end)

  it("is not complete without a group, a member, or one who was read", function()
    local ann = { group("A", { "uid=ann" }) }
    local elsewhere = { { "cn=B", { cn = { "B" }, uniquemember = { "uid=ann" } } }, ann[1] }
    for _, case in ipairs {
      {
        {},
        nil,
        "no_groups",
        "no group was found under 'o=people' with the filter (|(objectClass=",
      },
      { {}, { filter = "(a=b)" }, "no_groups", "with the filter (a=b)" },
      { { group "A" }, nil, "no_members", "none of the 1 groups has a value of 'member', 'unique" },
      { ann, { member = "members" }, "members_elsewhere", "in 'member', not in 'members'" },
      {
        elsewhere,
        { member = "member" },
        "members_elsewhere",
        "'cn=B' has its members in 'unique",
      },
      { { group "A" }, { member = "x" }, "no_members", "none of the 1 groups has a value of 'x'" },
      { { group("A", { "uid=bob" }) }, nil, "no_members", "none of them is among the people who" },
      { ann, { by = "uidd", member = "member" }, "no_members", "none of them is among the people" },
      { ann, { member_of = "memberOff", base = "o=x" }, "no_members", "nobody has a value of" },
      { nil, { member_of = "memberOff" }, "no_members", "nobody has a value of 'memberoff'" },
      { ann, { primary = true }, "no_members", "nobody has a value of 'primaryGroupID'" },
    } do
      local groups = assert(read(case[1], case[2]))
      groups_of(groups, "uid=ann", {})
      local err = check.failure("protocol", case[3], groups:finish(1))
      assert.truthy(err.message:find(case[4], 1, true), err.message)
      assert.truthy(err.hint:find("allow_empty = true", 1, true))
      local options = { allow_empty = true }
      for name, value in pairs(case[2] or {}) do
        options[name] = value
      end
      groups = assert(read(case[1], options))
      groups_of(groups, "uid=ann", {})
      assert.is_true(groups:finish(1))
    end
    assert.is_true(assert(read { group("A", { "uid=bob" }) }):finish(0)) -- nobody was read at all
  end)

  it("knows the primary group by the SID of Active Directory", function()
    local domain = "\1\5\0\0\0\0\0\5\21\0\0\0" .. "abcdefghijkl"
    local groups = assert(read({
      group("Domain Users", nil, { objectsid = { domain .. "\1\2\0\0" } }),
      group("Staff", { "cn=domain users" }, { objectsid = { domain .. "\81\4\0\0" } }),
      group("Other", { "uid=bob" }, { objectsid = { domain:gsub("l$", "m") .. "\1\2\0\0" } }),
    }, { primary = true }))
    assert.same({ "primaryGroupID", "objectSid" }, groups:attributes())
    local ann = { primarygroupid = { "513" }, objectsid = { domain .. "\9\9\9\9" } }
    assert.equal("Domain Users,Staff", groups_of(groups, "uid=ann", ann))
    ann.primarygroupid = { "1105" }
    assert.equal("Staff", groups_of(groups, "uid=ann", ann))
    ann.primarygroupid = { "514" }
    assert.equal("", groups_of(groups, "uid=ann", ann))
    assert.equal("Other", groups_of(groups, "uid=bob", {}))
    assert.is_true(groups:finish(2))
  end)

  it("reads all the parts in which Active Directory gives many members", function()
    local done = { "done", { code = 0, message = "Success", referrals = {} } }
    local large = { cn = { "A" }, objectclass = { "group" }, member = {} }
    large["member;range=0-1"] = { "uid=ann", "uid=bob" }
    local messages = {
      { "entry", "cn=A", large },
      { "entry", "cn=A", { ["member;range=2-3"] = { "uid=cid", "uid=dan" } } },
      done,
      { "entry", "cn=A", { ["member;range=4-*"] = { "uid=eve" } } },
      done,
      done,
    }
    local asked = {}
    local groups = assert(ldap_groups.read({
      search = function(_, request)
        asked[#asked + 1] = request.attributes[1]
        return #asked
      end,
      next = function()
        local message = table.remove(messages, 1)
        return message[1], message[2], message[3]
      end,
      dn = connection({}).dn,
    }, {}, { where = "here", base = "o=people", timeout = 1 }))
    assert.same({ "cn", "member;range=2-*", "member;range=4-*" }, asked)
    for _, name in ipairs { "ann", "bob", "cid", "dan", "eve" } do
      assert.equal("A", groups_of(groups, "uid=" .. name))
    end
  end)
end)
