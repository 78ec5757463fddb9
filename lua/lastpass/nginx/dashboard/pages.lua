--- The pages of companies: which there are, who may see them, and one request to them: what it asks,
-- and what is cached for the directory that it is about.
-- @module lastpass.nginx.dashboard.pages
local cached = require "lastpass.unified.cache"
local characters = require "lastpass.text.characters"
local components = require "lastpass.html.components"
local folders = require "lastpass.nginx.dashboard.folders"
local frame = require "lastpass.nginx.dashboard.frame"
local html = require "lastpass.html"
local parts = require "lastpass.nginx.dashboard.parts"
local people_index = require "lastpass.nginx.dashboard.index"
local percent = require "lastpass.text.percent"
local texts = require "lastpass.unified.texts"

---@class lastpass.nginx.dashboard.Call
---@field request table
---@field settings table
---@field tenant table
---@field session lastpass.nginx.dashboard.Session
---@field view table
---@field now number
---@field pause fun()
---@field recent lastpass.nginx.dashboard.Recent
local methods = {}
local call_mt = { __index = methods }

local M = {}

local LONGEST_PARAM = 200

--- An address with a query.
---@param path string
---@param params? table[] {name, value}, in order; empty values are left out
---@return string
function M.address(path, params)
  local pairs_of = {}
  for _, pair in ipairs(params or {}) do
    if pair[2] and pair[2] ~= "" then
      pairs_of[#pairs_of + 1] = percent.encode(pair[1]) .. "=" .. percent.encode(pair[2])
    end
  end
  return path .. (#pairs_of > 0 and "?" .. table.concat(pairs_of, "&") or "")
end

--- Makes a call.
---@param fields table request, settings, tenant, session, view, pause, recent
---@return lastpass.nginx.dashboard.Call
function M.call(fields)
  local params = {}
  for _, pair in ipairs(fields.request.query or {}) do
    params[pair[1]] = pair[2]
  end
  fields.now = fields.request.now
  fields._params = params
  fields._cache = fields.view and cached.of(fields.view, fields.settings)
  return setmetatable(fields, call_mt)
end

--- A parameter, "" when it is not given. What is longer than anything that could be meant is cut.
---@param name string
---@return string
function methods:param(name)
  local value = self._params[name]
  if type(value) ~= "string" then
    return ""
  elseif name == "after" or name == "before" then
    return value
  end
  value = texts.clean(value:match "^%s*(.-)%s*$")
  if #value > LONGEST_PARAM then
    value = value:sub(1, LONGEST_PARAM)
    value = characters.is_utf8(value) and value or value:gsub("[\192-\255][\128-\191]*$", "")
  end
  return value
end

--- The address of a page of this company.
---@param page string "" for the overview
---@param params? table[] {name, value}, in order
---@return string
function methods:url(page, params)
  return M.address(("%s/%s/%s"):format(self.settings.prefix, self.tenant.name, page), params)
end

--- Whether only the list is asked for, by the script.
---@return boolean
function methods:is_part()
  return self._params.part == "results"
end

--- Everybody.
---@return lastpass.nginx.dashboard.Index
function methods:index()
  return (
    cached.once(self._cache, "index", function()
      return people_index.build(self.view.snapshot, self.pause)
    end)
  )
end

--- Who has access to which shared folder.
---@return lastpass.nginx.dashboard.Access|nil
---@return table? failure {message, err}
function methods:access()
  return cached.once(self._cache, "access", function()
    return folders.build(self.tenant, self.view, self.pause)
  end)
end

--- What is cached under a key of a small table.
---@param name string of the table
---@param key string
---@param most integer entries
---@param compute fun(): any
---@return any
function methods:among(name, key, most, compute)
  return (cached.among(self._cache, name, key, most, compute))
end

local pages = {
  [""] = { module = "overview", show = "show", section = "" },
  people = { module = "people", show = "show", section = "people" },
  person = { module = "people", show = "show_one", section = "people" },
  groups = { module = "groups", show = "show", section = "groups" },
  folders = { module = "folders", show = "show", section = "folders" },
  folder = { module = "folders", show = "show_one", section = "folders" },
  events = { module = "events", show = "show", section = "events" },
}

local function may_see(session, name)
  return not session.tenants or session.tenants[name] == true
end

--- The page on which to choose a company; with one it leads there at once.
---@param dashboard lastpass.nginx.Dashboard
---@param session lastpass.nginx.dashboard.Session
---@return table response
function M.companies(dashboard, session)
  local prefix, names, items = dashboard.settings.prefix, {}, {}
  for name in pairs(dashboard.tenants) do
    names[#names + 1] = may_see(session, name) and name or nil
  end
  table.sort(names)
  if #names == 1 then
    return frame.redirect(("%s/%s/"):format(prefix, names[1]))
  end
  for position, name in ipairs(names) do
    items[position] = html.a({ href = ("%s/%s/"):format(prefix, name) }, name)
  end
  return frame.page(prefix, {
    title = "Companies",
    session = session,
    main = html.section(
      { class = "card" },
      html.h1 "Companies",
      components.list(items, "companies")
        or parts.empty("There is none for you", "Ask the administrator of this server.")
    ),
  })
end

local function recent_of(dashboard, tenant)
  local recent = dashboard.recent[tenant.name]
  if not recent then
    recent = require("lastpass.nginx.dashboard.events").recent(tenant, dashboard.context)
    dashboard.recent[tenant.name] = recent
  end
  return recent
end

local function respond(call, page)
  local prefix = call.settings.prefix
  local more = { session = call.session, call = call, section = page.section }
  local module = require("lastpass.nginx.dashboard." .. page.module)
  local shown = module[page.show](call)
  if shown.part then
    return { status = 200, headers = frame.headers(), body = shown.part.text }
  elseif shown.csv then
    local name = ("%s-%s.csv"):format(call.tenant.name, shown.section)
    local headers = frame.headers {
      ["content-type"] = "text/csv; charset=utf-8; header=present",
      ["content-disposition"] = ('attachment; filename="%s"'):format(name),
    }
    return { status = 200, headers = headers, body = shown.csv }
  elseif shown.missing then
    more.text = shown.missing
    return frame.missing(prefix, more)
  elseif shown.failure then
    more.retry = M.address(call.request.path, call.request.query)
    return frame.unavailable(prefix, shown.failure, more)
  end
  shown.session, shown.call = call.session, call
  return frame.page(prefix, shown)
end

local function show_page(dashboard, request, session, tenant, page)
  local settings = dashboard.settings
  local fields = {
    request = request,
    settings = settings,
    tenant = tenant,
    session = session,
    pause = dashboard.context.pause,
  }
  local view, message, err = tenant:directory()
  if not view then
    return frame.unavailable(settings.prefix, { message = message, err = err }, {
      session = session,
      call = M.call(fields),
      section = page.section,
      retry = M.address(request.path, request.query),
    })
  end
  fields.view, fields.recent = view, recent_of(dashboard, tenant)
  return respond(M.call(fields), page)
end

--- Answers with a page of a company.
---@param dashboard lastpass.nginx.Dashboard
---@param request table
---@param session lastpass.nginx.dashboard.Session
---@param rest string the path after the prefix
---@return table response
---@return string page its name, for counting
function M.show(dashboard, request, session, rest)
  local prefix = dashboard.settings.prefix
  local name, slash, page = rest:match "^/([%w_-]+)(/?)([^/]*)$"
  local tenant = name and may_see(session, name) and dashboard.tenants[name]
  if not tenant or not pages[page] then
    return frame.missing(prefix, { session = session }), "missing"
  elseif slash == "" then
    return frame.redirect(("%s/%s/"):format(prefix, name)), "overview"
  end
  local response = show_page(dashboard, request, session, tenant, pages[page])
  return response, page == "" and "overview" or page
end

return M
