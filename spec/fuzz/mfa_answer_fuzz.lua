-- lua5.4 spec/fuzz/mfa_answer_fuzz.lua [SECONDS [LEAST [SEED]]]
-- A server of LastPass MFA that answers anything, plain and encrypted: nothing raises, every result is one of the closed
-- set, an approval is what the wire says and nothing else, failures to decrypt read the same, and a sealed handle that was
-- changed is refused.
local draw = require "spec.fuzz.source_random"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local outcomes = require "lastpass.mfa.outcomes"
local server = require "spec.support.mfa_server"

local random, pick = draw.number, draw.pick
local current = ""

local function expect(what, holds, detail)
  if not holds then
    local form = "seed %d: %s\ninput: %q\n%s\n"
    io.stderr:write(form:format(draw.seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

local is_outcome = {}
for _, name in ipairs(outcomes.list) do
  is_outcome[name] = true
end

-- ---- what a server may say ----

local statuses = {
  '"Success"',
  '"Success"',
  '"WaitingForResponse"',
  '"Denied"',
  '"success"',
  '"No Location"',
  "5",
  "null",
  "true",
  '""',
  '["Success"]',
}
local users = {
  '"ann@x.example"',
  '"ann@x.example"',
  '"ANN@X.EXAMPLE"',
  '"bob@x.example"',
  '""',
  "null",
  "7",
  "[]",
  '"ann@x.example\\u0000"',
}
local truths = { "true", "true", "true", "false", '"true"', "1", "null" }
local junk =
  { "1e400", "-0", '"\\ud800"', "{}", "[[[]]]", '"' .. server.KEY .. '"', "nul", '"\255"' }

local function value()
  local parts = {}
  for name, list in pairs {
    AuthStatus = statuses,
    Username = users,
    AsyncLoginToken = { '"t-1"', '""', "5" },
    LogGUID = { '"log"', "5", '"' .. ("x"):rep(100) .. '"' },
  } do
    if random(8) > 1 then
      parts[#parts + 1] = ('"%s":%s'):format(name, pick(random(20) == 1 and junk or list))
    end
  end
  return random(12) == 1 and pick(junk) or "{" .. table.concat(parts, ",") .. "}"
end

local function damaged(text)
  local at = random(#text + 1)
  local way = random(4)
  if way == 1 then
    return text:sub(1, at - 1)
  elseif way == 2 then
    return text:sub(1, at - 1) .. pick { '"', "{", "]", "\0", "\255", ",", "AA" } .. text:sub(at)
  elseif way == 3 then
    return text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
  end
  return text:sub(1, at - 1) .. text:sub(at + random(5))
end

local function envelope_text()
  local text = ('{"Succeeded":%s,"Message":%s,"Value":%s}'):format(
    pick(truths),
    pick { '""', '"no"', "null", "5" },
    value()
  )
  return random(6) == 1 and damaged(text) or text
end

local function is_yes(text)
  local envelope = json.decode(text)
  return type(envelope) == "table" and envelope.Succeeded == true and envelope.Value
end

local function is_approval(text)
  local said = is_yes(text)
  return type(said) == "table"
    and said.AuthStatus == "Success"
    and type(said.Username) == "string"
    and said.Username:lower() == server.USER
end

-- A body, and whether it approves.
local function plain_reply()
  local text = envelope_text()
  return text, is_approval(text)
end

local function secured_reply()
  local text = envelope_text():gsub("[\128-\255]", "?")
  local sealed = server.seal(text, { bits = pick { 128, 192, 256 } })
  local way = random(8)
  local is_whole = true
  if way <= 2 then
    local name = way == 1 and "EncKey" or "Payload"
    local before = sealed[name]
    sealed[name] = damaged(before)
    is_whole = sealed[name]:gsub("%s", "") == before
  end
  local outer = ('{"Succeeded":%s,"Message":"","Value":%s}'):format(
    pick(truths),
    -- a damaged text may not be UTF-8, which no JSON can say
    json.encode {
      EncKey = sealed.EncKey:gsub("[\128-\255]", "?"),
      Payload = sealed.Payload:gsub("[\128-\255]", "?"),
    }
  )
  local said = json.decode(outer)
  -- nothing authenticates what is encrypted (mfa §2.2): a damaged one may still be read, but only as what it says
  return outer, said and said.Succeeded == true and is_approval(text), is_whole
end

local now = 1000

local function client_of(mode, answer)
  return (
    server.client(mode, answer, {
      clock = function()
        return now
      end,
      limits = { cooldown = 0, per_5min = 100, per_hour = 1000 },
    })
  )
end

local function check_result(result)
  expect("a result", type(result) == "table" and is_outcome[result.outcome], result)
  expect("ok", result.ok == (result.outcome == "approved"), result.outcome)
  expect("a user", result.user == server.USER, result.user)
  for _, name in ipairs { "raw", "log_id", "code" } do
    local text = result[name]
    expect("a text", text == nil or type(text) == "string" and #text <= 500, name)
    expect("the key in a result", not (text and text:find(server.KEY, 1, true)), name)
  end
  local message = result.err and result.err.message
  expect("the key in an error", not (message and message:find(server.KEY, 1, true)), message)
end

local approved = 0

local function answer_round(mode)
  local client
  local body, is_good, is_whole
  client = client_of(mode, function(call)
    if call.number == 1 and random(2) == 1 then
      return server.waiting()
    end
    if mode == "plain" then
      body, is_good, is_whole = plain_reply()
    else
      body, is_good, is_whole = secured_reply()
    end
    if is_whole == nil then
      is_whole = true
    end
    current = body
    return { status = random(12) == 1 and pick { 201, 204, 302, 404, 500 } or 200, body = body }
  end)
  local handle = server.ask(client)
  local result = handle:poll()
  check_result(result)
  expect("an approval", not result.ok or is_good or not is_whole, result.raw)
  approved = approved + (result.ok and 1 or 0)
end

local envelope = client_of("secured", error):envelope()
local _, refusal = envelope:open(nil)

local function open_round()
  local sealed = server.seal((value():gsub("[\128-\255]", "?")))
  local name = pick { "EncKey", "Payload" }
  sealed[name] = random(10) == 1 and pick { 5, true, {} } or damaged(sealed[name])
  current = tostring(sealed[name])
  local text, message, err = envelope:open(sealed)
  if not text then
    expect("the same words", message == refusal and err.code == "cannot_decrypt", message)
  end
end

local function list_round()
  local items = {}
  for index = 1, random(4) - 1 do
    items[index] = random(8) == 1 and pick { "5", "{}", "[]", '{"Email":5}', "null" }
      or ('{"Email":"u%d@x.example","Attributes":%s}'):format(
        random(9),
        pick { "[]", "null", '[{"Name":"a","Value":"b"}]', "[5]" }
      )
  end
  local total = pick { #items, #items, #items, "1e9", "-1", '"3"', #items + 1 }
  local client = client_of("secured", function()
    current = ('{"Items":[%s],"Total":%s}'):format(table.concat(items, ","), total)
    local text = ('{"Succeeded":true,"Message":"","Value":%s}'):format(current)
    return server.sealed_answer(text)
  end)
  local seen = {}
  local ok, err = pcall(function()
    for user in client.directory:list() do
      expect("an address", type(user.email) == "string" and not seen[user.email], user.email)
      seen[user.email] = true
    end
  end)
  expect("an error of the contract", ok or type(err) == "table" and err.kind == "protocol", err)
end

local secret = lastpass.secret.value(("s"):rep(40))
local sealing = client_of("plain", function()
  return server.waiting()
end)
local sealed_text = assert(server.ask(sealing):export(secret))

local function import_round()
  local text = damaged(sealed_text)
  current = text
  local handle, message, err = sealing:import(text, secret)
  expect("a handle that was changed", not handle or text == sealed_text)
  expect(
    "a refusal",
    handle or type(message) == "string" and err.code == "not_sealed_here",
    message
  )
end

local rounds, ends_at = 0, os.clock() + draw.seconds
while os.clock() < ends_at or rounds < draw.least do
  answer_round "plain"
  answer_round "secured"
  open_round()
  list_round()
  import_round()
  rounds = rounds + 1
end
expect("an approval among so many", approved > 0)
print(("mfa_answer_fuzz: %d rounds, %d approved, seed %d"):format(rounds, approved, draw.seed))
