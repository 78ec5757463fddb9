-- lua5.4 spec/fuzz/mfa_server_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Random and damaged requests to the sandbox's LastPass MFA, plain and secured, its pages and its control API, where nobody
-- ever approves: every answer can be read, none is 500, none says "Success", and no key comes into a journal.
local base64 = require "lastpass.text.base64"
local draw = require "spec.fuzz.source_random"
local json = require "lastpass.json"
local support = require "spec.sandbox.support"

local random, pick = draw.number, draw.pick

local box = support.open { users = 20, assumptions = { mfa_enrolled = "everybody" } }
local access = box:control("POST", "mfa_keys", {})
local key = require("openssl.pkey").new(access.private_key)
local digest = require "openssl.digest"
local people = box:addresses()

local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\nrequest: %s %s\n%s\n%s\n"):format(
        draw.seed,
        what,
        current.method,
        current.target,
        current.body,
        tostring(detail)
      )
    )
    os.exit(1)
  end
end

local tokens = { "x" }

local strings = {
  "",
  "ann@x.example",
  "ANN@X.EXAMPLE",
  "\195\188ber@x.example",
  "203.0.113.9",
  "::1",
  "not an address",
  "Success",
  "Denied",
  "https://app.example/in",
  "javascript:alert(1)",
  "http://a\r\nb",
  "Night",
  "%s",
  "\0",
  ("x"):rep(3000),
}

local function some_string()
  local kind = random(4)
  return kind == 1 and pick(people) or kind == 2 and pick(tokens) or pick(strings)
end

local value

local names = {
  "APIKey",
  "apiKey",
  "Username",
  "IPAddress",
  "BrowserId",
  "DeviceName",
  "FirstName",
  "LastName",
  "AuthenticationMethods",
  "CallbackUrl",
  "AsyncLoginToken",
  "token",
  "SuccessUrl",
  "CancelUrl",
  "NotRegisteredUrl",
  "Email",
  "Size",
  "Offset",
  "Name",
  "GroupName",
  "MemberName",
  "Id",
  "Code",
  "Users",
  "Groups",
  "Attributes",
  "OU",
}

local function object(depth)
  local made = {}
  for _ = 1, random(5) - 1 do
    made[pick(names)] = value(depth - 1)
  end
  return made
end

function value(depth)
  local kind = random(depth > 0 and 9 or 6)
  if kind <= 3 then
    return some_string()
  elseif kind == 4 then
    return pick { true, false, json.null }
  elseif kind <= 6 then
    return pick { 0, 1, -1, 2.5, 1000, 1001, 1e15 }
  elseif kind == 7 then
    return object(depth)
  end
  local list = json.list()
  for _ = 1, random(4) - 1 do
    list[#list + 1] = value(depth - 1)
  end
  return list
end

-- What a call wants, with some of it left out or of another kind.
local sane = {
  login = function()
    return {
      Username = pick(people),
      IPAddress = "203.0.113.9",
      AuthenticationMethods = pick { json.list { "Face" }, json.list(), json.null },
    }
  end,
  token = function()
    return { AsyncLoginToken = pick(tokens) }
  end,
  web = function()
    local url = pick { "https://app.example/in", pick(strings) }
    return { Username = pick(people), SuccessUrl = url, CancelUrl = url, NotRegisteredUrl = url }
  end,
  web_token = function()
    return { apiKey = access.login_key, token = pick(tokens) }
  end,
  address = function()
    return some_string()
  end,
  page = function()
    return { Size = random(5), Offset = random(30) - 1 }
  end,
  user = function()
    return { Email = some_string(), FirstName = "A", LastName = "B", OU = pick { "x", json.null } }
  end,
  group = function()
    return { Name = some_string() }
  end,
  member = function()
    return { GroupName = some_string(), MemberName = some_string() }
  end,
  role = function()
    return { Code = pick(tokens), Users = json.list { some_string() } }
  end,
}

local function damage_value(given)
  if random(3) > 1 or type(given) ~= "table" then
    return random(8) == 1 and value(2) or given
  end
  given[pick(names)] = value(2)
  return given
end

local plain = {
  { "/auth/login", "login" },
  { "/auth/loginasync", "login" },
  { "/Auth/CheckLoginToken", "token" },
  { "/auth/webauth", "web" },
  { "/Auth/WebAuthCheckToken", "web_token" },
  { "/auth/none", "token" },
}

local secured = {
  { "Login", "login" },
  { "LoginAsync", "login" },
  { "CheckLoginToken", "address" },
  { "IsUserExist", "address" },
  { "GetUsers", "page" },
  { "AddUser", "user" },
  { "EditUser", "user" },
  { "DeleteUser", "address" },
  { "SuspendUser", "address" },
  { "ResendActivationEmail", "address" },
  { "AddGroup", "group" },
  { "GetGroups", "page" },
  { "DeleteGroup", "address" },
  { "AssignGroupMember", "member" },
  { "UnassignGroupMember", "member" },
  { "PostRole", "group" },
  { "GetRoles", "page" },
  { "DeleteRole", "address" },
  { "AssignToRole", "role" },
  { "GetAssignedToRole", "address" },
  { "PKReg", "address" },
}

local function damaged(text)
  if text == "" or random(6) > 1 then
    return text
  end
  for _ = 1, random(3) do
    local at = random(#text + 1)
    text = text:sub(1, at - 1)
      .. pick { "", "{", '"', ",", "\0", "\255", "null", "A" }
      .. text:sub(at + random(3))
  end
  return text
end

local function plain_request()
  local call = pick(plain)
  local given = damage_value(sane[call[2]]())
  local is_object = type(given) == "table" and not json.is_list(given)
  if is_object and random(12) > 1 and call[2] ~= "token" and call[2] ~= "web_token" then
    given.APIKey = access.login_key
  end
  return "POST", call[1], damaged(json.encode(given))
end

local function secured_request()
  local call = pick(secured)
  local payload = base64.encode(damaged(json.encode(damage_value(sane[call[2]]()))))
  local timestamp = pick { "2026-06-15 13:00:00Z", "2026-06-15 13:02:00Z", pick(strings) }
  local octets = (timestamp .. payload):gsub(".", "%0\0")
  local signature = key:sign(digest.new("sha256"):update(octets))
  local body = json.encode {
    Key = random(15) == 1 and pick(strings) or access.key,
    Timestamp = timestamp,
    Payload = random(15) == 1 and pick(strings) or payload,
    Signature = random(15) == 1 and pick(strings) or base64.encode(signature),
  }
  return "POST", "/Generic/" .. call[1], damaged(body)
end

local function page_request()
  local target =
    pick { "/mfa/phone", "/mfa/web", "/mfa/ringing", "/mfa/phone.js", "/mfa/style.css" }
  if random(2) == 1 then
    return "GET", target .. pick { "", "?email=", "?login=" } .. pick(tokens):gsub("[^%w-]", ""), ""
  end
  local body = ("number=%d&action=%s&login=%s"):format(
    random(200),
    pick { "deny", "alert", "ignore", "Success", "" },
    pick(tokens):gsub("[^%w-]", "")
  )
  return "POST", target, damaged(body)
end

local function control_request()
  local body = pick {
    { email = some_string(), action = pick { "deny", "alert", "ignore" }, after_ms = value(0) },
    { email = some_string(), state = pick { "paired", "unpaired", "locked", "absent", "x" } },
    {
      email = some_string(),
      policy = { hours = pick { "08:00-18:00", "x" }, ip_allow = value(1) },
    },
    { token = pick(tokens), action = "deny" },
    { number = random(200), status = "Denied" },
    { advance = random(90) },
    object(1),
  }
  local name = pick {
    "mfa_phones",
    "mfa_answer",
    "mfa_auto",
    "mfa_pending",
    "mfa_journal",
    "clock",
    "mfa_keys",
  }
  local method = pick { "GET", "POST", name == "mfa_auto" and "DELETE" or "GET" }
  if name == "mfa_keys" then
    method = "GET"
  end
  return method, "/_sandbox/" .. name, method == "POST" and damaged(json.encode(body)) or ""
end

local makers = { plain_request, plain_request, secured_request, page_request, control_request }

local allowed =
  { [200] = true, [302] = true, [400] = true, [403] = true, [404] = true, [405] = true }
allowed[410] = true

local waiting = {}

-- A waiting login is asked again now and then, as the server does.
local function try_waiting()
  local at = waiting[1] and random(#waiting)
  if at then
    local reply = waiting[at].wait()
    expect("a waiting login answers or waits", reply.wait or reply.drop or reply.body)
    if reply.wait then
      waiting[at] = reply
    else
      table.remove(waiting, at)
    end
  end
end

local function remember(decoded)
  local found = type(decoded.Value) == "table" and decoded.Value or {}
  local token = found.AsyncLoginToken or found.Token
  if token and #tokens < 300 then
    tokens[#tokens + 1] = token
  elseif token then
    tokens[random(300)] = token
  end
end

local function check_reply(reply)
  local status = reply.status or 200
  expect("an allowed status", allowed[status], status)
  local kind = (reply.headers or {})["Content-Type"] or ""
  local body = reply.body or ""
  if kind:find("json", 1, true) and body ~= "" then
    local decoded, message = json.decode(body)
    expect("the answer is JSON", type(decoded) == "table", message)
    local is_api = not current.target:find("^/_sandbox")
    expect("an envelope", not is_api or type(decoded.Succeeded) == "boolean", body)
    expect("nobody has approved", not body:find '[sS]tatus":"Success"', body)
    remember(decoded)
  elseif kind:find("html", 1, true) then
    expect(
      "text of callers is escaped",
      not body:find("javascript:alert", 1, true) or not body:find('href="javascript', 1, true)
    )
  end
end

local function run_one()
  local method, target, body = pick(makers)()
  current = { method = method, target = target, body = body }
  local query = {}
  for name, text in (target:match "%?(.*)" or ""):gmatch "([^&=]+)=([^&]*)" do
    query[name] = text
  end
  local ok, reply = pcall(box.handler, {
    method = method,
    path = target:match "^[^?]*",
    target = target,
    query = query,
    headers = { host = "127.0.0.1:80" },
    body = body,
    peer = "127.0.0.1",
  })
  expect("the handler does not fail", ok, reply)
  if reply.wait then
    waiting[#waiting + 1] = reply
    if #waiting > 50 then
      table.remove(waiting, 1)
    end
  else
    check_reply(reply)
  end
  try_waiting()
end

local started, count = os.time(), 0
while count < draw.least or os.time() - started < draw.seconds do
  count = count + 1
  run_one()
  if count % 500 == 0 then
    local text = json.encode((box:control("GET", "journal")))
      .. json.encode((box:control("GET", "mfa_journal")))
    for _, secret in ipairs { access.key, access.login_key, access.private_key:sub(60, 100) } do
      expect("no key in a journal", not text:find(secret, 1, true))
    end
    box:control("POST", "reset")
  end
end
print(("mfa_server_fuzz: %d rounds, seed %d"):format(count, draw.seed))
