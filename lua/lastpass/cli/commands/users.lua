--- The commands about users.
-- @module lastpass.cli.commands.users
local errors = require "lastpass.error"

local function lua_text()
  return require "lastpass.cli.lua_text"
end

local function filter_of(options)
  return { status = options.status, admin = options.admin or nil }
end

-- What the REST API is to be asked for, when it is to be asked at all.
local function asked_accounts(options)
  return require("lastpass.cli.accounts").asked(options)
end

local EXPLAIN_SOURCE = { "--explain-source", "say which interface each field comes from" }

-- The items of `user add`: everybody gets the same name and groups.
local function new_users(options)
  local verbs = require "lastpass.cli.verbs"
  local ok, message, err = verbs.check_texts(options, { "name", "group" })
  if not ok then
    return nil, message, err
  end
  local items = {}
  for position, address in ipairs(options.email) do
    items[position] = verbs.item("add", {
      email = address,
      fullname = options.name,
      groups = #options.group > 0 and options.group or nil,
    })
  end
  return items
end

local function staged_users(options)
  local verbs = require "lastpass.cli.verbs"
  local ok, message, err = verbs.check_texts(options, { "name" })
  if not ok then
    return nil, message, err
  end
  local items = {}
  for position, address in ipairs(options.email) do
    items[position] = verbs.item("stage", { email = address, fullname = options.name })
  end
  return items
end

local function leveled_user(options)
  local row = { email = options.email, level = options.level }
  return { require("lastpass.cli.verbs").item("admin-level", row) }
end

local function new_names(options)
  if not options.name and not options.duo and not options.securid then
    return errors.fail("argument", "usage", "user update: say what: --name, --duo or --securid")
  end
  local verbs = require "lastpass.cli.verbs"
  local ok, message, err = verbs.check_texts(options, { "name", "duo", "securid" })
  if not ok then
    return nil, message, err
  end
  return {
    verbs.item("update", {
      email = options.email,
      fullname = options.name,
      duousername = options.duo,
      securidusername = options.securid,
    }),
  }
end

local one_user = { { "email", "address of the user", names = "users" } }

return {
  groups = { user = "One user, or a few: show and change." },
  {
    name = "users",
    summary = "List users",
    description = "The directory is read to its end, and shown only when nothing of it was lost. "
      .. "The REST API (rest_key) is asked as well when one of its states is named (staged, "
      .. "awaiting_approval, expired_invitation), or the field account_status or admin_level.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      {
        "--status",
        "only those",
        value = "STATUS",
        choices = {
          "active",
          "disabled",
          "invited",
          "staged",
          "awaiting_approval",
          "expired_invitation",
        },
      },
      { "--admin", "only admins" },
      EXPLAIN_SOURCE,
    },
    examples = {
      { "lastpass users --where 'u.admin and not u.mfa'", "admins without a second factor" },
      {
        'lastpass users --where \'u.status == "active" and (u.last_login or 0) < ago "90d"\' --csv',
        "who has not logged in for three months",
      },
      { "lastpass users --ndjson | jq -r .email", "every address" },
      { "lastpass users --status staged", "who is prepared and not invited yet" },
      { "lastpass users --admin --fields email,admin_level", "which admin may do what" },
    },
    topics = { "output", "where" },
    lua = function(options)
      local asked = asked_accounts(options)
      if asked then
        return ("for _, user in ipairs(assert(client:accounts%s)) do print(%s) end"):format(
          lua_text().options(asked),
          "user.email, user.status, user.account_status, user.admin_level"
        )
      end
      return lua_text().loop("user", "users", filter_of(options), "user.email, user.status")
    end,
    tenants = {
      kind = "users",
      view = function(options)
        local is_joined = asked_accounts(options) ~= nil
        return is_joined and require("lastpass.cli.accounts").view {}
          or require("lastpass.cli.views").users
      end,
      settings = function(_, options)
        local asked = asked_accounts(options)
        if not asked then
          return filter_of(options)
        elseif options.explain_source then
          local usage = require("lastpass.cli.values").usage
          require("lastpass.cli.failure").must(usage "--explain-source is for one company")
        end
        asked.accounts = true
        return asked
      end,
    },
    run = function(session, options)
      local asked = asked_accounts(options)
      if asked then
        return require("lastpass.cli.accounts").list(session, options, asked)
      end
      local client, filter = session:client(), filter_of(options)
      local rows, message, err
      if next(filter) then
        rows = client:users(filter)
      else
        rows, message, err = client:snapshot()
      end
      if not rows then
        return nil, message, err
      end
      session:show(require("lastpass.cli.views").users, rows)
      return 0
    end,
  },
  {
    name = "user show",
    summary = "Show one user",
    connects = true,
    rows = true,
    arguments = one_user,
    examples = { { "lastpass user show ann@acme.com --json", "everything known of her" } },
    topics = { "output" },
    options = { EXPLAIN_SOURCE },
    lua = function(options)
      if options.explain_source then
        local form = "for _, user in ipairs(assert(client:accounts { email = %s })) do\n"
          .. "  for field, from in pairs(user.sources) do print(field, user[field], from) end\nend"
        return form:format(lua_text().value(options.email))
      end
      return ("print(assert(client:user(%s)))"):format(lua_text().value(options.email))
    end,
    run = function(session, options)
      if options.explain_source then
        return require("lastpass.cli.accounts").show(session, options)
      end
      local user, message, err = session:client():user(options.email)
      if not user then
        if err.code == "no_such_user" and not err.hint then
          err.hint = ([[lastpass users --where 'u.email:find("%s", 1, true)' looks for it]]):format(
            options.email:lower():match "^[%w._-]*"
          )
        end
        return nil, message, err
      end
      session:show_one(require("lastpass.cli.views").users, user)
      return 0
    end,
  },
  {
    name = "user add",
    verb = "add",
    summary = "Create users and invite them",
    description = "Each person gets an e-mail. Users who exist already are left as they are; a "
      .. "group that does not exist yet is asked about.",
    arguments = { { "email", "address; several are possible", args = "+" } },
    options = {
      { "--name", "full name, when it is one person", value = "NAME" },
      { "--group", "group to be in; may be given several times", value = "GROUP", many = true },
    },
    examples = {
      {
        'lastpass user add ann@acme.com --name "Ann Lee" --group Finance --group Berlin',
        "one person in two groups",
      },
    },
    items = new_users,
  },
  {
    name = "user stage",
    verb = "stage",
    summary = "Prepare users without inviting them",
    description = "By the REST API (rest_key). No e-mail is sent; `user invite` does that later, "
      .. "and `users --status staged` lists them. No documented call takes it back.",
    arguments = { { "email", "address; several are possible", args = "+" } },
    options = { { "--name", "full name, when it is one person", value = "NAME" } },
    examples = { { 'lastpass user stage ann@acme.com --name "Ann Lee"', "for her first day" } },
    items = staged_users,
  },
  {
    name = "user invite",
    verb = "invite",
    summary = "Invite users who are staged, or whose invitation has expired",
    description = "Each person gets an e-mail. It needs the REST API (rest_key), which knows them; "
      .. "the Enterprise API sends it, for the other one's call is documented nowhere.",
    examples = { { "lastpass user invite ann@acme.com --yes", "without the question" } },
  },
  {
    name = "user admin-level",
    verb = "admin-level",
    summary = "Give a user an admin level",
    description = "By the REST API (rest_key); `admin-levels` lists them. Somebody has one level: "
      .. "the former one ends, and no documented call takes a level away. Several people: "
      .. "lastpass bulk admin-level FILE.",
    arguments = {
      one_user[1],
      { "level", "the level's name, or its number" },
    },
    examples = {
      { 'lastpass user admin-level ann@acme.com "Helpdesk Admin"', "asks first" },
    },
    items = leveled_user,
  },
  {
    name = "user update",
    verb = "update",
    summary = "Change a user's full name, or the names for Duo and SecurID",
    arguments = one_user,
    options = {
      { "--name", "full name", value = "NAME" },
      { "--duo", "user name for Duo", value = "NAME" },
      { "--securid", "user name for SecurID", value = "NAME" },
    },
    examples = { { 'lastpass user update ann@acme.com --name "Ann Lee-Smith"', "a new name" } },
    items = new_names,
  },
  {
    name = "user disable",
    verb = "disable",
    summary = "Disable the accounts of users",
    description = "Vault, groups and licence stay; `user enable` takes it back.",
    examples = { { "lastpass user disable bob@acme.com --yes", "without the question" } },
  },
  {
    name = "user enable",
    verb = "enable",
    summary = "Let disabled users log in again",
    description = "Users who may log in already are left as they are.",
    examples = { { "lastpass user enable bob@acme.com", "takes `user disable` back" } },
  },
  {
    name = "user remove",
    verb = "remove",
    summary = "Remove users from the company",
    description = "The account lives on as a personal one; an invitation that was not accepted is "
      .. "withdrawn.",
    examples = {
      {
        "lastpass user remove bob@acme.com --confirm bob@acme.com",
        "without typing the address",
      },
    },
  },
  {
    name = "user delete",
    verb = "delete",
    summary = "Delete accounts and all that is in them, for good",
    description = "Nothing brings them back. The address, or the number of people, has to be "
      .. "typed.",
    examples = { { "lastpass user delete bob@acme.com --dry-run", "who it would be" } },
  },
  {
    name = "user reinvite",
    verb = "reinvite",
    summary = "Send invitations again",
    description = "Each person gets an e-mail.",
    examples = { { "lastpass user reinvite cleo@acme.com --yes", "without the question" } },
  },
  {
    name = "user reset-password",
    verb = "reset-password",
    summary = "Send e-mails for resetting the master password",
    description = "The password stays as it is until the person changes it.",
    examples = { { "lastpass user reset-password bob@acme.com", "asks first" } },
  },
  {
    name = "user require-password-change",
    verb = "require-password-change",
    summary = "Ask for a new master password at the next log-in",
    description = "Nothing takes it back but the person, who sets a new one.",
    examples = { { "lastpass user require-password-change bob@acme.com", "asks first" } },
  },
  {
    name = "user reset-mfa",
    verb = "reset-mfa",
    summary = "Switch multifactor authentication off, for people who lost the device",
    description = "They can set it up again at the next log-in.",
    examples = { { "lastpass user reset-mfa bob@acme.com", "asks first" } },
  },
  {
    name = "user rename",
    verb = "rename",
    summary = "Start a change of address",
    description = "It is done when the user logs in with the old address once more.",
    arguments = {
      { "email", "address of the user", names = "users" },
      { "new-email", "the new address" },
    },
    examples = { { "lastpass user rename ann@acme.com ann.lee@acme.com", "asks first" } },
    items = function(options)
      return {
        require("lastpass.cli.verbs").item("rename", {
          email = options.email,
          new_email = options.new_email,
        }),
      }
    end,
  },
}
