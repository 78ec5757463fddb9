--- Metadata: what an identity provider or a service provider says of itself. It is read strictly, written, compared
-- in words, and kept up to date (saml §4).
-- @module lastpass.saml.metadata
local read = require "lastpass.saml.metadata.read"
local signature = require "lastpass.signature"

local M = {}

--- An address of a role. Only those of the bindings that are used (redirect, post) are listed.
---@class lastpass.saml.Endpoint
---@field binding string             a URN of `names.binding`
---@field location string            https; http on loopback with allow_http
---@field response_location? string  of logout: where responses go, when not to `location`
---@field index? integer
---@field default? boolean

---@class lastpass.saml.Certificates
---@field signing lastpass.xmldsig.Certificate[]     all that may sign, in the order of the document
---@field encryption lastpass.xmldsig.Certificate[]

---@class lastpass.saml.IdpRole
---@field sso lastpass.saml.Endpoint[]
---@field slo lastpass.saml.Endpoint[]
---@field certificates lastpass.saml.Certificates
---@field name_id_formats string[]
---@field want_authn_requests_signed boolean
---@field logout_url? string         of LastPass: a plain GET ends the session there

---@class lastpass.saml.SpRole
---@field acs lastpass.saml.Endpoint[]
---@field slo lastpass.saml.Endpoint[]
---@field certificates lastpass.saml.Certificates
---@field name_id_formats string[]
---@field authn_requests_signed boolean
---@field want_assertions_signed boolean

---@class lastpass.saml.Entity
---@field entity_id string
---@field valid_until? integer       epoch seconds: the earliest of all levels
---@field cache_duration? number     seconds: a hint when to read it again
---@field signed? boolean            a pinned signature was verified
---@field lastpass? "current"|"legacy" it is LastPass, of this generation
---@field notes? string[]            what was left out, in words
---@field idp? lastpass.saml.IdpRole
---@field sp? lastpass.saml.SpRole

--- Reads the metadata of one entity.
---@param xml string EntityDescriptor, or EntitiesDescriptor with the option entity_id
---@param options? table entity_id; role ("idp" or "sp": what it has to be); pin (certificates by which the root must
-- be signed; without them a signature proves nothing and is ignored); now; skew (60); allow_http (on loopback);
-- max_bytes
---@return lastpass.saml.Entity|nil entity
---@return string? message
---@return lastpass.Error? err codes of `lastpass.saml.checks`: "metadata_expired", "metadata_keys", "doctype", …
function M.read(xml, options)
  return read.entity(xml, read.check("saml.metadata.read", options))
end

local function without_mark(text)
  return (text:gsub("^\239\187\191", ""))
end

--- Reads the metadata of one entity from a file, or from a text that begins with "<". A federation's file, which can
-- have 100 MB, is streamed; that takes the option entity_id.
---@param path_or_xml string
---@param options? table as of `read`
---@return lastpass.saml.Entity|nil entity
---@return string? message
---@return lastpass.Error? err as of `read`; "cannot_read"
function M.load(path_or_xml, options)
  options = read.check("saml.metadata.load", options)
  if path_or_xml:find "^\239?\187?\191?%s*<" then
    return read.entity(without_mark(path_or_xml), options)
  end
  local version, message, err = require("lastpass.saml.metadata.load").file(path_or_xml, options)
  if not version then
    return nil, message, err
  end
  return version.entity
end

--- Writes metadata.
---@param description table as `lastpass.saml.Entity`, certificates also as PEM; sign = {key, certificate} signs it,
-- algorithm ("rsa-sha256")
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function M.write(description)
  return require("lastpass.saml.metadata.write").entity(description)
end

--- Compares two versions of an entity's metadata, in words.
---@param before lastpass.saml.Entity
---@param after lastpass.saml.Entity
---@param now? integer epoch seconds
---@return lastpass.saml.Difference
function M.diff(before, after, now)
  return require("lastpass.saml.metadata.diff").compare(
    before,
    after,
    now or require("lastpass.time").now()
  )
end

--- What of an entity ends within so many days, or has ended.
---@param entity lastpass.saml.Entity
---@param days? number default 30
---@param now? integer epoch seconds
---@return lastpass.saml.Warning[]
function M.warnings(entity, days, now)
  return require("lastpass.saml.metadata.warnings").of(
    entity,
    now or require("lastpass.time").now(),
    days
  )
end

--- A source of metadata that is read again: `source:entity()` gives the last good copy until its validUntil, and looks
-- for a newer one when it is time. A source can be called like that method.
---@param options table path or url; those of `read`; cache (a file: the copy for the next start), refresh (seconds;
-- default: cacheDuration between 5 minutes and a day; else a minute for files, an hour for addresses), warn_days (30),
-- approve (function(difference): whether a risky change is taken), on_event (function(event): kind "metadata_changed",
-- "metadata_failed", "metadata_warning", "metadata_cache"; message), clock, transport, ca_file, proxy, timeout
---@return lastpass.saml.Source
function M.source(options)
  return require("lastpass.saml.metadata.source").new(options)
end

--- Brings a file with the metadata of one entity up to date: see `lastpass.saml.metadata.refresh`.
---@param options table from (path or address), to (path), those of `read`, hold_risky, dry_run, warn_days, ca_file,
-- proxy, timeout, transport
---@return lastpass.saml.Refreshed|nil
---@return string? message
---@return lastpass.Error? err
function M.refresh(options)
  return require("lastpass.saml.metadata.refresh").file(options)
end

signature.declare("saml.metadata.", M, {
  read = "xml: string, options?: table",
  load = "path_or_xml: string, options?: table",
  write = "description: table",
  diff = "before: table, after: table, now?: number",
  warnings = "entity: table, days?: number, now?: number",
  source = "options: table",
  refresh = "options: table",
})

return M
