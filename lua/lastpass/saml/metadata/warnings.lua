--- What will end soon: certificates, and the metadata itself. Nothing here refuses: metadata treats a certificate as
-- a container of a key (saml §3.13), but who renews it needs to know in time.
-- @module lastpass.saml.metadata.warnings
local text = require "lastpass.text"
local times = require "lastpass.time"

local M = {}

local DAY = 86400

-- The service provider's default (saml §3.12).
local LEAST_BITS = 2048

--- How many days before an end there is a warning.
M.DEFAULT_DAYS = 30

local titles = { idp = "identity provider", sp = "service provider" }

---@class lastpass.saml.Warning
---@field code "certificate_ends"|"certificate_over"|"certificate_early"|"metadata_ends"|"key_small"
---@field text string
---@field at integer       epoch seconds
---@field days integer     until then; negative when it is over
---@field role? string     "idp" or "sp"
---@field use? string      "signing" or "encryption"
---@field sha256? string   of the certificate

local function whole_days(from, to)
  return math.floor((to - from) / DAY)
end

local function when(days)
  return days < 0 and ("ended %s ago"):format(text.plural(-days, "day"))
    or days == 0 and "ends within a day"
    or ("ends in %s"):format(text.plural(days, "day"))
end

-- Whether another key of the same use lives longer than the time of warning.
local function has_successor(certificates, except, until_)
  for _, certificate in ipairs(certificates) do
    local fields = certificate:fields()
    if fields.sha256 ~= except and fields.not_after > until_ then
      return true
    end
  end
  return false
end

local function advice(which, use, is_followed)
  if is_followed then
    return "its successor is there already"
  elseif which == "sp" then
    return "make the next key and publish it beside this one: docs/saml.md, roll-over"
  end
  return use == "signing" and "ask the identity provider for the next one and load its metadata"
    or "ask the identity provider for the next one"
end

local function add_certificate(list, context, certificate)
  local fields, now = certificate:fields(), context.now
  local days = whole_days(now, fields.not_after)
  local found
  if fields.key == "rsa" and fields.bits < LEAST_BITS then
    list[#list + 1] = {
      code = "key_small",
      text = ("the %s's key for %s (sha256 %s…) has %d bits, less than %d: %s"):format(
        titles[context.role],
        context.use,
        fields.sha256:sub(1, 12),
        fields.bits,
        LEAST_BITS,
        context.role == "sp" and "make a larger one" or "ask the identity provider for a larger one"
      ),
      at = now,
      days = 0,
      role = context.role,
      use = context.use,
      sha256 = fields.sha256,
    }
  end
  if fields.not_after <= now then
    found = { code = "certificate_over", at = fields.not_after, days = days, what = when(days) }
  elseif fields.not_before > now + DAY then
    local starts = times.iso(fields.not_before)
    found = {
      code = "certificate_early",
      at = fields.not_before,
      days = whole_days(now, fields.not_before),
    }
    found.what = "begins at " .. starts
  elseif days <= context.days then
    found = { code = "certificate_ends", at = fields.not_after, days = days, what = when(days) }
  end
  if not found then
    return
  end
  local is_followed = has_successor(context.certificates, fields.sha256, now + context.days * DAY)
  found.text = ("the %s's certificate for %s (sha256 %s…) %s: %s"):format(
    titles[context.role],
    context.use,
    fields.sha256:sub(1, 12),
    found.what,
    found.code == "certificate_early" and "it counts already"
      or advice(context.role, context.use, is_followed)
  )
  found.what, found.role, found.use, found.sha256 = nil, context.role, context.use, fields.sha256
  found.is_followed = is_followed
  list[#list + 1] = found
end

--- What of an entity will end soon, or has ended.
---@param entity lastpass.saml.Entity
---@param now integer epoch seconds
---@param days? number how many days before; default 30
---@return lastpass.saml.Warning[] the most urgent first
function M.of(entity, now, days)
  days = days or M.DEFAULT_DAYS
  local list, seen = {}, {}
  for _, role in ipairs { "idp", "sp" } do
    for _, use in ipairs(entity[role] and { "signing", "encryption" } or {}) do
      local certificates = entity[role].certificates[use]
      for _, certificate in ipairs(certificates) do
        local sha256 = certificate:fields().sha256
        if not seen[sha256] then
          seen[sha256] = true
          local context =
            { role = role, use = use, certificates = certificates, now = now, days = days }
          add_certificate(list, context, certificate)
        end
      end
    end
  end
  local last = entity.valid_until
  if last and whole_days(now, last) <= days then
    local left = whole_days(now, last)
    list[#list + 1] = {
      code = "metadata_ends",
      at = last,
      days = left,
      text = ("the metadata of %s %s (validUntil): load it " .. "again"):format(
        entity.entity_id,
        when(left)
      ),
    }
  end
  table.sort(list, function(one, other)
    return one.at < other.at
  end)
  return list
end

return M
