--- A company whose names try to break out of pages, and a dashboard over it, for specs.
local planted = require "spec.support.planted"
local query = require "lastpass.unified.query"
local shared_dict = require "spec.support.shared_dict"
local tenant = require "spec.support.tenant"
local tokens = require "lastpass.nginx.gateway.tokens"

local M = {}

--- Each would do something, were it not escaped.
M.hostile = {
  script = "Hostile <script>alert(1)</script>",
  quotes = [[Hostile "quotes' & <b>bold</b>]],
  marks = "Hostile \226\128\174gnp.exe\226\128\172", -- turns the direction of writing
  image = [[Hostile "><img src=x onerror=alert(2)>]],
}

M.GROUP = [[<i>Sales</i> "East" & 'West']]
M.FOLDER = [[Keys</h1><script>alert(3)</script>]]

--- The people with such names.
function M.hostile_people()
  local people = {}
  for name, fullname in pairs(M.hostile) do
    people[#people + 1] = {
      "hostile." .. name .. "@acme.example",
      { fullname = fullname, groups = { M.GROUP } },
    }
  end
  table.sort(people, function(a, b)
    return a[1] < b[1]
  end)
  return people
end

--- The folders: one sound, one with everything wrong.
function M.folders(box)
  planted.folders(box, {
    {
      name = M.FOLDER,
      users = { { "hostile.script@acme.example", readonly = true }, { "out@mail.example" } },
    },
    {
      name = "Servers",
      score = 81,
      users = {
        { "ann@acme.example", can_administer = true },
        { "bob@acme.example", group_name = M.GROUP, give = false },
      },
    },
  })
end

--- Plants a small company with known figures: six who can log in (one admin of two without multifactor),
-- one disabled, two invited; and the hostile ones.
function M.plant(box)
  local people = {
    { "ann@acme.example", { fullname = "Ann Lee", admin = true, groups = { "IT" } } },
    {
      "boss@acme.example",
      { fullname = "Bo Boss", admin = true, multifactor = "none", groups = { "Board", "IT" } },
    },
    {
      "bob@acme.example",
      { fullname = "Bob Stone", multifactor = "none", last_login = "2026-06-14 08:30:00" },
    },
    {
      "empty@acme.example",
      { fullname = "Émile Vide", sites = 0, notes = 0, multifactor = "duo" },
    },
    { "never@acme.example", { fullname = "", last_login = "" } },
    { "off@acme.example", { fullname = "Oli Off", disabled = true } },
  }
  for _, one in ipairs(M.hostile_people()) do
    people[#people + 1] = one
  end
  planted.plant(box, people, { "new@acme.example", "newer@acme.example" })
  M.folders(box)
end

local user_mt = {}
user_mt.__index = user_mt

--- A dashboard over a tenant, and somebody who uses it.
---@param box table
---@param options? table settings, token (fields), tenants, spawn
---@return table user with `get`, `post`, `sign_in`
function M.of(box, options)
  options = options or {}
  local text, hash = tokens.new()
  local entry = { name = "ann", hash = hash, tenants = { "acme" }, scopes = { "read" } }
  for name, value in pairs(options.token or {}) do
    entry[name] = value
  end
  local user = setmetatable({ text = text, now = planted.NOW, notes = {} }, user_mt)
  user.dict = shared_dict.new {
    now = function()
      return user.now
    end,
  }
  user.tenant = options.tenant or tenant.of(box)
  user.dashboard = require("lastpass.nginx.dashboard").new {
    tenants = options.tenants or { acme = user.tenant },
    tokens = options.tokens or { entry },
    settings = options.settings,
    dict = user.dict,
    spawn = options.spawn,
    note = function(what, fields)
      user.notes[#user.notes + 1] = what .. " " .. tostring(fields.name)
    end,
  }
  return user
end

--- Asks for an address.
function user_mt:ask(method, address, body, headers)
  local path, rest = address:match "^([^?]*)%??(.*)$"
  local request = {
    method = method,
    path = path,
    query = query.split(rest),
    headers = { cookie = self.cookie, host = "here.example" },
    body = body,
    now = self.now,
    id = "request-1",
    remote_address = "127.0.0.1",
    scheme = self.scheme or "http",
  }
  if body then
    request.headers["content-type"] = "application/x-www-form-urlencoded"
  end
  for name, value in pairs(headers or {}) do
    request.headers[name] = value
  end
  return self.dashboard:handle(request)
end

function user_mt:get(address, headers)
  return self:ask("GET", address, nil, headers)
end

function user_mt:post(address, body, headers)
  return self:ask("POST", address, body, headers)
end

--- Signs in and keeps the cookie.
function user_mt:sign_in(more)
  local response = self:post("/dashboard/~sign-in", "token=" .. self.text .. (more or ""))
  self.cookie = (response.headers["set-cookie"] or ""):match "^[^;]*"
  return response
end

--- The page of a company, 200 expected.
function user_mt:page(rest)
  local response = self:get("/dashboard/acme/" .. rest)
  assert(response.status == 200, response.status .. " " .. response.body)
  return response.body
end

local SETUP =
  "tokens = { { name = 'ann.lee', hash = %q, tenants = { 'acme' }, scopes = { 'read' } } },"

--- The dashboard in a real nginx.
---@param box table
---@param options? table as of `spec.support.site`, and setup_more (text)
---@return table site
---@return string text of the token
function M.site(box, options)
  local merged = {
    workers = 1,
    server = "location /dashboard { content_by_lua_block { site:dashboard() } }",
  }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  local text, hash = tokens.new()
  merged.setup = SETUP:format(hash) .. (merged.setup_more or "")
  return require("spec.support.site").start(box, merged), text
end

--- Signs in there.
---@return string cookie
function M.enter(site, text)
  local body = "token=" .. text
  local _, _, headers = site.server:get("/dashboard/~sign-in", {
    method = "POST",
    body = body,
    headers = {
      ["content-type"] = "application/x-www-form-urlencoded",
      ["content-length"] = #body,
    },
  })
  return headers["set-cookie"]:match "^[^;]*"
end

--- The text of every cell of the list, row by row, tags left out.
function M.rows(body)
  local rows = {}
  local list = body:match '<div id="results">(.*)' or ""
  for row in (list:match "<tbody>(.-)</tbody>" or ""):gmatch "<tr>(.-)</tr>" do
    local cells = {}
    for cell in row:gmatch "<t[hd][^>]*>(.-)</t[hd]>" do
      cells[#cells + 1] = (cell:gsub("<[^>]*>", ""))
    end
    rows[#rows + 1] = cells
  end
  return rows
end

--- The first cells of the list.
function M.names(body)
  local names = {}
  for place, cells in ipairs(M.rows(body)) do
    names[place] = cells[1]
  end
  return names
end

--- What stands above the list.
function M.found(body)
  return (body:match '<p id="found"[^>]*>(.-)</p>')
end

return M
