--- What the sandbox had to invent because nothing public says it. Data, so that the control API
-- can list it, and settings, so that a client can be tried against the other possibility.
-- @module lastpass.sandbox.assumptions
local of_business = require "lastpass.sandbox.business.assumptions"
local of_mfa = require "lastpass.sandbox.mfa.assumptions"
local of_saml = require "lastpass.sandbox.saml.assumptions"
local of_scim = require "lastpass.sandbox.scim.assumptions"
local schema = require "lastpass.sandbox.schema"

local M = {}

--- One invented behaviour.
---@class lastpass.sandbox.Assumption
---@field name string a setting of `sandbox.start{assumptions = {…}}` when it has a default
---@field what string what the sandbox does
---@field why string what is not known
---@field section string of docs/enterprise-api.md, or of the page
---@field page string|nil "scim-protocol", "saml-protocol" or "mfa-protocol" when it is that page's
---@field values any[]|string|nil the possibilities, the first being the default, or the type; nil when the
-- behaviour cannot be changed
---@field default any

M.list = {
  {
    name = "php_escapes",
    section = "1",
    what = "slashes are written as \\/ and letters beyond ASCII as \\uXXXX, as PHP does by default",
    why = "the server is PHP by its empty maps; the escapes are not recorded",
  },
  {
    name = "page_groups",
    values = { "page", "all", "none" },
    section = "4.8",
    what = "with pagesize, Groups covers that page's users; with pagesize 1 it is absent",
    why = "recorded only as absent with pagesize 1",
  },
  {
    name = "page_invited",
    values = { "every", "first", "none" },
    section = "4.8",
    what = "every page has the whole invited list",
    why = "clients take it from whichever page has it",
  },
  {
    name = "invited_key",
    values = { "invited", "Invited" },
    section = "4.8",
    what = "the key is spelled invited",
    why = "one source spells it with a capital",
  },
  {
    name = "counts",
    values = { "paged", "always" },
    section = "4.8",
    what = "total and count are there only when paging was asked for",
    why = "recorded with paging, absent from the 2017 sample without",
  },
  {
    name = "pagesize_over",
    values = { "refuse", "clip" },
    section = "4.8",
    what = "a pagesize above 2000 is FAIL; clip answers with 2000",
    why = "the limit is known, what happens beyond it is not",
  },
  {
    name = "missing_groups",
    section = "4.8",
    what = "people without groups have no key groups or an empty list, by turns",
    why = "both were recorded for the same user",
  },
  {
    name = "empty_username",
    values = { "everybody", "nobody" },
    section = "4.8",
    what = 'username "" counts as not given',
    why = "one client sends it with every list call, and lists people with it",
  },
  {
    name = "filters_combine",
    section = "4.8",
    what = "username, disabled and admin narrow the list together",
    why = "the 2017 page says one of them; nothing says what several do",
  },
  {
    name = "invited_filtered",
    section = "4.8",
    what = "with username invited has only that person; with disabled or admin it is empty",
    why = "not recorded",
  },
  {
    name = "user_order",
    section = "4.8",
    what = "users come by growing id; a new one gets the highest",
    why = "pages need an order and none is documented",
  },
  {
    name = "multifactor_names",
    section = "4.8",
    what = "lastpassauth, googleauth, microsoftauth, duo, yubikey",
    why = "only lastpassauth was recorded",
  },
  {
    name = "batchadd_makes",
    values = { "user", "invited" },
    section = "4.1",
    what = "a new person is among Users at once, never logged in; invited puts them on that list",
    why = "the recording shows added people among Users; what makes an invited one is unknown",
  },
  {
    name = "batchadd_existing",
    section = "4.1",
    what = "an existing user's given fields are changed and the groups added; no mail",
    why = "the 2017 page says add or update; the current one only speaks of new users",
  },
  {
    name = "batchadd_bad_row",
    values = { "fail", "warn" },
    section = "4.1",
    what = "an address without the form of one makes the whole call FAIL, changing nothing and "
      .. "not naming the row; warn skips the row and names it",
    why = "only the shapes OK, WARN and FAIL are known, not when which",
  },
  {
    name = "batchadd_error",
    values = { "list", "string" },
    section = "4.1",
    what = "error of a batchadd that is FAIL is a list of one text",
    why = "two clients join it as a list; no reply was recorded",
  },
  {
    name = "batchadd_message_over",
    default = 0,
    values = "integer",
    section = "2",
    what = "with more rows than this the reply is OK with a message; 0 is never",
    why = "one client met such a message; neither its text nor the number is known",
  },
  {
    name = "licences",
    default = 0,
    values = "integer",
    section = "1.5",
    what = "more people than this make batchadd FAIL, the disabled not counted; 0 is no limit",
    why = "licences can run out; no error text is public",
  },
  {
    name = "all_or_nothing",
    section = "5",
    what = "a call that answers FAIL has changed nothing",
    why = "nothing public says so",
  },
  {
    name = "unknown_group",
    values = { "create", "warn", "fail" },
    section = "4.7",
    what = "batchadd and batchchangegrp make a group that is not there; warn skips and names it, "
      .. "fail refuses the call",
    why = "not documented",
  },
  {
    name = "group_unknown_user",
    values = { "warn", "fail" },
    section = "4.7",
    what = "batchchangegrp with unknown people answers WARN naming them, also when all are unknown",
    why = "the 2017 page has WARN for one among others",
  },
  {
    name = "group_del_unknown",
    section = "4.7",
    what = "taking somebody out of a group they are not in is no error",
    why = "not documented",
  },
  {
    name = "unknown_user_one",
    section = "2.1",
    what = "updateuser and updateemail answer as deluser does (string), reinviteuser, "
      .. "requiremasterpasswordchange as resetpassword does (array)",
    why = "the texts are recorded for deluser and resetpassword only",
  },
  {
    name = "disablemultifactor_error",
    values = { "string", "list" },
    section = "4.6",
    what = "error of a disablemultifactor that is FAIL is a string",
    why = "one client decodes a string everywhere but in resetpassword",
  },
  {
    name = "disable_unknown",
    section = "4.5",
    what = "unknown people are in neither list; when nobody is known, status FAIL with error",
    why = "the failure value of status is not documented",
  },
  {
    name = "deleteaction_missing",
    section = "4.4",
    what = "deluser without deleteaction is FAIL",
    why = "clients always send it",
  },
  {
    name = "uninvite",
    section = "4.4",
    what = "deleteaction 3 is for invited people only, the other actions for users only",
    why = "only the value is documented",
  },
  {
    name = "reinvite_active",
    section = "4.6",
    what = "reinviteuser for somebody who has logged in is FAIL",
    why = "not documented",
  },
  {
    name = "updateemail_state",
    section = "4.3",
    what = "updateemail needs an active person and a free address, else FAIL; the old address "
      .. 'stays until POST /_sandbox/state {"login": [old]}',
    why = "the texts are not public",
  },
  {
    name = "updateemail_rate",
    section = "4.3",
    what = "more than 10 calls in one second of the sandbox's clock answer HTTP 429",
    why = "the limit is published, the answer beyond it is not",
  },
  {
    name = "flag_type",
    values = { "string", "integer", "boolean" },
    section = "4.9",
    what = 'readonly, give and can_administer are "0" or "1", superadmin is a boolean',
    why = "three clients show strings; the vendor's sample has numbers, one client booleans",
  },
  {
    name = "folder_users",
    values = { "list", "object" },
    section = "4.9",
    what = "users of a folder is a list; object has numbers for keys, with gaps",
    why = "PHP writes a list with a gap so, and one script handles it",
  },
  {
    name = "folder_sixth_value",
    default = false,
    values = "boolean",
    section = "4.9",
    what = "true gives each user of a folder one member more",
    why = "one logged reply has a sixth value after superadmin, whose name is unknown",
  },
  {
    name = "superadmins",
    section = "4.9",
    what = 'data "all" adds the administrators with superadmin true to every folder',
    why = "the vendor says they are listed too, not how",
  },
  {
    name = "detailed_unpaged_max",
    default = 50,
    values = "integer",
    section = "4.10",
    what = "unpaged getdetailedsfdata of more folders than this answers HTTP 429",
    why = "429 was met; the size that leads to it is not known",
  },
  {
    name = "next_type",
    values = { "string", "integer" },
    section = "4.11",
    what = "next of reporting is a string of digits",
    why = "clients read it as either",
  },
  {
    name = "events_defaults",
    section = "4.11",
    what = "without from everything before to, without to everything until now, without user "
      .. "everybody",
    why = "the defaults are not documented",
  },
  {
    name = "events_iso",
    section = "3",
    what = "yyyy-MM-ddTHH:mm:ssZ is read as the account's own time",
    why = "one client sends it; how the Z is read is unknown",
  },
  {
    name = "events_ambiguous",
    section = "3",
    what = "of an hour that passes twice in autumn, from means the earlier one and to the later",
    why = "the times have no offset; nothing says which is meant",
  },
  {
    name = "top_level_keys",
    section = "1.2",
    what = "user and next beside data have no effect; other keys there are FAIL",
    why = "clients send them; whether they have any effect is unknown",
  },
  {
    name = "events_bad_user",
    section = "2.1",
    what = '"Please select a valid user." is in error, status FAIL',
    why = "the key was not recorded",
  },
  {
    name = "siem_shape",
    values = { "events", "status" },
    section = "4.11",
    what = "format siem gives events, a list with ID, and no more; status adds status and next",
    why = "one client loops over all values of the reply as lists, another reads events only",
  },
  {
    name = "no_events",
    values = { "list", "object", "null" },
    section = "4.11",
    what = "without events data is []",
    why = "one receiver written in Go could not decode that, and met empty windows all the time",
  },
  {
    name = "action_names",
    values = { "sentence", "title", "japanese" },
    section = "8.1",
    what = "Log in, Employee account created; title: Employee Account Created; japanese: the two "
      .. "localised names that were seen",
    why = "spelling changed over the years and depends on the account",
  },
  {
    name = "api_username",
    default = "API",
    values = "string",
    section = "4.11",
    what = "events of calls through this API have the Username API",
    why = "in newer data it is a user's name",
  },
  {
    name = "audit_reads",
    default = true,
    values = "boolean",
    section = "8.2",
    what = "each read makes its event (Get user data, Get shared folder data, Reporting)",
    why = "the names are known; whether every page makes one is not",
  },
  {
    name = "audit_writes",
    section = "8.3",
    what = "batchadd makes one Employee account created with all addresses and one Adding user to "
      .. "group each; updateuser and updateemail make none",
    why = "no name is known for the last two",
  },
  {
    name = "password_expiry_days",
    default = 365,
    values = "integer",
    section = "4.12",
    what = "a master password expires after 365 days",
    why = "it is a policy of the account",
  },
  {
    name = "push_sites",
    values = { "withdrawn", "works" },
    section = "4.13",
    what = "pushsitestousers is FAIL; works answers with psid",
    why = "withdrawn by the vendor; the answer since then is not recorded",
  },
  {
    name = "strict",
    default = true,
    values = "boolean",
    section = "4",
    what = "unknown fields and wrong types in data are FAIL",
    why = "the vendor does not say; a typing error should not pass unseen",
  },
  {
    name = "unknown_command",
    section = "2.1",
    what = 'an unknown cmd is FAIL with "Unknown command", and so is one that is no string',
    why = "no text is public",
  },
  {
    name = "bad_json",
    section = "2.1",
    what = "a body that is no JSON object answers as wrong credentials do",
    why = "no text is public; without a body there is no cid",
  },
  {
    name = "form_encoding",
    default = true,
    values = "boolean",
    section = "1.1",
    what = "cid, provhash and cmd in a form body are accepted for commands without data, and in "
      .. "the query string for reporting, answered in XML under the root lastpass",
    why = "three clients do it; the root's name and what else is accepted are not known",
  },
  {
    name = "invented_texts",
    section = "2.1",
    what = "every error text that enterprise-api §2.1 does not list",
    why = "no other text is public",
  },
}

for _, of_page in ipairs {
  { "scim-protocol", of_scim },
  { "saml-protocol", of_saml },
  { "mfa-protocol", of_mfa },
  { "rest-protocol", of_business },
} do
  for _, assumption in ipairs(of_page[2]) do
    assumption.page = of_page[1]
    M.list[#M.list + 1] = assumption
  end
end

for _, assumption in ipairs(M.list) do
  if type(assumption.values) == "table" then
    assumption.default = assumption.values[1]
  end
end

--- The settings with their defaults.
---@return table<string, any>
function M.defaults()
  local settings = {}
  for _, assumption in ipairs(M.list) do
    settings[assumption.name] = assumption.default
  end
  return settings
end

local function check_integer(assumption, value)
  local range = assumption.range
  if not schema.is_whole(value) then
    local shown = type(value) == "number" and tostring(value) or type(value)
    return nil, ("assumption '%s' must be integer, not %s"):format(assumption.name, shown)
  elseif range and (value < range[1] or value > range[2]) then
    local form = "assumption '%s' must be from %d to %d, not %.0f"
    return nil, form:format(assumption.name, range[1], range[2], value)
  end
  return true
end

--- Whether a setting may have a value.
function M.check(name, value)
  for _, assumption in ipairs(M.list) do
    if assumption.name == name and assumption.default ~= nil then
      local values = assumption.values
      if type(values) == "table" then
        for _, allowed in ipairs(values) do
          if allowed == value then
            return true
          end
        end
        return nil, ("assumption '%s' must be one of %s"):format(name, table.concat(values, ", "))
      end
      if values == "integer" then
        return check_integer(assumption, value)
      elseif type(value) ~= values then
        return nil, ("assumption '%s' must be %s, not %s"):format(name, values, type(value))
      end
      return true
    end
  end
  return nil, ("no assumption '%s' that could be set"):format(tostring(name))
end

--- Names of the settings.
function M.names()
  local names = {}
  for _, assumption in ipairs(M.list) do
    if assumption.default ~= nil then
      names[#names + 1] = assumption.name
    end
  end
  return names
end

return M
