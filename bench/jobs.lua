--- What is measured: each row is a job that a rival does as well, with the same means.
-- `ours(bench)` and `theirs(bench)` give a command that prints its numbers as lines of a name and a
-- number. `of` is the number compared (default "seconds"), `same` are those that must be equal on
-- both sides. The bar is `at_least` so many times faster, or `at_most` so many times slower; without
-- a rival, seconds. A command that measures both sides by itself, in turn, prints the rival's number under the name
-- `beside`. `pairs` are the runs of each side after a first one that warms caches; `cold`: there
-- is no such run, because each takes long.
-- @module bench.jobs
local USERS, PAGE = 100000, 2000
local COUNTS = { "create", "name", "join", "leave", "enable", "disable", "missing" }

local function work(bench, program, ...)
  return { bench.lua, "bench/work/" .. program .. ".lua", ... }
end

local function python(...)
  return { "/usr/bin/python3", "bench/rivals.py", ... }
end

-- Whole processes whose output nobody reads.
local function silent(words)
  return { "sh", "-c", 'exec "$@" >/dev/null', "sh", (table.unpack or unpack)(words) }
end

local function on_directory(program, way)
  return function(bench)
    return work(bench, program, way, bench.directory(USERS) .. "/all")
  end
end

local function export(format)
  return {
    name = format,
    job = "1,000,000 events to " .. (format == "ecs" and "ECS" or "NDJSON"),
    rival = "Python json, the same mapping",
    at_least = 20,
    pairs = 2,
    cold = true,
    same = { "events", "bytes" },
    ours = function(bench)
      return work(bench, "export", format, bench.events())
    end,
    theirs = function(bench)
      return python("export", format, bench.events())
    end,
  }
end

local GUARDED_BESIDE = {
  plain = "without the guard",
  empty = "with an access_by_lua that is empty",
}

-- Compared is what the worker spends, so 90 % of the rate is 1 / 0.9 of it.
local function guarded(what, job, rival)
  return {
    name = "guarded_" .. what,
    job = "10,000 requests of somebody signed in, through the SAML guard: " .. job,
    rival = "the same location " .. GUARDED_BESIDE[rival],
    of = "spent",
    rival_of = "rival",
    at_most = 1.11,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "saml_guard", what, rival)
    end,
  }
end

-- Of many companies; both sides are measured by one process, in turn.
local function tenants(what, job, rival, at_most)
  return {
    name = "tenants_" .. what,
    job = job,
    rival = rival,
    rival_of = "beside",
    at_most = at_most,
    pairs = 1,
    cold = true,
    ours = function(bench)
      if what == "large" then
        return work(bench, "tenants", what, bench.url(USERS), bench.ca_file)
      end
      return work(bench, "tenants", what)
    end,
  }
end

local function plan(way, job, at_least)
  return {
    name = way,
    job = job,
    rival = "Python json, csv and dict",
    at_least = at_least,
    pairs = 3,
    same = COUNTS,
    ours = function(bench)
      return work(bench, "plan", way, bench.hr_file(USERS))
    end,
    theirs = function(bench)
      return python("plan", bench.hr_file(USERS))
    end,
  }
end

return {
  {
    name = "memory",
    job = "100,000 users in memory, ready for look-ups",
    rival = "lua-cjson decode",
    at_least = 20,
    ours = on_directory("decode", "lastpass"),
    theirs = on_directory("decode", "cjson"),
  },
  {
    name = "sax",
    job = "the same",
    rival = "RapidJSON, SAX with an empty handler",
    at_most = 1,
    pairs = 9,
    ours = on_directory("decode", "lastpass"),
    theirs = function(bench)
      return { bench.program "sax", bench.directory(USERS) .. "/all" }
    end,
  },
  {
    name = "pages",
    job = "the same over TLS in pages of 2,000, four under way",
    rival = "Python requests, four threads, json",
    at_least = 3,
    same = { "users" },
    ours = function(bench)
      return work(bench, "pages", bench.url(USERS), bench.ca_file)
    end,
    theirs = function(bench)
      return python("pages", bench.url(USERS), bench.ca_file, PAGE)
    end,
  },
  {
    name = "scim",
    job = "50,000 users over SCIM in pages of 1,000, four under way, ready for look-ups",
    rival = "Python requests, four threads, json and dict",
    at_least = 3,
    same = { "users", "active", "memberships", "last" },
    ours = function(bench)
      return work(bench, "scim", bench.scim_url(50000), bench.ca_file)
    end,
    theirs = function(bench)
      return python("scim", bench.scim_url(50000), bench.ca_file, 1000, 4)
    end,
  },
  {
    name = "visit",
    job = "three fields of every user visited, decoding excluded",
    rival = "loop over lua-cjson's tables",
    at_most = 3,
    ours = on_directory("visit", "lastpass"),
    theirs = on_directory("visit", "cjson"),
  },
  {
    name = "small",
    job = "1,000 small calls, connection kept",
    rival = "bare libcurl easy loop",
    at_most = 1.15,
    pairs = 25, -- a call is short and a machine has moods
    ours = function(bench)
      return work(bench, "calls", bench.small_url, bench.ca_file, 1000)
    end,
    theirs = function(bench)
      return { bench.program "easy", bench.small_url, bench.ca_file, bench.small_body, 1000 }
    end,
  },
  export "ndjson",
  export "ecs",
  plan("mapping", "plan, 100,000 rows by a mapping", 12),
  plan("rows", "plan, 100,000 rows by a function", 6),
  {
    name = "require",
    job = 'require "lastpass" and a client made',
    rival = "lua-curl, cjson, socket and a handle made",
    at_most = 2,
    pairs = 25,
    -- Debian's lua-curl is for Lua 5.1, so both sides are
    ours = function(bench)
      return bench.in_lua51 { "lua5.1", "bench/work/load.lua", "lastpass" }
    end,
    theirs = function(bench)
      return bench.in_lua51 { "lua5.1", "bench/work/load.lua", "curl", "cjson", "socket" }
    end,
  },
  {
    name = "users",
    job = "lastpass users of 50 people, whole process",
    rival = "curl of the same page",
    of = "wall",
    at_most = 2,
    pairs = 15,
    ours = function(bench)
      return silent {
        bench.lua,
        "bin/lastpass",
        "users",
        "--cid",
        "8771312",
        "--provhash-file",
        bench.hash_file,
        "--url",
        bench.url(50),
        "--ca-file",
        bench.ca_file,
      }
    end,
    theirs = function(bench)
      return silent {
        "curl",
        "-sS",
        "--noproxy",
        "*",
        "--cacert",
        bench.ca_file,
        "-H",
        "Content-Type: application/json",
        "-d",
        bench.body("getuserdata", ('{"pagesize":%d,"pageindex":0}'):format(PAGE)),
        bench.url(50),
      }
    end,
  },
  {
    name = "tab",
    job = "first Tab among 50,000 names",
    at_most = 0.3,
    ours = function(bench)
      return work(bench, "tab", bench.directory(50000) .. "/all")
    end,
  },
  {
    name = "endpoint",
    job = "SCIM endpoint at 100 requests a second, 99th percentile above its calls of LastPass",
    at_most = 0.005,
    pairs = 3,
    cold = true,
    beside = {
      { of = "middle", job = "the same, 50th percentile" },
      {
        of = "syncmiddle",
        job = "what one change writes and its fdatasync alone, 50th percentile",
      },
      { of = "sync", job = "the same, 99th percentile" },
    },
    ours = function(bench)
      return work(bench, "scim_endpoint")
    end,
  },
  {
    name = "push",
    job = "25 new people a second pushed through it, LastPass answers in 300 ms, 99th percentile",
    at_most = 1,
    pairs = 1,
    cold = true,
    ours = function(bench)
      return work(bench, "scim_push", tonumber(os.getenv "LASTPASS_PUSH" or 250))
    end,
  },
  {
    name = "member",
    job = "one member out of a group of 50,000 through the SCIM endpoint",
    at_most = 0.02,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "scim_member", 50000)
    end,
  },
  {
    name = "member_size",
    job = "the same",
    rival = "a group of 500",
    at_most = 1.2,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "scim_member", 50000)
    end,
    theirs = function(bench)
      return work(bench, "scim_member", 500)
    end,
  },
  {
    name = "radius",
    job = "2,000 codes verified by FreeRADIUS, one after the other",
    of = "spent",
    at_most = 1,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "radius")
    end,
  },
  {
    name = "radius_overhead",
    job = "one of them, beyond the same messages over a bare socket",
    of = "overhead",
    at_most = 0.0003,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "radius")
    end,
  },
  {
    name = "mfa_pending",
    job = "a trivial location while 10,000 people wait for their phones, 99th percentile",
    of = "with",
    at_most = 0.02,
    pairs = 1,
    cold = true,
    beside = {
      { of = "middle", job = "the same, 50th percentile" },
      { of = "without", job = "the same without them, 99th percentile" },
      { of = "spent", job = "the processor's part in a second of nginx that they wait for" },
    },
    ours = function(bench)
      return work(bench, "mfa_pending", tonumber(os.getenv "LASTPASS_PENDING" or 10000))
    end,
  },
  {
    name = "signatures",
    job = "5,000 SAML responses: parsed, two RSA-2048 signatures verified",
    rival = "parsed, two bare RSA verifications by OpenSSL",
    of = "spent",
    at_most = 3,
    ours = function(bench)
      return { bench.program "xmldsig", "verify", 5000 }
    end,
    theirs = function(bench)
      return { bench.program "xmldsig", "bare", 5000 }
    end,
  },
  {
    name = "responses",
    job = "2,500 SAML responses: parsed, both signatures verified, the octets parsed again",
    of = "spent",
    at_most = 1,
    ours = function(bench)
      return { bench.program "xmldsig", "whole", 2500 }
    end,
  },
  {
    name = "guard_responses",
    job = "500 SAML responses with both signatures through the guard, to the session's cookie",
    of = "spent",
    at_most = 0.333, -- 1,500 a second
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "saml_responses", 500)
    end,
  },
  {
    name = "guard_cookies",
    job = "1,000 sessions' cookies that a worker has not seen before",
    of = "spent",
    at_most = 0.015,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "saml_cookies", 1000)
    end,
  },
  {
    name = "totp",
    job = "1,000 one-time codes verified and used up in nginx, by a shared dictionary",
    at_most = 0.015,
    pairs = 3,
    cold = true,
    beside = {
      { of = "p50", job = "the same, 50th percentile of one" },
      { of = "p99", job = "the same, 99th percentile of one" },
    },
    ours = function(bench)
      return work(bench, "mfa_totp", "dict", 0)
    end,
  },
  {
    name = "totp_million",
    job = "a request that verifies one, 99th percentile, 1,000,000 users have a counter",
    rival = "1,000 users",
    of = "request",
    at_most = 1.1,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "mfa_totp", "dict", 1000000)
    end,
    theirs = function(bench)
      return work(bench, "mfa_totp", "dict", 1000)
    end,
  },
  {
    name = "totp_postgresql",
    job = "1,000 codes verified and used up by PostgreSQL, what the worker spends",
    at_most = 1,
    pairs = 3,
    cold = true,
    ours = function(bench)
      return work(bench, "mfa_totp", "postgresql", 0)
    end,
  },
  -- What nginx takes to call any Lua at all is a tenth of so small an answer already.
  guarded("content", "one word by Lua", "empty"),
  guarded("file", "a static page", "plain"),
  guarded("proxied", "a proxied page", "plain"),
  tenants("ill", "492 of 500 companies, beside 3 that hang and 5 that are broken", "the 492", 1.05),
  tenants("overhead", "300 companies by the engine", "a loop over lastpass.parallel", 1.03),
  tenants("memory", "2,000 companies read in one process, its megabytes (as seconds)", "300", 1),
  tenants("large", "499 companies with 10 people, beside one with 100,000", "the 499", 1.1),
  {
    name = "tenants_claims",
    job = "one of 64 workers claims a company, 100 claims a second on PostgreSQL, 99th percentile",
    at_most = 0.002,
    pairs = 3,
    cold = true,
    beside = { { of = "middle", job = "the same, 50th percentile" } },
    ours = function(bench)
      return work(bench, "tenant_claims")
    end,
  },
  {
    name = "tenants_workers",
    job = "500 companies that answer after a second, by 4 workers with 16 under way each",
    rival = "500 / 64 times one answer",
    rival_of = "beside",
    at_most = 1.05,
    pairs = 1,
    cold = true,
    ours = function(bench)
      return work(bench, "tenant_workers")
    end,
  },
}
