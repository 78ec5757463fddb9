-- The file of a plan over companies.
-- Runs once: it is about bytes, which are the same under every interpreter.
local document = require "lastpass.tenants.plan_document"
local documents = require "lastpass.plan.document"
local json = require "lastpass.json"
local state = require "lastpass.plan.state"

local function plan_of(tenant, address)
  local body = documents.new()
  local known = {
    status = "active",
    fullname = "Ann",
    groups = json.list {},
    admin = false,
    mfa = false,
  }
  body.objects[address] = known
  body.steps[1] = {
    number = 1,
    kind = "disable",
    subject = address,
    reason = "has left",
    reversal = "reversible",
    base = state.hash(known),
  }
  body.tenant, body.created, body.expires = tenant, 1000, 2000
  return body
end

local function combined()
  local body = document.new "apply"
  body.created, body.expires, body.companies_in_set = 1000, 2000, 3
  for index, name in ipairs { "acme", "b\195\188ro" } do
    body.companies[index] = {
      company = name,
      cid = index,
      tenant = "lastpass.example " .. index,
      body = plan_of("lastpass.example " .. index, "ann@x.example"),
    }
  end
  body.missing[1] = { company = "gone", cid = 9, code = "unreachable", message = "no answer" }
  return body
end

describe("lastpass.tenants.plan_document", function()
  it("is read as it was written", function()
    local text, name = document.render(combined())
    assert.equal(name, document.name_in(text))
    assert.is_true(document.is_named_so(text))
    assert.is_false(document.is_named_so(documents.render(plan_of("x 1", "ann@x.example"))))
    local body = assert(document.parse(text, "all.json"))
    assert.equal(text, (document.render(body)))
    assert.equal("acme", body.companies[1].company)
    assert.equal(documents.name(body.companies[1].body), body.companies[1].name)
    assert.equal("gone", body.missing[1].company)
  end)

  it("has a name that follows from every plan in it", function()
    local body = combined()
    local _, before = document.render(body)
    body.companies[2].body.steps[1].reason = "has left early"
    local _, after = document.render(body)
    assert.not_equal(before, after)
  end)

  it("is written also when nobody has a plan", function()
    local body = document.new "undo"
    body.created, body.expires, body.companies_in_set = 1, 2, 0
    assert(document.parse((document.render(body)), "none"))
  end)

  it("is refused when a byte of it was changed", function()
    local text = document.render(combined())
    local seed = 7
    local function random(to)
      seed = (seed * 1103515245 + 12345) % 2147483648
      return math.floor(seed / 65536) % to + 1
    end
    for _ = 1, 400 do
      local index, what = random(#text), random(3)
      local damaged
      if what == 1 then
        damaged = text:sub(1, index - 1) .. string.char(random(255)) .. text:sub(index + 1)
      elseif what == 2 then
        damaged = text:sub(1, index - 1) .. text:sub(index + random(20))
      else
        damaged = text:sub(1, index)
          .. text:sub(random(#text), -random(#text))
          .. text:sub(index + 1)
      end
      if damaged ~= text then
        local body, message, err = document.parse(damaged, "all.json")
        assert.is_nil(body, damaged)
        assert.matches("^all.json", message)
        assert.equal("conflict", err.kind)
      end
    end
  end)

  it("says of every company once whether it has a plan", function()
    for expected, damage in pairs {
      ["does not say of every company"] = function(body)
        body.companies_in_set = 4
      end,
      ["has acme twice"] = function(body)
        body.missing[1].company = "acme"
      end,
      ["has b\195\188ro twice"] = function(body)
        body.companies[2].tenant = "lastpass.example 1"
        body.companies[2].body.tenant = "lastpass.example 1"
      end,
      ["has the plan of another company"] = function(body)
        body.companies[2].tenant = "lastpass.example 3"
      end,
      ["has no 'kind' of a form that is known"] = function(body)
        body.kind = "delete"
      end,
      ["has no list 'refusals'"] = function(body)
        body.refusals = { a = 1 }
      end,
      ["is not a plan over companies"] = function(body)
        body.format = "lastpass.plan"
      end,
      ["has the version 2, this program reads 1"] = function(body)
        body.version = 2
      end,
      ["step 1 is not of a form that is known"] = function(body)
        body.companies[1].body.steps[1].kind = "destroy"
      end,
    } do
      local body = combined()
      damage(body)
      local read, message = document.parse((document.render(body)), "all.json")
      assert.is_nil(read)
      assert.is_truthy(message:find(expected, 1, true), message)
    end
  end)
end)
