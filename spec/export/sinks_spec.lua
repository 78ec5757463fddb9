local check = require "spec.support.check"
local sinks = require "lastpass.export.sinks"

describe("lastpass.export.sinks", function()
  local about = { durable = false, format = "ndjson", media_type = "application/x-ndjson" }

  it("are named, described, or given", function()
    assert.is_function(sinks.open(nil, about).write)
    assert.is_function(sinks.open("-", about).write)
    assert.equal("/tmp/x", sinks.open("/tmp/x", about).path)
    assert.equal("/tmp/x", sinks.open({ kind = "file", path = "/tmp/x" }, about).path)
    local told = {}
    local sink = sinks.open(function(text, count)
      told[#told + 1] = text .. count
      return true
    end, about)
    assert.is_true(sink:begin())
    assert.is_true(sink:write("x", 1))
    assert.same({}, sink:confirm())
    assert.is_true(sink:finish())
    sink:close()
    assert.same({ "x1" }, told)
  end)

  it("may be anybody's object", function()
    local object = {
      write = function()
        return true
      end,
      confirm = function()
        return { mine = 1 }
      end,
    }
    local sink = sinks.open(object, about)
    assert.is_true(sink:begin())
    assert.same({ mine = 1 }, sink:confirm())
    sink:close()
  end)

  it("that are wrong are blamed on the caller", function()
    for text, given in pairs {
      ["did you mean 'syslog'"] = { kind = "sylog" },
      ["needs a path"] = { kind = "file" },
      ["'rotate' needs a cursor"] = { kind = "file", path = "x", rotate = 10 },
      ["unknown option 'colour'"] = { kind = "stdout", colour = 1 },
      ["needs a host"] = { kind = "syslog" },
      ["protocol tls, tcp or udp"] = { kind = "syslog", host = "x", protocol = "smtp" },
      ["begins with https://"] = { kind = "webhook", url = "http://siem.example/" },
      ["splunk, elastic or generic"] = { kind = "webhook", url = "https://x/", style = "x" },
    } do
      assert.matches(
        text,
        check.blamed(function()
          sinks.open(given, about)
        end)
      )
    end
    check.blamed(function()
      sinks.open({ kind = "syslog", host = "x" }, { format = "csv" })
    end)
    check.blamed(function()
      sinks.open({ kind = "webhook", url = "https://x/", style = "elastic" }, { format = "csv" })
    end)
  end)
end)

describe("lastpass.export.sinks.stdout", function()
  it("writes, and says when that fails", function()
    local path = os.tmpname()
    local sink = sinks.open({ kind = "stdout" }, {})
    sink.file = assert(io.open(path, "w"))
    assert.is_true(sink:begin(nil, "header\n"))
    assert.is_true(sink:write "one\n")
    assert.same({}, sink:confirm())
    assert.is_true(sink:finish())
    local file = assert(io.open(path))
    assert.equal("header\none\n", file:read "*a")
    file:close()
    sink.file:close()
    sink.file = assert(io.open(path, "r"))
    local ok, _, err = sink:write "two\n"
    assert.is_nil(ok)
    assert.equal("output_closed", err.code)
    sink.file:close()
    sink:close()
    os.remove(path)
  end)
end)
