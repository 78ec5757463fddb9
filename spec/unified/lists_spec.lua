-- The engine, with a resource that is nothing but a row.
local filters = require "lastpass.unified.filters"
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"
local resources = require "lastpass.unified.resources"
local unified = require "spec.support.unified"
local written = require "spec.support.written"

describe("a row of the resources", function()
  local caller
  setup(function()
    local tenant = written.tenant()
    tenant:set { { id = "1", email = "ann@example.com" } }
    caller = unified.caller(tenant)
    resources.badges = {
      name = "badges",
      what = "badge",
      methods = { list = true, get = true },
      members = lists.members { scalar = "id color", array = "owners" },
      filters = { color = filters.text "color" },
      entries = function()
        return {
          { id = "a", color = "Red", owners = json.list {}, remote_data = { raw = "a" } },
          { id = "b", color = "blue", owners = json.list {} },
          { id = "c", color = "red", owners = json.list {} },
        }
      end,
    }
  end)
  teardown(function()
    resources.badges = nil
  end)

  local function ids_of(path)
    local list = {}
    for position, item in ipairs(caller:walk(path)) do
      list[position] = item.id
    end
    return table.concat(list, " ")
  end

  it("is listed in pages, and filtered", function()
    assert.equal("a b c", ids_of "badges?limit=1")
    assert.equal("a c", ids_of "badges?color=RED&limit=1")
    assert.equal("", ids_of "badges?color=green")
    assert.equal(400, caller:get("badges?size=1").status)
    assert.equal(400, caller:get("badges?sort_by=color").status)
  end)

  it("gives single items", function()
    assert.equal("blue", caller:get("badges/b").json.color)
    local missing = caller:get "badges/x"
    assert.same({ 404, "there is no badge with that id" }, { missing.status, missing.json.message })
    assert.equal(405, caller:send("POST", "badges", {}).status)
    assert.equal("GET, HEAD, OPTIONS", caller:send("DELETE", "badges/a").headers.allow)
  end)

  it("takes the options of answers", function()
    local keyed = caller:get "badges?truto_key_by=color"
    assert.equal("b", keyed.json.result.blue.id)
    assert.equal(400, caller:get("badges?truto_key_by=owners").status)
    assert.is_nil(caller:get("badges/a?truto_ignore_remote_data=true").json.remote_data)
    assert.same({ raw = "a" }, caller:get("badges/a?truto_response_format=raw").json)
    assert.is_nil(caller:get("badges?truto_exclude_fields=color").json.result[1].color)
  end)

  it("is in the catalog", function()
    local method = caller:get("badges/meta/list").json
    assert.equal("/unified/user-directory/badges", method.path)
    assert.truthy(method.query_schema.properties.color)
    assert.equal("array", method.schema.properties.owners.type)
  end)
end)
