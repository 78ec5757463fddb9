local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"

describe("page of people", function()
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

  it("shows who it is, how they stand, and their groups", function()
    local rows = dashboard.rows(user:page "people?q=boss")
    assert.same(
      { { "Bo Boss Adminboss@acme.example", "Active", "none", "2026-06-10 13:00", "Board, IT" } },
      rows
    )
    rows = dashboard.rows(user:page "people?q=never")
    assert.same({ { "never@acme.example", "Never logged in", "none", "never", "" } }, rows)
    rows = dashboard.rows(user:page "people?q=newer")
    assert.same({ { "newer@acme.example", "Invited", "–", "", "" } }, rows)
  end)

  it("says how many there are, of how many", function()
    assert.equal("12 people", dashboard.found(user:page "people"))
    assert.equal("2 people (everybody: 12)", dashboard.found(user:page "people?admin=yes"))
  end)

  it("shows what was asked for in the form, and keeps it in the links", function()
    local body = user:page "people?q=a&status=can_log_in&sort=-email"
    assert.truthy(body:find('name="q" spellcheck="false" type="search" value="a"', 1, true))
    assert.truthy(body:find('<option selected value="can_log_in">', 1, true))
    assert.truthy(body:find('name="sort" type="hidden" value="-email"', 1, true))
    assert.truthy(
      body:find('href="/dashboard/acme/people?q=a&amp;status=can_log_in&amp;sort=email"', 1, true)
    )
    assert.truthy(body:find('aria-sort="descending"', 1, true))
  end)

  it("says what to do when nobody fits, and which group was meant", function()
    local body = user:page "people?q=zzz"
    assert.truthy(body:find("Nobody matches", 1, true))
    body = user:page "people?group=Bord&mfa=no"
    assert.truthy(body:find("There is no group “Bord”", 1, true))
    assert.truthy(body:find('href="/dashboard/acme/people?mfa=no&amp;group=Board"', 1, true))
    assert.truthy(body:find('aria-invalid="true"', 1, true))
  end)

  it("gives the list alone to the script", function()
    local part = user:page "people?q=ann&part=results"
    assert.truthy(part:find '^<p id="found"')
    assert.is_nil(part:find("<form", 1, true))
    assert.is_nil(part:find("part=results", 1, true))
    local whole = user:page "people?q=ann"
    assert.truthy(whole:find(part, 1, true))
  end)

  it("shows names that try to break out as what they are", function()
    local body = user:page "people?q=hostile"
    assert.is_nil(body:find("<script>", 1, true))
    assert.is_nil(body:find("<img", 1, true))
    assert.is_nil(body:find("<i>Sales", 1, true))
    assert.is_nil(body:find("\226\128\174", 1, true))
    assert.truthy(body:find("Hostile &lt;script&gt;alert(1)&lt;/script&gt;", 1, true))
    assert.truthy(
      body:find("&lt;i&gt;Sales&lt;/i&gt; &quot;East&quot; &amp; &#39;West&#39;", 1, true)
    )
    body = user:page "people?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&group=%3Cb%3E%22"
    assert.is_nil(body:find("<script>", 1, true))
    assert.is_nil(body:find("<b>", 1, true))
  end)

  it("goes through everybody by its links, each shown once", function()
    local many = require("spec.support.box").start { users = 130, invited = 7, frozen = true }
    local other = dashboard.of(many)
    other:sign_in()
    for _, sort in ipairs { "", "-name", "email", "-last_login", "last_login" } do
      local seen, count, path = {}, 0, "people?sort=" .. sort
      while path do
        local body = other:page(path)
        for email in body:gmatch 'person%?email=([^"]*)"' do
          assert.is_nil(seen[email], email)
          seen[email], count = true, count + 1
        end
        path = body:match 'href="/dashboard/acme/([^"]*)" rel="next"'
        path = path and path:gsub("&amp;", "&")
      end
      assert.equal(other.tenant:directory().snapshot:count() + 7, count)
    end
    many:stop()
  end)
end)

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
