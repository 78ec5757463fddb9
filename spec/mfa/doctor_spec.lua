-- Time limits in configurations, and RADIUS clients with one fault each.
local check = require "spec.support.check"
local doctor = require "lastpass.mfa.doctor"
local lastpass = require "lastpass"

local SECRET = "doctor's secret!"

local function times(text)
  return doctor.times { nginx = { { name = "nginx.conf", text = text } } }
end

local function summary(rows)
  local list = {}
  for index, row in ipairs(rows) do
    list[index] = ("%s %s %s"):format(row.state, row.place, row.found)
  end
  return list
end

describe("time limits of nginx", function()
  it("are inherited, and have defaults", function()
    local rows = assert(times [==[
      http {
        # a comment { with ; braces }
        proxy_read_timeout 90s;
        server {
          location / { proxy_pass http://a; }
          location /short { proxy_pass http://a; proxy_read_timeout 1m; }
          location ~ "^/y{2};" { fastcgi_pass unix:/x; }
          location /lua {
            content_by_lua_block {
              local text = "}" -- }
              --[=[ } ]=] local other = [[ } ]]
              ngx.say('\'}')
            }
          }
          location /both { uwsgi_pass a; uwsgi_read_timeout 1m 5s; }
          location /names/${name} { grpc_pass grpc://a; grpc_read_timeout 64999ms; }
        }
      }
      stream {
        server { listen 1812 udp; proxy_timeout 20s; proxy_pass radius; }
        server { proxy_pass other; }
      }
    ]==])
    assert.same({
      "ok nginx.conf:3 proxy_read_timeout 90 s",
      "too_short nginx.conf:6 proxy_read_timeout 60 s",
      "too_short nginx.conf:7 fastcgi_read_timeout, by default, 60 s",
      "ok nginx.conf:15 uwsgi_read_timeout 65 s",
      "too_short nginx.conf:16 grpc_read_timeout 64.999 s",
      "too_short nginx.conf:20 proxy_timeout 20 s",
      "ok nginx.conf:21 proxy_timeout, by default, 600 s",
    }, summary(rows))
    assert.is_true(doctor.has_findings(rows))
    assert.matches("proxy_read_timeout 65", rows[2].fix)
  end)

  it("are read in every unit, and a variable counts as nothing said", function()
    for text, seconds in pairs {
      ["70"] = 70,
      ["1h"] = 3600,
      ["1d 2m"] = 86520,
      ["2w"] = 1209600,
      ["1M"] = 2592000,
      ["1y"] = 31536000,
      ["'70s'"] = 70,
    } do
      local rows = assert(times("proxy_pass a; proxy_read_timeout " .. text .. ";"))
      assert.equal(("proxy_read_timeout %g s"):format(seconds), rows[1].found)
    end
    local rows = assert(times "proxy_pass a; proxy_read_timeout $seconds;")
    assert.equal("proxy_read_timeout, by default, 60 s", rows[1].found)
    assert.same({}, times "events { }")
  end)

  it("of a file that cannot be read are none", function()
    for _, text in ipairs {
      "http {",
      "}",
      "http { location 'x { }",
      "content_by_lua_block { '",
      "content_by_lua_block { [[ }",
      "content_by_lua_block { --[==[ }",
      ("a {"):rep(65) .. ("}"):rep(65),
      ("x"):rep(4 * 2 ^ 20 + 1),
    } do
      local err = check.failure("argument", "bad_configuration", times(text))
      assert.matches("^nginx.conf:%d+: ", err.message)
    end
  end)
end)

describe("time limits of others", function()
  it("are compared with what a person needs", function()
    local rows = assert(doctor.times {
      pam_radius = {
        {
          name = "pam.conf",
          text = "# server\nhost secret 3\nb:1812 secret 90\nc secret 60\nd secret",
        },
      },
      limits = { { name = "timeout server", seconds = 50, place = "haproxy.cfg" } },
    })
    assert.same({
      "too_short pam.conf:2 time limit of host 3 s",
      "too_short pam.conf:3 time limit of b:1812 3 s",
      "ok pam.conf:4 time limit of c 60 s",
      "too_short pam.conf:5 time limit of d 3 s",
      "too_short haproxy.cfg timeout server 50 s",
    }, summary(rows))
    assert.equal("pam_radius takes 3 seconds for 90", rows[2].problem)
    for _, row in ipairs(rows) do
      for _, text in pairs(row) do
        assert.not_matches("secret", text)
      end
    end
    rows = doctor.times { limits = { { name = "a", seconds = 20 } }, needed = 20 }
    assert.is_false(doctor.has_findings(rows))
  end)
end)

describe("a RADIUS client", function()
  -- The faults that are found, as states by check; what is ok is left out.
  local function findings(fault)
    local command = ('lua5.4 spec/support/radius_login.lua %s {host} {port} "%s"'):format(
      fault,
      SECRET
    )
    local seen = 0
    local rows = assert(doctor.client {
      command = command,
      secret = lastpass.secret.value(SECRET),
      seconds = 0.4,
      patience = 60,
      on_row = function()
        seen = seen + 1
      end,
    })
    assert.equal(#rows, seen)
    local found = {}
    for _, row in ipairs(rows) do
      if row.state ~= "ok" then
        found[row.check] = row.state
        assert.is_string(row.problem)
      end
      assert.not_matches(SECRET, row.place, 1, true)
    end
    return found, rows
  end

  it("without a fault has no findings", function()
    local found, rows = findings "none"
    assert.same({}, found)
    assert.equal(11, #rows)
  end)

  it("is found out by its one fault", function()
    local unsigned = "a reply without Message-Authenticator is dropped"
    for fault, expected in pairs {
      unsigned = { ["requests are signed"] = "unsafe", [unsigned] = "unsafe" },
      later = { ["requests are signed"] = "note" },
      blind = {
        [unsigned] = "unsafe",
        ["a reply with a wrong Message-Authenticator is dropped"] = "unsafe",
        ["a reply with a wrong authenticator is dropped"] = "unsafe",
        ["a reply to another request is dropped"] = "unsafe",
        ["a reply from another port is dropped"] = "unsafe",
      },
      challenge = { ["a challenge is no approval"] = "unsafe" },
      mute = { ["a right reply is taken"] = "skipped" },
    } do
      assert.same(expected, (findings(fault)))
    end
    local found = findings "bomber"
    assert.equal("unsafe", found["what is sent again is the same request"])
  end)
end)
