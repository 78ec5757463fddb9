-- scim connections, scim token, scim log.
local cli = require "spec.support.cli"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local store = require "lastpass.store"
local time = require "lastpass.time"

local DAY = 86400

local place, journal, tenant
local paths = {}

setup(function()
  place = cli.start { users = 20, seed = 5 }
  tenant = store.tenant(place.box:client())
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

before_each(function()
  place:new_journal()
  journal = assert(store.open { path = place.journal })
  for name, mode in pairs { entra = "live", okta = "shadow" } do
    assert(journal:save_scim_connection {
      name = name,
      tenant = tenant,
      provider = name,
      mode = mode,
      settings = {},
    })
  end
  assert(journal:save_scim_connection { name = "theirs", tenant = "other", provider = "other" })
end)

after_each(function()
  journal:close()
end)

local function add_token(label, more)
  local token = { connection = "entra", hash = digest.hex(label), label = label }
  for name, value in pairs(more or {}) do
    token[name] = value
  end
  return assert(journal:add_scim_token(token))
end

describe("lastpass scim connections", function()
  it("lists those of this company, with tokens, held writes and the last request", function()
    local now = time.now()
    add_token("old", { expires = now + 10 * DAY })
    add_token("new", { expires = now + 200 * DAY })
    assert(
      journal:add_job { tenant = tenant, connection = "entra", kind = "disable", state = "held" }
    )
    assert(journal:save_scim_objects {
      {
        connection = "entra",
        id = "u1",
        tenant = tenant,
        type = "User",
        account = "ann@lumenor.example",
        name = "ann@lumenor.example",
        state = "active",
      },
    })
    assert(journal:log_scim_requests {
      {
        at = 1795000000,
        connection = "entra",
        token = "old",
        action = "patch_user",
        status = 409,
        milliseconds = 3,
      },
    })
    local list = place:json "scim connections"
    assert.equals(2, #list)
    local entra, okta = list[1], list[2]
    assert.equals("entra", entra.name)
    assert.equals("live", entra.mode)
    assert.same({ "old: 10 days", "new: 200 days" }, entra.tokens)
    assert.equals(200, entra.days_left)
    assert.same({ 1, 1 }, { entra.objects, entra.held })
    assert.equals(time.iso(1795000000), entra.last_request)
    assert.equals("shadow", okta.mode)
    assert.same({ 0, 0, 0 }, { okta.days_left, okta.objects, okta.held })
    assert.same({}, okta.tokens)
    local code, out = place:run "scim connections"
    assert.equals(0, code)
    assert.truthy(out:find("^name +provider +mode +state +tokens +days left"), out)
    out = select(2, place:run "scim connections --csv --fields name,days_left")
    assert.equals("name,days_left\r\nentra,200\r\nokta,0\r\n", out)
    code, out = place:run {
      "scim",
      "connections",
      "--where",
      "(u.days_left or 999) < 14",
      "--template",
      "$(name)",
    }
    assert.same({ 0, "okta\n" }, { code, out })
  end)

  it("warns in colour of a connection that will soon be refused", function()
    add_token("never", {})
    local _, out = place:run "scim connections --color always"
    assert.truthy(out:find("\27%[33mokta"), out)
    assert.is_nil(out:find("\27%[33mentra"), out)
  end)
end)

describe("lastpass scim token new", function()
  it("shows the token once, on standard output, and keeps its hash", function()
    local code, out, err = place:run "scim token new entra"
    assert.equals(0, code, err)
    local text = out:match "^(lps_[%w_-]+)\n$"
    assert.truthy(text, out)
    assert.is_nil(err:find(text, 1, true))
    assert.truthy(err:find("good for 365 days, until", 1, true), err)
    local tokens = assert(journal:scim_tokens "entra")
    assert.equals(1, #tokens)
    assert.equals(digest.hex(text), tokens[1].hash)
    assert.equals(time.iso(time.now()):sub(1, 10), tokens[1].label)
    assert.is_nil(planted.read(place.journal):find(text, 1, true))
  end)

  it("takes a label and an end, and writes a file that only its owner can read", function()
    local path = planted.path(paths)
    local code, out, err = place:run {
      "scim",
      "token",
      "new",
      "entra",
      "--label",
      "rotation",
      "--expires-in",
      "52w",
      "-o",
      path,
    }
    assert.equals(0, code, err)
    assert.equals("", out)
    local tokens = assert(journal:scim_tokens "entra")
    assert.equals("rotation", tokens[1].label)
    assert.truthy(math.abs(tokens[1].expires - time.now() - 52 * 7 * DAY) < 60)
    assert.equals(tokens[1].hash, digest.hex(planted.read(path):match "^%S+"))
    local pipe = assert(io.popen(("stat -c %%a '%s'"):format(path)))
    assert.equals("600", pipe:read "*l")
    pipe:close()
  end)

  it("revokes a token whose reader has gone away", function()
    local streams = cli.streams()
    function streams.out.flush()
      return nil, "Broken pipe", 32
    end
    local words = { "scim", "token", "new", "entra" }
    for position = #place.flags, 1, -1 do
      table.insert(words, 1, place.flags[position])
    end
    assert.equals(64, require("lastpass.cli").main(words, streams))
    assert.equals("revoked", place:json("scim token list entra")[1].state)
  end)

  it("takes a label of one line, and nothing else", function()
    for _, label in ipairs { "", "  ", "one\ntwo", ("x"):rep(81) } do
      local failure, code = place:failure { "scim", "token", "new", "entra", "--label", label }
      assert.same({ 64, "usage" }, { code, failure.code }, label)
    end
    assert.equals(0, #place:json "scim token list entra")
  end)

  it("says as JSON what was made, with the token where no file has it", function()
    local made = place:json "scim token new entra --label monitor"
    assert.matches("^lps_", made.token)
    assert.same({ 1, "entra", "monitor" }, { made.id, made.connection, made.label })
    local path = os.tmpname()
    os.remove(path)
    made = place:json("scim token new entra -o " .. path)
    os.remove(path)
    assert.same({ nil, path, 2 }, { made.token, made.file, made.id })
  end)

  it("leaves no live token behind that nobody has got", function()
    local failure, code = place:failure "scim token new entra -o /nowhere/at/all"
    assert.same({ 64, "cannot_write" }, { code, failure.code })
    assert.equals("revoked", place:json("scim token list entra")[1].state)
  end)

  it("has two tokens at most, and says how one is exchanged for the other", function()
    place:run "scim token new entra --expires-in never"
    local _, _, err = place:run "scim token new entra"
    assert.truthy(err:find("token 1 stays good: once the provider uses the new one", 1, true), err)
    local failure, code = place:failure "scim token new entra"
    assert.same({ 4, "too_many_tokens" }, { code, failure.code })
    local list = place:json "scim token list entra"
    assert.equals(json.null, list[1].days_left)
    assert.equals(365, list[2].days_left)
  end)

  it("previews, and says what is wrong", function()
    local code, out, err = place:run "scim token new entra --dry-run"
    assert.same({ 0, "" }, { code, out })
    assert.truthy(err:find("nothing was written", 1, true), err)
    assert.same({}, place:json "scim token list")
    local failure
    failure, code = place:failure "scim token new entre"
    assert.same({ 1, "no_such_connection" }, { code, failure.code })
    assert.truthy(failure.message:find("did you mean 'entra'", 1, true), failure.message)
    failure = place:failure "scim token new theirs"
    assert.truthy(failure.message:find("belongs to another company", 1, true), failure.message)
    for _, length in ipairs { "12h", "soon", "0" } do
      assert.equals(
        64,
        (place:run { "scim", "token", "new", "entra", "--expires-in", length }),
        length
      )
    end
    assert.equals(64, (place:run "scim token new"))
  end)
end)

describe("lastpass scim token list and revoke", function()
  it("show which are good and when they were used, and revoke one after a question", function()
    local now = time.now()
    local first = add_token("first", { expires = now + 3 * DAY })
    add_token("gone", { at = now - 9 * DAY, expires = now - DAY })
    assert(journal:touch_scim_tokens { { id = first, at = 1795000000 } })
    local list = place:json "scim token list"
    assert.same({ "live", "expired" }, { list[1].state, list[2].state })
    assert.equals(3, list[1].days_left)
    assert.equals(time.iso(1795000000), list[1].last_used)
    assert.same({}, place:json "scim token list okta")

    local code, _, err = place:run "scim token revoke 1"
    assert.equals(4, code)
    assert.truthy(
      err:find("it is the only one: the identity provider will be refused", 1, true),
      err
    )
    assert.equals(4, (place:run("scim token revoke 1", { answers = { "n" } })))
    code, _, err = place:run "scim token revoke 1 --dry-run"
    assert.equals(0, code)
    assert.truthy(
      err:find("would revoke the token 1 'first' of entra, last used 2026-", 1, true),
      err
    )
    assert.equals("live", place:json("scim token list")[1].state)
    assert.equals(0, (place:run("scim token revoke 1", { answers = { "y" } })))
    assert.equals("revoked", place:json("scim token list")[1].state)
    code, _, err = place:run "scim token revoke 1 --yes"
    assert.equals(0, code)
    assert.truthy(err:find("is revoked already", 1, true), err)
  end)

  it("know only the tokens of this company", function()
    local id = add_token("theirs", { connection = "theirs" })
    local failure, code = place:failure { "scim", "token", "revoke", tostring(id), "--yes" }
    assert.same({ 1, "no_such_token" }, { code, failure.code })
    assert.same({}, place:json "scim token list")
    assert.equals(64, (place:run "scim token revoke one"))
  end)
end)

describe("lastpass scim log", function()
  before_each(function()
    local requests = {}
    for number = 1, 5 do
      requests[number] = {
        at = 1795000000 + number * 60,
        connection = number == 4 and "okta" or "entra",
        token = "first",
        action = number == 3 and "create_user" or "patch_user",
        target = "u" .. number,
        status = number == 2 and 409 or 200,
        scim_type = number == 2 and "uniqueness" or nil,
        job = number == 2 and 7 or nil,
        run = number == 3 and 4 or nil,
        step = number == 3 and 1 or nil,
        milliseconds = 10 * number,
      }
    end
    requests[6] = { connection = "theirs", action = "list_users", status = 200, milliseconds = 1 }
    assert(journal:log_scim_requests(requests))
  end)

  it("lists requests of this company, the newest first, in every form", function()
    local list = place:json "scim log"
    assert.equals(5, #list)
    assert.same({ "u5", "u4", "u3", "u2", "u1" }, {
      list[1].target,
      list[2].target,
      list[3].target,
      list[4].target,
      list[5].target,
    })
    assert.same({ 409, "uniqueness", 7 }, { list[4].status, list[4].scim_type, list[4].job })
    assert.same({ 4, 1 }, { list[3].run, list[3].step })
    local _, out = place:run "scim log"
    assert.truthy(
      out:find("^time %(UTC%) +connection +token +action +target +status +scimType"),
      out
    )
    _, out = place:run "scim log --ndjson --limit 2"
    assert.equals(2, cli.count_lines(out))
    _, out = place:run { "scim", "log", "--template", "$(action) $(status)", "--sort", "id" }
    assert.equals("patch_user 200", out:match "^[^\n]*")
    _, out = place:run "scim log --csv --fields target,status --sort -id --limit 1"
    assert.equals("target,status\r\nu5,200\r\n", out)
  end)

  it("chooses by connection, time and status", function()
    local function targets(words)
      local names = {}
      for _, row in ipairs((place:json("scim log " .. words))) do
        names[#names + 1] = row.target
      end
      return table.concat(names, " ")
    end
    assert.equals("u4", targets "--connection okta")
    assert.equals("u2", targets "--failed")
    assert.equals("u2", targets "--status 409")
    assert.equals("u5 u4", targets("--since " .. 1795000000 + 4 * 60))
    assert.equals("u5 u4", targets("--since " .. time.iso(1795000000 + 4 * 60)))
    assert.equals("", targets "--since now")
    assert.equals("u3", targets "--where u.action=='create_user'")
  end)

  it("has no field for an address, a value or a token", function()
    local fields = {}
    for name in pairs(place:json("scim log --limit 1")[1]) do
      fields[#fields + 1] = name
    end
    table.sort(fields)
    assert.same({
      "action",
      "at",
      "connection",
      "id",
      "job",
      "milliseconds",
      "run",
      "scim_type",
      "status",
      "step",
      "target",
      "token",
    }, fields)
    for _, row in ipairs((place:json "scim log")) do
      assert.equals("first", row.token) -- its label
    end
  end)

  it("says what is wrong", function()
    assert.equals(64, (place:run "scim log --since yesteryear"))
    assert.equals(64, (place:run "scim log --failed --status 409"))
    assert.equals(64, (place:run "scim log --status four"))
    assert.equals(1, (place:run "scim log --connection entre"))
    assert.equals(64, (place:run "scim log --fields email"))
  end)
end)

describe("the commands about SCIM", function()
  it("have a Lua that runs", function()
    for _, words in ipairs {
      "scim connections",
      "scim token list entra",
      "scim log --since -24h --failed",
    } do
      local code, out = place:run(words .. " --print-lua")
      assert.equals(0, code)
      local lines = out:gsub("^[^\n]*\n", "local client, print = ...\n")
      local chunk = assert((loadstring or load)(lines))
      local client = place.box:client { journal = place.journal }
      assert.has_no.errors(function()
        chunk(client, tostring)
      end)
    end
  end)

  it("are found word by word, and the nearest is named", function()
    local code, _, err = place:run "scim token"
    assert.equals(64, code)
    assert.truthy(err:find("scim token: say what: new, list, revoke", 1, true), err)
    _, _, err = place:run "scim token nwe"
    assert.truthy(err:find("did you mean 'scim token new'", 1, true), err)
    local out
    code, out = place:run "scim token --help"
    assert.equals(0, code)
    assert.truthy(out:find("lastpass scim token revoke", 1, true), out)
  end)

  it("complete connections from the journal", function()
    local _, out = place:run "names connections"
    assert.equals("entra\nokta\n", out)
    _, out = place:run "names connections e"
    assert.equals("entra\n", out)
  end)
end)
