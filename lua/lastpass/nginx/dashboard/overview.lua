--- The overview: how far the company has come with LastPass, multifactor, invitations that wait.
-- @module lastpass.nginx.dashboard.overview
local classes = require "lastpass.nginx.dashboard.classes"
local html = require "lastpass.nginx.dashboard.html"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local pending = require "lastpass.nginx.dashboard.pending"
local text = require "lastpass.text"

local M = {}

local share, people = classes.share, classes.people

local function class_of(list, name)
  for _, class in ipairs(list) do
    if class.name == name then
      return class
    end
  end
end

local function figures(call, index)
  local with = class_of(index.tally.by_mfa, "admin_with").count
    + class_of(index.tally.by_mfa, "user_with").count
  local admins = class_of(index.tally.by_mfa, "admin_without").count
  local active = class_of(index.tally.by_standing, "active").count
  local invited = class_of(index.tally.by_standing, "invited").count
  return parts.figures {
    { "People", text.count(index.count), text.plural(#index.tally.groups, "group") },
    { "Coverage", share(active, index.count), text.count(active) .. " use it" },
    {
      "Multifactor",
      share(with, index.tally.can_log_in),
      ("of %s who can log in"):format(text.count(index.tally.can_log_in)),
    },
    {
      "Admins without MFA",
      people(call, text.count(admins), {
        { "status", "can_log_in" },
        { "mfa", "no" },
        { "admin", "yes" },
      }),
      admins == 0 and "as it should be" or "ask them to set it up",
    },
    {
      "Invitations",
      people(call, text.count(invited), { { "status", "invited" } }),
      "not accepted yet",
    },
  }
end

local function coverage(call, index)
  local caption = "Everybody with an account or an invitation: " .. text.count(index.count)
  return parts.section(
    "coverage",
    "Coverage",
    classes.table(call, "coverage-table", caption, index.tally.by_standing, {
      whole = index.count,
      params = function(class)
        return { { "status", class.name } }
      end,
    })
  )
end

local function mfa_params(class)
  return {
    { "status", "can_log_in" },
    { "mfa", class.name:find "_with$" and "yes" or "no" },
    { "admin", class.name:find "^admin" and "yes" or "no" },
  }
end

local function methods_table(call, index)
  local list = {}
  for place, method in ipairs(index.tally.methods) do
    list[place] = { title = method.name, count = method.count, name = method.name }
  end
  if #list == 0 then
    return html.p({ class = "note" }, "Nobody has a second factor.")
  end
  return classes.table(call, "methods-table", "By method, as LastPass names them", list, {
    title = "Method",
    whole = index.tally.can_log_in,
    params = function(class)
      return { { "status", "can_log_in" }, { "mfa", class.name } }
    end,
  })
end

local function mfa(call, index)
  local caption = "People who can log in: " .. text.count(index.tally.can_log_in)
  return parts.section(
    "mfa",
    "Multifactor",
    classes.table(call, "mfa-table", caption, index.tally.by_mfa, {
      whole = index.tally.can_log_in,
      params = mfa_params,
    }),
    methods_table(call, index)
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main
function M.show(call)
  local index = call:index()
  return {
    title = "Overview",
    section = "",
    main = html.join(
      parts.head("Overview", { meta = parts.freshness(call) }),
      parts.stale(call),
      index.count == 0
          and html.section(
            lists.empty(
              "There is nobody yet",
              "People appear here once they have an account or an invitation."
            )
          )
        or html.join(
          html.section({ ["aria-label"] = "Figures" }, figures(call, index)),
          html.div({ class = "two" }, coverage(call, index), mfa(call, index)),
          pending.show(call, index)
        )
    ),
  }
end

return M
