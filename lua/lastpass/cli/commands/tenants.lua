--- The commands about companies themselves: which there are, and in which groups.
-- @module lastpass.cli.commands.tenants
local lua_text = require "lastpass.cli.lua_text"
local options_module = require "lastpass.cli.options"
local values = require "lastpass.cli.values"

-- Where companies come from, without the expression, which is an argument here.
local where = {}
for _, option in ipairs(options_module.companies) do
  if option[1] == "--tenants-file" or option[1] == "--tenants-of" then
    where[#where + 1] = option
  end
end

local function load_set(session, expression)
  session.options.tenants = expression
  return require("lastpass.cli.tenants").load(session)
end

local function load_lua(options)
  return ('local set = assert(require("lastpass").tenants.load%s)\n'):format(lua_text.options {
    select = options.expression,
    file = options.tenants_file,
    parent = options.tenants_of,
  })
end

local function list_companies(session, options)
  local rows = {}
  for position, company in ipairs(load_set(session, options.expression):companies()) do
    local problem = company:problem()
    rows[position] = {
      name = company.name,
      cid = company.cid,
      groups = company.groups,
      url = company:option "url",
      where = company.where,
      problem = problem,
    }
  end
  return rows
end

return {
  groups = { tenants = "Many companies: which there are, and what is done for them." },
  {
    name = "tenants list",
    summary = "List the companies that an expression means",
    description = "Without one all of them. Nothing is sent, and no hash is read; but --tenants-of "
      .. "asks the REST API for the managed companies of that profile.",
    rows = true,
    arguments = {
      { "expression", "all, NAME, name:GLOB, cid:N, group:NAME, with and, or, not", args = "?" },
    },
    options = where,
    examples = {
      { "lastpass tenants list", "every profile" },
      { "lastpass tenants list 'group:eu and not name:test*'", "what --tenants would mean" },
      { "lastpass tenants list --tenants-file companies.csv", "those of a file" },
    },
    topics = { "tenants", "output" },
    lua = function(options)
      return load_lua(options)
        .. "for _, company in ipairs(set:companies()) do print(company.name, company.cid) end"
    end,
    view = "companies",
    list = list_companies,
  },
  {
    name = "tenants groups",
    summary = "List the groups of companies and who is in them",
    rows = true,
    options = where,
    examples = { { "lastpass tenants groups --json", "for a program" } },
    topics = { "tenants" },
    lua = function(options)
      return load_lua(options)
        .. "for _, group in ipairs(assert(set:groups())) do "
        .. 'print(group.name, table.concat(group.companies, " ")) end'
    end,
    view = "company_groups",
    list = function(session)
      return load_set(session):groups()
    end,
  },
  {
    name = "tenants undo",
    summary = "Take a run over companies back",
    description = "Makes the plan that leads to what was before, for each company in which the run "
      .. "has changed something, shows it, asks, and applies it in waves. Users who have changed "
      .. "since are left alone, and what cannot come back is listed.",
    writes = true,
    rows = true,
    arguments = { { "run", "number of the run over companies", number = true } },
    options = values.join(where, {
      { "-o --output", "save the plan and do not apply it", value = "FILE" },
      options_module.limit,
      options_module.limit_over_all,
      {
        "--confirm-final",
        "how many steps cannot be taken back",
        value = "NUMBER",
        number = true,
      },
      options_module.via,
      options_module.approver,
      options_module.stop_after,
    }, options_module.sending, options_module.waves, { { "-q --quiet", "no progress" } }),
    examples = { { "lastpass tenants undo 3 --dry-run", "what would be taken back" } },
    topics = { "tenants", "safety", "exit-codes" },
    lua = function(options)
      return require("lastpass.cli.tenants").load_lua(options)
        .. "\n"
        .. require("lastpass.cli.company_plans").apply_lua(options)
    end,
    run = function(session, options)
      return require("lastpass.cli.company_plans").undo(session, options)
    end,
  },
}
