--- The pages of companies: which there are, and who may see them.
-- @module lastpass.nginx.dashboard.pages
local call_room = require "lastpass.nginx.dashboard.call"
local frame = require "lastpass.nginx.dashboard.frame"
local html = require "lastpass.nginx.dashboard.html"
local lists = require "lastpass.nginx.dashboard.lists"
local problems = require "lastpass.nginx.dashboard.problems"
local recent_room = require "lastpass.nginx.dashboard.recent"

local M = {}

local pages = {
  [""] = { room = "overview", show = "show" },
  people = { room = "people", show = "show", lists = true },
  person = { room = "person", show = "show", section = "people" },
  groups = { room = "groups", show = "show", lists = true },
  folders = { room = "folders", show = "show", lists = true },
  folder = { room = "folders", show = "show_one", section = "folders" },
  events = { room = "events", show = "show", lists = true },
}

local function may_see(session, name)
  return not session.tenants or session.tenants[name] == true
end

local function names_for(house, session)
  local names = {}
  for name in pairs(house.tenants) do
    if may_see(session, name) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

--- The page on which to choose a company; with one there is nothing to choose.
---@param house table settings, tenants
---@param session lastpass.nginx.dashboard.Session
---@return table response
function M.companies(house, session)
  local prefix, names = house.settings.prefix, names_for(house, session)
  if #names == 1 then
    return frame.redirect(("%s/%s/"):format(prefix, names[1]))
  end
  local items = {}
  for place, name in ipairs(names) do
    items[place] = html.li(html.a({ href = ("%s/%s/"):format(prefix, name) }, name))
  end
  return frame.page(prefix, {
    title = "Companies",
    session = session,
    main = html.section(
      { class = "card" },
      html.h1 "Companies",
      #items > 0 and html.ul({ class = "companies" }, items)
        or lists.empty("There is none for you", "Ask whoever runs this server.")
    ),
  })
end

local function recent_of(house, tenant)
  local recent = house.recent[tenant.name]
  if not recent then
    recent = recent_room.new(tenant, house.ways)
    house.recent[tenant.name] = recent
  end
  return recent
end

local function respond(house, call, page, session)
  local prefix = house.settings.prefix
  local room = require("lastpass.nginx.dashboard." .. page.room)
  local shown = room[page.show](call)
  local around = { session = session, call = call, section = page.section or page.room }
  if shown.part then
    return { status = 200, headers = frame.headers(), body = shown.part.text }
  elseif shown.missing then
    around.text = shown.missing
    return problems.missing(prefix, around)
  elseif shown.failure then
    around.retry = call_room.address(call.request.path, call.request.query)
    return problems.unavailable(prefix, shown.failure, around)
  end
  shown.session, shown.call = session, call
  return frame.page(prefix, shown)
end

local function of_company(house, request, session, tenant, page)
  local fields = {
    request = request,
    settings = house.settings,
    tenant = tenant,
    session = session,
    pause = house.ways.pause,
  }
  local view, message, err = tenant:directory()
  if not view then
    return problems.unavailable(house.settings.prefix, { message = message, err = err }, {
      session = session,
      call = call_room.new(fields),
      section = page.section or page.room,
      retry = call_room.address(request.path, request.query),
    })
  end
  fields.view, fields.recent = view, recent_of(house, tenant)
  return respond(house, call_room.new(fields), page, session)
end

--- Answers with a page of a company.
---@param house table settings, tenants, recent, ways
---@param request table
---@param session lastpass.nginx.dashboard.Session
---@param rest string the path behind the prefix
---@return table response
---@return string page its name, for counting
function M.show(house, request, session, rest)
  local prefix = house.settings.prefix
  local name, slash, page = rest:match "^/([%w_-]+)(/?)([^/]*)$"
  local tenant = name and may_see(session, name) and house.tenants[name]
  if not tenant or not pages[page] then
    return problems.missing(prefix, { session = session }), "missing"
  elseif slash == "" then
    return frame.redirect(("%s/%s/"):format(prefix, name)), "overview"
  end
  local response = of_company(house, request, session, tenant, pages[page])
  return response, page == "" and "overview" or page
end

return M
