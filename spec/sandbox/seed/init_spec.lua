local seeds = require("lastpass.sandbox.seed")
local json = require("lastpass.json")
local time = require("lastpass.time")

local function make(users, more)
  local options = { cid = 8771312, seed = 1, users = users, epoch = 1781528400, zone = time.zone() }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return seeds.new(options)
end

local function person(company, index)
  local decoded = assert(json.decode("{" .. company:user_json(index) .. "}"))
  local id, fields = next(decoded)
  return fields, id
end

describe("lastpass.sandbox.seed", function()
  it("is the same for the same seed, in every Lua", function()
    local company = make(1000)
    assert.equal("Lumenor", company.name)
    assert.equal("gustavo.wagner@lumenor.example", company:mail(0))
    assert.equal(make(1000):user_json(777), company:user_json(777))
    assert.equal("diana.zimmermann@lumenor.example", make(1000):mail(777))
  end)

  it("differs for another seed or another cid", function()
    local text = make(1000):user_json(500)
    assert.not_equal(text, make(1000, { seed = 2 }):user_json(500))
    assert.not_equal(text, make(1000, { cid = 1 }):user_json(500))
  end)

  it("takes seeds of every size", function()
    for _, seed in ipairs({ 0, 1, 2147483647, 2147483648 }) do
      local company = make(10, { seed = seed })
      assert.equal(9, company:index(company:mail(9)))
    end
  end)

  it("computes addresses from numbers and back", function()
    for _, users in ipairs({ 10, 5000, 1000000 }) do
      local company = make(users)
      local step = math.max(1, math.floor(users / 5000))
      for index = 0, users + company.invited - 1, step do
        assert.equal(index, company:index(company:mail(index)))
      end
      assert.equal(users - 1, company:index(company:mail(users - 1)))
    end
  end)

  it("gives nobody an address twice", function()
    local company = make(20000)
    local seen = {}
    for index = 0, company.users + company.invited - 1 do
      local mail = company:mail(index)
      assert.is_nil(seen[mail])
      seen[mail] = true
    end
  end)

  it("knows an address that is nobody's", function()
    local company = make(50)
    local other = make(100000)
    for _, mail in ipairs({
      "",
      "nobody",
      "a@b",
      "no.name@lumenor.example",
      "gustavo.wagner@elsewhere.example",
      "gustavo.wagner1@lumenor.example",
      "gustavo.wagner02@lumenor.example",
      "gustavo.wagner2@lumenor.example",
      "gustavo.wagner99999999999999999999@lumenor.example",
      "GUSTAVO.WAGNER@lumenor.example",
      other:mail(90000),
    }) do
      assert.is_nil(company:index(mail))
    end
    assert.equal(0, company:index("gustavo.wagner@lumenor.example"))
  end)

  it("writes users with all documented keys and their types (enterprise-api §4.8)", function()
    local company = make(3000)
    local seen = { linked = 0, multifactor = 0, attribs = 0, absent = 0, empty = 0, escaped = 0 }
    for index = 0, 2999 do
      local user, id = person(company, index)
      assert.equal(("%.0f"):format(company:id(index)), id)
      assert.equal(company:mail(index), user.username)
      assert.equal(company:fullname(index), user.fullname)
      assert.matches("^%d+$", user.mpstrength)
      assert.is_true(tonumber(user.mpstrength) <= 100)
      assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d$", user.created)
      assert.truthy(time.parse_civil(user.last_pw_change))
      for _, name in ipairs({ "neverloggedin", "disabled", "admin", "password_reset_required" }) do
        assert.equal("boolean", type(user[name]))
      end
      assert.equal("string", type(user.legacytotalscore))
      assert.equal("boolean", type(user.hasSharingKeys))
      local disabled, admin, never = company:flags(index)
      assert.same({ disabled, admin, never }, { user.disabled, user.admin, user.neverloggedin })
      assert.is_true(user.created <= user.last_pw_change)
      if never then
        assert.equal("", user.last_login)
        assert.equal(json.null, user.totalscore)
        assert.equal(json.null, user.sites)
        assert.is_nil(user.multifactor)
      else
        assert.is_true(user.created < user.last_login)
        assert.is_true(user.last_login < "2026-06-15 09:00:00")
        assert.equal("string", type(user.totalscore))
        assert.equal("number", type(user.attachments))
      end
      seen.linked = seen.linked + (user.linked and 1 or 0)
      seen.multifactor = seen.multifactor + (user.multifactor and 1 or 0)
      seen.attribs = seen.attribs + (user.attribs and 1 or 0)
      seen.absent = seen.absent + (user.groups == nil and 1 or 0)
      seen.empty = seen.empty + (user.groups and #user.groups == 0 and 1 or 0)
      seen.escaped = seen.escaped + (company:user_json(index):find("\\u", 1, true) and 1 or 0)
    end
    for name, count in pairs(seen) do
      assert.is_true(count > 20, name .. " occurs " .. count .. " times")
    end
    assert.equal(json.null, person(company, 0).duousername)
    assert.equal(company:mail(1), person(company, 1).duousername)
  end)

  it("has an account that knows its own password's age", function()
    local company = make(500)
    for index = 0, 499 do
      local civil = time.parse_civil(person(company, index).last_pw_change)
      assert.equal(company.today - math.floor(civil / 86400), company:password_age(index))
    end
  end)

  it("lists a group's members as the members name their groups", function()
    for _, users in ipairs({ 1, 7, 50, 4000 }) do
      local company = make(users)
      local expected = {}
      for index = 0, users - 1 do
        for _, name in ipairs(person(company, index).groups or {}) do
          expected[name] = expected[name] or {}
          table.insert(expected[name], index)
        end
      end
      for group, name in ipairs(company.group_names) do
        local members = {}
        company:each_member(group, function(index)
          members[#members + 1] = index
        end)
        table.sort(members)
        assert.same(expected[name] or {}, members, name)
        expected[name] = nil
      end
      assert.is_nil(next(expected), "every group that is named is there")
    end
  end)

  it("scales its groups with its size", function()
    local company = make(100000)
    assert.is_true(#company.group_names > 450 and #company.group_names < 550)
    assert.is_true(#make(10).group_names < 10)
  end)

  it("may be empty", function()
    local company = make(0)
    assert.equal(0, company.admins)
    assert.equal(0, company.invited)
    assert.equal(0, company.folders)
    assert.same({}, company.group_names)
  end)

  it("writes some 560 bytes a person", function()
    local company = make(100000)
    local bytes = 0
    for index = 0, 19999 do
      bytes = bytes + #company:user_json(index) + 1
    end
    assert.is_true(bytes / 20000 > 500 and bytes / 20000 < 650)
  end)
end)
