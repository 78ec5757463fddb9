-- `--via scim` on the command line, as a process whose environment names the endpoint and its token.
local cli = require "spec.support.cli"
local json = require "lastpass.json"

local function interpreter()
  local first = 0
  while arg[first - 1] do
    first = first - 1
  end
  return arg[first]
end

describe("--via scim", function()
  local place, token

  setup(function()
    place = cli.start { users = 40, seed = 9 }
    token = place:file(place.box.scim_token .. "\n", ".token")
    os.execute("chmod 600 " .. token)
  end)

  teardown(function()
    place:stop()
  end)

  before_each(function()
    place:reset()
  end)

  -- Runs a command line; without `scim` nothing names an endpoint.
  local function run(line, scim)
    local environment = place:environment()
    if scim ~= false then
      local form = "LASTPASS_SCIM_URL=%s LASTPASS_SCIM_TOKEN_FILE=%s "
      environment = environment .. form:format(place.box.scim_url, token)
    end
    local command = ("%s exec %s bin/lastpass %s 2>&1"):format(environment, interpreter(), line)
    local pipe = assert(io.popen("(" .. command .. '; ); echo "exit $?"'))
    local out = pipe:read "*a"
    pipe:close()
    local text, code = out:match "^(.*)exit (%d+)\n$"
    return text, tonumber(code)
  end

  local function playbook()
    local email = place:people()[1]
    return place:file(('user "%s" { fullname = "Over Scim" }'):format(email), ".lua"), email
  end

  it("makes plans that say what carries each step, and applies them", function()
    local path, email = playbook()
    local saved = path .. ".plan.json"
    place.files[#place.files + 1] = saved
    local text, code = run(("plan %s --via scim -o %s"):format(path, saved))
    assert.equal(0, code, text)
    assert.match("via scim, change the name: SCIM does it by PATCH of the name", text)
    text, code = run(("apply %s --yes --quiet --via enterprise"):format(saved))
    assert.equal(4, code, text)
    assert.match("the plan was made for SCIM", text)
    text, code = run(("apply %s --yes --quiet"):format(saved))
    assert.equal(0, code, text)
    assert.equal("Over Scim", place:json({ "user", "show", email }).fullname)
    local run_id = place:json("runs --limit 1")[1].id
    local undo = run(("run undo %d --dry-run --ndjson"):format(run_id))
    assert.equal("scim", json.decode(undo).via)
    assert.is_nil(undo:find(place.box.scim_token, 1, true))
  end)

  it("is for verbs as well", function()
    local email = place:people()[1]
    local text, code = run("user disable --yes --via scim " .. email)
    assert.equal(0, code, text)
    assert.equal("disabled", place:json({ "user", "show", email }).status)
    local commands = {}
    for _, entry in ipairs(assert(place.box:journal())) do
      commands[entry.command] = true
    end
    assert.is_true(commands["scim:patch_user"])
    assert.is_nil(commands.disableuser)
  end)

  it("says what is missing without an endpoint", function()
    local path = playbook()
    local text, code = run(("plan %s --via scim"):format(path), false)
    assert.equal(64, code, text)
    assert.match("this client has no SCIM endpoint", text)
    assert.match('write into the profile "scim_token": {"file": PATH}', text, 1, true)
    assert.match("LASTPASS_SCIM_TOKEN_FILE", text)
  end)

  it("is printed as Lua", function()
    local path = playbook()
    local _, out = place:run { "plan", path, "--via", "scim", "--print-lua" }
    assert.match('client:plan("' .. path .. '", { via = "scim" })', out, 1, true)
    _, out = place:run { "apply", "x.plan.json", "--via", "scim", "--yes", "--print-lua" }
    assert.match('via = "scim"', out)
    assert.match('client:load_plan("x.plan.json")', out, 1, true)
    assert.equal(64, (place:run { "plan", path, "--via", "smtp" }))
  end)
end)
