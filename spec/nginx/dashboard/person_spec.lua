local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"

describe("page of a person", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    user = dashboard.of(box)
    user:sign_in()
  end)

  teardown(function()
    box:stop()
  end)

  local function facts(body)
    local found = {}
    for title, value in
      body:match('<dl class="facts">(.-)</dl>'):gmatch "<dt>(.-)</dt><dd>(.-)</dd>"
    do
      found[title] = value:gsub("<[^>]*>", "")
    end
    return found
  end

  it("has the facts", function()
    local found = facts(user:page "person?email=BOSS%40acme.example")
    found["LastPass number"] = nil
    assert.same({
      ["E-mail"] = "boss@acme.example",
      Status = "Active",
      Admin = "yes",
      Multifactor = "none",
      ["Last log-in"] = "2026-06-10 13:00 UTC",
      Created = "2026-01-05 14:00 UTC",
      ["Password changed"] = "2026-05-01 13:00 UTC",
      ["Password strength"] = "80 of 100",
      ["Security score"] = "75.5 of 100",
      Vault = "5 sites, 1 note",
      ["Duo name"] = "boss@acme.example",
    }, found)
  end)

  it("says of those who never came no more than is known", function()
    local found = facts(user:page "person?email=newer%40acme.example")
    assert.same(
      { ["E-mail"] = "newer@acme.example", Status = "Invited", Admin = "no", Multifactor = "–" },
      found
    )
    found = facts(user:page "person?email=never%40acme.example")
    assert.equal("never", found["Last log-in"])
    assert.is_nil(found["Password strength"])
  end)

  it("has the groups, and the folders with the way to them", function()
    local body = user:page "person?email=bob%40acme.example"
    assert.truthy(body:find("In no group.", 1, true))
    assert.truthy(body:find(">Servers<", 1, true))
    assert.truthy(body:find("<td>write</td><td><bdi>&lt;i&gt;Sales&lt;/i&gt;", 1, true))
    body = user:page "person?email=ann%40acme.example"
    assert.truthy(body:find('href="/dashboard/acme/people?group=IT"', 1, true))
    assert.truthy(body:find("<td>administer</td><td>directly</td>", 1, true))
    assert.truthy(
      user:page("person?email=never%40acme.example"):find("In no shared folder.", 1, true)
    )
  end)

  it("escapes everything", function()
    for name in pairs(dashboard.hostile) do
      local body = user:page("person?email=hostile." .. name .. "%40acme.example")
      assert.is_nil(body:find("<script>", 1, true), name)
      assert.is_nil(body:find("<img", 1, true), name)
      assert.is_nil(body:find("\226\128\174", 1, true), name)
    end
  end)

  it("does not show attributes, which may hold secrets", function()
    local secretive = planted.start()
    planted.plant(secretive, { { "ann@acme.example", { attribs = { pin = "s3cret-pin" } } } })
    local other = dashboard.of(secretive)
    other:sign_in()
    local body = other:page "person?email=ann%40acme.example"
    secretive:stop()
    assert.is_nil(body:find("s3cret-pin", 1, true))
  end)

  it("is not there for anybody else", function()
    for _, rest in ipairs {
      "person",
      "person?email=",
      "person?email=no%40acme.example",
      "person?email=%3Cb%3E",
    } do
      local response = user:get("/dashboard/acme/" .. rest)
      assert.equal(404, response.status)
      assert.truthy(response.body:find("There is nobody with that address", 1, true))
    end
  end)
end)
