-- Runs once: the client is spec/mfa/radius's matter.
-- lastpass mfa radius test.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local state = require "lastpass.state"

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
    local journal = os.tmpname()
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
      "--journal=" .. journal,
    }
    assert.equal(69, code, err)
    assert.matches("unreachable", out)

    -- wrong codes are counted over all programs that share the journal
    local lockout, here = require("lastpass.mfa").lockout, state.database(journal)
    for _ = 1, 5 do
      assert(assert(lockout.begin { state = here, user = "ann" }):failed())
    end
    code, out, err = cli.run({
      "mfa",
      "radius",
      "test",
      "ann",
      "--server=127.0.0.1:1",
      "--secret-file=" .. path,
      "--password-file=" .. path,
      "--method=code",
      "--journal=" .. journal,
    }, { answers = { "123456" } })
    os.execute(("rm -f %s %s %s-*"):format(path, journal, journal))
    assert.equal(4, code, err)
    assert.matches("locked", out)
  end)
end)
