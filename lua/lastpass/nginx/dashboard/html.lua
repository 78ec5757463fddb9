--- HTML as Lua calls: `html.p({ class = "lead" }, "Hello ", name)`. Whatever is put in is escaped;
-- only what was made here is taken as it is. Attributes that a strict content security policy would
-- refuse cannot be written.
-- @module lastpass.nginx.dashboard.html
local escape = require("lastpass.report.render.markup").escape

local M = {}

---@class lastpass.nginx.dashboard.Markup
---@field text string
local markup_mt = { __name = "lastpass.nginx.dashboard.Markup" }

function markup_mt.__tostring(markup)
  return markup.text
end

--- Takes a text as it is: for markup that was made by code of ours, never for what came from outside.
---@param text string
---@return lastpass.nginx.dashboard.Markup
function M.raw(text)
  return setmetatable({ text = text }, markup_mt)
end

local function is_markup(value)
  return getmetatable(value) == markup_mt
end

local void = { br = true, hr = true, img = true, input = true, link = true, meta = true }

local function attribute(name, value)
  if name:find "^on" or name == "style" or not name:find "^[%l][%l%d-]*$" then
    error(("html: the attribute '%s' is not for these pages"):format(name), 0)
  elseif value == true then
    return " " .. name
  end
  return (' %s="%s"'):format(name, escape(value))
end

local function add_attributes(parts, attributes)
  local names = {}
  for name, value in pairs(attributes) do
    if value then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    parts[#parts + 1] = attribute(name, attributes[name])
  end
end

-- A list is what is in it; nil and false are nothing.
local function add(parts, value)
  if value == nil or value == false then
    return
  elseif is_markup(value) then
    parts[#parts + 1] = value.text
  elseif type(value) == "table" then
    for place = 1, #value do
      add(parts, value[place])
    end
  else
    parts[#parts + 1] = escape(value)
  end
end

local function is_attributes(value)
  return type(value) == "table" and not is_markup(value) and #value == 0 and next(value) ~= nil
end

--- Makes an element.
---@param name string
---@param ... any attributes (a table with names; true writes the bare name, false and nil leave it
-- out), then what is in it: texts and numbers, markup, lists of such
---@return lastpass.nginx.dashboard.Markup
function M.element(name, ...)
  local parts, first = { "<", name }, 1
  if is_attributes((...)) then
    add_attributes(parts, (...))
    first = 2
  end
  parts[#parts + 1] = ">"
  if void[name] then
    return M.raw(table.concat(parts))
  end
  for place = first, select("#", ...) do
    add(parts, (select(place, ...)))
  end
  parts[#parts + 1] = "</" .. name .. ">"
  return M.raw(table.concat(parts))
end

--- Several things one after the other.
---@param ... any as of `element`, without attributes
---@return lastpass.nginx.dashboard.Markup
function M.join(...)
  local parts = {}
  for place = 1, select("#", ...) do
    add(parts, (select(place, ...)))
  end
  return M.raw(table.concat(parts))
end

return setmetatable(M, {
  __index = function(_, name)
    local function make(...)
      return M.element(name, ...)
    end
    M[name] = make
    return make
  end,
})
