local audit = require "lastpass.nginx.gateway.audit"
local check = require "spec.support.check"
local json = require "lastpass.json"
local shared_dict = require "spec.support.shared_dict"

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

  it("is harmless in a terminal", function()
    local line = audit.line(entry { subjects = { "a\27[2J\194\155m\226\128\174b" } }, 0)
    assert.is_nil(line:find "[%c\128-\255]")
    assert.truthy(json.decode(line).subjects[1]:find("202e", 1, true))
  end)

  it("stays short, however many there are", function()
    local many = {}
    for position = 1, 1000 do
      many[position] = ("\195\169"):rep(300) .. position
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

  it("goes to a file that may be rotated, and to a function", function()
    local path = os.tmpname()
    local write = audit.sink(path)
    assert.is_true(write "one")
    assert.is_true(os.rename(path, path .. ".1"))
    assert.is_true(write "two")
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
    assert.is_true(audit.sink(function() end) "four")
  end)

  it("does not say that a line is written that is not", function()
    for _, path in ipairs { "/dev/full", "/nonexistent/audit", "/" } do
      local ok, message = audit.sink(path) "x"
      assert.is_nil(ok, path)
      assert.is_string(message)
    end
    for _, fn in ipairs {
      function()
        return nil, "full"
      end,
      function()
        return false
      end,
      function()
        error("oh", 0)
      end,
    } do
      local ok, message = audit.sink(fn) "x"
      assert.is_nil(ok)
      assert.is_string(message)
    end
  end)

  it("begins a line of its own after half of one", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write '{"half'
    file:close()
    local write = audit.sink(path)
    write "one"
    write(("long "):rep(5000))
    file = assert(io.open(path))
    assert.equal('{"half', file:read "*l")
    assert.equal("one", file:read "*l")
    assert.equal(("long "):rep(5000), file:read "*l")
    file:close()
    os.remove(path)
  end)

  it("tells all workers that lines are lost, until one is written again", function()
    local dict = shared_dict.new {}
    local full = true
    local log = audit.open(function()
      return not full
    end, dict)
    assert.is_nil(audit.failure(dict))
    local err = check.failure("cancelled", "no_audit", log:write(entry(), 0))
    assert.match("nothing is written without a trace", err.message)
    assert.match("option 'audit'", audit.failure(dict))
    full = false
    assert.is_true(log:write(entry(), 0))
    assert.is_nil(audit.failure(dict))
  end)

  it("has room to tell it in a dict that is full by then", function()
    local dict = shared_dict.new { most = 1 }
    local log = audit.open("/dev/full", dict)
    log:write(entry(), 0)
    assert.match("No space left", audit.failure(dict))
  end)
end)
