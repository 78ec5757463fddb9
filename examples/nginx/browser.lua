-- A browser without script, for the demos of this folder: it keeps cookies, follows redirects one by one, and sends
-- forms.
local http = require "socket.http"
local ltn12 = require "ltn12"
local percent = require "lastpass.text.percent"

local M = {}

local methods = {}
local browser_mt = { __index = methods }

--- Makes one.
function M.new()
  return setmetatable({ jar = {} }, browser_mt)
end

local function take_cookies(jar, text)
  for part in ((text or "") .. ", x"):gmatch "(.-), %f[%w_]" do
    local name, value = part:match "^([^=;]+)=([^;]*)"
    if name then
      jar[name] = not part:find "Max%-Age=0" and value ~= "" and value or nil
    end
  end
end

local function cookies_of(jar)
  local list = {}
  for name, value in pairs(jar) do
    list[#list + 1] = name .. "=" .. value
  end
  return list[1] and table.concat(list, "; ")
end

local function origin_of(address)
  return address:match "^https?://[^/]+"
end

local function send(self, address, options)
  local parts = {}
  local _, status, headers = http.request {
    url = address,
    method = options.form and "POST" or "GET",
    redirect = false,
    headers = {
      Accept = options.accept or "text/html",
      Cookie = cookies_of(self.jar),
      Origin = options.form and options.origin,
      ["Sec-Fetch-Site"] = options.site or "none",
      ["Content-Type"] = options.form and "application/x-www-form-urlencoded",
      ["Content-Length"] = options.form and #options.form,
    },
    source = options.form and ltn12.source.string(options.form),
    sink = ltn12.sink.table(parts),
  }
  take_cookies(self.jar, headers and headers["set-cookie"])
  local location = headers and headers.location
  if location and location:find "^/" then
    location = origin_of(address) .. location
  end
  return {
    address = address,
    status = tonumber(status) or 0,
    body = table.concat(parts),
    location = location,
  }
end

--- Opens an address, as somebody does who types it.
---@param address string
---@param accept? string
---@return table page address, status, body, location
function methods:get(address, accept)
  return send(self, address, { accept = accept })
end

--- Goes where a page leads.
function methods:follow(page)
  return page.location and send(self, page.location, {}) or page
end

local entities = { ["&amp;"] = "&", ["&#39;"] = "'", ["&quot;"] = '"', ["&lt;"] = "<" }

local function attribute(tag, name)
  local value = tag:match(" " .. name .. '="([^"]*)"')
  return value and (value:gsub("&[%w#]+;", entities))
end

-- The hidden fields of the page's first form that goes to an address.
local function fields_of(page, target)
  for form in page.body:gmatch "<form.-</form>" do
    local action = attribute(form, "action") or ""
    action = action:find "^/" and origin_of(page.address) .. action or action
    if action == target then
      local fields = {}
      for tag in form:gmatch "<input[^>]*>" do
        local name = attribute(tag, "name")
        if name and tag:find('type="hidden"', 1, true) then
          fields[name] = attribute(tag, "value") or ""
        end
      end
      return fields
    end
  end
  error(("there is no form for %s here:\n%s"):format(target, page.body))
end

--- Sends the first form of a page that goes to an address.
---@param page table
---@param target string
---@param more? table<string, string> fields
---@return table page
function methods:submit(page, target, more)
  local fields = fields_of(page, target)
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = percent.encode(name) .. "=" .. percent.encode(value)
  end
  local origin = origin_of(page.address)
  return send(self, target, {
    form = table.concat(parts, "&"),
    origin = origin,
    site = origin == origin_of(target) and "same-origin" or "cross-site",
  })
end

return M
