--- Writes XML: elements as Lua calls, namespaces by their usual prefixes, everything escaped. What XML cannot hold
-- is a failure that names the element.
--
--    local text = write.document(write.element("samlp:AuthnRequest", { ID = id, Version = "2.0" },
--      write.element("saml:Issuer", nil, entity_id)))
-- @module lastpass.saml.write
local characters = require "lastpass.text.characters"
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"
local signature = require "lastpass.signature"

local M = {}

local namespaces = {
  saml = names.ns.assertion,
  samlp = names.ns.protocol,
  md = names.ns.metadata,
  ds = names.ns.dsig,
  xenc = names.ns.enc,
  xs = names.ns.xs,
  xsi = names.ns.xsi,
}

local element_mt = { __name = "lastpass.saml.Element" }

--- An element. Nothing is written yet.
---@param name string with one of the prefixes of `write.document`
---@param attributes? table<string, string|number|boolean|nil> false is left out
---@param ... any what is in it, in this order: elements, strings and numbers, `write.raw`, lists of such; nil
-- and false are nothing
---@return table element
function M.element(name, attributes, ...)
  local content, count = {}, 0
  for position = 1, select("#", ...) do
    local value = select(position, ...)
    if value then
      count = count + 1
      content[count] = value
    end
  end
  return setmetatable({ name = name, attributes = attributes, content = content }, element_mt)
end

local raw_mt = { __name = "lastpass.saml.Raw" }

--- XML as it is: what `write.document`, a signature or an encryption made.
---@param text string
---@return table raw
function M.raw(text)
  return setmetatable({ text = text }, raw_mt)
end

-- A parser gives tabs and line breaks of an attribute as spaces, and a carriage return of a text as a line feed:
-- references keep them.
local references = {
  ["&"] = "&amp;",
  ["<"] = "&lt;",
  [">"] = "&gt;",
  ['"'] = "&quot;",
  ["\t"] = "&#9;",
  ["\n"] = "&#10;",
  ["\r"] = "&#13;",
}

-- U+FFFE and U+FFFF are in no XML document, and neither are control characters other than these three.
local function fits_xml(text)
  return not text:find "[%z\1-\8\11\12\14-\31]"
    and characters.is_utf8(text)
    and not text:find("\239\191[\190\191]")
end

local function plain(value)
  if type(value) == "number" then
    return value % 1 == 0 and ("%.0f"):format(value) or ("%.14g"):format(value)
  end
  return tostring(value)
end

-- The name is only known to whoever made the element: a wrong one is a mistake of ours.
local function use_prefix(state, name)
  local prefix = name:match "^(%l+):%a[%w]*$"
  if prefix then
    state.prefixes[assert(namespaces[prefix] and prefix, name)] = true
  else
    assert(name:find "^[%a][%w]*$", name)
  end
end

local function add_text(state, value, pattern)
  local text = plain(value)
  if not fits_xml(text) then
    state.bad = state.bad or state.element
  end
  state[#state + 1] = text:gsub(pattern, references)
end

local function add_attributes(state, attributes)
  for _, name in ipairs(errors.names_of(attributes or {})) do
    local value = attributes[name]
    if value ~= false then
      use_prefix(state, name)
      -- a type is a name with a prefix that has to be declared: xsi:type="xs:string"
      if name == "xsi:type" then
        use_prefix(state, value)
      end
      state[#state + 1] = " " .. name .. '="'
      add_text(state, value, '[&<"\t\n\r]')
      state[#state + 1] = '"'
    end
  end
end

local add_element

local function add_content(state, value)
  local metatable = getmetatable(value)
  if metatable == element_mt then
    add_element(state, value)
  elseif metatable == raw_mt then
    state[#state + 1] = value.text
  elseif type(value) == "table" then
    for _, one in ipairs(value) do
      add_content(state, one)
    end
  elseif value ~= false then
    add_text(state, value, "[&<>\r]")
  end
end

function add_element(state, element)
  local name, parent = element.name, state.element
  use_prefix(state, name)
  state.element = name
  state[#state + 1] = "<" .. name
  if not parent then
    state.root = #state -- the declarations follow here, when all prefixes are known
  end
  add_attributes(state, element.attributes)
  if element.content[1] == nil then
    state[#state + 1] = "/>"
  else
    state[#state + 1] = ">"
    for _, value in ipairs(element.content) do
      add_content(state, value)
    end
    state[#state + 1] = "</" .. name .. ">"
  end
  state.element = parent
end

--- The XML of an element, with the declarations of the prefixes it uses (saml, samlp, md, ds, xenc, xs, xsi), so that it
-- can be signed, encrypted or put into another. Prefixes of raw parts are their own matter.
---@param element table
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "not_xml"
function M.document(element)
  local state = { prefixes = {} }
  add_element(state, element)
  if state.bad then
    local form = "%s has a value that XML cannot hold (a control character, or not UTF-8)"
    return errors.fail("argument", "not_xml", form:format(state.bad))
  end
  local declarations = {}
  for _, prefix in ipairs(errors.names_of(state.prefixes)) do
    declarations[#declarations + 1] = (' xmlns:%s="%s"'):format(prefix, namespaces[prefix])
  end
  state[state.root] = state[state.root] .. table.concat(declarations)
  return table.concat(state)
end

signature.declare("lastpass.saml.write.", M, {
  element = "name: string, attributes?: table, ...: string|number|boolean|table|nil",
  raw = "text: string",
  document = "element: lastpass.saml.Element",
})

return M
