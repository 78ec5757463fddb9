-- Runs once: the client is spec/mfa/radius's matter.
-- lastpass mfa radius test.
local cli = require "spec.support.cli"
local core = require "lastpass.core"

describe("lastpass mfa radius test", function()
  it("says what is missing, and whom it cannot reach", function()
    local path = os.tmpname()
    assert(core.write_file(path, "a shared secret of this spec\n"))
    local function run(...)
      return cli.run { "mfa", "radius", "test", "ann", ... }
    end
    local code, _, err = run()
    assert.equal(64, code)
    assert.matches("%-%-server is needed", err)
    code, _, err = run "--server=127.0.0.1:1"
    assert.equal(64, code)
    assert.matches("one of %-%-secret%-file", err)
    code, _, err = run("--server=127.0.0.1:x", "--secret-file=" .. path)
    assert.equal(64, code)
    assert.matches("HOST or HOST:PORT", err)
    local out
    code, out, err = cli.run {
      "mfa",
      "radius",
      "test",
      "ann",
      "--server=127.0.0.1:1",
      "--secret-file=" .. path,
      "--method=push",
      "--server-mode=lp",
      "--timeout=0.3",
    }
    os.remove(path)
    assert.equal(69, code, err)
    assert.matches("unreachable", out)
  end)
end)
