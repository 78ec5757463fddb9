--- Writes through the unified directory, over a sandbox company.
local box_support = require "spec.support.box"
local gateway = require "spec.support.gateway"
local json = require "lastpass.json"
local tenants = require "spec.support.tenant"

describe("writing through the gateway", function()
  local box, tenant, site
  setup(function()
    box = box_support.start { users = 40, seed = 2 }
  end)
  teardown(function()
    box:stop()
  end)

  local function start(settings, client)
    tenant = tenants.of(box, { client = client })
    site = gateway.start({ acme = tenant }, { settings = settings })
  end

  local function somebody(filter, skip)
    for user in tenant:directory().snapshot:users(filter) do
      skip = (skip or 0) - 1
      if skip < 0 and (filter.admin or not user.admin) then
        return user, ("%d"):format(user.id or 0)
      end
    end
  end

  before_each(function()
    box_support.reset(box)
    start()
  end)

  it("creates somebody and shows the invitation", function()
    local response = site:unified("POST", "users", {
      emails = { { email = "new.hire@lumenor.example", is_primary = true } },
      first_name = "New",
      last_name = "Hire",
      groups = { { name = "Engineering" } },
      title = "",
    })
    assert.equal(201, response.status, response.body)
    assert.equal("New Hire", response.json.name)
    assert.equal("new.hire@lumenor.example", response.json.username)
    assert.equal("Engineering", response.json.groups[1].name)
    assert.same({
      time = site:last().time,
      token = "all",
      tenant = "acme",
      request = "req-1",
      remote_address = "192.0.2.9",
      action = "create",
      subjects = { "new.hire@lumenor.example" },
      count = 1,
      fields = { "fullname", "groups" },
      outcome = "done",
    }, site:last())
    -- it can be found at once, by the address and by the id it was given
    assert.equal(response.json.id, site:unified("GET", "users/new.hire@lumenor.example").json.id)
    assert.equal(200, site:unified("GET", "users/" .. response.json.id).status)
  end)

  it("shows whoever is only invited under the name of the invitation", function()
    assert(box:act { settings = { batchadd_makes = "invited" } })
    local response = site:unified("POST", "users", { username = "new.hire@lumenor.example" })
    assert.equal(201, response.status, response.body)
    assert.equal("invited", response.json.status)
    assert.match("^inv_", response.json.id)
    assert.equal(200, site:unified("GET", "users/" .. response.json.id).status)
    assert.equal(200, site:unified("DELETE", "users/" .. response.json.id).status)
    assert.equal("uninvite", site:last().action)
    assert.equal(404, site:unified("GET", "users/" .. response.json.id).status)
  end)

  it("does not change somebody who is there, unless it is told to", function()
    local user = somebody { status = "active" }
    local body = { username = user.email, name = "Another Name" }
    local response = site:unified("POST", "users", body)
    assert.equal(409, response.status)
    assert.is_nil(response.json.truto_is_remote_error)
    assert.equal(("%d"):format(user.id), response.json.details.id)
    assert.equal(0, box_support.requests(box, "batchadd"))
    response = site:unified("POST", "users?remote_query[upsert]=true", body)
    assert.equal(201, response.status, response.body)
  end)

  it("refuses by name what LastPass cannot take", function()
    local user, id = somebody { status = "active" }
    for field, body in pairs {
      emails = { name = "No Address" },
      title = { username = "a@lumenor.example", title = "Boss" },
      phones = { username = "a@lumenor.example", phones = { { number = "1" } } },
      roles = { username = "a@lumenor.example", roles = { { id = "admin" } } },
      groups = { username = "a@lumenor.example", groups = { { x = 1 } } },
      name = { username = "a@lumenor.example", name = { "x" } },
      status = { username = "a@lumenor.example", status = "inactive" },
      is_2fa_enabled = { username = "a@lumenor.example", is_2fa_enabled = true },
      frist_name = { username = "a@lumenor.example", frist_name = "A" },
      ["remote_data.x"] = { username = "a@lumenor.example", remote_data = { x = 1 } },
      ["remote_data.attribs"] = {
        username = "a@lumenor.example",
        remote_data = { attribs = { a = 1 } },
      },
    } do
      local response = site:unified("POST", "users", body)
      assert.equal(422, response.status, field .. response.body)
      assert.truthy(response.json.message:find(field, 1, true), response.json.message)
      assert.equal(1, #response.json.details.failures)
    end
    for field, body in pairs {
      title = { title = "Boss" },
      roles = { roles = { { id = "super_admin", name = "x" } } },
      is_2fa_enabled = { is_2fa_enabled = not user.mfa },
      password = { password = "x" },
      emails = { emails = { { email = "no address" } } },
      status = { status = "deleted" },
      ["status cannot"] = { status = "" },
      ["emails is empty"] = { emails = json.list {} },
      ["name cannot"] = { name = "" },
      ["name cannot be"] = { first_name = "", last_name = " " },
      last_name = { last_name = "A\0B" },
      groups = { groups = { { name = "A\nB" } } },
      ["user_type cannot"] = { user_type = "" },
      ["emails cannot"] = { status = "inactive", emails = { { email = "x@lumenor.example" } } },
    } do
      local response = site:unified("PATCH", "users/" .. id, body)
      local expected = field == "is_2fa_enabled" and user.mfa and 400 or 422
      assert.equal(expected, response.status, field .. response.body)
      local message = response.json.message
      assert.truthy(expected == 400 or message:find(field, 1, true), message)
    end
    assert.equal(400, site:unified("POST", "users", "{").status)
    assert.equal(400, site:unified("POST", "users", "[]").status)
    assert.equal(400, site:unified("POST", "users", "7").status)
    assert.equal(
      415,
      site:unified("POST", "users", "{}", { headers = { ["content-type"] = "text/plain" } }).status
    )
    assert.equal(400, site:unified("POST", "users?status=active", {}).status)
    assert.equal(0, #site.lines)
  end)

  it("takes back what it has shown, unchanged, without a call that writes", function()
    local _, id = somebody { status = "active" }
    local shown = site:unified("GET", "users/" .. id).json
    shown.remote_data = nil
    local response = site:unified("PATCH", "users/" .. id, shown)
    assert.equal(200, response.status, response.body)
    assert.equal(0, #site.lines)
  end)

  it("keeps the part of a name that nothing is said of", function()
    local _, id = somebody { status = "active" }
    local function change(body)
      local response = site:unified("PATCH", "users/" .. id, body)
      assert.equal(200, response.status, response.body)
      return response.json.name
    end
    assert.equal("Ada King Lovelace", change { name = " Ada  King Lovelace " })
    assert.equal("Ada Smith", change { last_name = "Smith" })
    assert.equal("Ann Smith", change { first_name = "Ann", last_name = json.null })
    local shown = site:unified("GET", "users/" .. id).json
    shown.remote_data, shown.last_name = nil, "Lee"
    assert.equal("Ann Lee", change(shown))
    assert.equal("Ann Lee", change { name = json.null, status = json.null, groups = json.null })
    assert.equal(4, #site.lines)
  end)

  it("changes name, groups and status in turn, the address last", function()
    local user, id = somebody { status = "active" }
    local response = site:unified("PATCH", "users/" .. id, {
      name = "Brand New",
      groups = { { id = require("lastpass.unified.ids").group "Design" } },
      emails = { { email = "brand.new@lumenor.example" } },
    })
    assert.equal(200, response.status, response.body)
    assert.equal("Brand New", response.json.name)
    assert.equal("Design", response.json.groups[1].name)
    assert.is_nil(response.json.groups[2])
    assert.equal(user.email, response.json.username)
    assert.equal("emails", response.headers["x-pending"])
    local actions = {}
    for position, line in ipairs(site.lines) do
      actions[position] = line.action .. " " .. line.outcome
    end
    assert.same({ "name done", "groups done", "rename done" }, actions)
    response = site:unified("PATCH", "users/" .. id, { status = "inactive" })
    assert.equal("inactive", response.json.status)
    response = site:unified("PATCH", "users/" .. id, { status = "active", groups = {} })
    assert.equal("active", response.json.status)
    assert.same({}, response.json.groups)
  end)

  it("switches multifactor off only when that is said twice", function()
    local user, id
    for one in tenant:directory().snapshot:users { status = "active", admin = false } do
      user = one.mfa and one or user
    end
    id = ("%d"):format(user.id)
    assert.equal(400, site:unified("PATCH", "users/" .. id, { is_2fa_enabled = false }).status)
    local path = "users/" .. id .. "?remote_query[confirm]=disablemultifactor"
    assert.equal(200, site:unified("PATCH", path, { is_2fa_enabled = false }).status)
    assert.equal(1, box_support.requests(box, "disablemultifactor"))
  end)

  it("says what was done before a failure", function()
    local _, id = somebody { status = "active" }
    box_support.inject(box, "batchchangegrp", '{"status":"FAIL","error":["no such group"]}')
    local response = site:unified("PATCH", "users/" .. id, {
      name = "Half Done",
      groups = {},
      status = "inactive",
    })
    assert.equal(422, response.status)
    assert.is_true(response.json.truto_is_remote_error)
    assert.same({ "name" }, response.json.details.applied)
    assert.equal("groups", response.json.details.failed)
    assert.equal("failed", site:last().outcome)
    assert.equal("active", site:unified("GET", "users/" .. id).json.status)
  end)

  it("does not say that nothing was done when it does not know", function()
    start(nil, { timeout = 0.5 })
    local user, id = somebody { status = "active" }
    box_support.inject(box, "disableuser", nil, { delay = 1 })
    local response = site:unified("PATCH", "users/" .. id, { status = "inactive" })
    assert.equal(504, response.status)
    assert.equal("unknown", response.json.details.outcome)
    assert.equal("disable", response.json.details.failed)
    assert.equal("unknown", site:last().outcome)
    assert.same({ user.email }, site:last().subjects)
    box:clear_faults()
  end)

  it("takes people away in the way that is named", function()
    local _, id = somebody { status = "active" }
    local response = site:unified("DELETE", "users/" .. id)
    assert.equal(400, response.status)
    assert.match("deleteaction", response.json.message)
    assert.equal(
      400,
      site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=7").status
    )
    response = site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=0")
    assert.equal(200, response.status, response.body)
    assert.same({ id = id }, response.json)
    assert.equal("inactive", site:unified("GET", "users/" .. id).json.status)
    local invited = site:unified("GET", "users?status=invited").json.result[1]
    if invited.id:find "^inv_" then
      assert.equal(200, site:unified("DELETE", "users/" .. invited.id).status)
      assert.equal("uninvite", site:last().action)
    end
    assert.equal(404, site:unified("DELETE", "users/4711?remote_query[deleteaction]=0").status)
  end)

  it("removes and destroys nobody as long as no limit allows it", function()
    local _, id = somebody { status = "active" }
    local response = site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=1")
    assert.equal(403, response.status)
    assert.equal("remove", response.json.details.guard)
    assert.match("people removed from the company: 1 of", response.json.message)
    assert.match("limits = { remove", response.json.details.hint)
    assert.is_nil(response.json.truto_is_remote_error)
    assert.equal("refused", site:last().outcome)
    start { limits = { remove = 1, delete = 1, per_day = { remove = 2 } } }
    assert.equal(
      200,
      site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=1").status
    )
    local user
    user, id = somebody { status = "active" }
    local path = "users/" .. id .. "?remote_query[deleteaction]=2"
    assert.equal(400, site:unified("DELETE", path).status)
    assert.equal(
      200,
      site:unified("DELETE", path .. "&remote_query[confirm]=" .. user.email).status
    )
  end)

  it("keeps the limit of a day over all requests", function()
    start { limits = { remove = 1, per_day = { remove = 2 } } }
    for turn = 1, 3 do
      local _, id = somebody { status = "active" }
      local response = site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=1")
      assert.equal(turn < 3 and 200 or 403, response.status, response.body)
      if turn == 3 then
        assert.equal("remove_per_day", response.json.details.guard)
      end
    end
    site.clock.now = site.clock.now + 26 * 3600
    local _, id = somebody { status = "active" }
    assert.equal(
      200,
      site:unified("DELETE", "users/" .. id .. "?remote_query[deleteaction]=1").status
    )
  end)

  it("takes nothing from protected accounts", function()
    local user, id = somebody { status = "active" }
    start { protect = { user.email:upper() } }
    for _, case in ipairs {
      { "PATCH", { status = "inactive" } },
      { "PATCH", { groups = {} } },
      { "PATCH", { emails = { { email = "x@lumenor.example" } } } },
    } do
      local response = site:unified(case[1], "users/" .. id, case[2])
      assert.equal(403, response.status, response.body)
      assert.equal("protected", response.json.details.guard)
    end
    assert.equal(200, site:unified("PATCH", "users/" .. id, { name = "Given A Name" }).status)
    local mfa = "users/" .. id .. "?remote_query[confirm]=disablemultifactor"
    if user.mfa then
      assert.equal(403, site:unified("PATCH", mfa, { is_2fa_enabled = false }).status)
    end
    for _, command in ipairs {
      "disablemultifactor",
      "resetpassword",
      "requiremasterpasswordchange",
    } do
      local response = site:send("POST", "/proxy/" .. command, { username = user.email })
      assert.equal(403, response.status, command)
      assert.equal("protected", response.json.details.guard)
      assert.equal(0, box_support.requests(box, command))
    end
    for _, response in ipairs {
      site:send("POST", "/proxy/batchadd", { { username = user.email, password = "x" } }),
      site:unified("POST", "users?remote_query[upsert]=true", { username = user.email }),
    } do
      assert.equal(403, response.status, response.body)
    end
    assert.equal(0, box_support.requests(box, "batchadd"))
    -- an address that is protected and of nobody yet
    start { protect = { "break.glass@lumenor.example" } }
    local response = site:unified("POST", "users", { username = "break.glass@lumenor.example" })
    assert.equal(201, response.status, response.body)
  end)

  it("leaves one admin, whoever asks", function()
    start { limits = { disable = "100%", per_day = { disable = 100 } } }
    local admins = {}
    for user in tenant:directory().snapshot:users { admin = true, status = "active" } do
      admins[#admins + 1] = ("%d"):format(user.id)
    end
    for position, id in ipairs(admins) do
      local response = site:unified("PATCH", "users/" .. id, { status = "inactive" })
      assert.equal(position < #admins and 200 or 403, response.status, response.body)
      if position == #admins then
        assert.equal("last_admin", response.json.details.guard)
      end
    end
  end)

  it("goes by who is an admin now, not by when the directory was read", function()
    start { limits = { disable = "100%", per_day = { disable = 100 } } }
    local admins = {}
    for user in tenant:directory().snapshot:users { admin = true, status = "active" } do
      admins[#admins + 1] = user.email
    end
    local view = tenant.view
    -- others have disabled all but one meanwhile, and this server does not know it yet
    local client = box:client()
    for position = 2, #admins do
      assert(client:disableuser { admins[position] })
    end
    for _, request in ipairs {
      { "POST", "/proxy/disableuser", { admins[1] } },
      { "POST", "/proxy/deluser", { username = admins[1], deleteaction = 0 } },
      { "PATCH", "/unified/user-directory/users/" .. admins[1], { status = "inactive" } },
    } do
      tenant.view = view
      local response = site:send(request[1], request[2], request[3])
      assert.equal(403, response.status, response.body)
      assert.equal("last_admin", response.json.details.guard)
    end
    tenant.view = view
    -- one who is none any more, as far as the server knows: that takes nobody's last admin
    assert.equal(200, site:send("POST", "/proxy/disableuser", { admins[2] }).status)
    -- a server that names nobody is not believed
    tenant.view = view
    box_support.inject(
      box,
      "getuserdata",
      '{"total":0,"count":0,"Users":{},"invited":[]}',
      { count = 9 }
    )
    local response = site:send("POST", "/proxy/disableuser", { admins[1] })
    box:clear_faults()
    assert.equal(403, response.status, response.body)
    assert.match("names no active admin at all", response.json.message)
  end)

  it("minds how groups are spelled", function()
    local _, id = somebody { status = "active" }
    local response =
      site:unified("PATCH", "users/" .. id, { groups = { { name = "engineering" } } })
    assert.equal(409, response.status)
    assert.equal("group_spelling", response.json.details.guard)
    assert.match("one named 'Engineering'", response.json.message)
  end)

  it("puts people into groups and takes them out", function()
    local user, id = somebody { status = "active" }
    local group = user.groups[1]
    local groups = require("lastpass.unified.ids").group(group)
    local body = { group_id = groups, user_id = id }
    local response = site:unified("POST", "groups/remove-user", body)
    assert.equal(200, response.status, response.body)
    assert.equal(groups, response.json.result.id)
    assert.equal(1, #site.lines)
    assert.is_false(tenant:client():user(user.email):is_in(group))
    response = site:unified("POST", "groups/add-user", body)
    assert.equal(200, response.status, response.body)
    assert.is_true(tenant:client():user(user.email):is_in(group))
    local members = table.concat(response.json.result.remote_data.members, " ")
    assert.truthy(members:find(user.email, 1, true))
    assert.equal(200, site:unified("POST", "groups/add-user", body).status)
    assert.equal(422, site:unified("POST", "groups/add-user", { group_id = groups }).status)
    assert.equal(422, site:unified("POST", "groups/add-user", { user_id = id }).status)
    assert.equal(
      422,
      site:unified("POST", "groups/add-user", { group_id = groups, user_id = id, x = 1 }).status
    )
    assert.equal(
      404,
      site:unified("POST", "groups/remove-user", { group_id = "grp_bm9wZQ", user_id = id }).status
    )
    assert.equal(
      404,
      site:unified("POST", "groups/add-user", { group_id = groups, user_id = "1" }).status
    )
  end)

  it("tells nobody a first password", function()
    local secret = "correct horse battery staple"
    box_support.inject(
      box,
      "batchadd",
      '{"status":"FAIL","error":["bad password ' .. secret .. '"]}'
    )
    local response =
      site:unified("POST", "users", { username = "p@lumenor.example", password = secret })
    assert.equal(422, response.status)
    assert.is_nil(response.body:find(secret, 1, true))
    assert.truthy(response.body:find("[redacted]", 1, true))
    assert.is_nil(json.encode(site.lines):find(secret, 1, true))
    assert.same({ "password" }, site:last().fields)
  end)

  it("writes nothing that it cannot write down, and counts nothing then", function()
    for _, path in ipairs { "/nonexistent/audit.log", "/dev/full" } do
      start { audit = path, limits = { per_day = { disable = 1 } } }
      local _, id = somebody { status = "active" }
      for _ = 1, 2 do
        local response = site:unified("PATCH", "users/" .. id, { status = "inactive" })
        assert.equal(503, response.status, path)
        assert.match("nothing is written without a trace", response.json.message)
      end
      assert.equal(0, box_support.requests(box, "disableuser"))
    end
  end)

  it("stops between two calls when the intent of the second cannot be written down", function()
    local lines = 0
    start {
      audit = function()
        lines = lines + 1
        return lines ~= 3
      end,
    }
    local _, id = somebody { status = "active" }
    local response = site:unified("PATCH", "users/" .. id, { name = "A B", status = "inactive" })
    assert.equal(503, response.status)
    assert.same({ "name" }, response.json.details.applied)
    assert.equal("disable", response.json.details.failed)
    assert.equal(0, box_support.requests(box, "disableuser"))
  end)

  it("writes down what it is about to do, before it does it", function()
    local user, id = somebody { status = "active" }
    site:unified("PATCH", "users/" .. id, { status = "inactive" })
    assert.equal(1, #site.intents)
    assert.equal("disable", site.intents[1].action)
    assert.same({ user.email }, site.intents[1].subjects)
    assert.equal("req-1", site.intents[1].request)
    assert.is_nil(site.intents[1].code)
    assert.equal("done", site:last().outcome)
  end)

  it("does not count what LastPass has refused, and counts what may have been done", function()
    start({ limits = { per_day = { disable = 1 } } }, { timeout = 0.5 })
    box_support.inject(box, "disableuser", '{"status":"FAIL","error":["no"]}')
    local ids, body = {}, { status = "inactive" }
    for user in tenant:directory().snapshot:users { status = "active", admin = false } do
      ids[#ids + 1] = ("%d"):format(user.id)
    end
    assert.equal(422, site:unified("PATCH", "users/" .. ids[1], body).status)
    box:clear_faults()
    box_support.inject(box, "disableuser", nil, { delay = 1 })
    assert.equal(504, site:unified("PATCH", "users/" .. ids[2], body).status)
    box:clear_faults()
    local response = site:unified("PATCH", "users/" .. ids[3], body)
    assert.equal("disable_per_day", response.json.details.guard, response.body)
  end)

  it("does not count what was not begun after a failure", function()
    start { limits = { per_day = { disable = 1 } } }
    local _, id = somebody { status = "active" }
    local body = { name = "New Name", status = "inactive" }
    box_support.inject(box, "updateuser", '{"status":"FAIL","error":["no"]}')
    assert.equal(422, site:unified("PATCH", "users/" .. id, body).status)
    box:clear_faults()
    assert.equal(200, site:unified("PATCH", "users/" .. id, body).status)
    local _, other = somebody { status = "active" }
    assert.equal(403, site:unified("PATCH", "users/" .. other, body).status)
  end)
end)
