-- What is counted, written for Prometheus and read back by its own client library.
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"
local shared_dict = require "spec.support.shared_dict"

local PARSER = "/usr/bin/python3 spec/support/metrics_parser.py"

-- The families of a text, as an independent parser has them.
local function parse(rendered)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(rendered)
  file:close()
  local pipe = assert(io.popen(PARSER .. " <" .. path .. " 2>&1"))
  local output = pipe:read "*a"
  pipe:close()
  os.remove(path)
  return assert(json.decode(output), output)
end

local function sample(family, name, labels)
  for _, one in ipairs(family.samples) do
    local same = one.name == name
    for key, value in pairs(labels or {}) do
      same = same and one.labels[key] == value
    end
    if same then
      return one.value
    end
  end
end

describe("lastpass.nginx.metrics", function()
  local dict, before

  before_each(function()
    before = rawget(_G, "ngx")
    dict = shared_dict.new()
    rawset(_G, "ngx", { shared = { lastpass_metrics = dict } })
    metrics.begin()
  end)

  after_each(function()
    rawset(_G, "ngx", before)
  end)

  it("is read back by Prometheus's own parser", function()
    metrics.count("lastpass_calls_total", { command = "getuserdata", outcome = "ok" })
    metrics.count("lastpass_calls_total", { command = "getuserdata", outcome = "ok" }, 2)
    metrics.count("lastpass_calls_total", { command = "batchadd", outcome = "unreachable" })
    metrics.set("lastpass_directory_age_seconds", { tenant = "acme" }, 12.5)
    metrics.set("lastpass_directory_age_seconds", { tenant = "acme" }, 13.25)
    metrics.set("lastpass_playbook_last_success_timestamp_seconds", nil, 1795415550.123)
    for _, seconds in ipairs { 0.003, 0.02, 0.02, 0.7, 500 } do
      metrics.observe("lastpass_call_seconds", { command = "getuserdata" }, seconds)
    end
    local parsed = parse(metrics.render())
    local calls = parsed.lastpass_calls
    assert.equal("counter", calls.type)
    assert.equal(metrics.help.lastpass_calls_total, calls.help)
    assert.equal(3, sample(calls, "lastpass_calls_total", { command = "getuserdata" }))
    assert.equal(1, sample(calls, "lastpass_calls_total", { outcome = "unreachable" }))
    local age = parsed.lastpass_directory_age_seconds
    assert.same({ "gauge", 13.25 }, { age.type, age.samples[1].value })
    local success = parsed.lastpass_playbook_last_success_timestamp_seconds
    assert.equal(1795415550.123, success.samples[1].value)
    local took = parsed.lastpass_call_seconds
    assert.equal("histogram", took.type)
    local counts =
      { ["0.005"] = 1, ["0.01"] = 1, ["0.025"] = 3, ["0.5"] = 3, ["1"] = 4, ["120"] = 4 }
    for upper, count in pairs(counts) do
      local labels = { le = upper == "1" and "1" or upper }
      assert.equal(count, sample(took, "lastpass_call_seconds_bucket", labels), upper)
    end
    assert.equal(5, sample(took, "lastpass_call_seconds_bucket", { le = "+Inf" }))
    assert.equal(5, sample(took, "lastpass_call_seconds_count"))
    assert.is_true(math.abs(500.743 - sample(took, "lastpass_call_seconds_sum")) < 1e-6)
  end)

  it("escapes labels", function()
    local odd = 'a "quoted" \\ name\nof two lines, {x="y"} | ü'
    metrics.count("lastpass_playbook_runs_total", { playbook = odd })
    local runs = parse(metrics.render()).lastpass_playbook_runs
    assert.equal(odd, runs.samples[1].labels.playbook)
  end)

  it("drops what finds no room, and says so, rather than push out what is there", function()
    dict = shared_dict.new { most = 3 }
    rawset(_G, "ngx", { shared = { lastpass_metrics = dict } })
    metrics.begin()
    metrics.count("a_total", nil, 5)
    metrics.count("b_total")
    metrics.count("c_total")
    metrics.set("d", nil, 1)
    metrics.count("a_total")
    local parsed = parse(metrics.render())
    assert.equal(6, parsed.a.samples[1].value)
    assert.is_nil(parsed.c)
    assert.equal(2, parsed.lastpass_metrics_dropped.samples[1].value)
  end)

  it("does nothing where there is no dict", function()
    for _, ngx in ipairs { { shared = {} }, false } do
      rawset(_G, "ngx", ngx or nil)
      metrics.begin()
      metrics.count "a_total"
      metrics.set("b", nil, 1)
      metrics.observe("c", nil, 1)
      assert.equal("", metrics.render())
    end
  end)

  it("counts what a client does, and still calls the hooks that were there", function()
    local seen = {}
    local options = metrics.add_hooks({
      on_reply = function(reply)
        seen[#seen + 1] = reply.command
      end,
    }, "acme")
    options.on_reply { command = "getuserdata", attempt = 1, seconds = 0.1, code = "unreachable" }
    options.on_retry { command = "getuserdata", attempt = 1, code = "unreachable", seconds = 1 }
    options.on_reply { command = "getuserdata", attempt = 2, seconds = 0.2 }
    options.on_wait { command = "getuserdata", seconds = 1.5, reason = "the option rate" }
    local parsed = parse(metrics.render())
    assert.same({ "getuserdata", "getuserdata" }, seen)
    local labels = { tenant = "acme", command = "getuserdata", outcome = "ok" }
    assert.equal(1, sample(parsed.lastpass_calls, "lastpass_calls_total", labels))
    labels.outcome = "unreachable"
    assert.equal(1, sample(parsed.lastpass_calls, "lastpass_calls_total", labels))
    assert.equal("unreachable", parsed.lastpass_retries.samples[1].labels.reason)
    assert.equal(1, parsed.lastpass_waits.samples[1].value)
    assert.equal(1.5, parsed.lastpass_wait_seconds.samples[1].value)
    assert.equal(2, sample(parsed.lastpass_call_seconds, "lastpass_call_seconds_count"))
  end)
end)
