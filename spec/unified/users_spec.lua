local json = require "lastpass.json"
local unified = require "spec.support.unified"
local written = require "spec.support.written"

local ADA = {
  id = "70000001",
  email = "ada@example.com",
  fullname = "Ada King Lovelace",
  admin = true,
  multifactor = "lastpassauth",
  created = "2024-03-04 14:05:06",
  last_login = "2024-09-10 07:08:09",
  groups = { "Eng" },
  attribs = { objectGUID = "g-1", smtp_password = "hunter2", nested = "x" },
}

local function company()
  local tenant = written.tenant()
  tenant:set({
    ADA,
    {
      id = "9007199254740993",
      email = "big@example.com",
      disabled = true,
      fullname = "Big, Number",
    },
    { id = "70000000", email = "never@example.com", neverloggedin = true },
  }, { Eng = { "ada@example.com", "new@example.com" } }, { "new@example.com" }, {
    {
      id = "f1",
      name = "Shared-Ops",
      deleted = false,
      users = {
        {
          email = "ada@example.com",
          can_read = true,
          can_write = true,
          sees_passwords = true,
          can_administer = true,
          super_admin = true,
        },
      },
    },
  })
  return tenant
end

local function ids_of(response)
  local list = {}
  for position, user in ipairs(response.json.result) do
    list[position] = user.id
  end
  return list
end

describe("users", function()
  local tenant, caller
  before_each(function()
    tenant = company()
    caller = unified.caller(tenant)
  end)

  it("have every field of the model, empty ones as null or []", function()
    local response = caller:get "users/70000001"
    assert.equal(200, response.status)
    local user = response.json
    assert.same({
      id = "70000001",
      external_id = json.null,
      identifiers = { lastpass_id = "70000001", email = "ada@example.com" },
      first_name = "Ada",
      last_name = "King Lovelace",
      name = "Ada King Lovelace",
      title = json.null,
      username = "ada@example.com",
      emails = { { email = "ada@example.com", type = "work", is_primary = true } },
      phones = {},
      status = "active",
      is_email_verified = json.null,
      is_2fa_enabled = true,
      roles = { { id = "admin", name = "Admin" } },
      organizations = { { id = "12345678", name = json.null } },
      user_type = "admin",
      licenses = {},
      groups = { { id = "grp_RW5n", name = "Eng", organization = "12345678" } },
      workspaces = {},
      avatar = json.null,
      timezone = json.null,
      bio = json.null,
      languages = {},
      urls = {},
      created_at = "2024-03-04T14:05:06Z",
      updated_at = json.null,
      last_login_at = "2024-09-10T07:08:09Z",
      last_active_at = json.null,
      remote_data = user.remote_data,
    }, user)
    assert.equal("lastpassauth", user.remote_data.multifactor)
    assert.equal("70000001", user.remote_data.id)
    assert.equal("2024-03-04 14:05:06", user.remote_data.created)
    assert.truthy(response.body:find('"phones":[]', 1, true))
    assert.truthy(response.body:find '^{"id":"70000001",')
  end)

  it("never show attributes that are named like secrets", function()
    local user = caller:get("users/70000001").json
    assert.equal("[redacted]", user.remote_data.attribs.smtp_password)
    assert.equal("g-1", user.remote_data.attribs.objectGUID)
    for _, path in ipairs {
      "users",
      "users?truto_response_format=raw",
      "users/70000001?truto_response_format=raw",
    } do
      assert.is_nil(caller:get(path).body:find "hunter2", path)
    end
  end)

  it("are listed by number, whatever its length, then by invitation", function()
    local response = caller:get "users"
    local list = ids_of(response)
    assert.same({ "70000000", "70000001", "9007199254740993" }, { list[1], list[2], list[3] })
    assert.match("^inv_%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$", list[4])
    assert.equal(4, response.json.result_count)
    assert.equal(json.null, response.json.next_cursor)
    assert.equal(json.null, response.json.prev_cursor)
    assert.is_nil(response.json.is_partial_response)
    local invited = response.json.result[4]
    assert.equal("invited", invited.status)
    assert.equal("new@example.com", invited.username)
    assert.equal(json.null, invited.is_2fa_enabled)
    assert.equal("Eng", invited.groups[1].name)
    assert.equal("inactive", response.json.result[3].status)
    assert.equal("Number", response.json.result[3].first_name)
    assert.equal("active", response.json.result[1].status)
  end)

  it("are one person when they are invited and in the list of users", function()
    tenant:set({ ADA }, nil, { "ADA@example.com" })
    local response = caller:get "users"
    assert.same({ "70000001" }, ids_of(response))
    assert.equal("invited", response.json.result[1].status)
  end)

  it("are found by number, by invitation and by address", function()
    local invited = ids_of(caller:get "users")[4]
    assert.equal("new@example.com", caller:get("users/" .. invited).json.username)
    assert.equal(invited, caller:get("users/NEW@example.com").json.id)
    assert.equal("9007199254740993", caller:get("users/big@example.com").json.id)
    assert.equal("big@example.com", caller:get("users/9007199254740993").json.username)
    for _, id in ipairs { "9007199254740992", "inv_0", "grp_RW5n", "..", "x/y", "070000001" } do
      assert.equal(404, caller:get("users/" .. id).status, id)
    end
  end)

  it("pass the filters that are known, and no others", function()
    local cases = {
      ["status=active"] = 2,
      ["status=inactive"] = 1,
      ["status[]=invited&status[]=inactive"] = 2,
      ["status[0]=invited"] = 1,
      ["first_name=ada"] = 1,
      ["last_name=KING%20LOVELACE"] = 1,
      ["name=Ada+King+Lovelace"] = 1,
      ["emails[][email]=ADA@example.com"] = 1,
      ["emails[email]=ada@example.com"] = 1,
      ["emails=big@example.com"] = 1,
      ["group=Eng"] = 2,
      ["group_id=grp_RW5n"] = 2,
      ["group_id=none"] = 0,
      ["is_2fa_enabled=true"] = 1,
      ["is_2fa_enabled=false"] = 2,
      ["user_type=admin"] = 1,
      ["role_id=user"] = 3,
      ["organization_id=12345678"] = 4,
      ["organization_id=1"] = 0,
      ["created_at[gt]=2024-03-04T14:05:06Z"] = 0,
      ["created_at[gte]=2024-03-04T14:05:06Z"] = 1,
      ["created_at[gt]=2024-03-04&created_at[lt]=2024-03-05"] = 1,
      ["created_at[lt]=2024-03-04T15:05:07%2B01:00"] = 1,
      ["created_at=2024-03-04T14:05:06.000Z"] = 1,
      ["last_login_at[lt]=2024-01-01"] = 0,
      ["updated_at[gt]=2000-01-01"] = 0,
      ["id=70000001"] = 1,
      ["user_type=admin&status=invited"] = 0,
    }
    for query, count in pairs(cases) do
      local response = caller:get("users?" .. query)
      assert.equal(200, response.status, query .. response.body)
      assert.equal(count, response.json.result_count, query)
    end
    for query, reason in pairs {
      ["statsu=active"] = "did you mean 'status'",
      ["product=x"] = "is not known here",
      ["status[x]=active"] = "must be a string",
      ["created_at[before]=2024-01-01"] = "operators",
      ["created_at[gt]=yesterday"] = "must be a time",
      ["created_at[gt][x]=1"] = "must be a time",
      ["is_2fa_enabled=maybe"] = "true or false",
      ["limit=0"] = "1 to 500",
      ["limit=501"] = "1 to 500",
      ["limit=1e2"] = "1 to 500",
      ["limit[]=1"] = "1 to 500",
      ["sort_by=updated"] = "must be one of",
      ["remote_query=x"] = "must be an object",
      ["remote_query[include]=vaults"] = "shared_folders",
      ["truto_response_format=xml"] = "unified, raw",
      ["next_cursor[]=x"] = "must be a string",
      ["truto_key_by=emails"] = "one value",
      ["truto_ignore_limit=perhaps"] = "true or false",
    } do
      local response = caller:get("users?" .. query)
      assert.equal(400, response.status, query .. " " .. response.body:sub(1, 80))
      assert.truthy(
        response.json.message:find(reason, 1, true),
        query .. ": " .. response.json.message
      )
    end
    assert.equal(400, caller:get("users/70000001?status=active").status)
  end)

  it("come without what is not wanted", function()
    local user = caller:get("users/70000001?truto_ignore_remote_data=true").json
    assert.is_nil(user.remote_data)
    for _, query in ipairs {
      "truto_exclude_fields[]=id&truto_exclude_fields[]=name",
      "truto_exclude_fields=id,name",
      "truto_exclude_fields%5B0%5D=id&truto_exclude_fields%5B1%5D=name",
    } do
      user = caller:get("users?" .. query).json.result[1]
      assert.is_nil(user.id)
      assert.is_nil(user.name)
      assert.equal(json.null, user.title)
    end
    local quiet = unified.caller(tenant, { settings = { remote_data = false } })
    assert.is_nil(quiet:get("users/70000001").json.remote_data)
    assert.truthy(quiet:get("users/70000001?truto_ignore_remote_data=false").json.remote_data)
  end)

  it("come by key, as LastPass has them, or with room for debugging", function()
    local result = caller:get("users?truto_key_by=username").json.result
    assert.equal("70000001", result["ada@example.com"].id)
    assert.equal('{"result":{},', caller:get("users?truto_key_by=id&status=x").body:sub(1, 13))
    local raw = caller:get "users?truto_response_format=raw&limit=1"
    assert.equal("never@example.com", raw.json.Users["70000000"].username)
    assert.truthy(raw.headers["x-next-cursor"])
    assert.same({ "new@example.com" }, caller:get("users?truto_response_format=raw").json.invited)
    local debug_answer = caller:get "users?truto_response_format=debug"
    assert.equal(json.null, debug_answer.json.debug)
    assert.equal(
      "70000001",
      caller:get("users/70000001?truto_response_format=debug").json.result.id
    )
    assert.equal(4, caller:get("users?truto_response_format=stream").json.result_count)
  end)

  it("come with their folders when they are asked for", function()
    local user = caller:get("users/70000001?remote_query[include]=shared_folders").json
    assert.same({
      { id = "super_admin", name = "Super admin" },
      { id = "folder_admin", name = "Shared folder administrator", workspace = "f1" },
    }, user.roles)
    assert.same({ { id = "f1", name = "Shared-Ops" } }, user.workspaces)
  end)

  it("are what the settings make of them", function()
    local other = unified.caller(tenant, {
      settings = {
        never_logged_in_status = "invited",
        company_name = "Example",
        external_id_attribute = "objectGUID",
      },
    })
    assert.equal("invited", other:get("users/70000000").json.status)
    local ada = other:get("users/70000001").json
    assert.equal("Example", ada.organizations[1].name)
    assert.equal("g-1", ada.external_id)
    assert.equal(json.null, other:get("users/70000000").json.external_id)
  end)

  it("are sorted by what they can be sorted by, and by id where that is equal", function()
    local function order(sort)
      local names = {}
      for position, user in ipairs((caller:walk("users?limit=1&sort_by=" .. sort))) do
        names[position] = user.username:match "^%w+"
      end
      return table.concat(names, " ")
    end
    assert.equal("never ada big new", order "id")
    assert.equal("ada big never new", order "emails")
    assert.equal("new never big ada", order "-username")
    assert.equal("never new ada big", order "name")
    assert.equal("never big new ada", order "created_at")
    assert.equal("never ada big new", order "status")
  end)

  it("are not rendered twice for the same directory", function()
    local first = caller:get "users"
    local again = caller:get("users", { ["if-none-match"] = first.headers.etag })
    assert.equal(304, again.status)
    assert.equal("", again.body)
    assert.equal(first.headers.etag, again.headers.etag)
    assert.equal(200, caller:get("users", { ["if-none-match"] = '"other"' }).status)
    assert.equal(
      304,
      caller:get("users", { ["if-none-match"] = 'W/"x", ' .. first.headers.etag }).status
    )
    assert.is_true(rawequal(first.body, caller:get("users").body))
    tenant:set { ADA }
    assert.equal(200, caller:get("users", { ["if-none-match"] = first.headers.etag }).status)
    assert.not_equal(first.headers.etag, caller:get("users?limit=1").headers.etag)
  end)
end)
