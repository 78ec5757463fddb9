--- The commands about groups, shared folders and master passwords, and any call of the API.
-- @module lastpass.cli.commands.directory
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"

local usage = require("lastpass.cli.values").usage

-- ------------------------------------------------------------------ groups

local function show_group(session, options)
  local snapshot, message, err = session:client():snapshot()
  if not snapshot then
    return nil, message, err
  end
  local group = snapshot:group(options.group)
  if not group then
    local names = {}
    for one in snapshot:groups() do
      names[#names + 1] = one.name
    end
    local nearest = errors.did_you_mean(options.group, names)
    return errors.fail(
      "refused",
      "no_such_group",
      ("nobody is in a group '%s'%s"):format(options.group, nearest),
      { hint = "the API knows groups by their members only; lastpass groups lists them" }
    )
  end
  local rows = {}
  for position, email in ipairs(assert(group:members())) do
    rows[position] = options.users and snapshot:user(email) or { group = group.name, email = email }
  end
  local views = require "lastpass.cli.views"
  session:show(options.users and views.users or views.members, rows)
  return 0
end

-- The arguments of `group add` and `group remove`, and the items that they make for a verb.
local members = {
  { "group", "name of the group, exactly as it is written", names = "groups" },
  { "email", "address; several are possible", args = "+", names = "users" },
}

local function memberships(verb)
  return function(options)
    local verbs = require "lastpass.cli.verbs"
    local ok, message, err = verbs.check_texts(options, { "group" })
    if not ok then
      return nil, message, err
    end
    local items = {}
    for position, address in ipairs(options.email) do
      items[position] = verbs.item(verb, { email = address, group = options.group })
    end
    return items
  end
end

-- ------------------------------------------------------------------ folders

-- A row for each right.
local function rights(folders)
  local rows = {}
  for folder in folders do
    for _, user in ipairs(folder.users) do
      local row = { folder = folder.name }
      for name, value in pairs(user) do
        row[name] = value
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- ------------------------------------------------------------------ calls

local function command_names()
  return require("lastpass.enterprise.call").names()
end

local function find_command(name)
  local calls = require "lastpass.enterprise.call"
  local command, names = calls.find(name), calls.names()
  if command then
    return command
  end
  return usage(
    ("LastPass has no command '%s'%s"):format(
      name:gsub("%c", "?"),
      errors.did_you_mean(name, names)
    ),
    "it has: " .. table.concat(names, ", ")
  )
end

local function read_data(text)
  if not text then
    return nil
  elseif text == "-" then
    text = io.stdin:read "*a"
  end
  local value, message = require("lastpass.json").decode(text)
  if message then
    return usage("call: the data is not valid JSON: " .. message)
  end
  return value
end

local function send_call(session, options)
  local must = require("lastpass.cli.failure").must
  local command = must(find_command(options.command))
  local data = must(read_data(options.data))
  if command.writes and options.dry_run then
    session:say("%s writes; nothing was sent", command.name)
    return 0
  elseif command.writes then
    local question = ("send %s to %s?"):format(command.name, session:company())
    must(require("lastpass.cli.confirm").ask(session, question))
  end
  local client = session:client()
  local ok, value, message, err = pcall(client.call, client, command.name, data)
  if not ok then -- wrong data are a mistake of the person who typed them
    local text = tostring(value):gsub("^[^:]*:%d+: ", "")
    return errors.fail("argument", "bad_data", text)
  end
  session:print(require("lastpass.json").shown(must(value, message, err)))
  return 0
end

local function call_settings(_, options)
  local must = require("lastpass.cli.failure").must
  return { command = options.command, data = must(read_data(options.data)) }
end

-- Of each company its reply, an object a line; at the end which are missing.
local function show_replies(session, run)
  local json = require "lastpass.json"
  for company, outcome in run:each() do
    for row in outcome and outcome:each() or function() end do
      session:print(
        ('{"company":%s,"reply":%s}'):format(json.shown(company.name), json.shown(row.reply))
      )
    end
  end
  session:print("{" .. require("lastpass.cli.tenants").envelope(run:result()) .. "}")
end

return {
  groups = { group = "One group: who is in it." },
  {
    name = "groups",
    summary = "List groups",
    description = "Those that have or had a member; the API knows no others.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    examples = { { "lastpass groups --sort -members", "the largest first" } },
    topics = { "output" },
    lua = lua_text.loop("group", "groups", {}),
    tenants = { kind = "groups", view = "groups_of_companies" },
    view = "groups",
    list = function(session)
      return session:client():groups()
    end,
  },
  {
    name = "group show",
    summary = "Show who is in a group",
    connects = true,
    rows = true,
    ends_with_reader = true,
    arguments = {
      { "group", "name of the group, exactly as it is written", names = "groups" },
    },
    options = { { "--users", "show the users themselves, with all their fields" } },
    examples = { { "lastpass group show Finance --csv", "the members, for a spreadsheet" } },
    topics = { "output" },
    lua = function(options)
      return ('print(table.concat(assert(client:group(%s):members()), "\\n"))'):format(
        lua_text.value(options.group)
      )
    end,
    run = show_group,
  },
  {
    name = "group add",
    verb = "group-add",
    summary = "Add users to a group",
    description = "A group that does not exist yet is asked about; --yes makes it.",
    arguments = members,
    examples = { { "lastpass group add Finance ann@acme.com bob@acme.com", "two people" } },
    items = memberships "group-add",
  },
  {
    name = "group remove",
    verb = "group-remove",
    summary = "Take users out of a group",
    arguments = members,
    examples = { { "lastpass group remove Finance ann@acme.com bob@acme.com", "two people" } },
    items = memberships "group-remove",
  },
  {
    name = "folders",
    summary = "List shared folders and who may use them",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      { "--users", "a row for each person of each folder, with their rights" },
      { "--detailed", "also the sites that each person sees (many calls)" },
    },
    examples = {
      { "lastpass folders --users --where 'u.can_administer'", "who administers which folder" },
    },
    topics = { "output", "where" },
    lua = function(options)
      return lua_text.loop(
        "folder",
        "folders",
        { detailed = options.detailed },
        "folder.name, #folder.users"
      )
    end,
    run = function(session, options)
      local views = require "lastpass.cli.views"
      local folders = session:client():folders { detailed = options.detailed }
      if options.users or options.detailed then
        session:show(views.folder_users, rights(folders))
      else
        session:show(views.folders, folders)
      end
      return 0
    end,
  },
  {
    name = "expired-passwords",
    summary = "List users whose master password has expired",
    connects = true,
    rows = true,
    ends_with_reader = true,
    examples = { { "lastpass expired-passwords --fields email --csv", "their addresses" } },
    topics = { "output" },
    lua = lua_text.loop("expired", "expired_passwords", {}, "expired.email"),
    view = "expired_passwords",
    list = function(session)
      return session:client():expired_passwords()
    end,
  },
  {
    name = "call",
    summary = "Send any command of the API as it is",
    description = "The way for what no other command covers. The reply is printed as JSON.",
    connects = true,
    writes = true,
    harm = "ask",
    arguments = {
      { "command", "name of the command, such as getuserdata", words = command_names },
      { "data", "its data as JSON; - reads it from standard input", args = "?" },
    },
    examples = {
      { [[lastpass call getuserdata '{"username": "ann@acme.com"}']], "as LastPass answers" },
    },
    lua = function(options)
      local json = require "lastpass.json"
      local data = options.data and options.data ~= "-" and json.decode(options.data) or nil
      return ('print(require("lastpass").json.encode(assert(client:call(%s%s))))'):format(
        lua_text.value(options.command),
        data ~= nil and ", " .. lua_text.value(data) or ""
      )
    end,
    tenants = { kind = "call", settings = call_settings, show = show_replies },
    run = send_call,
  },
}
