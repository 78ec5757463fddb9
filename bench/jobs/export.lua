-- A million events, a hundred replies in memory, made into lines: read, checked, timed in UTC, their
-- Data understood, and written. Both sides write the same bytes.
local shell = require "bench.shell"

local made

local function folder(bench)
  local path = shell.BUILD .. "/events"
  if not made then
    shell.run { "mkdir", "-p", path }
    bench.measure { bench.lua, "bench/work/make_events.lua", path }
    made = true
  end
  return path
end

local expected = {}

local function check(format, sample)
  expected[format] = expected[format] or sample.bytes
  if sample.events ~= 1000000 or sample.bytes ~= expected[format] then
    local text = "%s: %d events in %d bytes, expected %d bytes"
    error(text:format(format, sample.events, sample.bytes, expected[format]), 0)
  end
  return sample
end

local function measure(run)
  local ndjson, ecs = check("ndjson", run "ndjson"), check("ecs", run "ecs")
  return { ndjson = ndjson.seconds, ecs = ecs.seconds }
end

return {
  pairs = 2,
  ours = function(bench)
    local path = folder(bench)
    local sample = measure(function(format)
      return bench.measure { bench.lua, "bench/work/export.lua", format, path }
    end)
    local frugal =
      check("ecs", bench.measure { bench.lua, "bench/work/export.lua", "ecs", path, "frugal" })
    sample.held = frugal.held
    return sample
  end,
  theirs = function(bench)
    local path = folder(bench)
    return measure(function(format)
      return bench.measure { "/usr/bin/python3", "bench/rivals.py", "export", format, path }
    end)
  end,
  rows = {
    {
      job = "1,000,000 events to NDJSON",
      rival = "Python json, the same mapping",
      of = "ndjson",
      at_least = 15,
    },
    {
      job = "the same to ECS 8",
      rival = "Python json, the same mapping",
      of = "ecs",
      at_least = 8,
    },
    { job = "the same, page by page: peak memory", of = "held", unit = "MB", at_most = 30 },
  },
}
