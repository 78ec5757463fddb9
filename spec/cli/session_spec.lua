local cli = require "spec.support.cli"
local sessions = require "lastpass.cli.session"

describe("a session", function()
  local place

  setup(function()
    place = cli.start { users = 5 }
  end)

  teardown(function()
    place:stop()
  end)

  local function session(options)
    return sessions.new(options, cli.streams())
  end

  it("makes its client when it is used, once", function()
    local one = session {
      cid = tostring(place.box.cid),
      url = place.box.url,
      provhash_file = place.hash,
      journal = place.journal,
    }
    assert.is_nil(one._client)
    assert.equals(one:client(), one:client())
    assert.equals(place.box.url, one:client():option "url")
  end)

  it("hands flags on as a layer of the configuration", function()
    assert.same(
      { cid = "7", retries = "2", profile = "x", provhash = { command = "pass show y" } },
      session({ cid = "7", retries = "2", profile = "x", provhash_command = "pass show y" }):flags()
    )
  end)

  it("raises failures with what to do about them", function()
    for options, code in pairs {
      [{ cid = "x", provhash_file = place.hash }] = "bad_config",
      [{ cid = "7", provhash_file = "/nowhere" }] = "unreadable",
      [{ cid = "7", provhash_file = place.hash, url = "http://lastpass.com/" }] = "bad_option",
      [{ cid = "7", provhash_file = place.hash, timezone = "Nowhere" }] = "bad_option",
      [{ cid = "7", provhash_fd = 999999 }] = "unreadable",
      [{ cid = "7", provhash_prompt = true, no_input = true }] = "no_terminal",
    } do
      local ok, err = pcall(sessions.new(options).client, session(options))
      assert.is_false(ok)
      assert.equals(code, err.code, err.message)
      assert.is_nil(err.message:find("%.lua:%d"), err.message)
    end
  end)

  it("knows for whom the output is", function()
    assert.is_false(session({}):for_programs())
    assert.is_true(session({ json = true }):for_programs())
    assert.is_true(session({ template = "x" }):for_programs())
  end)

  it("reports the first of many waits that are longer than a second", function()
    local lines = {}
    local report = sessions.wait_reporter {
      say = function(_, format, ...)
        lines[#lines + 1] = format:format(...)
      end,
    }
    report { seconds = 0.9, reason = "the option rate" }
    report { seconds = 12, reason = "the server asked to wait" }
    report { seconds = 3, reason = "the option rate" }
    assert.same({ "waiting 12 s: the server asked to wait" }, lines)
  end)
end)
