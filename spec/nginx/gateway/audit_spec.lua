local audit = require "lastpass.nginx.gateway.audit"
local check = require "spec.support.check"
local json = require "lastpass.json"

local function entry(changes)
  local one = {
    token = "hr",
    tenant = "acme",
    request = "r-1",
    action = "disable",
    subjects = { "ann@acme.com" },
    outcome = "done",
  }
  for name, value in pairs(changes or {}) do
    one[name] = value
  end
  return one
end

describe("the audit", function()
  it("is one line of JSON", function()
    assert.equal(
      '{"action":"disable","count":1,"outcome":"done","request":"r-1","subjects":["ann@acme.com"],'
        .. '"tenant":"acme","time":"2026-11-18T11:06:40Z","token":"hr"}',
      audit.line(entry(), 1795000000)
    )
    local line = audit.line(entry { subjects = { "a\nb\255", "x" } }, 0)
    assert.is_nil(line:find "\n")
    assert.truthy(json.decode(line))
  end)

  it("stays short, however many there are", function()
    local many = {}
    for place = 1, 1000 do
      many[place] = ("\195\169"):rep(300) .. place
    end
    local line = audit.line(entry { subjects = many }, 0)
    assert.is_true(#line < 8192)
    assert.equal(1000, json.decode(line).count)
    assert.equal(20, #json.decode(line).subjects)
  end)

  it("says how a write ended", function()
    assert.equal("done", (audit.outcome(nil)))
    assert.same(
      { "unknown", "timeout" },
      { audit.outcome { kind = "transport", code = "timeout", uncertain = true } }
    )
    assert.same(
      { "refused", "protected" },
      { audit.outcome { kind = "guard", code = "protected" } }
    )
    assert.same({ "failed", "refused" }, { audit.outcome { kind = "refused", code = "refused" } })
  end)

  it("goes to a file that may be turned over, to a function, and nowhere in silence", function()
    local path = os.tmpname()
    local write = audit.sink(path)
    write "one"
    assert.is_true(os.rename(path, path .. ".1"))
    write "two"
    for name, text in pairs { [path] = "two\n", [path .. ".1"] = "one\n" } do
      local file = assert(io.open(name))
      assert.equal(text, file:read "*a")
      file:close()
      os.remove(name)
    end
    local got
    audit.sink(function(line)
      got = line
    end) "three"
    assert.equal("three", got)
    assert.is_true(audit.check(nil))
    local err = check.failure("cancelled", "no_audit", audit.check "/nonexistent/audit")
    assert.match("nothing is written without a trace", err.message)
  end)
end)
