-- The REST API of the sandbox: the documented operations on the company that the Enterprise API shows, asked by the client.
local check = require "spec.support.check"
local lastpass = require "lastpass"

describe("the sandbox's REST API", function()
  local box, rest, acme

  local function start(options)
    box = assert(lastpass.sandbox.start(options))
    rest, acme = assert(box:rest { retries = 0 }), assert(box:client())
  end

  after_each(function()
    box:stop()
  end)

  local function collect(iterator)
    local list = {}
    for row in iterator do
      list[#list + 1] = row
    end
    return list
  end

  -- The mails that somebody was sent: kind to number; nil without any.
  local function mails(address)
    return box:state({ mails = true }).mails[address]
  end

  local function emails(options)
    local list = {}
    for row in rest:users(options) do
      list[#list + 1] = row.email
    end
    return list
  end

  it("shows the same people as the Enterprise API, with their status", function()
    start { users = 30, invited = 3, staged = 2 }
    local counts, by_mail = {}, {}
    for row in box:rest({ page_size = 7 }):users() do
      counts[row.account_status] = (counts[row.account_status] or 0) + 1
      by_mail[row.email] = row
    end
    local disabled = 0
    for user in acme:users() do
      local row = assert(by_mail[user.email], user.email)
      local expected =
        { active = "enrolled", disabled = "disabled", invited = "pending-invitation" }
      assert.equal(expected[user.status], row.account_status)
      assert.equal(user.fullname or row.name, row.name)
      disabled = disabled + (user.disabled and 1 or 0)
    end
    assert.same({
      enrolled = 30 - disabled,
      disabled = disabled > 0 and disabled or nil,
      ["pending-invitation"] = 3,
      staged = 2,
    }, counts)
  end)

  it("stages and invites, and says who is there already", function()
    start { users = 5, invited = 0 }
    local staged =
      assert(rest:create_user { email = "Nia@new.example", name = "Nia", action = "stage" })
    assert.equal("staged", staged.account_status)
    assert.is_nil(mails "nia@new.example")
    local invited = assert(rest:create_user { email = "ola@new.example", action = "invite" })
    assert.equal("pending-invitation", invited.account_status)
    assert.equal(1, mails("ola@new.example").invitation)
    check.failure(
      "conflict",
      "conflict",
      rest:create_user { email = "nia@NEW.example", action = "invite" }
    )
    check.failure(
      "conflict",
      "conflict",
      rest:create_user { email = "ola@new.example", action = "stage" }
    )
    local err =
      check.failure("refused", "bad_request", rest:create_user { email = "x", action = "stage" })
    assert.equal("/email", err.fields[1].pointer)
    -- the Enterprise API knows the invited one only
    assert.equal("invited", acme:user("ola@new.example").status)
    check.failure("refused", "no_such_user", acme:user "nia@new.example")
  end)

  it("filters, sorts and pages", function()
    start { users = 25, invited = 0, domain = "acme.example" }
    assert.equal(25, #emails { email = "%@ACME.example" })
    assert.equal(0, #emails { email = "acme" })
    assert.equal(0, #emails { email = "%.*%" })
    local all = emails { sort = "email:desc" }
    for place = 2, #all do
      assert.is_true(all[place - 1] > all[place])
    end
    assert.same({ all[1] }, emails { email = all[1] })
    assert.equal(
      #emails { account_status = "enrolled" } + #emails { account_status = "disabled" },
      25
    )
    assert(box:act { settings = { rest_match = "part" } })
    assert.equal(25, #emails { email = "acme" })
    check.raised("refused", "bad_request", function()
      emails { sort = "size:asc" }
    end)
  end)

  it("gives admin levels, one at a time", function()
    start { users = 20, invited = 0 }
    local levels = collect(rest:admin_levels { sort = "name:asc" })
    assert.same({ "Admin", "Helpdesk Admin", "Super Admin" }, {
      levels[1].name,
      levels[2].name,
      levels[3].name,
    })
    local person
    for row in rest:users { account_status = "enrolled" } do
      if not acme:user(row.email).admin then
        person = row
        break
      end
    end
    local given = assert(rest:add_user_to_admin_level(levels[3].id, { user_id = person.id }))
    assert.same({ person.id, levels[3].id }, { given.id, given.admin_level_id })
    assert.is_true(acme:user(person.email).admin)
    assert(rest:add_user_to_admin_level(levels[2].id, { user_id = person.id }))
    assert.is_false(acme:user(person.email).admin)
    check.failure("refused", "not_found", rest:add_user_to_admin_level(99, { user_id = person.id }))
    check.failure(
      "refused",
      "bad_request",
      rest:add_user_to_admin_level(1, { user_id = "9007199254740993" })
    )
  end)

  it("has managed companies, made and changed by jobs", function()
    start {
      users = 5,
      companies = { { cid = 42, users = 7, parent = 8771312, name = "Child" } },
    }
    local job = assert(rest:create_managed_company {
      name = "North",
      license_limit = 3,
      type = "managed-msp",
      addons = { "mfa" },
    })
    assert.equal("pending", job:poll())
    local done = assert(job:poll())
    local id = done.body.company_id
    local child = collect(rest:managed_companies { name = "No%" })[1]
    assert.same({
      id = id,
      name = "North",
      license_limit = 3,
      status = "active",
      type = "managed-msp",
      addons = { "mfa" },
      parent_id = "8771312",
    }, child)
    assert(rest:create_managed_company {
      name = "Below",
      license_limit = 1,
      type = "managed",
      parent_id = id,
    })
    assert.equal(3, #collect(rest:managed_companies()))
    assert.equal(2, #collect(rest:managed_companies { parent_id = id }))
    assert(
      rest:update_managed_company(id, { license_limit = 9, status = "suspended", addons = {} })
    )
    child = collect(rest:managed_companies { status = "suspended" })[1]
    assert.same({ 9, {} }, { child.license_limit, child.addons })
    assert.equal(
      "Child",
      collect(rest:managed_companies { type = { "managed" }, sort = "id:asc" })[1].name
    )
    assert.is_true(rest:detach_managed_company(id))
    assert.equal(1, #collect(rest:managed_companies()))
    check.failure("refused", "not_found", rest:detach_managed_company(id))
    local unknown = rest:job { id = "9", url = "/business/v1/requests/9" }
    check.failure("refused", "gone", unknown:poll())
  end)

  it("reads people, levels, admins and bills of managed companies", function()
    start {
      users = 5,
      companies = { { cid = 42, users = 7, invited = 0, parent = 8771312, license_limit = 5 } },
    }
    local admins = collect(rest:managed_companies_admins())
    assert.is_true(#admins > 0)
    for _, admin in ipairs(admins) do
      assert.equal("42", admin.company.id)
    end
    local user = assert(rest:managed_company_user(42, admins[1].user_id))
    assert.equal(admins[1].user_email, user.email)
    local level = assert(rest:managed_company_admin_level("42", admins[1].admin_level.id))
    assert.equal(admins[1].admin_level.name, level.name)
    assert.equal(#admins, #collect(rest:managed_company_admin_level_users(42, level.id)))
    local cycle = rest:billing_cycles({ number = 2 })[1]
    assert.same({ start_date = "2026-06-01", end_date = "2026-06-30" }, cycle)
    local bill = collect(rest:billing_reports(cycle))[1]
    assert.same({ "42", 5, "2026-06-01" }, { bill.company_id, bill.license_limit, bill.start_date })
    check.raised("refused", "bad_request", function()
      collect(rest:billing_reports { start_date = "2026-07-01", end_date = "2026-06-01" })
    end)
  end)

  it("lets nobody in by another key, and no company above its own", function()
    start {
      users = 5,
      companies = { { cid = 42, users = 7, parent = 8771312, rest_key = "lpkey_child_1" } },
    }
    check.failure(
      "auth",
      "authorization_error",
      box
        :rest({ key = lastpass.secret.value "lpkey_other", retries = 0 })
        :managed_company_user(42, 1)
    )
    local child = box:rest { key = lastpass.secret.value "lpkey_child_1", retries = 0 }
    assert.equal(
      7,
      #collect(child:users { account_status = "enrolled" })
        + #collect(child:users { account_status = "disabled" })
    )
    check.raised("auth", "forbidden", function()
      collect(child:managed_companies())
    end)
    local response = assert(box.rest_transport and nil or box:control("GET", "state"))
    assert.is_nil(require("lastpass.json").encode(response):find(box.rest_key, 1, true))
  end)

  it("answers what is undocumented only when it is told to", function()
    start { users = 5, staged = 1 }
    local staged = collect(rest:users { account_status = "staged" })[1]
    local path = "/v1/users/" .. staged.id
    check.failure("refused", "not_supported", rest:request("GET", path))
    assert(box:act { settings = { rest_undocumented = true } })
    assert.equal(staged.email, assert(rest:request("GET", path)).body.email)
    assert.equal(
      "pending-invitation",
      assert(rest:request("POST", path .. "/invite")).body.accountStatus
    )
    assert.equal(0, #collect(rest:users { account_status = "staged" }))
  end)

  it("can be made to answer otherwise", function()
    start { users = 3, invited = 0 }
    assert(box:act { settings = { rest_nulls = true } })
    assert.equal(0, #emails { email = "nobody" })
    assert(box:act { settings = { rest_job_url = "foreign" } })
    local job =
      assert(rest:create_managed_company { name = "A", license_limit = 1, type = "managed" })
    check.failure("protocol", "foreign_address", job:poll())
    box:faults { command = "rest:users", status = 500, count = 1 }
    check.raised("transport", "http_status", function()
      emails()
    end)
    assert.equal(3, #emails())
  end)

  it("refuses what no operation has", function()
    start { users = 3 }
    for _, one in ipairs {
      { "/v1/users", { query = { ["max-results"] = "501" } }, "query/max-results" },
      { "/v1/users", { query = { ["max-results"] = "0" } }, "query/max-results" },
      { "/v1/admin-levels", { query = { ["max-results"] = "51" } }, "query/max-results" },
      { "/v1/users", { query = { ["page-token"] = "x" } }, "query/page-token" },
      { "/v1/users", { query = { ["account-status"] = "active" } }, "query/account-status" },
      { "/v1/users", { query = { status = "active" } }, "query/status" },
      { "/v1/managed-companies-reports/billing-reports", {}, "query/start-date" },
    } do
      local err = check.failure("refused", "bad_request", rest:request("GET", one[1], one[2]))
      assert.equal(one[3], err.fields[1].pointer)
    end
    check.failure("refused", "not_supported", rest:request("PUT", "/v1/users"))
    check.failure("refused", "not_found", rest:request("GET", "/v1/groups"))
    local err = check.failure(
      "refused",
      "bad_request",
      rest:request("POST", "/v1/users", { body = { mail = "x" } })
    )
    assert.same({ "/action", "/email", "/mail" }, {
      (err.fields[1].pointer:gsub("creationAccountAction", "action")),
      err.fields[2].pointer,
      err.fields[3].pointer,
    })
  end)
end)
