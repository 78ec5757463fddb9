-- Runs once: the checks themselves are spec/mfa/doctor_spec.lua's matter.
-- lastpass mfa doctor.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"

describe("lastpass mfa doctor", function()
  local paths = {}

  local function file(text)
    local path = os.tmpname()
    assert(core.write_file(path, text))
    paths[#paths + 1] = path
    return path
  end

  teardown(function()
    for _, path in ipairs(paths) do
      os.remove(path)
    end
  end)

  it("finds time limits that are too short, and ends with 7", function()
    local nginx =
      file "http { server { location / { proxy_pass http://a; proxy_read_timeout 20s; } } }"
    local code, out, err = cli.run {
      "mfa",
      "doctor",
      "--nginx=" .. nginx,
      "--limit=load balancer=30",
      "--json",
    }
    assert.equal(7, code, err)
    local short = {}
    for _, row in ipairs(json.decode(out)) do
      short[row.found or row.place] = row.state
    end
    assert.equal("too_short", short["proxy_read_timeout 20 s"])
    assert.equal("too_short", short["load balancer 30 s"])
  end)

  it("ends with 0 when all is long enough", function()
    local code, _, err = cli.run { "mfa", "doctor", "--limit=load balancer=120" }
    assert.equal(0, code)
    assert.matches("as far as it was looked at", err)
  end)

  it("says what there is to look at", function()
    local code, _, err = cli.run { "mfa", "doctor" }
    assert.equal(64, code)
    assert.matches("nothing to look at", err)
    code, _, err = cli.run { "mfa", "doctor", "--limit=x" }
    assert.equal(64, code)
    assert.matches("NAME=SECONDS", err)
  end)
end)
