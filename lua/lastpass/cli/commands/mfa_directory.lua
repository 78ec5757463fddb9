--- The commands about the users of LastPass MFA.
-- @module lastpass.cli.commands.mfa_directory
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa_writing = require "lastpass.cli.mfa_writing"
local values = require "lastpass.cli.values"

-- Fields of a user: option, what it is, name of the field.
local fields = {
  { "--first-name", "given name", "first_name" },
  { "--last-name", "family name", "last_name" },
  { "--secondary-email", "another address", "secondary_email" },
  { "--phone-number", "telephone", "phone_number" },
  { "--employee-id", "number of the employee", "employee_id" },
  { "--department", "department", "department" },
  { "--description", "any text", "description" },
  { "--sam-account-name", "name in the Active Directory", "sam_account_name" },
  { "--organizational-unit", "unit in the Active Directory", "organizational_unit" },
}

local field_options = {}
for position, field in ipairs(fields) do
  field_options[position] = { field[1], field[2], value = "TEXT" }
end
field_options[#field_options + 1] =
  { "--attribute", "a further attribute", value = "NAME=TEXT", many = true }

local function user_of(options, address)
  local user = { email = address }
  for _, field in ipairs(fields) do
    user[field[3]] = options[field[3]]
  end
  user.attributes =
    failure.must(values.pairs("--attribute", options.attribute, "NAME=TEXT", "^([^=]+)=(.+)$"))
  return user
end

local function check_names(options)
  if not options.first_name or not options.last_name then
    failure.must(errors.fail("argument", "usage", "--first-name and --last-name are needed", {
      hint = "LastPass MFA wants both, when something else is changed as well",
    }))
  end
end

local one = { { "user", "the person's address", names = "users" } }
local several = { { "user", "address; several are possible", args = "+", names = "users" } }

local function by_address(method)
  return function(directory, address)
    return directory[method](directory, address)
  end, function(_, address)
    return ("%s(%s)"):format(method, lua_text.value(address))
  end
end

local function by_fields(method)
  return function(directory, address, options)
    return directory[method](directory, user_of(options, address))
  end, function(options, address)
    return ("%s(%s)"):format(method, lua_text.value(user_of(options, address)))
  end
end

-- {name, summary, what, method, harm, description, example, its meaning}
local on_addresses = {
  {
    "mfa user suspend",
    "Suspend users of LastPass MFA",
    "suspend in LastPass MFA",
    "suspend",
    "ask",
    "Their phones approve nothing from then on. No call lifts it: that is done in the portal.",
    { "lastpass mfa user suspend ann@acme.com", "her phone is lost" },
  },
  {
    "mfa user delete",
    "Delete users of LastPass MFA",
    "delete from LastPass MFA",
    "delete",
    "type",
    "Their phones are forgotten. The accounts of the company stay as they are.",
    { "lastpass mfa user delete ann@acme.com --confirm ann@acme.com", "without the question" },
  },
  {
    "mfa user resend",
    "Send users the e-mail that leads to the app again",
    "send the activation again to",
    "resend_activation",
    "ask",
    nil,
    { "lastpass mfa user resend ann@acme.com --yes", "she has a new phone" },
  },
}

local list = {
  mfa_writing.complete_list {
    name = "mfa users",
    summary = "List the users of LastPass MFA",
    view = "mfa_users",
    method = "list",
    shown = "one.email, one.first_name, one.last_name",
    examples = {
      { "lastpass mfa users --where 'u.status == \"Pending\"'", "who has no phone yet" },
      { "lastpass mfa users --csv", "for a spreadsheet" },
    },
  },
}

local function add_row(row)
  list[#list + 1] = mfa_writing.complete(row)
end

local send, call = by_fields "add"
add_row {
  name = "mfa user add",
  summary = "Add a user to LastPass MFA, who gets an e-mail that leads to the app",
  argument = "user",
  arguments = one,
  options = field_options,
  harm = "ask",
  what = "add to LastPass MFA and send an e-mail to",
  check = check_names,
  send = send,
  call = call,
  examples = {
    {
      "lastpass mfa user add ann@acme.com --first-name Ann --last-name Lee",
      "she scans the e-mail's code with the app",
    },
  },
}

send, call = by_fields "edit"
add_row {
  name = "mfa user edit",
  summary = "Change fields of a user of LastPass MFA",
  argument = "user",
  arguments = one,
  options = field_options,
  harm = "ask",
  what = "change in LastPass MFA",
  check = check_names,
  send = send,
  call = call,
  examples = {
    {
      "lastpass mfa user edit ann@acme.com --first-name Ann --last-name Lee --department IT",
      "she has moved",
    },
  },
}

for _, entry in ipairs(on_addresses) do
  send, call = by_address(entry[4])
  add_row {
    name = entry[1],
    summary = entry[2],
    description = entry[6],
    argument = "user",
    arguments = several,
    harm = entry[5],
    what = entry[3],
    send = send,
    call = call,
    examples = { entry[7] },
  }
end

return list
