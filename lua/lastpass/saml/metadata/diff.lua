--- Compares two versions of an entity's metadata, in words, and says which changes are risky: those that could end
-- sign-on, or let somebody else sign users in.
-- @module lastpass.saml.metadata.diff
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"
local text = require "lastpass.text"
local times = require "lastpass.time"

local M = {}

-- A key this short of its end is no surprise when it goes.
local DAY = 86400

local titles = {
  idp = "identity provider",
  sp = "service provider",
  sso = "sign-on",
  slo = "logout",
  acs = "ACS",
}

local articles = { idp = "an identity provider", sp = "a service provider" }

local function host_of(url)
  return url:match "^%a+://([^/?]+)" or url
end

-- ------------------------------------------------------------------ keys

local function by_fingerprint(certificates)
  local found = {}
  for _, certificate in ipairs(certificates or {}) do
    local fields = certificate:fields()
    found[fields.sha256] = fields
  end
  return found
end

--- A key in a few words.
---@param fields table of a certificate
---@return string "RSA 2048, sha256 3f2a91…, until 2027-11-30"
function M.key_in_words(fields)
  return ("%s %d, sha256 %s…, until %s"):format(
    fields.key:upper(),
    fields.bits,
    fields.sha256:sub(1, 12),
    times.iso(fields.not_after):sub(1, 10)
  )
end

-- In the order of fingerprints, so that the same difference always reads the same.
local function each(set)
  local list, position = errors.names_of(set), 0
  return function()
    position = position + 1
    return list[position], set[list[position]]
  end
end

local ADDED = "who has it can sign users in: compare the fingerprint with theirs"
local NONE_STAYED = "no key stayed: what is signed with the old one is refused from now on"
local STILL_USED = "responses signed with it are refused now; `lastpass saml rollover` says "
  .. "whether it is used"

local function compare_keys(add, which, use, before, after, now)
  local old, new = by_fingerprint(before), by_fingerprint(after)
  local common = 0
  for sha256 in pairs(old) do
    common = common + (new[sha256] and 1 or 0)
  end
  local is_signing = use == "signing"
  for sha256, fields in each(new) do
    if not old[sha256] then
      local risk = which == "idp" and is_signing and ADDED
      add(risk, "%s added a key for %s (%s)", titles[which], use, M.key_in_words(fields))
    end
  end
  for sha256, fields in each(old) do
    if not new[sha256] then
      local is_over = fields.not_after <= now + DAY
      local risk = is_signing and common == 0 and next(new) and NONE_STAYED
        or is_signing and which == "idp" and not is_over and STILL_USED
      add(risk, "%s removed a key for %s (%s)", titles[which], use, M.key_in_words(fields))
    end
  end
end

-- ------------------------------------------------------------------ addresses

local function by_binding(list)
  local found = {}
  for _, endpoint in ipairs(list or {}) do
    local key = names.short(endpoint.binding)
    if endpoint.index then
      key = key .. " " .. endpoint.index
    end
    while found[key] do
      key = key .. "'"
    end
    found[key] = endpoint
  end
  return found
end

local function compare_moved(add, what, key, before, after)
  if host_of(before.location) ~= host_of(after.location) then
    add(
      "browsers are sent to another host: ask the other side whether it is theirs",
      "%s (%s) moved from %s to another host: %s",
      what,
      key,
      before.location,
      after.location
    )
  elseif before.location ~= after.location then
    add(false, "%s (%s) moved from %s to %s", what, key, before.location, after.location)
  end
  local old, new = before.response_location, after.response_location
  if old ~= new then
    local risk = new
      and host_of(new) ~= host_of(old or before.location)
      and "browsers are sent to another host: ask the other side whether it is theirs"
    add(risk, "%s (%s) takes responses at %s now", what, key, new or after.location)
  end
end

local function compare_endpoints(add, which, kind, before, after)
  local what = ("%s: %s"):format(titles[which], titles[kind])
  local old, new = by_binding(before), by_binding(after)
  local is_empty = next(new) == nil
  for key, endpoint in each(old) do
    if new[key] then
      compare_moved(add, what, key, endpoint, new[key])
    elseif kind == "slo" then
      local risk = is_empty and "signing out here does not end the session there any more"
      add(risk, "%s (%s) was dropped", what, key)
    else
      add("what uses this address fails", "%s (%s) was dropped: %s", what, key, endpoint.location)
    end
  end
  for key, endpoint in each(new) do
    if not old[key] then
      add(
        which == "sp"
          and kind == "acs"
          and "users' assertions can be sent to it: ask " .. "whether it is theirs",
        "%s (%s) was added: %s",
        what,
        key,
        endpoint.location
      )
    end
  end
end

-- ------------------------------------------------------------------ the rest

-- What a flag means when it goes on, and when it goes off: words, risk.
local flags = {
  want_authn_requests_signed = {
    on = {
      "wants signed requests now",
      "requests that are not signed are refused: " .. "give the option key",
    },
    off = { "no longer wants signed requests" },
  },
  authn_requests_signed = {
    on = { "signs its requests now" },
    off = { "no longer signs its requests", "requests that are not signed may be refused" },
  },
  want_assertions_signed = {
    on = { "wants signed assertions now", "assertions that are not signed themselves are refused" },
    off = { "no longer wants signed assertions" },
  },
}

local function compare_flags(add, which, before, after)
  for _, flag in ipairs(errors.names_of(flags)) do
    if (before[flag] or false) ~= (after[flag] or false) then
      local words = flags[flag][after[flag] and "on" or "off"]
      add(words[2] or false, "%s %s", titles[which], words[1])
    end
  end
end

local function compare_formats(add, which, before, after)
  local old, new = errors.set_of(before), errors.set_of(after)
  for format in each(old) do
    if not new[format] then
      add(
        "users may come under other names: accounts are found by NameID",
        "%s no longer offers the NameID format %s",
        titles[which],
        names.short(format) or format
      )
    end
  end
  for format in each(new) do
    if not old[format] then
      add(false, "%s offers the NameID format %s", titles[which], names.short(format) or format)
    end
  end
end

local function compare_role(add, which, before, after, now)
  if not before and not after then
    return
  elseif not after then
    return add("nothing of it works any more", "is no longer %s", articles[which])
  elseif not before then
    return add(false, "is also %s", articles[which])
  end
  for _, use in ipairs { "signing", "encryption" } do
    compare_keys(add, which, use, before.certificates[use], after.certificates[use], now)
  end
  for _, kind in ipairs { "sso", "acs", "slo" } do
    compare_endpoints(add, which, kind, before[kind], after[kind])
  end
  compare_flags(add, which, before, after)
  compare_formats(add, which, before.name_id_formats, after.name_id_formats)
end

local function compare_validity(add, before, after)
  local old, new = before.valid_until, after.valid_until
  if old ~= new and new then
    local risk = old
      and new < old
      and "it is over earlier than before: a replay of " .. "an old file looks like this"
    add(risk, "is valid until %s now", times.iso(new))
  elseif old and not new then
    add(false, "has no validUntil any more: it was valid until %s", times.iso(old))
  end
  if before.signed and not after.signed then
    add("anybody on the way could have written it", "is no longer read with a pinned signature")
  end
end

--- What a comparison says.
---@class lastpass.saml.Difference
---@field text string      all of it in words, a line for each change
---@field risky integer    how many changes are risky
---@field changes {what: string, risk: string|nil}[]

--- Compares two versions of the metadata of an entity.
---@param before lastpass.saml.Entity
---@param after lastpass.saml.Entity
---@param now integer
---@return lastpass.saml.Difference
function M.compare(before, after, now)
  local changes, risky = {}, 0
  local function add(risk, format, ...)
    changes[#changes + 1] = { what = format:format(...), risk = risk or nil }
    risky = risky + (risk and 1 or 0)
  end
  if before.entity_id ~= after.entity_id then
    add(
      "this is another party: responses of one are refused as the other's",
      "is another entity: %s, not %s",
      after.entity_id,
      before.entity_id
    )
  end
  for _, which in ipairs { "idp", "sp" } do
    compare_role(add, which, before[which], after[which], now)
  end
  compare_validity(add, before, after)
  local lines = {}
  for index, change in ipairs(changes) do
    lines[index] = change.risk and ("%s (risky: " .. "%s)"):format(change.what, change.risk)
      or change.what
  end
  local head = #changes == 0 and "no difference"
    or ("%s, %s"):format(
      text.plural(#changes, "change"),
      risky == 0 and "none risky" or ("%d risky"):format(risky)
    )
  table.insert(lines, 1, head)
  return { text = table.concat(lines, "\n"), risky = risky, changes = changes }
end

return M
