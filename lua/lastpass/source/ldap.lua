--- People from an LDAP directory (OpenLDAP, Active Directory, 389), with their groups.
-- @module lastpass.source.ldap
local columns = require "lastpass.source.columns"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local ldap_connection = require "lastpass.source.ldap_connection"
local ldap_groups = require "lastpass.source.ldap_groups"
local ldap_search = require "lastpass.source.ldap_search"
local problems = require "lastpass.source.problems"

local M = {}

--- Options of `source.ldap`.
---@class lastpass.source.LdapOptions: lastpass.source.Options
---@field url string            ldaps://host, ldap://host (StartTLS) or ldapi://socket
---@field base string           where the people are: "ou=people,dc=acme,dc=com"
---@field filter? string        default "(objectClass=person)"
---@field scope? string         "subtree" (default), "one", "base"
---@field attributes? table<string, string|lastpass.source.Column> field = attribute; default
-- { email = "mail", fullname = "cn" }
---@field groups? boolean|lastpass.source.LdapGroups gives each person the list `groups`; true: with
-- all defaults; default none
---@field bind_dn? string       who reads; without it nobody in particular
---@field password? userdata|table of `lastpass.secret`, or {file = path}, {env = name}, {command = line}
---@field external? boolean     bind as whom TLS or the socket knows us (SASL EXTERNAL)
---@field ca_file? string       PEM certificates to trust; default the system's (ldap.conf's)
---@field certificate_file? string our own certificate, PEM
---@field key_file? string      its key; default in the same file
---@field starttls? boolean     StartTLS on ldap://; default true, to this machine false
---@field plain? boolean        true reads another machine without TLS, as nobody; default false
---@field page_size? integer    entries asked for at once; 0 for all at once; default 500
---@field referrals? string     "ignore": parts on other servers are not missed; default they are
---@field timeout? number       seconds without an answer; default 60
---@field connect_timeout? number seconds for the connection, for TLS and for the bind; default 10
---@field time_limit? number    seconds the whole reading may take; default as long as it needs
---@field size_limit? integer   entries there may be at most; default as many as there are

--- The option `groups` of `source.ldap`: where the groups are, and how membership is recorded.
---@class lastpass.source.LdapGroups
---@field base? string      default: the base of the people
---@field scope? string     "subtree" (default), "one", "base"
---@field filter? string    default: entries of the usual classes of groups
---@field name? string      attribute with the group's name; default "cn"
---@field member? string    attribute of a group that names its members; default: the one that goes with
-- the group's class (member, uniqueMember, memberUid)
---@field by? string        attribute of a person that `member` holds; default: the name of the entry
-- itself (its DN), and "uid" for memberUid, for which alone it is when no `member` is named
---@field member_of? string attribute of people and groups that names their groups, instead of
-- `member`. With neither `base` nor `filter` no groups are read: the first part of the DN is the name
---@field nested? boolean   a member of a group is in the groups that hold it too; default true
---@field primary? boolean  Active Directory: somebody's primary group (primaryGroupID), which does not
-- list them as a member, is among their groups; default false
---@field allow_empty? boolean there may be no group, and groups without members; default false: the
-- source is not complete then, for a wrong name of an attribute looks the same

local group_options = {
  base = "string",
  scope = "string",
  filter = "string",
  name = "string",
  member = "string",
  by = "string",
  member_of = "string",
  nested = "boolean",
  primary = "boolean",
  allow_empty = "boolean",
}

local function positive(value)
  return type(value) == "number" and value > 0, "a number above 0"
end

local scopes = { subtree = true, one = true, base = true }

-- An attribute's values; its name counts without regard to case.
local function collect(attributes, name, found)
  local list = attributes[name:lower()]
  found.present = list ~= nil
  for index, value in ipairs(list or {}) do
    found[index] = value
  end
end

--- What kind of source this is.
---@type lastpass.source.Kind
M.kind = columns.kind {
  source = "source.ldap",
  option = "attributes",
  column = "attribute",
  header = "attribute",
  a_header = "an attribute",
  options = {
    url = "string",
    base = "string",
    filter = "string",
    scope = function(value)
      return scopes[value] == true, '"subtree", "one" or "base"'
    end,
    attributes = "table",
    groups = { "boolean", "table" },
    bind_dn = "string",
    password = { "userdata", "table" },
    external = "boolean",
    ca_file = "string",
    certificate_file = "string",
    key_file = "string",
    starttls = "boolean",
    plain = "boolean",
    page_size = function(value)
      local is_size = type(value) == "number" and value >= 0 and value < 2 ^ 31
      return is_size and value == math.floor(value), "a whole number"
    end,
    referrals = function(value)
      return value == "ignore", '"ignore"'
    end,
    timeout = positive,
    connect_timeout = positive,
    time_limit = positive,
    size_limit = "number",
  },
  counts = { "size_limit" },
  column_options = { list = "boolean", binary = "boolean" },
  default_columns = { email = "mail", fullname = "cn" },
  collect = collect,
  is_unordered = true,
}

-- The attributes to ask for, each once.
local function attributes_of(self, groups)
  local names, is_named = {}, {}
  local function add(name)
    if not is_named[name:lower()] then
      is_named[name:lower()] = true
      names[#names + 1] = name
    end
  end
  for _, column in ipairs(self._columns) do
    for _, name in ipairs(column.headers) do
      add(name)
    end
  end
  for _, name in ipairs(groups and groups:attributes() or {}) do
    add(name)
  end
  return names
end

local records = {}
local records_mt = { __index = records, __name = "lastpass.source.ldap_records" }

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
  local dn, attributes, err = self._search:next()
  local proof = self._people.proof
  proof.pages = self._search.pages
  proof.references = #self._search.references + (self._groups and self._groups.references or 0)
  if err then
    self:close()
    return nil, attributes, err
  elseif not dn then
    return end_records(self)
  end
  local more
  if self._groups then
    local list, message
    list, message, err = self._groups:of(dn, attributes)
    if not list then
      self:close()
      return nil, message, err
    end
    more = { groups = list }
  end
  local from = problems.origin { url = self._people.name, base = self._base, dn = dn }
  return { from = from, record = attributes, more = more }
end

-- Ends the reading; may be called again.
function records:close()
  self._closed = true
  self._connection:close()
end

local function read_groups(self, options, settings)
  if not options.groups then
    return true
  end
  local wanted = options.groups == true and {} or options.groups
  local groups, message, err = ldap_groups.read(self._connection, wanted, settings)
  if not groups then
    return nil, message, err
  end
  self._groups, self._people.proof.groups = groups, groups.proof
  return true
end

-- Everything before the first person: connection, groups, the first answer.
local function begin_reading(self, options)
  local connection, now, err = ldap_connection.open(options)
  if not connection then
    return nil, now, err
  end
  self._connection = connection
  local settings = {
    where = self._people.name .. "/" .. options.base,
    base = options.base,
    page_size = options.page_size or 500,
    timeout = options.timeout or 60,
    referrals = options.referrals,
    now = now,
    deadline = options.time_limit and now() + options.time_limit,
  }
  local ok, message
  ok, message, err = read_groups(self, options, settings)
  if ok then
    self._search = ldap_search.new(connection, {
      base = options.base,
      scope = options.scope,
      filter = self._people.proof.filter,
      attributes = attributes_of(self._people, self._groups),
      page_size = settings.page_size,
      size_limit = options.size_limit,
    }, settings)
    ok, message, err = self._search:begin()
  end
  if not ok then
    connection:close()
  end
  return ok, message, err
end

local function check_groups(plan, level)
  local groups = plan.options.groups
  if groups and plan.columns.groups then
    errors.raise(level + 1, "source.ldap: option 'groups' and an attribute make the field 'groups'")
  elseif type(groups) ~= "table" then
    return
  end
  local where = "source.ldap: 'groups'"
  errors.check_options(where, groups, group_options, level + 1)
  local reads_groups = groups.base or groups.filter or not groups.member_of
  if groups.member_of and (groups.member or groups.by) then
    errors.raise(level + 1, "%s: 'member_of' stands in the place of 'member'", where)
  elseif not reads_groups and (groups.nested or groups.primary) then
    local option = groups.nested and "nested" or "primary"
    errors.raise(level + 1, "%s: '%s' needs the groups' 'base'", where, option)
  elseif groups.scope and not scopes[groups.scope] then
    errors.raise(level + 1, "%s: 'scope' must be subtree, one or base", where)
  end
end

--- Opens an LDAP directory as a source of people (`source.ldap`).
--
--     local people = assert(source.ldap {
--       url = "ldaps://ldap.acme.com",
--       bind_dn = "cn=reader,dc=acme,dc=com",
--       password = lastpass.secret.file "~/.config/lastpass/ldap.password",
--       base = "ou=people,dc=acme,dc=com",
--       attributes = { email = "mail", fullname = "displayName", id = "employeeNumber" },
--       groups = { base = "ou=groups,dc=acme,dc=com" },
--     })
--
-- Entries come page by page, so memory does not grow with the directory but by the keys and, with
-- `groups`, by the members of groups, which are read first. TLS certificates are always checked. An
-- attribute that an entry lacks gives no field. Values of an attribute have no order: where one is
-- wanted and there are several, the entry is refused, unless its column says `join` or `list`.
--
-- For Active Directory, leaving out who is disabled there (docs/sources.md has the whole recipe):
--
--     filter = "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
--     attributes = { email = { first = { "mail", "userPrincipalName" } }, fullname = "displayName" },
--     groups = { filter = "(objectClass=group)", primary = true },
--
-- The source blocks while it waits; inside nginx or lastpass.parallel nothing else goes on then.
--
-- Codes of failures: no_such_base, bad_filter, bad_name, bad_address, bad_certificates,
-- missing_column, duplicate_group, unnamed_group (kind "argument"); no_groups, no_members,
-- members_elsewhere (kind "protocol"); wrong_credentials, no_permission, tls_needed,
-- stronger_bind_needed (kind "auth"); size_limit, time_limit, admin_limit, referral, unwilling (kind
-- "refused"); no_connection, tls_failed, timeout, busy, unavailable (kind "transport"); and others,
-- with the server's number as `ldap_code`. After any of them `proof.complete` stays false.
---@param options lastpass.source.LdapOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err
function M.open(options)
  local plan = columns.plan(options, 2, M.kind)
  options = plan.options
  ldap_connection.check(options, 2)
  if not options.base then
    errors.raise(2, "source.ldap: option 'base' is missing")
  end
  check_groups(plan, 2)
  local proof = { kind = "ldap", url = options.url, base = options.base, pages = 0, references = 0 }
  proof.filter = options.filter or "(objectClass=person)"
  local name = options.name or options.url
  local self, message, err = fields.new_without_file(name, proof, plan, 2)
  if not self then
    return nil, message, err
  end
  self._records = setmetatable({ _people = self, _base = options.base }, records_mt)
  local ok
  ok, message, err = begin_reading(self._records, options)
  if not ok then
    return nil, message, err
  end
  return self
end

return M
