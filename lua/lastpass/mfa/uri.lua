--- `otpauth` addresses, by which an app learns a key: the text of QR codes (mfa §7). They have the secret in them: show
-- them to the user alone, and never write them into a log.
-- @module lastpass.mfa.uri
local base32 = require "lastpass.text.base32"
local characters = require "lastpass.text.characters"
local codes = require "lastpass.mfa.codes"
local errors = require "lastpass.error"
local percent = require "lastpass.text.percent"
local signature = require "lastpass.signature"

local M = {}

local MOST_URI, MOST_NAME, MOST_PARAMETERS = 2048, 200, 20
local MOST_COUNTER = 2 ^ 53

local is_period, is_counter = codes.between(1, 3600), codes.between(0, MOST_COUNTER)

local function is_type(value)
  return value == "totp" or value == "hotp", "'totp' or 'hotp'"
end

local known = codes.option_kinds {
  secret = "string",
  type = is_type,
  issuer = "string",
  account = "string",
  period = is_period,
  counter = is_counter,
}

-- What is wrong with an issuer or an account, in words; nil when nothing is.
local function name_problem(name)
  if not name:find "%S" then
    return "is empty"
  elseif #name > MOST_NAME then
    return ("has more than %d bytes"):format(MOST_NAME)
  elseif name:find(":", 1, true) then
    return "has a colon, which stands between issuer and account"
  elseif name:find "[%z\1-\31\127]" or not characters.is_utf8(name) then
    return "has bytes that are no text"
  end
end

--- Writes one. What is usual (SHA1, 6 digits, 30 seconds) is left out, for many apps know nothing else.
---@param options table secret (bytes, at least 16), issuer, account; type ("totp" or "hotp", default totp), algorithm, digits,
-- period (of totp), counter (of hotp)
---@return string|nil uri
---@return string? message
---@return lastpass.Error? err code "bad_name": the issuer or the account cannot be written
function M.write(options)
  errors.check_options("mfa.uri.write", options, known)
  codes.check_key("mfa.uri.write", options.secret)
  local is_hotp = options.type == "hotp"
  for _, name in ipairs { "issuer", "account" } do
    if not options[name] then
      errors.raise(2, "mfa.uri.write: needs '%s'", name)
    end
    local problem = name_problem(options[name])
    if problem then
      return errors.fail("argument", "bad_name", ("the %s %s"):format(name, problem))
    end
  end
  if is_hotp ~= (options.counter ~= nil) or is_hotp and options.period then
    errors.raise(2, "mfa.uri.write: hotp needs 'counter', and totp may have 'period'")
  end
  local issuer = percent.encode(options.issuer)
  local parts = {
    ("otpauth://%s/%s:%s?secret=%s&issuer=%s"):format(
      options.type or "totp",
      issuer,
      percent.encode(options.account),
      base32.encode(options.secret),
      issuer
    ),
  }
  if options.algorithm and options.algorithm ~= "SHA1" then
    parts[#parts + 1] = "algorithm=" .. options.algorithm
  end
  if options.digits and options.digits ~= 6 then
    parts[#parts + 1] = ("digits=%d"):format(options.digits)
  end
  if options.period and options.period ~= 30 then
    parts[#parts + 1] = ("period=%d"):format(options.period)
  end
  if is_hotp then
    parts[#parts + 1] = ("counter=%.0f"):format(options.counter)
  end
  return table.concat(parts, "&")
end

-- Never with what was read: there is a secret in it.
local function refused(code, message)
  return errors.fail("argument", code, "the otpauth address " .. message)
end

local function read_parameters(query)
  local list, message = percent.form(query, MOST_PARAMETERS)
  if not list then
    return refused("bad_uri", "cannot be read: " .. message)
  end
  local parameters, plus = {}, {}
  for _, one in ipairs(list) do
    local name = percent.decode(one.raw_name)
    if parameters[name] then
      return refused("duplicate_parameter", "has a parameter twice")
    end
    -- a "+" is one, but some write it for a space
    parameters[name], plus[name] = percent.decode(one.raw_value), one.value
  end
  return parameters, nil, nil, plus
end

-- "Issuer:account", "Issuer: account" or "account".
local function read_label(raw)
  local label = percent.decode(raw)
  if not label then
    return refused("bad_uri", 'has a "%" that is not followed by two digits')
  end
  local issuer, account = label:match "^([^:]*):(.*)$"
  account = (account or label):gsub("^ +", "")
  for what, name in pairs { issuer = issuer, account = account } do
    local problem = name_problem(name)
    if problem then
      return refused("bad_name", ("is wrong: the %s %s"):format(what, problem))
    end
  end
  return { issuer = issuer, account = account }
end

local function read_issuer(label, parameters, plus)
  local issuer = parameters.issuer
  if issuer and label.issuer and issuer ~= label.issuer and plus.issuer == label.issuer then
    issuer = label.issuer
  end
  local problem = issuer and name_problem(issuer)
  if problem then
    return refused("bad_name", "is wrong: the issuer " .. problem)
  elseif issuer and label.issuer and issuer ~= label.issuer then
    return refused("two_issuers", "names two issuers")
  end
  return issuer or label.issuer or false
end

-- A number of a parameter: nil when there is none, false when it is wrong.
local function read_number(text, kind)
  if not text then
    return nil
  end
  local number = text:find "^[0-9]+$" and #text <= 16 and tonumber(text)
  return number and kind(number) and number or false
end

local function read_values(kind, parameters)
  local algorithm = (parameters.algorithm or "SHA1"):upper():gsub("^SHA%-", "SHA")
  local key = base32.decode(parameters.secret or "")
  if not parameters.secret then
    return refused("no_secret", "has no secret")
  elseif not key then
    return refused("bad_secret", "has a secret that is not Base32")
  elseif #key < codes.LEAST_KEY or #key > codes.MOST_KEY then
    local message = "has a secret of %d bytes, and %d to %d are needed"
    return refused("bad_secret", message:format(#key, codes.LEAST_KEY, codes.MOST_KEY))
  elseif not codes.algorithms[algorithm] then
    return refused("bad_algorithm", "has another algorithm than SHA1, SHA256 and SHA512")
  end
  local values = { type = kind, secret = key, algorithm = algorithm }
  values.digits = read_number(parameters.digits or "6", codes.between(6, 8))
  if kind == "totp" then
    values.period = read_number(parameters.period or "30", is_period)
  else
    values.counter = read_number(parameters.counter, is_counter)
  end
  if not values.digits then
    return refused("bad_digits", "has other digits than 6, 7 or 8")
  elseif values.period == false then
    return refused("bad_period", "has a period that is not 1 to 3600 seconds")
  elseif kind == "hotp" and not values.counter then
    return refused("bad_counter", "has no counter, or one that is no number")
  end
  return values
end

local understood = {
  totp = errors.set_of { "secret", "issuer", "algorithm", "digits", "period" },
  hotp = errors.set_of { "secret", "issuer", "algorithm", "digits", "counter" },
}

--- Reads one. Lower case, padding, spaces and hyphens in the secret are tolerated.
---@param text string
---@return table|nil values as `write` takes them; `issuer` nil when none is named, `other`: parameters that mean nothing here
---@return string? message without anything of the address
---@return lastpass.Error? err code "bad_uri", "bad_type", "bad_secret", "duplicate_parameter", …
function M.read(text)
  if #text > MOST_URI then
    return refused("bad_uri", ("has more than %d bytes"):format(MOST_URI))
  end
  local scheme, kind, label_text, query = text:match "^(%a+)://([^/?#]*)/([^/?#]*)%?([^#]*)$"
  if not scheme or scheme:lower() ~= "otpauth" then
    return refused("bad_uri", 'does not have the form "otpauth://TYPE/LABEL?secret=…"')
  end
  kind = kind:lower()
  if not is_type(kind) then
    return refused("bad_type", "has another type than totp and hotp")
  end
  local label, message, err = read_label(label_text)
  if not label then
    return nil, message, err
  end
  local parameters, plus
  parameters, message, err, plus = read_parameters(query)
  if not parameters then
    return nil, message, err
  end
  local issuer
  issuer, message, err = read_issuer(label, parameters, plus)
  if issuer == nil then
    return nil, message, err
  end
  local values
  values, message, err = read_values(kind, parameters)
  if not values then
    return nil, message, err
  end
  values.issuer, values.account = issuer or nil, label.account
  for name, value in pairs(parameters) do
    if not understood[kind][name] then
      values.other = values.other or {}
      values.other[name] = value
    end
  end
  return values
end

return signature.declare("mfa.uri.", M, { write = "options: table", read = "text: string" })
