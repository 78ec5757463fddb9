local support = require "spec.sandbox.support"

describe("getsfdata (enterprise-api §4.9)", function()
  it("gives folders by id with their users", function()
    local box = support.open()
    local reply = box:call("getsfdata")
    local count = 0
    for id, folder in pairs(reply) do
      count = count + 1
      assert.matches("^%d+$", id)
      assert.matches("^Shared%-", folder.sharedfoldername)
      assert.equal("number", type(folder.score))
      assert.equal("boolean", type(folder.deleted))
      local seen = {}
      for _, user in ipairs(folder.users) do
        assert.truthy((box:user(user.username)))
        assert.is_nil(seen[user.username])
        seen[user.username] = true
        for _, name in ipairs({ "readonly", "give", "can_administer" }) do
          assert.is_true(user[name] == "0" or user[name] == "1")
        end
        assert.is_false(user.superadmin)
        assert.is_nil(user.sites)
      end
      assert.is_true(#folder.users > 0)
    end
    assert.equal(6, count)
  end)

  it("lists super admins too with all", function()
    local box = support.open()
    for _, folder in pairs(box:call("getsfdata", "all")) do
      local admins = 0
      for _, user in ipairs(folder.users) do
        admins = admins + (user.superadmin and 1 or 0)
      end
      assert.is_true(admins > 0)
    end
  end)

  it("writes the flags as numbers, strings or booleans", function()
    for kind, expected in pairs({ integer = "number", string = "string", boolean = "boolean" }) do
      local box = support.open({ assumptions = { flag_type = kind } })
      local _, folder = next((box:call("getsfdata")))
      assert.equal(expected, type(folder.users[1].give))
    end
  end)

  it("writes the flags as strings, superadmin as a boolean, unless told otherwise", function()
    local count = 0
    for _, folder in pairs(support.open():call("getsfdata", "all")) do
      for _, user in ipairs(folder.users) do
        count = count + 1
        for _, name in ipairs({ "readonly", "give", "can_administer" }) do
          assert.equal("string", type(user[name]))
        end
        assert.equal("boolean", type(user.superadmin))
        assert.is_nil(user.more)
      end
    end
    assert.is_true(count > 20)
  end)

  it("writes users as an object, and a sixth value, when told to", function()
    local settings = { folder_users = "object", folder_sixth_value = true }
    local box = support.open({ assumptions = settings })
    local _, folder = next((box:call("getsfdata")))
    assert.equal(0, #folder.users)
    assert.is_string(folder.users["0"].username)
    assert.is_string(folder.users["2"].more)
    assert.is_nil(folder.users["1"])
  end)

  it("names the group that gives the right", function()
    local named = 0
    for _, folder in pairs(support.open({ users = 500 }):call("getsfdata")) do
      for _, user in ipairs(folder.users) do
        named = named + (user.group_name and 1 or 0)
      end
    end
    assert.is_true(named > 10)
  end)

  it("leaves out who has gone, and follows a change of address", function()
    local box = support.open()
    local id, folder = next((box:call("getsfdata")))
    local mail = folder.users[1].username
    box:call("enableuser", { mail })
    box:call("updateemail", { oldemail = mail, newemail = "moved@x.example" })
    box:control("POST", "state", { login = { mail } })
    local changed = box:call("getsfdata")[id].users
    assert.equal("moved@x.example", changed[1].username)
    box:call("deluser", { username = "moved@x.example", deleteaction = 2 })
    assert.equal(#changed - 1, #box:call("getsfdata")[id].users)
  end)

  it("gives [] for an account without folders", function()
    local box = support.open({ folders = 0 })
    assert.equal("[]", box:text("getsfdata"))
    assert.equal("[]", box:text("getdetailedsfdata"))
  end)

  it("takes nothing but all", function()
    local box = support.open()
    for _, data in ipairs({ "some", "", 1, {}, { data = "all" } }) do
      assert.equal("FAIL", box:call("getsfdata", data).status)
    end
  end)
end)

describe("getdetailedsfdata (enterprise-api §4.10)", function()
  it("adds the sites to each user", function()
    local box = support.open()
    local plain, detailed = box:call("getsfdata"), box:call("getdetailedsfdata")
    for id, folder in pairs(detailed) do
      assert.equal(plain[id].sharedfoldername, folder.sharedfoldername)
      assert.equal(#plain[id].users, #folder.users)
      for _, user in ipairs(folder.users) do
        assert.is_true(#user.sites > 0)
        assert.equal("string", type(user.sites[1]))
      end
    end
  end)

  it("pages; numbers may be strings; the last page is short", function()
    local box = support.open({ users = 400 })
    local seen, count, sizes = {}, 0, {}
    for index = 0, 10 do
      local page = box:call("getdetailedsfdata", {
        data = "all",
        pagesize = "20",
        pageindex = index % 2 == 0 and tostring(index) or index,
      })
      local size = 0
      for id in pairs(page) do
        assert.is_nil(seen[id])
        seen[id], size = true, size + 1
      end
      count, sizes[#sizes + 1] = count + size, size
      if size < 20 then
        break
      end
    end
    assert.same({ 20, 20, 10 }, sizes)
    assert.equal(50, count)
    assert.equal("[]", box:text("getdetailedsfdata", { pagesize = 20, pageindex = 3 }))
  end)

  it("answers 429 when asked for too much at once, while getsfdata passes", function()
    local box = support.open({ users = 500 })
    local _, reply = box:call("getdetailedsfdata", "all")
    assert.equal(429, reply.status)
    _, reply = box:call("getsfdata", "all")
    assert.equal(200, reply.status)
    box:control("POST", "state", { settings = { detailed_unpaged_max = 100 } })
    _, reply = box:call("getdetailedsfdata", "all")
    assert.equal(200, reply.status)
  end)

  it("checks its data", function()
    local box = support.open()
    for _, data in ipairs({
      "some",
      { data = "some", pagesize = 1 },
      { data = "all" },
      { pagesize = 0 },
      { pagesize = -1 },
      { pagesize = "x" },
      { pagesize = 1, pageindex = -1 },
      { pagesize = 1, index = 1 },
    }) do
      assert.equal("FAIL", box:call("getdetailedsfdata", data).status)
    end
  end)
end)

local TWO = "gustavo.wagner@lumenor.example"

describe("pushsitestousers (enterprise-api §4.13)", function()
  it("is withdrawn", function()
    local reply = support.open():call("pushsitestousers", { users = "all" })
    assert.equal("FAIL", reply.status)
    assert.matches("no longer available", reply.error)
  end)

  it("works when told to", function()
    local box = support.open({ assumptions = { push_sites = "works" } })
    assert.equal('{"status":"OK","psid":"73"}', box:text("pushsitestousers", { users = "all" }))
    assert.equal(
      "74",
      box:call("pushsitestousers", { users = "Sales", url = "https://x.example" }).psid
    )
    assert.equal("75", box:call("pushsitestousers", { users = TWO, fav = "on" }).psid)
    for _, data in ipairs({
      { users = "no@x.example" },
      { url = "x" },
      { users = "all", persistent = 1 },
      { users = "all", persistent = "2" },
      { users = "all", usernametype = "other" },
      { users = "all", fav = "off" },
      { users = "all", site = "x" },
    }) do
      assert.equal("FAIL", box:call("pushsitestousers", data).status)
    end
  end)
end)
