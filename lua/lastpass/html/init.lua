--- HTML as Lua calls: `html.p({ class = "lead" }, "Hello ", name)`. Whatever is put in is escaped; only
-- what was made here is taken as it is. Attributes that a strict content security policy would refuse
-- cannot be written. Pages of reports and of the dashboard are made with it.
-- @module lastpass.html
local clean = require("lastpass.text").clean

local M = {}

---@class lastpass.html.Markup
---@field text string
local markup_mt = { __name = "lastpass.html.Markup" }

function markup_mt.__tostring(markup)
  return markup.text
end

local entities = {
  ["&"] = "&amp;",
  ["<"] = "&lt;",
  [">"] = "&gt;",
  ['"'] = "&quot;",
  ["'"] = "&#39;",
}

--- Makes any value safe between tags and within quoted attributes of HTML, SVG and XML. What cannot be
-- seen or would turn the direction of the line is written out, as on a terminal.
---@param value any
---@return string
function M.escape(value)
  return (clean(tostring(value)):gsub("[&<>\"']", entities))
end

--- Takes a string as it is: for markup that was made by code of ours, never for what came from outside.
---@param text string
---@return lastpass.html.Markup
function M.raw(text)
  return setmetatable({ text = text }, markup_mt)
end

local function is_markup(value)
  return getmetatable(value) == markup_mt
end

local void = { br = true, hr = true, img = true, input = true, link = true, meta = true }
local void_in_svg = { line = true, rect = true }

local exact_mt = {}

-- What every byte of has to come back by a form; line breaks are written as references, or a parser would change them.
local references = { ["\t"] = "&#9;", ["\n"] = "&#10;", ["\r"] = "&#13;" }

--- A value of an attribute that is kept byte for byte, where `escape` would write out what cannot be seen: for
-- hidden fields of a form.
---@param text string UTF-8
---@return table value for an attribute
function M.exact(text)
  local escaped = text:gsub("[&<>\"']", entities):gsub("%c", references)
  return setmetatable({ text = escaped }, exact_mt)
end

local function attribute(name, value)
  if name:find "^on" or name == "style" or not name:find "^%l[%a%d-]*$" then
    error(("html: the attribute '%s' is not for these pages"):format(name), 0)
  elseif value == true then
    return " " .. name
  elseif getmetatable(value) == exact_mt then
    return (' %s="%s"'):format(name, value.text)
  end
  return (' %s="%s"'):format(name, M.escape(value))
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
local function add_content(parts, value)
  if value == nil or value == false then
    return
  elseif is_markup(value) then
    parts[#parts + 1] = value.text
  elseif type(value) == "table" then
    for position = 1, #value do
      add_content(parts, value[position])
    end
  else
    parts[#parts + 1] = M.escape(value)
  end
end

local function is_attributes(value)
  return type(value) == "table" and not is_markup(value) and #value == 0 and next(value) ~= nil
end

--- Makes an element.
---@param name string
---@param ... any attributes (a table with names; true writes the bare name, false and nil leave it
-- out), then what is in it: texts and numbers, markup, lists of such
---@return lastpass.html.Markup
function M.element(name, ...)
  local parts, first = { "<", name }, 1
  if is_attributes((...)) then
    add_attributes(parts, (...))
    first = 2
  end
  parts[#parts + 1] = void_in_svg[name] and "/>" or ">"
  if not void[name] and not void_in_svg[name] then
    for position = first, select("#", ...) do
      add_content(parts, (select(position, ...)))
    end
    parts[#parts + 1] = "</" .. name .. ">"
  end
  return M.raw(table.concat(parts))
end

--- Several things one after the other.
---@param ... any as of `element`, without attributes
---@return lastpass.html.Markup
function M.join(...)
  local parts = {}
  for position = 1, select("#", ...) do
    add_content(parts, (select(position, ...)))
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
