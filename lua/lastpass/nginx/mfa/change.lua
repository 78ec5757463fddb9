--- The guard's own locations where people add and remove their factors. A session alone is not enough for that, or whoever
-- has stolen one would have a factor of their own: it takes a proof that is a few minutes old at most.
-- @module lastpass.nginx.mfa.change
local asking = require "lastpass.nginx.mfa.ask"
local base64 = require "lastpass.text.base64"
local characters = require "lastpass.text.characters"
local digest = require "lastpass.digest"
local factor_pages = require "lastpass.nginx.mfa.factor_pages"
local forms = require "lastpass.nginx.mfa.form"
local hints = require "lastpass.nginx.mfa.hints"
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"
local mfa_pages = require "lastpass.nginx.mfa.pages"
local outcomes = require "lastpass.mfa.outcomes"
local pages = require "lastpass.nginx.guard.pages"
local proofs = require "lastpass.nginx.mfa.proof"

local M = {}

local PURPOSE = "new factor"
local TTL = 600
local LONGEST_LABEL = 40

local function log(guard, what, context)
  metrics.count("lastpass_mfa_changes_total", { guard = guard.settings.name, change = what })
  ngx.log(
    ngx.NOTICE,
    "lastpass mfa: ",
    guard.settings.name,
    ": ",
    what,
    "; device ",
    context.device and proofs.device_name(context.device) or "none",
    "; request ",
    ngx.var.request_id
  )
end

local function log_failure(guard, message)
  ngx.log(ngx.ERR, "lastpass mfa: ", guard.settings.name, ": factors: ", tostring(message))
end

local function failed(guard, message)
  log_failure(guard, message)
  local response = mfa_pages.trouble(
    503,
    "Please try again in a moment",
    "Your factors cannot be read or written at the moment. Nothing has changed."
  )
  response.headers["Retry-After"] = "5"
  return response
end

local function has_kind(list, kind)
  for _, factor in ipairs(list) do
    if factor.kind == kind then
      return true
    end
  end
  return false
end

-- Whether a person has something to show: recovery codes are left when an app was removed or lost.
local function has_factor(settings, list)
  return has_kind(list, "totp") or settings.by.recovery and has_kind(list, "recovery")
end

-- Who has nothing to show yet may add a first factor right after signing in, where the settings say so.
local function may_add_first(guard, context, list)
  local settings, at = guard.settings, context.person.auth_time
  if settings.first_factor ~= "fresh_sign_on" or guard.challenges or not at then
    return false
  elseif has_factor(settings, list) then
    return false
  end
  local age = context.request.now - at
  return age >= -settings.change_age and age <= settings.change_age
end

local FIRST = {
  fresh_sign_on = "You have no factor yet. Sign out, sign in again, and come back here within "
    .. "%d minutes.",
  refuse = "You have no factor yet. Your administrator sets up the first one.",
}

-- Nil: the person may change factors now. Else what is answered.
local function refusal(guard, context, list)
  local settings = guard.settings
  local requirement = { max_age = settings.change_age, by = settings.by }
  if guard:proof_of(context.request, context.person, requirement) then
    return nil
  elseif may_add_first(guard, context, list) then
    return nil
  elseif not guard.challenges and not has_factor(settings, list) then
    local text = FIRST[settings.first_factor]:format(settings.change_age / 60)
    return mfa_pages.trouble(403, "There is no factor to confirm with", text)
  end
  local asked = { target = settings.routes.factors, age = ("%d"):format(settings.change_age) }
  return pages.redirect(settings.url .. hints.address(settings.routes.ask, asked))
end

-- The factors of the person, when they may be changed now.
local function open(guard, context)
  if not guard.codes or not guard.codes:can_change() then
    return nil, pages.problem(404, "not_found", "there is nothing at this address")
  end
  local list, message = guard.codes:list(context.person)
  if not list then
    return nil, failed(guard, message)
  end
  local response = refusal(guard, context, list)
  return not response and list or nil, response
end

-- A form of ours, and the factors.
local function open_form(guard, context, names)
  local fields, reason = forms.read(context, names)
  if not fields then
    return nil,
      asking.refuse_form(guard, context, reason, { target = guard.settings.routes.factors })
  end
  local list, response = open(guard, context)
  return list and fields or nil, response or list
end

local function token_of(guard, context)
  return forms.token(guard.settings.keys, context.person, context.device, context.request.now)
end

local function list_page(guard, context, list, message)
  local device, header = context.device, nil
  if not device then
    device, header = guard.proofs:new_device()
    context.device = device
  end
  local response = factor_pages.list(guard.settings, {
    factors = list,
    token = token_of(guard, context),
    message = message,
  })
  return pages.with_cookies(response, { header })
end

--- GET: the person's factors.
function M.factors(guard, context)
  local list, response = open(guard, context)
  return list and list_page(guard, context, list) or response
end

-- ---- an app ----

local function show_secret(guard, context, new, complaint)
  local uris = require "lastpass.mfa.uri"
  local settings = guard.settings
  local uri = uris.write {
    type = "totp",
    issuer = settings.issuer,
    account = context.person.account,
    secret = new.secret,
  }
  return factor_pages.new_app(settings, {
    uri = uri,
    image = require("lastpass.mfa.qr").svg(uri),
    token = token_of(guard, context),
    sealed = settings.keys:seal(
      PURPOSE,
      json.encode {
        account = context.person.account,
        device = context.device,
        secret = base64.encode(new.secret),
        label = new.label,
        began = new.began,
      }
    ),
    complaint = complaint,
  })
end

local function open_new(guard, context, sealed)
  local text = sealed and guard.settings.keys:open(PURPOSE, sealed)
  local new = text and json.decode(text)
  if
    not new
    or new.account ~= context.person.account
    or new.device ~= context.device
    or context.request.now - new.began >= TTL
  then
    return nil
  end
  new.secret = base64.decode(new.secret)
  return new
end

-- Characters, as browsers count them; nil for what is no text.
local function length_of(text)
  return characters.is_utf8(text) and #text:gsub("[\128-\191]", "") or nil
end

--- POST: a new secret, for the person's app to take.
function M.add(guard, context)
  local fields, response = open_form(guard, context, { "label" })
  if not fields then
    return response
  end
  local label = (fields.label or ""):gsub("%c", " "):match "^%s*(.-)%s*$"
  local length = length_of(label)
  if not length or length > LONGEST_LABEL then
    local text = length and "The name is too long." or "The name has bytes that are no letters."
    return list_page(guard, context, response, text)
  end
  local secret = require("lastpass.mfa.totp").generate_secret()
  return show_secret(guard, context, {
    secret = secret,
    label = label ~= "" and label or "App",
    began = math.floor(context.request.now),
  })
end

-- New recovery codes, in place of those of before.
local function new_recovery(guard, context)
  local key = digest.random(32)
  local set, problem =
    require("lastpass.mfa.recovery").generate { user = context.person.account, key = key }
  if not set then
    return nil, problem
  end
  local list = {}
  for position, hash in ipairs(set.hashes) do
    list[position] = { id = digest.hex(hash, 32), kind = "recovery", hash = hash, key = key }
  end
  local ok, message = guard.codes:factors():replace(context.person.account, "recovery", list)
  if not ok then
    return nil, message
  end
  log(guard, "recovery_codes_made", context)
  return set.codes
end

local function has_id(list, id)
  for _, factor in ipairs(list) do
    if factor.id == id then
      return true
    end
  end
  return false
end

--- POST: the app's first code, which proves that it has the secret.
function M.confirm(guard, context)
  local fields, response = open_form(guard, context, { "code", "sealed" })
  if not fields then
    return response
  end
  local list = response
  local new = open_new(guard, context, fields.sealed)
  if not new then
    return list_page(guard, context, list, "This page was open for too long. Please begin anew.")
  end
  local id = digest.hex("app " .. new.secret, 24) -- the same for a form that is sent again
  if has_id(list, id) then
    return list_page(guard, context, list, "This app was added already.")
  end
  local result, message =
    guard.codes:confirm(context.person, new.secret, fields.code or "", context.request.now)
  if not result then
    return failed(guard, message)
  elseif not result.ok then
    return show_secret(guard, context, new, outcomes.for_user(result.outcome))
  end
  local added
  added, message = guard.codes:factors():add(context.person.account, {
    id = id,
    kind = "totp",
    label = new.label,
    secret = new.secret,
  })
  if added == nil then
    return failed(guard, message)
  elseif not added then
    return list_page(guard, context, list, "You have as many apps as you may have.")
  end
  log(guard, "app_added", context)
  local codes
  if guard.settings.by.recovery and not has_kind(list, "recovery") then
    codes, message = new_recovery(guard, context)
    if not codes then -- the app is there nevertheless; the page of factors offers the codes again
      log_failure(guard, message)
    end
  end
  -- the code has proved the factor: it counts as shown
  local headers = guard.proofs:begin(
    context.person,
    context.device,
    { by = "code", evidence = "proved" },
    context.request.now
  )
  local done = codes and factor_pages.codes(guard.settings, codes)
    or pages.redirect(guard.settings.url .. guard.settings.routes.factors)
  return pages.with_cookies(done, headers or {})
end

-- ---- the rest ----

--- POST: new recovery codes, shown once.
function M.recovery(guard, context)
  local fields, response = open_form(guard, context, {})
  if not fields then
    return response
  end
  local codes, message = new_recovery(guard, context)
  return codes and factor_pages.codes(guard.settings, codes) or failed(guard, message)
end

local function not_ended(guard, message)
  ngx.log(ngx.ERR, "lastpass mfa: ", guard.settings.name, ": ", tostring(message))
  local text = "It is not certain that everything has ended. Please try again in a moment."
  local response = mfa_pages.trouble(503, "Please try again in a moment", text)
  response.headers["Retry-After"] = "5"
  return response
end

--- POST: removes a factor. Proofs that exist end with it, everywhere: it may have been the thief's.
function M.remove(guard, context)
  local fields, response = open_form(guard, context, { "id" })
  if not fields then
    return response
  elseif not (fields.id or ""):find "^[%w_-]+$" then
    return asking.refuse_form(guard, context, "bad", { target = guard.settings.routes.factors })
  end
  local removed, message = guard.codes:factors():remove(context.person.account, fields.id)
  if removed == nil then
    return failed(guard, message)
  end
  log(guard, "factor_removed", context)
  local ok, why = guard:revoke({ proofs.person_key(context.person.account) }, context.request.now)
  if not ok then
    return not_ended(guard, why)
  end
  return pages.with_cookies(
    factor_pages.removed(guard.settings),
    guard.proofs:forget(context.request.cookies)
  )
end

--- POST: ends the proofs of this device, or all of the person. It takes no proof: it gives nobody anything.
function M.forget(guard, context)
  local fields, reason = forms.read(context, { "what" })
  local what = fields and fields.what
  if not fields or what ~= "device" and what ~= "all" then
    return asking.refuse_form(guard, context, fields and "bad" or reason, {
      target = guard.settings.routes.factors,
    })
  end
  local account = context.person.account
  local key = what == "all" and proofs.person_key(account)
    or proofs.device_key(account, proofs.device_name(context.device))
  local ok, message = guard:revoke({ key }, context.request.now)
  if not ok then
    return not_ended(guard, message)
  end
  log(guard, what == "all" and "all_devices_forgotten" or "device_forgotten", context)
  return pages.with_cookies(
    factor_pages.forgotten(guard.settings, what),
    guard.proofs:forget(context.request.cookies)
  )
end

return M
