-- core.commands, the list that everything else is made from, against the facts of the wire as
-- enterprise-api §4 tells them; and core.nearest.
local core = require "lastpass.core"

-- name = kind of data, data required, writes, required fields, other fields
local facts = {
  batchadd = {
    "list of objects",
    true,
    true,
    "username",
    "fullname groups duousername securidusername password password_reset_required attribs",
  },
  updateuser = { "object", true, true, "username", "fullname duousername securidusername" },
  updateemail = { "object", true, true, "oldemail newemail", "" },
  deluser = { "object", true, true, "username deleteaction", "" },
  disableuser = { "list of strings", true, true, "", "" },
  enableuser = { "list of strings", true, true, "", "" },
  reinviteuser = { "object", true, true, "username", "" },
  resetpassword = { "object", true, true, "username", "" },
  requiremasterpasswordchange = { "object", true, true, "username", "" },
  disablemultifactor = { "object", true, true, "username", "" },
  batchchangegrp = { "list of objects", true, true, "username", "add del" },
  getuserdata = { "object", false, false, "", "username disabled admin pagesize pageindex" },
  getsfdata = { "text", false, false, "", "data" },
  getdetailedsfdata = { "text or object", false, false, "", "data pagesize pageindex" },
  reporting = { "object", false, false, "", "from to search user admin next format" },
  expiredmasterpwlist = { "object", false, false, "", "limit continuation_token" },
  pushsitestousers = {
    "object",
    true,
    true,
    "users",
    "persistent url name group usernametype username password notes fav decryptid",
  },
}

describe("core.commands", function()
  it("are the seventeen, by number and by name", function()
    assert.equal(17, #core.commands)
    for _, command in ipairs(core.commands) do
      assert.equal(command, core.commands[command.name])
      assert.is_truthy(facts[command.name], command.name)
      assert.equal("function", type(core[command.name]))
    end
    for _, seed in ipairs { "batchchange", "getreport", "getevents", "adduser" } do
      assert.is_nil(core.commands[seed])
      assert.is_nil(core[seed])
    end
  end)

  for name, fact in pairs(facts) do
    it("say of " .. name .. " what the wire says", function()
      local command = core.commands[name]
      local required, others = {}, {}
      for _, field in ipairs(command.fields) do
        table.insert(field.required and required or others, field.name)
        assert.is_true(#field.description > 0)
        assert.equal("string", type(field.values))
      end
      assert.same(fact, {
        command.data,
        command.data_required,
        command.writes,
        table.concat(required, " "),
        table.concat(others, " "),
      })
      assert.matches("%.$", command.description)
      assert.matches("^https://%S+$", command.page)
      assert.equal(name == "pushsitestousers" and "withdrawn" or "documented", command.state)
    end)
  end
end)

describe("core.nearest", function()
  it("names what was probably meant", function()
    for word, nearest in pairs {
      usernme = "username",
      USERNAME = "username",
      user_name = "username",
      fulname = "fullname",
      group = "groups",
      x = false,
      something = false,
      [("u"):rep(100)] = false,
    } do
      assert.equal(nearest or nil, core.nearest(word, { "username", "fullname", "groups" }), word)
    end
  end)

  it("prefers the first of two that are as near", function()
    assert.equal("ab", core.nearest("aa", { "ab", "ac" }))
    assert.equal("aa", core.nearest("aa", { "ab", "aa" }))
  end)

  it("has nothing to name in an empty list, and minds its arguments", function()
    assert.is_nil(core.nearest("x", {}))
    assert.is_nil(core.nearest("", { "long enough" }))
    assert.has_error(function()
      core.nearest("x", { {} })
    end)
    assert.has_error(function()
      core.nearest("x")
    end)
  end)
end)
