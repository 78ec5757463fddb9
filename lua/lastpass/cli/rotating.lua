--- `lastpass auth rotate`: the new hash of one company or many, from whoever knows it into the files of the profiles.
-- @module lastpass.cli.rotating
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

local MOST_CONSUMERS = 5
local DAYS = 30

local view = {
  name = "companies",
  key = "company",
  fields = { "company", "cid", "state", "file", "consumers", "reason" },
  columns = { "company", "cid", "state", "file", "consumers", "reason" },
}

local function load_companies(session, options)
  local tenants = require "lastpass.cli.tenants"
  if tenants.is_asked(options) then
    return tenants.load(session):companies()
  end
  local configuration = must(session:configuration())
  local profile = options.profile or configuration.default
  if not profile then
    return errors.fail("argument", "no_profile", "auth rotate writes the file of a profile", {
      hint = "--profile NAME, or --tenants for many",
    })
  end
  must(configuration:profile(profile))
  local set = must(require("lastpass").tenants.load {
    configuration = configuration,
    select = "name:" .. profile,
  })
  require("lastpass.cli.interrupt").watch()
  return set:companies()
end

-- ------------------------------------------------------------------ where the new hash comes from

local function check_source(options, companies)
  local file, is_one = options.new_provhash_file, #companies == 1
  if file and options.new_provhash_fd then
    return values.usage "--new-provhash-file and --new-provhash-fd do not go together"
  elseif options.new_provhash_fd and not is_one then
    return values.usage "--new-provhash-fd is for one company; --new-provhash-file can have {cid}"
  elseif file and not is_one and not file:find "{cid}" and not file:find "{name}" then
    return values.usage "--new-provhash-file needs {cid} or {name}: each company has its own hash"
  elseif options.no_input and not file and not options.new_provhash_fd then
    return errors.fail("guard", "no_terminal", "the hash would have to be asked for (--no-input)", {
      hint = "use --new-provhash-file",
    })
  end
  return true
end

local function secret_reader(options)
  local rotation, secret = require "lastpass.tenants.rotation", require "lastpass.secret"
  return function(company)
    if options.new_provhash_file then
      return secret.file(rotation.file_name(options.new_provhash_file, company))
    elseif options.new_provhash_fd then
      return secret.descriptor(options.new_provhash_fd)
    end
    local question = ("New provisioning hash of %s (%.0f): "):format(company.name, company.cid)
    return require("lastpass.cli.session").ask_secret(question)
  end
end

-- ------------------------------------------------------------------ the preview

local function consumers_text(list)
  local words = {}
  for at, one in ipairs(list) do
    if at > MOST_CONSUMERS then
      words[at] = ("and %d more"):format(#list - MOST_CONSUMERS)
      break
    end
    words[at] = ("%s from %s (%s)"):format(
      one.username,
      one.address ~= "" and one.address or "an unknown address",
      text.plural(one.calls, "call", "calls")
    )
  end
  return #list > 0 and table.concat(words, ", ") or "nobody"
end

local function preview(company, days)
  local rotation = require "lastpass.tenants.rotation"
  local row = { company = company.name, cid = company.cid, state = "to rotate" }
  local path, message = rotation.file_of(company)
  if not path then
    row.state, row.reason = "not possible", message
    return row
  end
  row.file = path
  local client, list
  client, message = company:client()
  if client then
    list, message = rotation.consumers(client, days)
  end
  row.consumers = list and consumers_text(list) or "not known: " .. tostring(message)
  company:release()
  return row
end

-- ------------------------------------------------------------------ the command

local function rotate_all(session, companies, rows, reader)
  local rotation = require "lastpass.tenants.rotation"
  local interrupt = require "lastpass.cli.interrupt"
  for at, company in ipairs(companies) do
    local row = rows[at]
    if row.state == "to rotate" and interrupt.has_come() then
      row.state, row.reason = "unchanged", "interrupted"
    elseif row.state == "to rotate" then
      local outcome, message = rotation.rotate(company, reader)
      row.state, row.reason = outcome or "unchanged", message
      session:say("%s: %s", company.name, outcome or failure.in_commands(message))
    end
  end
end

local function count(rows, ...)
  local total = 0
  for _, row in ipairs(rows) do
    for _, state in ipairs { ... } do
      total = total + (row.state == state and 1 or 0)
    end
  end
  return total
end

--- The Lua that does the same.
---@param options table
---@return string
function M.lua(options)
  local lua_text = require "lastpass.cli.lua_text"
  local hash = 'secret.prompt("New hash of " .. company.name .. ": ")'
  if options.new_provhash_file then
    local pattern = lua_text.value(options.new_provhash_file)
    hash = ("secret.file(rotation.file_name(%s, company))"):format(pattern)
  elseif options.new_provhash_fd then
    hash = ("secret.descriptor(%d)"):format(options.new_provhash_fd)
  end
  local lines = {
    'local rotation, secret = require "lastpass.tenants.rotation", require("lastpass").secret',
    ('local set = assert(require("lastpass").tenants.load%s)'):format(lua_text.options {
      select = options.tenants or options.profile,
      file = options.tenants_file,
      parent = options.tenants_of,
    }),
    "local companies = set:companies()",
    "local paused = assert(rotation.pause(companies, print))",
    "for _, company in ipairs(companies) do",
    "  print(company.name, rotation.rotate(company, function() return " .. hash .. " end))",
    "end",
    "rotation.resume(paused, print)",
  }
  return table.concat(lines, "\n")
end

--- Rotates.
---@param session lastpass.cli.Session
---@param options table
---@return integer code
function M.run(session, options)
  local companies, message, err = load_companies(session, options)
  must(companies, message, err)
  must(check_source(options, companies))
  local rows = {}
  for at, company in ipairs(companies) do
    rows[at] = preview(company, options.days or DAYS)
  end
  local wanted = count(rows, "to rotate")
  if options.dry_run then
    session:show(view, rows)
    return wanted == #rows and exit.done or exit.partial
  end
  for _, row in ipairs(rows) do
    session:say("%s: %s", row.company, row.reason or row.file)
    if row.consumers then
      session:say("  uses of the API in %d days: %s", options.days or DAYS, row.consumers)
    end
  end
  if wanted > 0 then
    local about = wanted == 1 and "the hash of one company"
      or ("the hashes of %d companies"):format(wanted)
    must(require("lastpass.cli.confirm").ask(session, ("replace %s?"):format(about)))
    local rotation = require "lastpass.tenants.rotation"
    local function say(line)
      session:say("%s", line)
    end
    local paused = must(rotation.pause(companies, say))
    local ok, thrown = pcall(rotate_all, session, companies, rows, secret_reader(options))
    rotation.resume(paused, say)
    if not ok then
      error(thrown, 0)
    end
  end
  session:show(view, rows)
  return count(rows, "rotated", "finished") == #rows and exit.done or exit.partial
end

return M
