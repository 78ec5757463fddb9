-- The phone rings once for each request, whatever goes wrong with requests and answers: 24, 500 or 2,000 seeds of faults.
-- Runs once: the sandbox's phone and its faults are the same under every interpreter.
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local states = require "lastpass.state"

local SEEDS = extent(24, 500, 2000)

-- What can go wrong, with the share of calls it happens to.
local effects = {
  { drop = "before" },
  { drop = "after" },
  { status = 500 },
  { status = 503, retry_after = 0 },
  { status = 429, retry_after = 0 },
  { truncate = 20 },
  { truncate = 60, content_length = "lowered" },
  { malformed = true },
  { wrong_user = true },
  { auth_status = "Approved" },
  { auth_status = 5 },
  { no_status = true },
  { no_value = true },
  { outer_fails = true },
  { status = 500, commit = true },
}
local secured_effects = { { inner_fails = true }, { wrong_padding = true }, { wrong_key = true } }

local actions = { "approve", "deny", "alert", "ignore" }

describe("with faults at random", function()
  local box, people

  setup(function()
    box = assert(lastpass.sandbox.start {
      users = 400,
      seed = 8,
      clock = "now",
      assumptions = { mfa_enrolled = "everybody" },
    })
    people = {}
    for user in box:client():users { status = "active" } do
      people[#people + 1] = user.email
    end
  end)

  teardown(function()
    box:stop()
  end)

  local number = 0

  local function client_of(mode)
    return assert(lastpass.mfa.new {
      base_url = box.mfa.url,
      mode = mode,
      api_key = lastpass.secret.value(mode == "plain" and box.mfa.login_key or box.mfa.key),
      private_key = mode == "secured" and box.mfa.private_key or nil,
      poll = { first = 0, every = 0.01, max = 40 },
      limits = { cooldown = 0, per_5min = 100, per_hour = 1000 },
      state = states.memory(),
    })
  end

  -- One request under faults; what it came to, and what must be true of it.
  local function try(seed, client, is_secured)
    math.randomseed(seed)
    local function pick(list)
      return list[math.random(#list)]
    end
    number = number % #people + 1
    local user = people[number]
    local before = assert(box:phone { email = user }).rings
    assert(box:phone_auto(false))
    local action = seed == 1 and "approve" or pick(actions)
    assert(box:phone_auto { email = user, action = action })
    assert(box:clear_faults())
    local rules = {}
    for _ = 1, seed == 1 and 0 or math.random(3) do -- the first is as it should be
      local is_own = is_secured and math.random(3) == 1
      local rule = { probability = pick { 0.1, 0.4, 0.9 }, seed = math.random(1000000) }
      for name, value in pairs(pick(is_own and secured_effects or effects)) do
        rule[name] = value
      end
      rule.command = pick { "mfa:login_async", "mfa:check", "mfa:login" }
      rules[#rules + 1] = rule
      assert(box:faults(rule))
    end
    local given = { user = user, ip = "192.0.2.1", browser_id = "b" .. seed }
    local result, way
    if math.random(4) == 1 and action ~= "ignore" then
      way, result = "authenticate", assert(client:authenticate(given))
    else
      way = "challenge"
      local handle = assert(client:challenge(given))
      if tostring(handle):find("pending", 1, true) then
        assert(client:challenge(given)) -- asked for twice, as an impatient browser does
      end
      result = handle:wait()
    end
    assert(box:clear_faults())
    local rings = assert(box:phone { email = user }).rings - before
    local about = ("seed %d: %s, %s: %d rings, %s %s %s"):format(
      seed,
      way,
      action,
      rings,
      result.outcome,
      tostring(result.code),
      json.encode(rules)
    )
    return result, rings, action, about
  end

  for _, mode in ipairs { "plain", "secured" } do
    it(mode .. ": it rings once at most, and is approved by the button alone", function()
      local client = client_of(mode)
      local approved, failed = 0, 0
      for seed = 1, SEEDS / 2 do
        local result, rings, action, about = try(seed, client, mode == "secured")
        assert.is_true(rings <= 1, about)
        if result.ok then
          approved = approved + 1
          assert.equal("approve", action, about)
          assert.equal(1, rings, about)
        else
          failed = failed + 1
        end
      end
      assert.is_true(approved > 0 and failed > 0)
    end)
  end
end)
