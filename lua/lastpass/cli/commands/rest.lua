--- The commands over the REST API that list: admin levels, managed companies, their admins and bills; and any request of it.
-- @module lastpass.cli.commands.rest
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local operations = require "lastpass.business.operations"
local rest = require "lastpass.cli.rest"
local values = require "lastpass.cli.values"

local must, usage = failure.must, values.usage

local NEEDS_KEY = "It needs the key of the REST API (rest_key)."

-- ------------------------------------------------------------------ admin levels

local function list_levels(session)
  local accounts = require "lastpass.directory.accounts"
  local read = must(accounts.read(session:client(), { levels = true }))
  session:show(require("lastpass.cli.views").rest_levels, read.levels)
  session.streams:flush()
  if read.level_gap then
    session:say("note: %s", read.level_gap)
  end
  return exit.done
end

-- ------------------------------------------------------------------ companies

-- The filters that were given, as the operation has them.
local function company_filter(options)
  return {
    name = options.name,
    status = options.status,
    type = options.type,
    addon = options.addon,
    parent_id = options.parent,
  }
end

local function admin_rows(list)
  local rows = {}
  for position, admin in ipairs(list) do
    local company, level = admin.company or {}, admin.admin_level or {}
    rows[position] = {
      company_id = company.id,
      company = company.name,
      email = admin.user_email,
      user_id = admin.user_id,
      level = level.name,
      level_id = level.id,
    }
  end
  return rows
end

-- ------------------------------------------------------------------ bills

-- Without dates those of the newest cycle that has ended, or of the one under way where no other is known.
local function billing_dates(session, options)
  if options.from or options.to then
    if not (options.from and options.to) then
      must(usage "--from and --to go together: both days of a billing cycle")
    end
    for _, name in ipairs { "from", "to" } do
      local ok, expected = operations.date(options[name])
      if not ok then
        must(usage(("--%s must be %s"):format(name, expected)))
      end
    end
    return options.from, options.to
  end
  local cycles = must(rest.client(session):billing_cycles { number = 2 })
  local cycle = cycles[2] or cycles[1]
  if not cycle or not cycle.start_date or not cycle.end_date then
    must(errors.fail("refused", "no_billing_cycle", "no billing cycle is listed"))
  end
  session:say("the billing cycle from %s to %s", cycle.start_date, cycle.end_date)
  return cycle.start_date, cycle.end_date
end

local function billing(session, options)
  local from, to = billing_dates(session, options)
  local each = rest.client(session):billing_reports {
    start_date = from,
    end_date = to,
    license_type = options.type,
  }
  return rest.show(session, "rest_billing", rest.all(each))
end

-- ------------------------------------------------------------------ any request

local METHODS = { "GET", "POST", "PUT", "PATCH", "DELETE" }

local function read_body(text)
  if not text then
    return nil
  elseif text == "-" then
    text = io.stdin:read "*a"
  end
  local value, message = require("lastpass.json").decode(text)
  if type(value) ~= "table" then
    must(usage("rest call: the body is not a JSON object" .. (message and ": " .. message or "")))
  end
  return value
end

local function request_of(options)
  return {
    query = must(values.pairs("--query", options.query, "NAME=VALUE", "^([%w_-]+)=(.*)$")),
    body = read_body(options.body),
  }
end

local function send_request(session, options)
  local method, request = options.method, request_of(options)
  if method ~= "GET" and options.dry_run then
    session:say("%s %s writes; nothing was sent", method, options.path)
    return exit.done
  elseif method ~= "GET" then
    local question = ("send %s %s to %s?"):format(method, options.path, session:company())
    must(require("lastpass.cli.confirm").ask(session, question))
  end
  local client = rest.client(session)
  local ok, reply, message, err = pcall(client.request, client, method, options.path, request)
  if not ok and type(reply) == "string" then -- a path that will not do is a mistake of whoever typed it
    local text = reply:gsub("^[^:]*:%d+: ", ""):gsub("^business:request: ", "rest call: ")
    must(usage(text))
  elseif not ok then
    error(reply, 0)
  end
  reply = must(reply, message, err)
  if reply.body ~= nil then
    session:print(require("lastpass.json").shown(reply.body))
  else
    session:say("HTTP %d, without a body", reply.status)
  end
  return exit.done
end

return {
  groups = {
    billing = "What is billed for managed companies.",
    rest = "The REST API as it is.",
  },
  {
    name = "admin-levels",
    summary = "List the admin levels, and how many people have each",
    description = NEEDS_KEY
      .. " Who has which is `users --fields email,admin_level`; `user admin-level` gives one.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    examples = { { "lastpass admin-levels --fields name,permissions", "what each permits" } },
    topics = { "output" },
    lua = rest.loop("admin_levels()", "one.id, one.name"),
    run = list_levels,
  },
  {
    name = "companies",
    summary = "List the companies that this one manages",
    description = NEEDS_KEY .. " Those below managed companies are among them.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      { "--name", "of that name; % stands for anything", value = "NAME" },
      { "--status", "only those", value = "STATUS", choices = { "active", "suspended" } },
      {
        "--type",
        "only those",
        value = "TYPE",
        choices = { "managed", "managed-msp", "msp" },
      },
      { "--addon", "only those with it", value = "ADDON", choices = { "mfa", "sso" } },
      { "--parent", "that company and all below it", value = "NUMBER" },
    },
    examples = { { "lastpass companies --status suspended", "those that are not billed" } },
    topics = { "output" },
    lua = function(options)
      local filter = lua_text.options(company_filter(options))
      return rest.loop("managed_companies" .. filter, "one.id, one.name, one.license_limit")
    end,
    run = function(session, options)
      local each = rest.client(session):managed_companies(company_filter(options))
      return rest.show(session, "rest_companies", rest.all(each))
    end,
  },
  {
    name = "admins",
    summary = "List the admins of all managed companies",
    description = NEEDS_KEY,
    connects = true,
    rows = true,
    ends_with_reader = true,
    examples = { { "lastpass admins --sort company --csv", "for a review" } },
    topics = { "output" },
    lua = rest.loop("managed_companies_admins()", "one.company.name, one.user_email"),
    view = "rest_admins",
    list = function(session)
      return admin_rows(rest.all(rest.client(session):managed_companies_admins()))
    end,
  },
  {
    name = "billing cycles",
    summary = "List the newest billing cycles",
    description = NEEDS_KEY,
    connects = true,
    rows = true,
    options = { { "--count", "how many, 1 to 12; default 3", value = "COUNT", number = true } },
    examples = { { "lastpass billing cycles --count 12", "of a year" } },
    topics = { "output" },
    lua = function(options)
      return (
        "for _, one in ipairs(assert(assert(client:rest()):billing_cycles { number = %d })) do "
        .. "print(one.start_date, one.end_date) end"
      ):format(options.count or 3)
    end,
    view = "rest_cycles",
    list = function(session, options)
      local count = options.count or 3
      if count < 1 or count > 12 or count ~= math.floor(count) then
        must(usage "--count must be 1 to 12")
      end
      return rest.client(session):billing_cycles { number = count }
    end,
  },
  {
    name = "billing report",
    summary = "Show what is billed for managed companies",
    description = NEEDS_KEY .. " Without dates it is the newest billing cycle that has ended.",
    connects = true,
    rows = true,
    options = {
      { "--from", "first day of a billing cycle: 2026-10-01", value = "DATE" },
      { "--to", "its last day", value = "DATE" },
      {
        "--type",
        "only licences of that type",
        value = "TYPE",
        choices = { "msp-distributor", "managed-msp", "msp-managed-company" },
      },
    },
    examples = { { "lastpass billing report --csv", "for the bookkeeping" } },
    topics = { "output" },
    lua = function(options)
      local filter = {
        start_date = options.from or lua_text.raw "cycle.start_date",
        end_date = options.to or lua_text.raw "cycle.end_date",
        license_type = options.type,
      }
      local first = options.from and ""
        or "local cycles = assert(assert(client:rest()):billing_cycles { number = 2 })\n"
          .. "local cycle = cycles[2] or cycles[1]\n"
      return first
        .. rest.loop(
          "billing_reports " .. lua_text.value(filter),
          "one.company_name, one.used_licenses"
        )
    end,
    run = billing,
  },
  {
    name = "rest call",
    summary = "Send any request of the REST API",
    description = "The way for what no other command covers, such as what the vendor names and "
      .. "does not document. The body of the reply is printed as JSON. A write is sent once.",
    connects = true,
    writes = true,
    harm = "ask",
    arguments = {
      { "method", "GET, POST, PUT, PATCH or DELETE", choices = METHODS },
      { "path", "from /v1 on, without a query" },
      { "body", "JSON; - reads it from standard input", args = "?" },
    },
    options = {
      { "--query", "a parameter; several are possible", value = "NAME=VALUE", many = true },
    },
    examples = {
      { "lastpass rest call GET /v1/users --query account-status=staged", "as the server answers" },
    },
    lua = function(options)
      local json = require "lastpass.json"
      local given = {
        query = values.pairs("--query", options.query, "NAME=VALUE", "^([%w_-]+)=(.*)$"),
        body = options.body and options.body ~= "-" and json.decode(options.body) or nil,
      }
      local form = "local reply = assert(assert(client:rest()):request(%s, %s%s))\n"
        .. 'print(require("lastpass").json.encode(reply.body))'
      return form:format(
        lua_text.value(options.method),
        lua_text.value(options.path),
        lua_text.further(given)
      )
    end,
    run = send_request,
  },
}
