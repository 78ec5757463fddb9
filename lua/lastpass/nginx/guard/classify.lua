--- What a request that has no session is answered with: a browser that shows pages is sent to the identity provider, a
-- form is kept meanwhile, and everything else, which could do nothing with a page, gets a 401 that says where to sign in.
-- @module lastpass.nginx.guard.classify
local M = {}

local FORMS = {
  ["application/x-www-form-urlencoded"] = true,
  ["multipart/form-data"] = true,
  ["text/plain"] = true, -- the third encoding that HTML forms have
}

-- How much a request wants a type, by its header Accept: 0 when it does not.
local function quality(accept, wanted)
  local best
  for entry in accept:gmatch "[^,]+" do
    local kind, parameters = entry:match "^%s*([^;%s]+)%s*(.*)$"
    if kind and kind:lower() == wanted then
      local given = parameters:lower():match ";%s*q%s*=%s*([%d.]+)"
      best = math.max(best or 0, tonumber(given or 1) or 0)
    end
  end
  return best or 0
end

-- A browser that navigates names HTML itself; programs send "*/*" or nothing.
local function wants_page(accept)
  local page = math.max(quality(accept, "text/html"), quality(accept, "application/xhtml+xml"))
  return page > 0 and page >= quality(accept, "application/json")
end

local function navigates(headers)
  local mode = headers["sec-fetch-mode"]
  if mode then
    return mode == "navigate"
  end
  return true -- an older browser: the other headers decide
end

--- Classifies a request.
---@param method string
---@param headers table<string, string|nil> by names in lower case: accept, content_type, x-requested-with,
-- sec-fetch-mode, sec-purpose, purpose, upgrade, authorization
---@return "page"|"form"|"api"
function M.of(method, headers)
  if
    headers["x-requested-with"]
    or headers.upgrade
    or headers.authorization
    or headers["sec-purpose"] -- fetched ahead of being asked for: nobody is there to sign in
    or headers.purpose
    or not navigates(headers)
    or not wants_page(headers.accept or "")
  then
    return "api"
  elseif method == "GET" or method == "HEAD" then
    return "page"
  elseif method ~= "POST" then
    return "api"
  end
  local kind = (headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
  return FORMS[kind] and "form" or "api"
end

--- The headers that `of` reads.
M.READ = {
  "accept",
  "content-type",
  "x-requested-with",
  "sec-fetch-mode",
  "sec-purpose",
  "purpose",
  "upgrade",
  "authorization",
}

return M
