-- The secured form of requests and answers against Node's crypto, both ways, with keys that Node makes.
-- Runs once: Node does the work, and envelope_spec.lua tries the rest under every interpreter.
local core = require "lastpass.core"
local envelopes = require "lastpass.mfa.envelope"
local json = require "lastpass.json"
local lastpass = require "lastpass"

local KEY = "0aa1b2c3-d4e5-4f60-8a9b-0c1d2e3f4a5b"

describe("the secured form of LastPass MFA and Node", function()
  local folder, envelope, now

  local function run(command)
    local form = "env -u LD_PRELOAD timeout 120 node spec/mfa/envelope_peer.cjs %s %s"
    local ended = os.execute(form:format(command, folder))
    assert.is_true(ended == true or ended == 0)
  end

  local function lines_of(name)
    local list = {}
    for line in io.lines(folder .. "/" .. name) do
      list[#list + 1] = assert(json.decode(line))
    end
    return list
  end

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    run "keys"
    envelope = assert(
      envelopes.new(
        lastpass.secret.value(KEY),
        assert(lastpass.secret.file(folder .. "/private.pem")),
        function()
          return now
        end
      )
    )
  end)

  teardown(function()
    os.execute("rm -rf " .. folder)
  end)

  it("agree on signatures, times and payloads, and on what is encrypted", function()
    local inners = {
      "a-token",
      "",
      "\195\188\226\130\172\240\159\152\128@x.example",
      { Username = "ann@x.example", IPAddress = "192.0.2.1", AuthenticationMethods = { "face" } },
      { Size = 100, Offset = 0 },
    }
    local moments = { 0, 951782399, 1795000000, 4102444800.9 }
    local file = assert(io.open(folder .. "/requests.jsonl", "w"))
    local expected = {}
    for _, moment in ipairs(moments) do
      for _, inner in ipairs(inners) do
        for _ = 1, 2 do -- the same twice within a second
          now = moment
          file:write(core.reveal_body(assert(envelope:seal(inner))), "\n")
          expected[#expected + 1] = { inner = inner, moment = math.floor(moment) }
        end
      end
    end
    file:close()
    run "talk"
    local checked = lines_of "checked.jsonl"
    assert.equal(40, #checked)
    for index, one in ipairs(checked) do
      assert.is_true(one.signed)
      assert.equal(KEY, one.key)
      assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%dZ$", one.timestamp)
      assert.equal(expected[index].moment, one.moment)
      assert.same(expected[index].inner, one.inner)
    end
    local answers = lines_of "answers.jsonl"
    assert.equal(43, #answers)
    for _, one in ipairs(answers) do
      assert.equal(one.text, envelope:open(one.sealed))
    end
  end)
end)
