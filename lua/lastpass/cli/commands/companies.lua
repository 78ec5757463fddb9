--- The commands that create, change and detach managed companies.
-- @module lastpass.cli.commands.companies
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local rest = require "lastpass.cli.rest"
local values = require "lastpass.cli.values"

local must, usage = failure.must, values.usage

local WAIT = {
  "--wait",
  "seconds to wait for the result; 0: only say where it will be; default 60",
  value = "SECONDS",
  number = true,
}
local ADDON = {
  "--addon",
  "mfa or sso; may be given several times; none: no addon",
  value = "ADDON",
  many = true,
  choices = { "mfa", "sso", "none" },
}

local function limit_of(value)
  if value and (value < 0 or value ~= math.floor(value)) then
    must(usage "--limit must be a whole number, 0 or more")
  end
  return value
end

-- "none" alone is the empty list.
local function addons_of(list)
  if not values.list(list) then
    return nil
  elseif list[1] == "none" and #list == 1 then
    return {}
  end
  for _, name in ipairs(list) do
    if name == "none" then
      must(usage "--addon none stands alone")
    end
  end
  return list
end

local function shown(fields)
  local parts = {}
  for _, name in ipairs { "name", "type", "license_limit", "status", "addons", "parent_id" } do
    local value = fields[name]
    if type(value) == "table" then
      value = #value > 0 and table.concat(value, "+") or "none"
    end
    if value ~= nil then
      parts[#parts + 1] = ("%s %s"):format(name:gsub("_", " "), tostring(value))
    end
  end
  return table.concat(parts, ", ")
end

-- The command that goes back to what was.
local function way_back(outcome)
  local before, company = outcome.before, outcome.company
  if outcome.state ~= "done" then
    return nil
  elseif not before and company then
    return ("to take it back: lastpass company detach %s"):format(company.id)
  elseif before and company and before.license_limit and before.status then
    local addons = {}
    for _, name in ipairs(before.addons or {}) do
      addons[#addons + 1] = " --addon " .. name
    end
    return ("to take it back: lastpass company update %s --limit %d --status %s%s"):format(
      company.id,
      before.license_limit,
      before.status,
      addons[1] and table.concat(addons) or " --addon none"
    )
  end
  return nil
end

local codes = { done = exit.done, unchanged = exit.done, pending = exit.done }

local function report(session, outcome)
  if outcome.company and outcome.state ~= "pending" then
    rest.show(session, "rest_companies", { outcome.company })
  end
  session.streams:flush()
  session:say("%s", (outcome.state:gsub("_", " ")))
  if outcome.state == "pending" then
    session:say("its result: lastpass company result %s %s", outcome.id, outcome.url)
  end
  local back = way_back(outcome)
  if back then
    session:say("%s", back)
  end
  return codes[outcome.state] or exit.partial
end

local function companies()
  return require "lastpass.directory.companies"
end

-- Says what would be done, asks, and does it.
local function write(session, question, send)
  if session.options.dry_run then
    session:say("would %s; nothing was sent", question)
    return exit.done
  end
  must(
    require("lastpass.cli.confirm").ask(session, ("%s at %s?"):format(question, session:company()))
  )
  return report(session, must(failure.call(send)))
end

local function create(session, options)
  local wanted = {
    name = options.name,
    license_limit = limit_of(options.limit),
    type = options.type or "managed",
    addons = addons_of(options.addon),
    parent_id = options.parent,
  }
  if not wanted.license_limit then
    must(usage "--limit is needed: how many seats the company has")
  end
  local client = session:client()
  must(client:rest())
  return write(session, "create the company: " .. shown(wanted), function()
    return companies().create(client, wanted, { wait = options.wait or 60 })
  end)
end

local function changes_of(options)
  return {
    license_limit = limit_of(options.limit),
    status = options.status,
    addons = addons_of(options.addon),
  }
end

local function update(session, options)
  local changes = changes_of(options)
  if next(changes) == nil then
    must(usage "company update: say what: --limit, --status or --addon")
  end
  local client = session:client()
  local company = must(companies().find(client, options.company))
  local question = ("change '%s' (%s) to %s"):format(company.name, shown(company), shown(changes))
  return write(session, question, function()
    return companies().update(client, company.id, changes, { wait = options.wait or 60 })
  end)
end

local function detach(session, options)
  local client = session:client()
  local company = must(companies().find(client, options.company))
  local question = ("end the relation to '%s' (%s)"):format(company.name, company.id)
  if session.options.dry_run then
    session:say("would %s; nothing was sent", question)
    return exit.done
  end
  must(require("lastpass.cli.confirm").type(session, question, company.id))
  return report(session, must(failure.call(companies().detach, client, company.id)))
end

local function result(session, options)
  local job = rest.client(session):job { id = options.id, url = options.address }
  local state = must(job:poll())
  if state == "pending" then
    session:print "pending"
    return exit.done
  end
  session:print(require("lastpass.json").shown(state.body or { status = state.status }))
  return exit.done
end

local function company_argument(text)
  return { { "company", text } }
end

local ONE = 'assert(require("lastpass.directory.companies").%s(client, %s))'

return {
  groups = { company = "One managed company." },
  {
    name = "company create",
    summary = "Create a company below this one",
    description = "By the REST API (rest_key). One of that name is left as it is. The request is "
      .. "accepted first and done later; it is sent once, and while nobody knows what became of "
      .. "it not again.",
    connects = true,
    writes = true,
    rows = true,
    harm = "ask",
    arguments = { { "name", "what it is called" } },
    options = {
      { "--limit", "how many seats it has", value = "COUNT", number = true },
      { "--type", "default managed", value = "TYPE", choices = { "managed", "managed-msp" } },
      ADDON,
      { "--parent", "the company above it; default this one", value = "NUMBER" },
      WAIT,
    },
    examples = { { 'lastpass company create "Acme North" --limit 40', "asks first" } },
    lua = function(options)
      local wanted = {
        name = options.name,
        license_limit = options.limit,
        type = options.type or "managed",
        addons = addons_of(options.addon),
        parent_id = options.parent,
      }
      local further = lua_text.further { wait = options.wait or 60 }
      return ONE:format("create", lua_text.value(wanted) .. further)
    end,
    run = create,
  },
  {
    name = "company update",
    summary = "Change the seats, the status or the addons of a managed company",
    description = "By the REST API (rest_key). What is not named stays as it is. A suspended "
      .. "company is not billed.",
    connects = true,
    writes = true,
    rows = true,
    harm = "ask",
    arguments = company_argument "its name, or its number",
    options = {
      { "--limit", "how many seats it has", value = "COUNT", number = true },
      { "--status", "whether it is billed", value = "STATUS", choices = { "active", "suspended" } },
      ADDON,
      WAIT,
    },
    examples = { { "lastpass company update 42 --limit 60", "more seats" } },
    lua = function(options)
      local further = lua_text.value(changes_of(options))
        .. lua_text.further { wait = options.wait or 60 }
      return ONE:format("update", lua_text.value(options.company) .. ", " .. further)
    end,
    run = update,
  },
  {
    name = "company detach",
    summary = "End the relation to a managed company",
    description = "By the REST API (rest_key). The company lives on, and no call brings the "
      .. "relation back: its number has to be typed.",
    connects = true,
    writes = true,
    rows = true,
    harm = "type",
    arguments = company_argument "its name, or its number",
    examples = { { "lastpass company detach 42 --confirm 42", "without the question" } },
    lua = function(options)
      return ONE:format("detach", lua_text.value(options.company))
    end,
    run = detach,
  },
  {
    name = "company result",
    summary = "Ask what became of a request that was accepted",
    description = "`company create` and `company update` say the number and the address. The key "
      .. "goes to the API's own address only.",
    connects = true,
    arguments = {
      { "id", "number of the request" },
      { "address", "where its result is" },
    },
    examples = {
      { "lastpass company result 7 /business/v1/requests/7", "pending, or its result" },
    },
    lua = function(options)
      return ("print(assert(assert(client:rest()):job(%s):poll()))"):format(
        lua_text.value { id = options.id, url = options.address }
      )
    end,
    run = result,
  },
}
