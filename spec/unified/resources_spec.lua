--- Everything that is not a user, over a sandbox company.
local box_support = require "spec.support.box"
local tenants = require "spec.support.tenant"
local unified = require "spec.support.unified"

describe("the other resources", function()
  local box, tenant, caller
  setup(function()
    box = box_support.start { users = 60, seed = 3 }
    tenant = tenants.of(box)
    caller = unified.caller(tenant)
  end)
  teardown(function()
    box:stop()
  end)

  it("groups have names, members in the record, and ids that stand in addresses", function()
    local snapshot = tenant:directory().snapshot
    local items = caller:walk "groups?limit=2"
    assert.same(#snapshot:group_names(), #items)
    for _, group in ipairs(items) do
      assert.match("^grp_[%w_-]+$", group.id)
      assert.same(snapshot:group(group.name):members(), group.remote_data.members)
      assert.equal("group", group.group_type)
      local one = caller:get("groups/" .. group.id)
      assert.same(group, one.json)
    end
    assert.equal(404, caller:get("groups/grp_bm9wZQ").status)
    assert.equal(404, caller:get("groups/nope").status)
    local named = caller:get("groups?name=" .. items[1].name:lower():gsub(" ", "+")).json
    assert.equal(1, named.result_count)
    assert.is_nil(caller:get("groups?truto_ignore_remote_data=1").json.result[1].remote_data)
    local raw = caller:get("groups?truto_response_format=raw").json
    assert.same(items[1].remote_data.members, raw.Groups[items[1].name])
  end)

  it("roles are a fixed list", function()
    local list = caller:get("roles").json.result
    assert.equal(8, #list)
    assert.equal("admin", caller:get("roles/admin").json.id)
    assert.equal("workspace", caller:get("roles/folder_reader").json.applicable_in)
    assert.equal(5, caller:get("roles?type=shared_folder").json.result_count)
    assert.equal(404, caller:get("roles/king").status)
  end)

  it("one account is one organization", function()
    local list = caller:get("organizations").json.result
    assert.equal(1, #list)
    assert.equal(("%.0f"):format(box.cid), list[1].id)
    assert.equal(200, caller:get("organizations/" .. list[1].id).status)
    assert.equal(404, caller:get("organizations/1").status)
  end)

  it("the caller is the token", function()
    local me = caller:get("me").json.result[1]
    assert.equal("spec", me.name)
    assert.equal("service-account", me.user_type)
    assert.same({ "read", "write" }, me.remote_data.scopes)
    assert.equal(404, caller:get("me/1").status)
  end)

  it("licences are unknown: an empty list, no failure", function()
    assert.equal(
      '{"result":[],"next_cursor":null,"prev_cursor":null,"result_count":0}',
      caller:get("licenses").body
    )
    assert.equal(404, caller:get("licenses/1").status)
  end)

  it("workspaces are shared folders", function()
    local folders = {}
    for folder in tenant:client():folders() do
      folders[folder.id] = folder
    end
    local items = caller:walk "workspaces?limit=3"
    for _, item in ipairs(items) do
      local folder = assert(folders[item.id])
      assert.equal(folder.name, item.name)
      assert.equal(folder.deleted and "inactive" or "active", item.status)
      assert.equal(#folder.users, #item.remote_data.users)
      assert.equal(item.id, caller:get("workspaces/" .. item.id).json.id)
      folders[item.id] = nil
    end
    assert.is_nil(next(folders))
    assert.equal(404, caller:get("workspaces/0").status)
    local active = caller:get("workspaces?status=active").json.result_count
    local inactive = caller:get("workspaces?status=inactive").json.result_count
    assert.equal(#items, active + inactive)
    local raw = caller:get("workspaces?truto_response_format=raw").json
    assert.equal(items[1].name, raw[items[1].id].sharedfoldername)
  end)

  it("role assignments are accounts and rights to folders", function()
    local items = caller:walk "role_assignments?limit=50"
    local of_accounts, of_folders = 0, 0
    for position, item in ipairs(items) do
      assert.is_true(position == 1 or items[position - 1].id < item.id)
      if #item.workspace == 0 then
        of_accounts = of_accounts + 1
        assert.is_true(item.role_id == "user" or item.role_id == "admin")
      else
        of_folders = of_folders + 1
        assert.match("^folder_", item.role_id)
      end
    end
    local snapshot = tenant:directory().snapshot
    assert.equal(snapshot:count() + snapshot:invited_count(), of_accounts)
    assert.is_true(of_folders > 0)
    local one = items[1]
    assert.same(one, caller:get("role_assignments/" .. one.id).json)
    assert.equal(404, caller:get("role_assignments/ra_0").status)
    for _, item in ipairs(caller:get("role_assignments?user_id=" .. one.user_id).json.result) do
      assert.equal(one.user_id, item.user_id)
    end
    local admins = caller:get("role_assignments?role_id=admin&limit=500").json.result
    assert.is_true(#admins > 0)
  end)

  it("users and groups can be asked for by the shared folder", function()
    local with_people, with_group
    for _, folder in ipairs(caller:get("workspaces?limit=500").json.result) do
      for _, one in ipairs(folder.remote_data.users) do
        with_people = with_people or folder
        with_group = with_group or one.group_name and { folder = folder, name = one.group_name }
      end
    end
    local addresses = {}
    for _, one in ipairs(with_people.remote_data.users) do
      addresses[one.username:lower()] = true
    end
    for _, name in ipairs { "workspace_id", "workspace" } do
      local users = caller:get(("users?limit=500&%s=%s"):format(name, with_people.id)).json.result
      local count = 0
      for _, user in ipairs(users) do
        assert.is_true(addresses[user.username:lower()], user.username)
        count = count + 1
      end
      assert.is_true(count > 0)
      assert.equal(0, caller:get(("users?%s=none"):format(name)).json.result_count)
      assert.equal(0, caller:get(("groups?%s=none"):format(name)).json.result_count)
    end
    local groups = caller:get("groups?workspace_id=" .. with_group.folder.id).json.result
    local names = {}
    for position, group in ipairs(groups) do
      names[position] = group.name
    end
    assert.truthy(table.concat(names, "\n"):find(with_group.name, 1, true))
  end)

  it("refuse what does not exist, and say what does", function()
    for _, path in ipairs { "billings", "nothing", "", "users2/1", "me/1" } do
      assert.equal(404, caller:get(path).status, path)
    end
    for path, allow in pairs {
      groups = "GET, HEAD, OPTIONS",
      ["groups/grp_eA"] = "GET, HEAD, OPTIONS",
      ["groups/add-user"] = "POST, OPTIONS",
      users = "GET, HEAD, POST, OPTIONS",
      ["users/1"] = "GET, HEAD, PATCH, DELETE, OPTIONS",
      me = "GET, HEAD, OPTIONS",
    } do
      local response = caller:send("PUT", path, {})
      assert.equal(405, response.status, path)
      assert.equal(allow, response.headers.allow)
      local options = caller:send("OPTIONS", path)
      assert.equal(204, options.status)
      assert.equal(allow, options.headers.allow)
    end
  end)

  it("need the scope of what they do", function()
    local nobody = unified.caller(tenant, { scopes = { proxy = true } })
    local response = nobody:get "users"
    assert.equal(403, response.status)
    assert.same(
      { missing_scopes = { "read" } },
      response.json.truto_error_insight.forbidden_error.value
    )
    local reader = unified.caller(tenant, { scopes = { read = true } })
    assert.equal(403, reader:send("DELETE", "users/1").status)
    assert.equal(403, reader:send("POST", "groups/add-user", {}).status)
    assert.match('scope="write"', reader:send("POST", "users", {}).headers["www-authenticate"])
    -- who may write and finds no writer
    assert.equal(405, caller:send("POST", "users", { username = "a@b.example" }).status)
  end)

  it("tell failures of LastPass as problems with its own words", function()
    local function ask(rule)
      box_support.inject(box, "getsfdata", nil, rule)
      local another = tenants.of(box, { client = { retries = 0, timeout = 0.5 } })
      return unified.caller(another):get "workspaces"
    end
    local response = ask { body = '<lastpass rc="Authorization Error"/>' }
    assert.equal(401, response.status)
    assert.is_true(response.json.truto_is_remote_error)
    assert.equal('<lastpass rc="Authorization Error"/>', response.json.raw_response)
    assert.equal("application/problem+json", response.headers["content-type"])
    response = ask { body = '{"status":"FAIL","error":["no"]}' }
    assert.equal(422, response.status)
    assert.same({ status = "FAIL", error = { "no" } }, response.json.raw_response)
    response = ask { status = 429, retry_after = 1, body = "slow" }
    assert.equal(429, response.status)
    assert.equal("1", response.headers["retry-after"])
    assert.equal(1, response.json.truto_error_insight.rate_limit_error.value.retry_after)
    assert.equal(502, ask({ status = 503 }).status)
    assert.equal(502, ask({ truncate = 10 }).status)
    assert.equal(502, ask({ drop = "after", count = 3 }).status)
    box:clear_faults()
    response = ask { delay = 1 }
    assert.equal(504, response.status)
    assert.is_nil(response.json.details)
    box:clear_faults()
    box_support.reset(box)
    for name in pairs {
      statusCode = 1,
      error = 1,
      message = 1,
      type = 1,
      title = 1,
      status = 1,
      detail = 1,
    } do
      assert.not_nil(response.json[name], name)
    end
    assert.equal("urn:request:spec-1", response.json.instance)
  end)
end)
