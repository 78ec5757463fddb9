--- Signing in with a token of the gateway, and out again.
-- @module lastpass.nginx.dashboard.sign_in
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local frame = require "lastpass.nginx.dashboard.frame"
local html = require "lastpass.html"
local pages = require "lastpass.nginx.dashboard.pages"
local query = require "lastpass.unified.query"
local tokens = require "lastpass.nginx.gateway.tokens"

local M = {}

--- Longest body of a form.
M.MAX_BODY = 4096

local WINDOW = 60

-- Only pages of this dashboard, so that nobody is sent elsewhere by a link: the prefix, a company and a page,
-- none of them escaped, and a query without what browsers strip or read otherwise.
local function safe_address(prefix, address)
  local is_ours = false
  if type(address) == "string" and #address <= 2000 and address:sub(1, #prefix) == prefix then
    local rest = address:sub(#prefix + 1)
    local path, query_text = rest:match "^([^?]*)(.*)$"
    is_ours = (path:find "^/[%w_-]*$" or path:find "^/[%w_-]+/[%w_-]*$")
      and not query_text:find "[^%w?/:@!$&'()*+,;=%%._~-]"
  end
  return is_ours and address or prefix .. "/"
end

local function token_form(prefix, next_page, complaint)
  local input = html.input {
    type = "password",
    id = "token",
    name = "token",
    required = true,
    autofocus = true,
    autocomplete = "current-password",
    maxlength = "256",
    ["aria-invalid"] = complaint and "true",
    ["aria-describedby"] = complaint and "complaint" or "help",
  }
  return html.section(
    { class = "card" },
    html.h1 "Sign in",
    html.p(
      { class = "note", id = "help" },
      "With the token that you were given for the directory: it begins with “lpt_”."
    ),
    complaint and html.p({ class = "warning", id = "complaint", role = "alert" }, complaint),
    html.form(
      { method = "post", action = prefix .. "/~sign-in" },
      html.input { type = "hidden", name = "next", value = next_page },
      -- for keepers of passwords, which file a password under a name
      html.input {
        type = "text",
        name = "username",
        value = "directory token",
        autocomplete = "username",
        hidden = true,
        readonly = true,
      },
      html.label({ ["for"] = "token" }, "Token"),
      input,
      html.button({ class = "main", type = "submit" }, "Sign in")
    )
  )
end

--- The page with the form.
---@param prefix string
---@param next_page string|nil where to go then
---@param complaint? string
---@param status? integer
---@param headers? table
---@return table response
function M.page(prefix, next_page, complaint, status, headers)
  return frame.page(prefix, {
    title = "Sign in",
    status = status,
    headers = headers,
    main = token_form(prefix, safe_address(prefix, next_page), complaint),
  })
end

--- Sends somebody who has no session to the form, and back afterwards.
---@param prefix string
---@param request table
---@return table response
function M.ask(prefix, request)
  local here = pages.address(request.path, request.query)
  return frame.redirect(pages.address(prefix .. "/~sign-in", {
    { "next", here ~= prefix .. "/" and here or "" },
  }))
end

-- Whether a form was sent by a page of ours. Some browsers send the origin "null" when they must
-- send no referrer; pages in a sandbox of somebody else's have it too, so it proves nothing by itself.
local function is_own_form(request)
  local headers = request.headers
  local site, origin, host = headers["sec-fetch-site"], headers.origin, headers.host
  if site and site ~= "same-origin" and site ~= "none" then
    return false
  elseif origin == "null" then
    return site == "same-origin"
  end
  return not origin or not host or origin:match "^https?://(.*)$" == host
end

local function fields_of(request)
  local kind = (request.headers["content-type"] or ""):lower():match "^[^;%s]*"
  local body = request.body or ""
  if kind ~= "application/x-www-form-urlencoded" or #body > M.MAX_BODY then
    return nil
  end
  local fields = {}
  for _, pair in ipairs(query.split(body)) do
    fields[pair[1]] = pair[2]
  end
  return fields
end

local function bad_form(prefix)
  return frame.problem(prefix, {
    status = 400,
    title = "This form is not ours",
    text = "It came from another page, or was changed on its way.",
    steps = { "Open the dashboard anew and try again." },
    links = { { prefix .. "/", "To the dashboard" } },
  })
end

-- Whoever has an address of IPv6 has all 2^64 of its network.
local function network_of(address)
  if not address:find(":", 1, true) or address:find(".", 1, true) then
    return address
  end
  local groups, head = {}, address:match "^(.-)::" or address
  for group in head:gmatch "[^:]+" do
    groups[#groups + 1] = group
  end
  while #groups < 4 do
    groups[#groups + 1] = "0"
  end
  return table.concat(groups, ":", 1, 4)
end

-- Whether an address has attempts left, over all workers; nil when nothing more can be counted.
local function may_try(dashboard, request)
  local window = math.floor(request.now / WINDOW)
  local key = ("dashboard attempts %s %d"):format(network_of(request.remote_address or ""), window)
  local count = dicts.count(dashboard.dict, key, 1, 2 * WINDOW)
  return count and count <= dashboard.settings.attempts,
    math.max(1, math.ceil((window + 1) * WINDOW - request.now))
end

local function too_many_people(prefix, next_page)
  local text = "Too many people are signing in. Try again later."
  return M.page(prefix, next_page, text, 503, { ["retry-after"] = "60" })
end

local function begin_session(dashboard, request, fields, token)
  dashboard.sessions:finish(request, dashboard.sessions:find(request)) -- that of the person before
  local cookie = dashboard.sessions:begin(request, token)
  local prefix = dashboard.settings.prefix
  if not cookie then
    return too_many_people(prefix, fields.next)
  end
  dashboard.note("signed_in", { name = token.name, remote_address = request.remote_address })
  return frame.redirect(safe_address(prefix, fields.next), { ["set-cookie"] = cookie })
end

--- Answers the form.
---@param dashboard lastpass.nginx.Dashboard
---@param request table
---@return table response
function M.enter(dashboard, request)
  local prefix = dashboard.settings.prefix
  local fields = fields_of(request)
  if not fields or not is_own_form(request) then
    return bad_form(prefix)
  end
  local allowed, wait = may_try(dashboard, request)
  if allowed == nil then
    return too_many_people(prefix, fields.next)
  elseif not allowed then
    dashboard.note("throttled", { remote_address = request.remote_address })
    local text = ("Too many attempts. Try again in %d seconds."):format(wait)
    return M.page(prefix, fields.next, text, 429, { ["retry-after"] = ("%d"):format(wait) })
  end
  local given = (fields.token or ""):match "^%s*(.-)%s*$"
  local token = tokens.find(dashboard.tokens, "Bearer " .. given)
  if not token then
    dashboard.note("refused", { remote_address = request.remote_address })
    return M.page(prefix, fields.next, "This token is not known. Check that it is whole.", 403)
  elseif not token.scopes.read then
    dashboard.note("refused", { name = token.name, remote_address = request.remote_address })
    local text = "This token may not read the directory; ask for one with the scope “read”."
    return M.page(prefix, fields.next, text, 403)
  end
  return begin_session(dashboard, request, fields, token)
end

--- Ends a session.
---@param dashboard lastpass.nginx.Dashboard
---@param request table
---@return table response
function M.leave(dashboard, request)
  local prefix = dashboard.settings.prefix
  local session = dashboard.sessions:find(request)
  local fields = fields_of(request)
  if session and session.csrf then
    local proof = fields and fields.csrf or ""
    if not is_own_form(request) or not digest.same(proof, session.csrf) then
      return bad_form(prefix)
    end
    dashboard.note("signed_out", { name = session.name, remote_address = request.remote_address })
  end
  local cookie = dashboard.sessions:finish(request, session)
  return frame.redirect(prefix .. "/~sign-in", { ["set-cookie"] = cookie })
end

return M
