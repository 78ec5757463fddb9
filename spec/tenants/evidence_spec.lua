-- Signed evidence over the companies of a set.
local check = require "spec.support.check"
local evidence = require "lastpass.report.evidence"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local planted = require "spec.support.planted"
local tenants = require "spec.support.tenants"

describe("evidence over companies", function()
  local place, set, key
  local made = {}

  setup(function()
    place = tenants.start(3, {
      profile = function(number, profile)
        profile.provhash = number == 2 and { file = "/nowhere/2.hash" } or profile.provhash
      end,
    })
    set = assert(place:load())
    key = planted.path(made)
    assert(evidence.new_key(key))
  end)

  teardown(function()
    place:stop()
    planted.remove(made)
  end)

  it("is one bundle, whose signature covers who is missing", function()
    local folder = planted.path(made)
    local body, run = assert(set:evidence(folder, { key = key, reports = { "mfa" } }))
    assert.equal(2, run.done)
    assert.same({ 3, 2, "2 of 3 companies" }, { body.companies, body.done, body.account })
    assert.equal("c2", body.missing[1].company)
    local again = assert(evidence.verify(folder, key .. ".pub"))
    assert.equal("c2", again.missing[1].company)
    assert.matches("2.hash", again.missing[1].message, 1, true)
    local list = json.decode(planted.read(folder .. "/companies.json"))
    assert.equal("c3", list.companies[2].company)
    assert.equal("companies/c3/", list.companies[2].folder)
    local users = planted.read(folder .. "/companies/c3/tables/users.csv")
    local counts = list.companies[2].counts
    assert.equal(1 + counts.users + counts.invited, select(2, users:gsub("\r\n", "")))
    local report = json.decode(planted.read(folder .. "/reports/01-mfa.json"))
    assert.same({ 3, 2, "c2" }, { report.companies, report.done, report.missing[1].company })
    assert.is_nil(planted.read(folder .. "/manifest.json"):find(tenants.hash(1), 1, true))

    -- a manifest in which nobody is missing is no longer the signed one
    local path = folder .. "/manifest.json"
    local text = planted.read(path):gsub('"missing":%[.-%]', '"missing":[]')
    planted.write(path, text)
    check.failure("conflict", "evidence_changed", evidence.verify(folder, key .. ".pub"))
  end)

  it("has folders for names that are long, too, each its own", function()
    local long = ("\208\150"):rep(120)
    local profiles = { [long .. "1"] = place.profiles.c1, [long .. "2"] = place.profiles.c3 }
    local file = place.folder .. "/long.json"
    tenants.write(file, json.encode { profiles = profiles })
    local long_names, folder = assert(lastpass.tenants.load { file = file }), planted.path(made)
    local body = assert(long_names:evidence(folder, { key = key }))
    assert.same({ 2, 2 }, { body.companies, body.done })
    assert(evidence.verify(folder, key .. ".pub"))
  end)

  it("asks nobody when it cannot be written", function()
    local function fails(folder, options)
      local before = #place.box:journal()
      check.failure("argument", nil, set:evidence(folder, options))
      assert.equal(before, #place.box:journal())
    end
    fails(place.folder, { key = key })
    fails(planted.path(made), { key = place.file })
    fails(planted.path(made), { key = key, reports = { "mfaa" } })
    check.blamed(function()
      set:evidence(planted.path(made), {})
    end)
  end)
end)
