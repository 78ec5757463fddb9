-- The commands over the REST API, and what it adds to those about users.
local cli = require "spec.support.cli"
local support = require "spec.support.box"

describe("commands over the REST API", function()
  local place

  setup(function()
    place = cli.start {
      users = 30,
      invited = 1,
      staged = 2,
      companies = {
        { cid = 42, name = "Acme North", users = 20, parent = 8771312, license_limit = 15 },
        { cid = 43, name = "Acme South", users = 6, parent = 42, license_limit = 9 },
      },
    }
    place:use_rest()
  end)

  teardown(function()
    place:stop()
  end)

  before_each(function()
    support.reset(place.box)
  end)

  local function addresses(words)
    local list = {}
    for position, row in ipairs((place:json(words))) do
      list[position] = row.email
    end
    return list
  end

  it("list managed companies, their admins and bills", function()
    local rows = place:json "companies"
    assert.same({ "Acme North", 15, "8771312", "42" }, {
      rows[1].name,
      rows[1].license_limit,
      rows[1].parent_id,
      rows[2].parent_id,
    })
    assert.equal(1, #place:json "companies --name %South")
    local admins = place:json "admins"
    assert.same({ "Acme North", "Super Admin" }, { admins[1].company, admins[1].level })
    local cycles = place:json "billing cycles --count 2"
    assert.equal(2, #cycles)
    local bills, code, err = place:json "billing report"
    assert.equal(0, code)
    assert.match(("from %s to %s"):format(cycles[2].start_date, cycles[2].end_date), err, 1, true)
    assert.same({ "Acme North", 15 }, { bills[1].company_name, bills[1].license_limit })
    assert.equal(64, (place:run "billing report --from 2026-01-01"))
    assert.equal(64, (place:run "billing report --from 2026-01-01 --to tomorrow"))
    assert.equal(64, (place:run "billing cycles --count 13"))
  end)

  it("list admin levels, and say what is not known of them", function()
    local rows, code, err = place:json "admin-levels"
    assert.same({ 3, "Helpdesk Admin", 0 }, { #rows, rows[1].name, code })
    assert.match("who has which admin level cannot be read", err)
  end)

  it("send any request, and ask before one that writes", function()
    local body = place:json "rest call GET /v1/users --query max-results=1"
    assert.equal(1, #body.items)
    local code, _, err = place:run "rest call GET users"
    assert.equal(64, code)
    assert.match("rest call: the path must be as /v1/users", err, 1, true)
    local line = { "rest", "call", "POST", "/v1/users", '{"email":"q@x.example"}' }
    code, _, err = place:run(line)
    assert.equal(4, code)
    assert.match("--yes answers it", err, 1, true)
    line[#line + 1] = "--dry-run"
    code, _, err = place:run(line)
    assert.equal(0, code)
    assert.match("nothing was sent", err)
    assert.equal(0, support.requests(place.box, "rest:create_user"))
    assert.equal(64, (place:run "rest call GET /v1/users --query a"))
    assert.equal(64, (place:run { "rest", "call", "POST", "/v1/users", "[" }))
  end)

  it("list who is staged, and which interface says what", function()
    assert.equal(2, #addresses "users --status staged")
    assert.equal(0, #addresses "users --status awaiting_approval")
    local rows = place:json "users --fields email,account_status --sort -account_status"
    assert.equal("staged", rows[1].account_status)
    assert.equal(
      2,
      #place:json { "users", "--where", 'u.account_status == "staged"', "--fields", "email" }
    )
    local code, out = place:run "users --status staged --explain-source"
    assert.equal(0, code)
    assert.match("all from the REST API", out)
    rows = place:json { "user", "show", rows[1].email, "--explain-source" }
    assert.same({ "email", "the REST API" }, { rows[1].field, rows[1].source })
    rows = place:json { "user", "show", place:people()[1], "--explain-source" }
    local sources = {}
    for _, row in ipairs(rows) do
      sources[row.field] = row.source
    end
    assert.same(
      { "the Enterprise API", "the REST API" },
      { sources.status, sources.account_status }
    )
    assert.equal(1, (place:run "user show nobody@x.example --explain-source"))
  end)

  it("stage, invite and give levels as verbs with guards and a journal", function()
    local before = #place:json "runs"
    local words = { "user", "stage", "zoe@lumenor.example", "--name", "Zoe Lee", "--dry-run" }
    local code, out = place:run(words)
    assert.equal(0, code)
    assert.match("would be done.*prepare without an invitation", out)
    words[#words] = nil
    local _, sum
    code, _, sum = place:run(words)
    assert.equal(0, code)
    assert.match("1 done; run %d+\n", sum)
    code, out = place:run(words)
    assert.equal(0, code)
    assert.match("unchanged", out)
    assert.equal(3, #addresses "users --status staged")
    code = place:run "user invite zoe@lumenor.example"
    assert.equal(4, code) -- nobody is there to answer
    assert.equal(0, (place:run "user invite zoe@lumenor.example --yes"))
    assert.equal(2, #addresses "users --status staged")
    assert.equal(1, place.box:state({ mails = true }).mails["zoe@lumenor.example"].invitation)
    local somebody = place:people()[1]
    assert.equal(0, (place:run { "user", "admin-level", somebody, "Super Admin", "--yes" }))
    assert.is_true((place:json { "user", "show", somebody }).admin)
    assert.equal(before + 3, #place:json "runs")
    local path = place:file("email,level\n" .. somebody .. ",Helpdesk Admin\n", ".csv")
    assert.equal(0, (place:run { "bulk", "admin-level", path, "--yes" }))
    assert.is_false((place:json { "user", "show", somebody }).admin)
  end)

  it("create, change and detach companies: shown first, asked about, each once", function()
    local words = { "company", "create", "Acme West", "--limit", "9", "--addon", "mfa" }
    local code, _, err = place:run(words)
    assert.equal(4, code)
    assert.match("create the company: name Acme West, type managed, license limit 9", err, 1, true)
    code, _, err = place:run { "company", "create", "Acme West", "--limit", "9", "--dry-run" }
    assert.equal(0, code)
    assert.match("nothing was sent", err)
    words[#words + 1] = "--yes"
    code, _, err = place:run(words)
    assert.equal(0, code, err)
    local id = err:match "to take it back: lastpass company detach (%d+)"
    assert.is_string(id)
    code, _, err = place:run(words)
    assert.equal(0, code)
    assert.match("unchanged", err)
    assert.equal(1, support.requests(place.box, "rest:create_managed_company"))
    code, _, err = place:run { "company", "update", id, "--limit", "12", "--wait", "0", "--yes" }
    assert.equal(0, code)
    local request, address = err:match "lastpass company result (%d+) (%S+)"
    local first, out
    code, first = place:run { "company", "result", request, address }
    assert.same({ 0, "pending\n" }, { code, first })
    code, out = place:run { "company", "result", request, address }
    assert.equal(0, code)
    assert.match('"done"', out)
    assert.equal(4, (place:run { "company", "detach", id, "--yes" }))
    assert.equal(0, (place:run { "company", "detach", id, "--confirm", id }))
    assert.equal(64, (place:run { "company", "update", "42", "--yes" }))
    assert.equal(1, (place:run { "company", "result", "1", "https://evil.example/x" }))
  end)

  it("check the key with the account, and in doctor", function()
    assert.equal("accepted", (place:json "auth check").rest)
    local rows = place:json "doctor"
    local state
    for _, row in ipairs(rows) do
      state = row.check == "REST API" and row.state or state
    end
    assert.equal("ok", state)
    support.inject(place.box, "rest:users", "{}", { status = 401 })
    local code, _, err = place:run "auth check"
    assert.equal(77, code)
    assert.match("check the API key", err)
    assert.is_nil(err:find("the hash came from", 1, true), err) -- the hash was not refused
  end)
end)
