--- The options of a SCIM client: what they are, what they default to, and what is refused.
-- @module lastpass.scim.options
local client_options = require "lastpass.transport.client_options"
local errors = require "lastpass.error"
local option_kinds = require "lastpass.option_kinds"

local M = {}

--- The one form of LastPass's address that a page of LastPass shows (scim §1.1).
M.LASTPASS_URL = "https://lastpass.com/scimapi/%s"

--- The one list of options. The table in docs/scim.md is made from it.
M.list = {
  {
    "url",
    "string",
    "by the cid",
    "the Connection URL of the Admin Console; https, or http to this machine",
  },
  { "cid", "integer or digits", "none", "account number, for LastPass's address without a `url`" },
  { "token", "secret", "required", "provisioning token, from `lastpass.secret`" },
  {
    "dialect",
    "name or table",
    "lastpass",
    'what the server does: "lastpass", "rfc", or switches',
  },
  client_options.described "timeout",
  client_options.described "connect_timeout",
  client_options.described "retries",
  {
    "repeat_writes",
    "boolean",
    "true",
    "false sends no write again whose answer was lost: whoever asks finds out what became of it",
  },
  client_options.described "rate",
  client_options.described "max_bytes",
  { "page_size", "resources", "100", "resources asked for at once" },
  { "in_flight", "count", "4", "requests of one call under way at once" },
  { "members_per_request", "count", "100", "members that one request adds or removes" },
  { "protect", "list of addresses", "none", "accounts that users' methods take nothing from" },
  client_options.described "ca_file",
  client_options.described "proxy",
  client_options.described "verify",
  client_options.described "transport",
  client_options.described "limiter",
  client_options.described "now",
  client_options.described "on_request",
  client_options.described "on_wait",
  client_options.described "on_retry",
  client_options.described "on_reply",
}

--- What a server can do, as far as a client has to know before it asks.
---@class lastpass.scim.Dialect
---@field patch boolean     users are changed by PATCH; false: the whole user is read, edited and PUT (scim §2.8)
---@field discovery boolean ServiceProviderConfig may be asked for; without it nothing optional is used
---@field bulk boolean      /Bulk is used when the server's ServiceProviderConfig offers it
---@field paging "index"|"cursor" how lists are asked for; a server that answers with cursors gets them either way
---@field if_match boolean  a known version is sent along as If-Match
local dialects = {
  lastpass = { patch = true, discovery = false, bulk = false, paging = "index", if_match = true },
  rfc = { patch = true, discovery = true, bulk = true, paging = "index", if_match = true },
}

local switches = {
  base = "string",
  patch = "boolean",
  discovery = "boolean",
  bulk = "boolean",
  if_match = "boolean",
  paging = function(value)
    return value == "index" or value == "cursor", '"index" or "cursor"'
  end,
}

local whole = option_kinds.whole

local known = {
  url = "string",
  cid = { "number", "string" },
  token = "userdata",
  dialect = { "string", "table" },
  repeat_writes = "boolean",
  page_size = whole(1, 10000),
  in_flight = whole(1, 64),
  members_per_request = whole(1, 1000),
  protect = "table",
}

local defaults = { page_size = 100, in_flight = 4, members_per_request = 100 }

client_options.add(
  "timeout connect_timeout retries rate max_bytes ca_file proxy verify transport limiter now "
    .. "on_request on_wait on_retry on_reply",
  known,
  defaults
)

local WHERE = "lastpass.scim.new"

local function check_token(token, level)
  client_options.check_secret(WHERE, "token", token, "token", level + 1)
  if token:starts_with "lpkey_" then
    errors.raise(
      level + 1,
      "%s: option 'token' holds a key of the LastPass REST API (lpkey_…); SCIM needs the "
        .. "provisioning token (Admin Console, Users, Directories)",
      WHERE
    )
  end
end

local function check_account_number(cid, level)
  local text = type(cid) == "number" and ("%.0f"):format(cid) or cid
  if not text:match "^%d+$" or #text > 15 or tonumber(text) == 0 then
    errors.raise(
      level + 1,
      "%s: option 'cid' must be the account number, a positive integer",
      WHERE
    )
  end
  return text
end

-- A query (Entra's users append flags, as ?aadOptscim062020) and slashes at the end are no part of the base
-- that paths are put behind (scim §1.1).
local function base_of(given, level)
  local url = given.url
  if url == nil then
    if given.cid == nil then
      errors.raise(level + 1, "%s: needs the option 'url' or 'cid'", WHERE)
    end
    return M.LASTPASS_URL:format(check_account_number(given.cid, level + 1))
  elseif given.cid ~= nil then
    errors.raise(
      level + 1,
      "%s: options 'url' and 'cid' do not go together: the url says it",
      WHERE
    )
  end
  local parsed
  url, parsed = client_options.base(WHERE, url, level + 1)
  if url:find("enterpriseapi.php", 1, true) then
    errors.raise(
      level + 1,
      "%s: option 'url' is that of the Enterprise API, which lastpass.new speaks to; SCIM's is the "
        .. "Connection URL of the directory in the Admin Console",
      WHERE
    )
  end
  return url, parsed
end

local function dialect_of(given, level)
  local named = type(given) == "table" and (given.base or "lastpass") or given or "lastpass"
  local base = dialects[named]
  if not base then
    local nearest = errors.did_you_mean(named, errors.names_of(dialects))
    errors.raise(level + 1, "%s: there is no dialect '%s'%s", WHERE, tostring(named), nearest)
  end
  if type(given) == "table" then
    errors.check_options(WHERE .. ", dialect", given, switches, level + 1)
  end
  local dialect = {}
  for name, value in pairs(base) do
    dialect[name] = value
  end
  for name, value in pairs(type(given) == "table" and given or {}) do
    dialect[name] = value
  end
  dialect.base = named
  return dialect
end

local function check_protected(list, level)
  local entry, reason = require("lastpass.email").list_problem(list or {})
  if entry then
    local text = "%s: option 'protect' must be a list of e-mail addresses; '%s': %s"
    errors.raise(level + 1, text, WHERE, entry, reason)
  end
end

--- Raises when no option has that name, naming the nearest.
---@param where string who asks, for the message
---@param name string
---@param level integer 1 is the caller of `check_name`
function M.check_name(where, name, level)
  client_options.check_name(where, known, name, level + 1)
end

--- Checks and completes the options of `lastpass.scim.new`; raises at the caller's line.
---@param given table
---@param level integer 1 is the caller of `complete`
---@return table options a copy, with the defaults; `url` without a slash at its end, `dialect` a table
function M.complete(given, level)
  level = level + 1
  errors.check_options(WHERE, given, known, level)
  check_token(given.token, level)
  local options = {}
  for name, value in pairs(defaults) do
    options[name] = value
  end
  for name, value in pairs(given) do
    options[name] = value
  end
  local parsed
  options.url, parsed = base_of(given, level)
  options.dialect = dialect_of(given.dialect, level)
  check_protected(options.protect, level)
  client_options.check_connection(WHERE, options, parsed, level)
  return options
end

return M
