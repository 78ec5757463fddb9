-- From rows to text.
local events = require "spec.support.events"
local formats = require "lastpass.export.formats"
local json = require "lastpass.json"
local redact = require "lastpass.export.redact"
local secret = require "lastpass.secret"
local writer = require "lastpass.export.writer"

describe("lastpass.export.writer", function()
  local function write(rows, options)
    local one, parts = writer.new(formats.open("ndjson", 1), options), {}
    assert(one:write(rows, function(text, count)
      parts[#parts + 1] = { text = text, count = count }
      return true
    end))
    return parts, one
  end

  local function rows()
    return events.clocked {
      { "2026-03-01 10:00:05", "ann@acme.com", "", "Frobnicated", "password: x" },
      { "2026-03-01 10:00:04", "ann@acme.com", "", "FROBNICATED", "" },
      { "2026-03-01 10:00:03", "ann@acme.com", "", "Make admin", "bob@acme.com" },
      { "2026-03-01 10:00:02", "ann@acme.com", "", "Frobnicated", "" },
    }
  end

  it("counts names that nobody knows, once each", function()
    local parts, one = write(rows())
    assert.equal(4, parts[1].count)
    assert.same({ Frobnicated = 2, FROBNICATED = 1 }, one:unknown())
  end)

  it("takes secrets out", function()
    assert.is_nil(write(rows())[1].text:find("password: x", 1, true))
  end)

  it("replaces people, who are still targets", function()
    local names = assert(redact.pseudonyms(secret.value "k"))
    local parts = write(rows(), { pseudonyms = names })
    assert.is_nil(parts[1].text:find("acme.com", 1, true))
    local list = {}
    for line in parts[1].text:gmatch "[^\n]+" do
      list[#list + 1] = json.decode(line)
    end
    assert.same({ { kind = "user", value = names:of "bob@acme.com" } }, list[2].targets)
    assert.equal(names:of "ann@acme.com", list[2].actor)
  end)

  it("gives batches of the size that is wanted, and frames", function()
    local frame = { before = { "<" }, after = { ">" } }
    local parts = write(rows(), { batch = { events = 3 }, frame = frame })
    assert.equal(2, #parts)
    assert.equal(3, parts[1].count)
    assert.equal(1, parts[2].count)
    assert.matches("^<{.*}>$", parts[2].text)
    assert.equal(4, #write(rows(), { batch = { bytes = 10 } }))
  end)

  it("stops when nobody takes any more", function()
    local one = writer.new(formats.open("ndjson", 1), { batch = { events = 1 } })
    local told = 0
    local ok, message = one:write(rows(), function()
      told = told + 1
      return nil, "full", {}
    end)
    assert.is_nil(ok)
    assert.equal("full", message)
    assert.equal(1, told)
  end)
end)

describe("lastpass.export.formats.pieces", function()
  it("join templates", function()
    assert.same({ "a", "b", "c" }, writer.wrap({ "a" }, { "b" }, { "c" }))
    assert.same({ "a", "b" }, writer.wrap({ "a" }, { "b" }))
  end)

  it("make lists of targets", function()
    assert.same(
      { "targets", { between = ",", after = "", user = "" }, "cef" },
      writer.values("user", "cef", ",")
    )
    assert.equal("targets", writer.json_targets()[1])
  end)
end)
