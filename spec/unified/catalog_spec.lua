local box_support = require "spec.support.box"
local core = require "lastpass.core"
local json = require "lastpass.json"
local resources = require "lastpass.unified.resources"
local tenants = require "spec.support.tenant"
local unified = require "lastpass.unified"
local unified_support = require "spec.support.unified"

describe("what the directory says of itself", function()
  local box, caller
  setup(function()
    box = box_support.start { users = 30, seed = 3 }
    caller = unified_support.caller(tenants.of(box))
  end)
  teardown(function()
    box:stop()
  end)

  -- At an address that is not below the model.
  local function ask(path, method, scopes)
    local bare, rest = path:match "^([^?]*)%??(.*)$"
    local grant = caller.grant
    if scopes then
      grant = { name = "other", scopes = scopes, settings = grant.settings }
    end
    local response = unified.handle({
      method = method or "GET",
      path = bare,
      query = require("lastpass.unified.query").split(rest),
      headers = {},
      now = os.time(),
    }, caller.tenant, grant)
    local is_json = (response.headers["content-type"] or ""):find "json"
    return response, is_json and json.decode(response.body)
  end

  it("has a schema for every method, at both addresses", function()
    for _, path in ipairs { "users/meta/list", "users/lastpass/meta/list" } do
      local list = caller:get(path).json
      assert.equal("/unified/user-directory/users", list.path)
      assert.equal("GET", list.http_method)
      assert.same({ type = "boolean" }, list.query_schema.properties.is_2fa_enabled)
      assert.truthy(list.query_schema.properties.workspace_id)
      assert.truthy(list.query_schema.properties.next_cursor)
      assert.equal(json.null, list.body_schema)
    end
    local update = caller:get("users/meta/update").json
    assert.equal("PATCH", update.http_method)
    assert.equal("/unified/user-directory/users/{id}", update.path)
    assert.truthy(update.body_schema.properties.emails)
    assert.is_nil(update.query_schema.properties.limit)
    local custom = caller:get("groups/meta/add-user").json
    assert.equal("/unified/user-directory/groups/add-user", custom.path)
    assert.same({ "group_id", "user_id" }, custom.body_schema.required)
    assert.equal(404, caller:get("groups/meta/create").status)
    assert.equal(404, caller:get("users/okta/meta/list").status)
    assert.equal(400, caller:get("users/meta/list?x=1").status)
    local wrong = caller:send("POST", "users/meta/list", {})
    assert.equal(405, wrong.status)
    assert.equal("GET, HEAD, OPTIONS", wrong.headers.allow)
  end)

  it("describes the objects as they are", function()
    for name in pairs(resources) do
      local query = name == "activities" and "?created_at[gt]=2020-01-01T00:00:00Z&limit=1"
        or "?limit=1"
      local response = caller:get(name .. query)
      local object = response.status == 200 and response.json.result[1]
      if object then
        local described = caller:get(name .. "/meta/list").json.schema.properties
        for member in pairs(object) do
          assert.truthy(described[member], name .. ": " .. member .. " is not described")
        end
        for member in pairs(described) do
          assert.is_true(object[member] ~= nil, name .. ": there is no " .. member)
        end
      else
        assert.is_true(name == "licenses" or name == "activities", name)
      end
    end
  end)

  it("describes all of it, as JSON and as tables to read", function()
    local _, model = ask "/unified/meta/user-directory/lastpass"
    assert.equal("lastpass", model.integration)
    assert.truthy(model.resources.users.methods.delete)
    assert.is_nil(model.resources.roles.methods.create)
    local markdown = ask "/unified/meta/user-directory/lastpass?format=md"
    assert.equal("text/markdown; charset=utf-8", markdown.headers["content-type"])
    assert.truthy(
      markdown.body:find(
        "| users | update | PATCH | `/unified/user-directory/users/{id}` |",
        1,
        true
      )
    )
    local page = ask "/unified/meta/user-directory/lastpass?format=html"
    assert.match("^text/html", page.headers["content-type"])
    assert.truthy(page.body:find("<td>users</td><td>update</td>", 1, true))
    assert.equal(400, (ask "/unified/meta/user-directory/lastpass?format=xml").status)
    assert.equal(404, (ask "/unified/meta/user-directory/okta").status)
    assert.equal(404, (ask "/unified/meta/hris/lastpass").status)
  end)

  it("says what can be done", function()
    local _, all = ask "/integration/lastpass/capabilities"
    assert.equal("lastpass", all.integration)
    assert.equal(#core.commands, #all.proxy)
    assert.is_nil(all.account)
    local by_name = {}
    for _, entry in ipairs(all.unified) do
      by_name[entry.resource] = entry.methods
    end
    assert.same({ "list", "get", "create", "update", "delete" }, by_name.users)
    assert.same({ "list", "get", "add-user", "remove-user" }, by_name.groups)
    local _, some = ask "/integration/lastpass/capabilities?type=unified&methods=create,delete"
    assert.is_nil(some.proxy)
    assert.equal(1, #some.unified)
    assert.equal("users", some.unified[1].resource)
    local _, one = ask "/integrated-account/acme/capabilities?type=proxy&resource=deluser"
    assert.same({ id = "acme", status = "active", is_blocked = false }, one.account)
    assert.same({ { resource = "deluser", methods = { "create" } } }, one.proxy)
    assert.is_nil(one.unified)
    local response = ask "/integration/lastpass/capabilities?type=unified&resource=nothing"
    assert.truthy(response.body:find('"unified":[]', 1, true))
    assert.equal(400, (ask "/integration/lastpass/capabilities?type=x").status)
    assert.equal(400, (ask "/integration/lastpass/capabilities?has_description=true").status)
    assert.equal(404, (ask "/integration/okta/capabilities").status)
    assert.equal(405, (ask("/integration/lastpass/capabilities", "DELETE")).status)
    assert.equal(403, (ask("/integration/lastpass/capabilities", "GET", { write = true })).status)
  end)

  it("says that some resources have no method at all", function()
    for _, name in ipairs { "billing", "utilization" } do
      for _, method in ipairs { "GET", "POST" } do
        local response = caller:send(method, name)
        assert.equal(405, response.status, name)
        assert.equal("OPTIONS", response.headers.allow)
      end
    end
    assert.equal(404, caller:get("bills").status)
  end)
end)
