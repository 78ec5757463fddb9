-- The plan file: what is saved is what is read, and one byte changed is refused.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local digest = require "lastpass.digest"
local document = require "lastpass.plan.document"
local json = require "lastpass.json"
local plan_module = require "lastpass.plan"

local function sample()
  local users = companies.people(6)
  return assert(companies.plan({ users = users, invited = { "guest@acme.com" } }, function(p)
    p.user "person2@acme.com" { fullname = 'Q "uoted" \195\169\n\\', groups = {}, active = true }
    p.user "person3@acme.com" { active = false }
    p.user "person4@acme.com" { remove = true }
    p.user "new@acme.com" { groups = { "Sales" } }
    p.user "new@acme.com" {}
    p.user "joiner@acme.com" { fullname = "Joiner" }
    p.protect "person4@acme.com"
    p.limit { per_day = { disable = 9 }, leave = 100 }
    p.only { "All", "Sales" }
  end))
end

describe("lastpass.plan.document", function()
  it("renders and reads the same plan, byte for byte", function()
    local plan = sample()
    local text = plan:text()
    local body = assert(document.parse(text, "today.plan.json"))
    assert.equal(text, document.render(body))
    assert.equal(plan.name, document.name(body))
    assert.equal(plan.name, text:match '"name": "(%x+)"')
    assert.equal(digest.hex(json.encode(plan.body)), plan.name)
    assert.is_true(#body.steps > 0 and #body.held > 0 and #body.problems > 0)
  end)

  it("lays one step a line, and any JSON reader reads it", function()
    local plan = sample()
    local decoded = assert(json.decode(plan:text()))
    assert.equal(#plan.body.steps, #decoded.plan.steps)
    for number, step in ipairs(plan.body.steps) do
      assert.is_truthy(plan:text():find(json.encode(step), 1, true), number)
    end
  end)

  it("keeps a plan without anything in it", function()
    local plan = assert(companies.plan({ users = {} }, function() end))
    local body = assert(document.parse(plan:text(), "x"))
    assert.equal(plan.name, document.name(body))
    assert.same({}, body.steps)
  end)

  it("refuses a file of which any byte was changed", function()
    local text = sample():text()
    for position = 1, #text do
      local byte = text:byte(position)
      for _, other in ipairs { (byte + 1) % 256, 32 } do
        if other ~= byte then
          local changed = text:sub(1, position - 1) .. string.char(other) .. text:sub(position + 1)
          check.failure("conflict", nil, document.parse(changed, "x"))
        end
      end
    end
    for _, changed in ipairs { "", "{}", "[]", "null", text .. " ", text .. text } do
      check.failure("conflict", "plan_changed", document.parse(changed, "x"))
    end
  end)

  it("refuses a plan whose name was made anew for other steps but whose form is wrong", function()
    local function forged(change)
      local body = sample().body
      change(body)
      return document.parse(document.render(body), "x")
    end
    local err = check.failure(
      "conflict",
      "plan_version",
      forged(function(body)
        body.version = 2
      end)
    )
    assert.matches("has the version 2, this program reads 1", err.message, 1, true)
    for _, change in ipairs {
      function(body)
        body.format = "other"
      end,
      function(body)
        body.steps[1].kind = "explode"
      end,
      function(body)
        body.steps[1].number = 7
      end,
      function(body)
        body.steps[1].subject = "somebody.else@acme.com"
      end,
      function(body)
        body.tenant = nil
      end,
      function(body)
        body.refusals = "none"
      end,
      function(body)
        body.held = json.list { 5 }
      end,
      function(body)
        body.warnings = json.list { {} }
      end,
      function(body)
        body.problems = { a = {} }
      end,
      function(body)
        body.objects["x@acme.com"] = 5
        body.objects["y@acme.com"] = { status = "active", groups = { a = "b" } }
      end,
      function(body)
        body.steps[1].after = json.null -- a creation
      end,
      function(body)
        body.steps[1].after = { groups = json.list { 5 } }
      end,
      function(body)
        body.steps[1].after = { groups = { a = "b" } }
      end,
    } do
      check.failure("conflict", "plan_changed", forged(change))
    end
  end)

  it("is written for its owner only, and read back", function()
    local path = os.tmpname()
    local plan = sample()
    assert.is_true(plan:save(path))
    local pipe = assert(io.popen("stat -c %a " .. path))
    assert.equal("600", pipe:read "*l")
    pipe:close()
    local loaded = assert(plan_module.load(path))
    assert.equal(plan.name, loaded.name)
    assert.equal(tostring(plan), tostring(loaded))
    os.remove(path)
    check.failure("argument", "cannot_read", plan_module.load(path))
    check.failure("argument", "cannot_write", plan:save "/nonexistent/folder/x.json")
  end)

  it("is what a plan is saved to; a path that is none is a mistake", function()
    local plan = assert(companies.plan({ users = {} }, {}))
    local path = os.tmpname()
    assert.is_true(plan:save(path))
    assert.equal(plan.name, assert(plan_module.load(path)).name)
    os.remove(path)
    check.failure("argument", "cannot_write", plan:save "/nowhere/x.json")
    for _, wrong in ipairs { "", 5, false } do
      check.blamed(function()
        plan:save(wrong)
      end)
      check.blamed(function()
        plan_module.load(wrong)
      end)
    end
  end)
end)
