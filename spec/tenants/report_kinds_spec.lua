-- Reports over the companies of a set.
local check = require "spec.support.check"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local outcomes = require "lastpass.tenants.outcome"
local report_kinds = require "lastpass.tenants.report_kinds"
local tenants = require "spec.support.tenants"

describe("reports over companies", function()
  local place, set

  setup(function()
    place = tenants.start(3, {
      profile = function(number, profile)
        -- the second company's hash is nowhere
        profile.provhash = number == 2 and { file = "/nowhere/2.hash" } or profile.provhash
      end,
    })
    set = assert(place:load())
  end)

  teardown(function()
    place:stop()
  end)

  it("are one report, with each company's figures", function()
    local made, run = assert(set:report "mfa")
    assert.equal(2, run.done)
    assert.equal(3, made:total "companies")
    assert.same({ "c2" }, { made.companies.missing[1].company, made.companies.missing[2] })
    local sum = 0
    for _, name in ipairs { "c1", "c3" } do
      local client = assert(set:company(name):client())
      sum = sum + assert(lastpass.report.mfa(client)):total "active"
    end
    assert.equal(sum, made:total "active")
  end)

  it("are the same after a worker has stored what came of each", function()
    local company = set:company "c3"
    local kind = report_kinds.list.report
    local outcome = assert(kind.run(company, { report = "invitations" }, {}))
    local text = {}
    for lines in outcome:lines() do
      text[#text + 1] = lines
    end
    local head = assert(json.decode(json.encode(outcome:head())))
    local again = assert(outcomes.restore(head, table.concat(text)))
    local companies = require "lastpass.report.companies"
    local texts = {}
    for position, one in ipairs { outcome, again } do
      local merger = companies.new(lastpass.report.invitations)
      merger:add("c3", 9003, report_kinds.data(one))
      texts[position] = merger:finish({}):render "json"
    end
    assert.equal(texts[1], texts[2])
  end)

  it("read a roster of each company", function()
    for name, address in pairs { c1 = "a@x.example", c3 = "b@x.example" } do
      tenants.write(place.folder .. "/" .. name .. ".csv", "email\n" .. address .. "\n")
    end
    local settings = { roster = { path = place.folder .. "/{company}.csv" } }
    local made = assert(set:report("coverage", settings))
    assert.equal(2, made:total "headcount")
    assert.equal(2, made:class("missing").count)
    settings.roster.path = place.folder .. "/{cid}.csv"
    made = assert(set:report("coverage", settings))
    assert.equal(0, made.companies.done)
    assert.matches("9001", made.companies.missing[1].message)
  end)

  it("fail at once for what no company could be asked", function()
    local function fails(...)
      return check.failure("argument", nil, set:report(...)).message
    end
    local function raises(...)
      local ok, raised = pcall(set.report, set, ...)
      assert.is_false(ok)
      return raised
    end
    local same = { roster = { path = "hr.csv" } }
    assert.matches("there is no report 'mfaa'.*mfa", fails "mfaa")
    assert.matches("each company needs a roster of its own", fails("coverage", same))
    assert.matches("one company.*option paid", fails("licences", { options = { paid = 9 } }))
    same.roster.path = "{name}.csv"
    assert.matches("{name} in a path; known are {company} and {cid}", raises("coverage", same))
    assert.matches("did you mean 'strength'", raises("mfa", { options = { strenght = 3 } }))
    assert.matches("needs the option 'roster'", raises "coverage")
    assert.matches("there is no rule 'x'", raises("check", { options = { rules = { "x" } } }))
  end)

  it("end with the code of the worst company", function()
    local made, run = assert(set:report "check")
    assert.equal(made.failed > 0 and 7 or 0, run.code)
    assert.truthy(#made:render "junit" > 100)
  end)
end)
