-- lua5.4 spec/fuzz/mfa_codes_fuzz.lua [SECONDS [LEAST [SEED]]]
-- otpauth addresses: what is written is read back, what is damaged is read as something that can be written again, or
-- refused without its secret. What a user may type: nothing but the one code is approved, and that once.
local draw = require "spec.fuzz.source_random"
local base32 = require "lastpass.text.base32"
local mfa = require "lastpass.mfa"
local state = require "lastpass.state"

local random, pick = draw.number, draw.pick
local seed = draw.seed
local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(("seed %d: %s\ninput: %q\n%s\n"):format(seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

local function bytes(count)
  local list = {}
  for at = 1, count do
    list[at] = string.char(random(256) - 1)
  end
  return table.concat(list)
end

local PIECES = {
  "%",
  "%41",
  "%3A",
  "%00",
  "&",
  "=",
  "?",
  "#",
  "/",
  ":",
  "+",
  "-",
  " ",
  "\0",
  "\255",
  "\195\188",
  "otpauth://",
  "totp",
  "hotp",
  "secret=",
  "&secret=",
  "&issuer=",
  "&digits=",
  "&period=",
  "&counter=",
  "&algorithm=",
  "SHA256",
  "99999999999999999999",
  "-1",
  "1e9",
  "0x6",
  "8",
  "A",
}

-- Some of it left out, doubled, or other things in between.
local function damaged(text)
  for _ = 1, random(4) do
    local at, length = random(#text + 1), random(8) - 1
    local head, tail = text:sub(1, at - 1), text:sub(at + length)
    text = head
      .. pick { "", pick(PIECES), bytes(random(3)), text:sub(at, at + 2 * length) }
      .. tail
  end
  return text
end

local NAMES = { "Acme", "Acme Ltd", "ann@acme.example", "a+b&c=d?e#f/g%h", "\195\188", "x" }

local function options()
  local one = {
    secret = bytes(15 + random(60)),
    issuer = pick(NAMES),
    account = pick(NAMES),
    type = pick { "totp", "hotp" },
    digits = 5 + random(3),
    algorithm = pick { "SHA1", "SHA256", "SHA512" },
  }
  if one.type == "hotp" then
    one.counter = pick { 0, 1, 2 ^ 31, 2 ^ 32, 2 ^ 53, random(2 ^ 31 - 2) }
  else
    one.period = pick { 1, 30, 60, 3600 }
  end
  return one
end

local function write(one)
  local text, message = mfa.uri.write {
    secret = one.secret,
    issuer = one.issuer or "none",
    account = one.account,
    type = one.type,
    digits = one.digits,
    algorithm = one.algorithm,
    counter = one.counter,
    period = one.period,
  }
  expect("what was read cannot be written", text, message)
  return text
end

local function check_same(one, read)
  for name, value in pairs(one) do
    expect("another " .. name, read[name] == value, read[name])
  end
end

local function check_uri()
  local one = options()
  current = write(one)
  local read, message = mfa.uri.read(current)
  expect("what was written is not read", read, message)
  check_same(one, read)
  local secret = base32.encode(one.secret)
  current = damaged(current)
  local err
  read, message, err = mfa.uri.read(current)
  if not read then
    expect("no failure", type(message) == "string" and err.kind == "argument", message)
    expect("a message with the secret", not message:find(secret:sub(1, 10), 1, true), message)
    return
  end
  read.other = nil
  local again = mfa.uri.read(write(read))
  read.issuer = read.issuer or "none"
  check_same(read, again)
end

local KEY, NOW = "12345678901234567890", 1796000000

local function check_typed()
  local here = state.memory()
  local right = assert(mfa.totp.code { secret = KEY, time = NOW })
  current = pick { damaged(right), bytes(random(12)), right:gsub("(...)", "%1 ", 1), right }
  local request =
    { user = "ann", secret = KEY, code = current, state = here, time = NOW, window = 0 }
  local result, message = mfa.totp.verify(request)
  expect("no result", result, message)
  local is_right = current:gsub(" ", "") == right
  expect("a code that is none", result.ok == is_right, result.outcome)
  expect("an outcome that is none", result.outcome == (is_right and "approved" or "denied"))
  expect("approved twice", not mfa.totp.verify(request).ok)
  result = mfa.recovery.verify {
    user = "ann",
    key = KEY,
    hashes = { ("0"):rep(64) },
    code = current,
    state = here,
    time = NOW,
  }
  expect("a recovery code that is none", result and not result.ok)
end

local deadline, rounds = os.time() + draw.seconds, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 100 do
    rounds = rounds + 1
    check_uri()
    check_typed()
  end
end
print(("mfa_codes_fuzz: %d rounds, seed %d"):format(rounds, seed))
