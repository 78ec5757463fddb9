--- People from any SCIM 2.0 server (scim §2): an identity provider, an HR system, another LastPass account; with their
-- groups.
-- @module lastpass.source.scim
local attributes = require "lastpass.source.scim_attributes"
local columns = require "lastpass.source.columns"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local pages = require "lastpass.scim.pages"
local problems = require "lastpass.source.problems"
local scim = require "lastpass.scim"
local scim_groups = require "lastpass.source.scim_groups"
local secrets = require "lastpass.secret"

local M = {}

--- Options of `source.scim`.
---@class lastpass.source.ScimOptions: lastpass.source.Options
---@field url? string           base address of the server: "https://idp.acme.com/scim/v2"
---@field cid? integer|string   LastPass's own address for this account number, in place of `url`
---@field token userdata|table  of `lastpass.secret`, or {file = path}, {env = name}, {command = line}
---@field dialect? string|table "lastpass" (default with `cid`) needs the least, "rfc" (default with `url`); or switches
---@field filter? string        only those users: 'userType eq "Employee"'
---@field attributes? table<string, string|lastpass.source.Column> field = path of an attribute; default email, fullname
-- and active
---@field groups? boolean|lastpass.source.ScimGroups gives each person the list `groups`; true: with all
-- defaults; default none
---@field page_size? integer    users asked for at once; default 100
---@field in_flight? integer    requests under way at once; default 4
---@field rate? number          requests per second at most; default as many as it takes
---@field retries? integer      how often a request is tried again; default 3
---@field timeout? number       seconds for one request; default 60
---@field connect_timeout? number seconds for reaching the server; default 10
---@field max_bytes? integer    largest reply; default 64 MiB
---@field ca_file? string       PEM certificates to trust; default the system's
---@field proxy? string         proxy to go through; "" for none; default the environment's
---@field verify? boolean       false skips TLS verification, to this machine only

--- The option `groups` of `source.scim`.
---@class lastpass.source.ScimGroups
---@field filter? string    only those groups: 'displayName sw "LP "'
---@field nested? boolean   a member of a group is in the groups that hold it too; default true
---@field allow_empty? boolean there may be no group, and groups without members; default false: the source is not
-- complete then, for a token that may not see members looks the same

local group_options = { filter = "string", nested = "boolean", allow_empty = "boolean" }

-- What goes to the client as it is, and says of its own what is wrong with it.
local CLIENT_OPTIONS = {
  "url",
  "cid",
  "dialect",
  "page_size",
  "in_flight",
  "rate",
  "retries",
  "timeout",
  "connect_timeout",
  "max_bytes",
  "ca_file",
  "proxy",
  "verify",
  "transport",
}

--- What kind of source this is.
---@type lastpass.source.Kind
M.kind = columns.kind {
  source = "source.scim",
  option = "attributes",
  column = "attribute",
  header = "attribute",
  a_header = "an attribute",
  options = {
    url = "string",
    cid = { "number", "string" },
    token = { "userdata", "table" },
    dialect = { "string", "table" },
    filter = "string",
    attributes = "table",
    groups = { "boolean", "table" },
    page_size = "number",
    in_flight = "number",
    rate = "number",
    retries = "number",
    timeout = "number",
    connect_timeout = "number",
    max_bytes = "number",
    ca_file = "string",
    proxy = "string",
    verify = "boolean",
    transport = { "string", "table" },
  },
  column_options = { list = "boolean" },
  default_columns = {
    email = {
      first = { 'emails[type eq "work"].value', "emails[primary eq true].value", "userName" },
      optional = true,
    },
    fullname = { first = { "displayName", "name.formatted" }, optional = true },
    active = { "active", optional = true },
  },
  collect = attributes.collect,
  is_unordered = true,
}

local records = {}
local records_mt = { __index = records, __name = "lastpass.source.scim_records" }

local function end_records(self)
  self:close()
  if self._groups then
    local ok, message, err = self._groups:finish(self._people.proof.rows)
    if not ok then
      return nil, message, err
    end
  end
  self._ended = true
  return fields.finish(self._people)
end

-- The next item, as `fields.new` wants it.
function records:next()
  if self._ended then
    return fields.finish(self._people)
  elseif self._closed then
    return nil
  end
  local user, message, err = self._first, nil, nil
  self._first = nil
  if not user then
    user, message, err = pages.returned(self._list)
  end
  if err then
    self:close()
    return nil, message, err
  elseif not user then
    return end_records(self)
  end
  local from = problems.origin { url = self._people.proof.url, id = user.id }
  return {
    from = from,
    record = user,
    more = self._groups and { groups = self._groups:of(user.id) },
  }
end

-- Ends the reading; may be called again.
function records:close()
  self._closed = true
  if self._token then
    self._token:close()
    self._token = nil
  end
end

-- The groups, then the first user: what cannot be read at all shows at once.
local function begin_reading(self, client, options)
  local people = self._people
  if options.groups then
    local wanted = options.groups == true and {} or options.groups
    local groups, message, err = scim_groups.read(client, wanted, people.name)
    if not groups then
      return nil, message, err
    end
    self._groups, people.proof.groups = groups, groups.proof
  end
  self._list = client:list("User", { filter = options.filter })
  local message, err
  self._first, message, err = pages.returned(self._list)
  if err then
    return nil, message, err
  end
  return true
end

local function check_filter(text, where, level)
  local node, message = require("lastpass.scim.filter").parse(text)
  if not node then
    errors.raise(level + 1, "source.scim: %s: %s", where, message)
  end
end

local function check_paths(plan, level)
  for name, column in pairs(plan.columns) do
    for _, path in ipairs(column.headers) do
      local _, message = attributes.path(path)
      if message then
        errors.raise(level + 1, "source.scim: attribute '%s': '%s': %s", name, path, message)
      end
    end
  end
end

local function check_options(plan, level)
  local options = plan.options
  if not options.token then
    errors.raise(level + 1, "source.scim: option 'token' is missing")
  elseif not secrets.is_known(options.token) then
    local text = "source.scim: option 'token' must be made by lastpass.secret, or be {file = …}, "
      .. "{env = …} or {command = …}; a string would stay in memory"
    errors.raise(level + 1, text)
  end
  check_paths(plan, level + 1)
  if options.filter then
    check_filter(options.filter, "option 'filter'", level + 1)
  end
  local groups = options.groups
  if groups and plan.columns.groups then
    errors.raise(level + 1, "source.scim: option 'groups' and an attribute make the field 'groups'")
  elseif type(groups) == "table" then
    errors.check_options("source.scim: 'groups'", groups, group_options, level + 1)
    if groups.filter then
      check_filter(groups.filter, "groups: option 'filter'", level + 1)
    end
  end
end

-- The client; what is wrong with its options is a mistake of who called source.scim.
local function open_client(options, token, people, level)
  local given = { token = token }
  for _, name in ipairs(CLIENT_OPTIONS) do
    given[name] = options[name]
  end
  given.dialect = given.dialect or options.url and "rfc" or "lastpass"
  given.on_request = function(request)
    people.proof.pages = people.proof.pages + (request.attempt == 1 and 1 or 0)
  end
  local ok, client = pcall(scim.new, given)
  if ok then
    return client
  end
  local text = tostring(client):gsub("^[^:]*:%d+: ", ""):gsub("lastpass%.scim%.new", "source.scim")
  return errors.raise(level + 1, "%s", text)
end

--- Opens a SCIM server as a source of people (`source.scim`).
--
--     local people = assert(source.scim {
--       url = "https://idp.acme.com/scim/v2",
--       token = { file = "~/.config/lastpass/idp.token" },
--       filter = 'userType eq "Employee"',
--       attributes = {
--         email = 'emails[type eq "work"].value',
--         fullname = { "name.givenName", "name.familyName" },
--         department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
--         active = "active",
--       },
--       groups = true,
--     })
--
-- Users come page by page. The list is counted against the server's total, no id comes twice, and what changes while
-- it is read is read again; when it does not fit together, or an answer is missing, the source is not complete. The
-- values of an attribute have no order: where one is wanted and there are several, the user is refused, unless the
-- column says `join` or `list`. `active` is "true" or "false".
--
-- Codes of failures: authorization_error, forbidden (kind "auth"); invalid_filter, not_found and other refusals (kind
-- "refused"); list_changing (kind "conflict"); paging_ignored, not_a_list, not_json, no_groups, no_members (kind
-- "protocol"); missing_column, duplicate_group, unnamed_group (kind "argument"); those of the transport. After any of
-- them `proof.complete` stays false.
---@param options lastpass.source.ScimOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err
function M.open(options)
  local plan = columns.plan(options, 2, M.kind)
  options = plan.options
  check_options(plan, 2)
  local token, message, err = secrets.open(options.token)
  if not token then
    return nil, message, err
  end
  local proof = { kind = "scim", filter = options.filter, pages = 0 }
  local self
  self, message, err = fields.new_without_file(options.name or "", proof, plan, 2)
  if not self then
    return nil, message, err
  end
  local client = open_client(options, token, self, 2)
  proof.url = client:option "url"
  self.name = options.name or proof.url
  self._records = setmetatable({
    _people = self,
    _token = token ~= options.token and token or nil,
  }, records_mt)
  local ok
  ok, message, err = begin_reading(self._records, client, options)
  if not ok then
    self._records:close()
    return nil, message, err
  end
  return self
end

return M
