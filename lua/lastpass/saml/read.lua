--- Reads the tree of a message: `document:tree()` of lastpass.xmldsig. What SAML has once may not be there twice, where it
-- has elements there may be no text, and where it has text no elements (saml §3.6, §3.7).
-- @module lastpass.saml.read
local calendar = require "lastpass.time.civil"
local checks = require "lastpass.saml.checks"
local time = require "lastpass.time"

local M = {}

--- An element of a message.
---@class lastpass.saml.Element
---@field ns string
---@field name string
---@field attributes table<string, string> by name; those of a namespace by "{namespace}name"
---@field children lastpass.saml.Element[]
---@field text string its own text, whole

local function shown(element)
  return element.name
end

-- White space between elements means nothing.
local function has_only_elements(element)
  return not element.text:find "%S"
end

local function fail_mixed(element)
  return checks.fail("text_among_elements", { detail = shown(element) })
end

--- Whether an element has this name.
---@param element lastpass.saml.Element
---@param ns string
---@param name string
---@return boolean
function M.is(element, ns, name)
  return element.name == name and element.ns == ns
end

--- The direct children of a name.
---@param element lastpass.saml.Element
---@param ns string
---@param name string
---@return lastpass.saml.Element[]|nil
---@return string? message
---@return lastpass.Error? err code "text_among_elements"
function M.children(element, ns, name)
  if not has_only_elements(element) then
    return fail_mixed(element)
  end
  local list = {}
  for _, child in ipairs(element.children) do
    if child.name == name and child.ns == ns then
      list[#list + 1] = child
    end
  end
  return list
end

--- The only direct child of a name.
---@param element lastpass.saml.Element
---@param ns string
---@param name string
---@return lastpass.saml.Element|nil child nil without an error: there is none
---@return string? message
---@return lastpass.Error? err code "repeated_element", "text_among_elements"
function M.child(element, ns, name)
  local found
  for _, child in ipairs(element.children) do
    if child.name == name and child.ns == ns then
      if found then
        local detail = ("%s in %s"):format(name, shown(element))
        return checks.fail("repeated_element", { detail = detail })
      end
      found = child
    end
  end
  if not has_only_elements(element) then
    return fail_mixed(element)
  end
  return found
end

--- The only direct child of a name, which must be there.
---@param element lastpass.saml.Element
---@param ns string
---@param name string
---@param code string when it is not
---@param detail? string
---@return lastpass.saml.Element|nil
---@return string? message
---@return lastpass.Error? err
function M.required(element, ns, name, code, detail)
  local child, message, err = M.child(element, ns, name)
  if not child and not err then
    return checks.fail(code, { detail = detail })
  end
  return child, message, err
end

--- Refuses unless a text is the one that it has to be.
---@param given string|nil
---@param wanted string
---@param missing string|nil code when there is none; nil: it may be missing
---@param wrong string code when it is another one
---@param what? string what stands before both, for the log
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.same(given, wanted, missing, wrong, what)
  if given == nil and missing then
    return checks.fail(missing)
  elseif given ~= nil and given ~= wanted then
    return checks.fail(wrong, { detail = ("%s'%s', not '%s'"):format(what or "", given, wanted) })
  end
  return true
end

--- The text of an element.
---@param element lastpass.saml.Element
---@return string|nil text as it is, white space included
---@return string? message
---@return lastpass.Error? err code "text_among_elements"
function M.text(element)
  if element.children[1] then
    return fail_mixed(element)
  end
  return element.text
end

--- The text of the only direct child of a name.
---@param element lastpass.saml.Element
---@param ns string
---@param name string
---@return string|nil text nil without an error: there is no such child
---@return string? message
---@return lastpass.Error? err
function M.text_of(element, ns, name)
  local child, message, err = M.child(element, ns, name)
  if not child then
    return nil, message, err
  end
  return M.text(child)
end

--- A time as SAML has it: xs:dateTime in UTC, with "Z" and nothing else (saml §3.27).
---@param text string
---@return number|nil utc epoch seconds, with the fraction
function M.utc(text)
  if #text > 40 or not text:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z$" then
    return nil
  end
  local civil = calendar.parse(text:sub(1, 10) .. " " .. text:sub(12, 19))
  if not civil or #text == 20 then
    return civil
  end
  local digits = text:match("^%.(%d+)Z$", 20)
  return digits and civil + tonumber(digits) / 10 ^ #digits -- a point is a point in every locale
end

--- A time that may be missing.
---@param element lastpass.saml.Element
---@param name string of the attribute
---@return number|nil utc epoch seconds; nil without an error: there is none
---@return string? message
---@return lastpass.Error? err code "bad_time"
function M.optional_time(element, name)
  local text = element.attributes[name]
  if text == nil then
    return nil
  end
  local utc = M.utc(text)
  if not utc then
    local detail = ("%s of %s is '%s'"):format(name, shown(element), text:sub(1, 60))
    return checks.fail("bad_time", { detail = detail })
  end
  return utc
end

--- A time that must be there.
---@param element lastpass.saml.Element
---@param name string of the attribute
---@return number|nil utc epoch seconds
---@return string? message
---@return lastpass.Error? err code "bad_time"
function M.time(element, name)
  local utc, message, err = M.optional_time(element, name)
  if not utc and not err then
    return checks.fail("bad_time", { detail = ("%s has no %s"):format(shown(element), name) })
  end
  return utc, message, err
end

--- Refuses for a time: with both times and the difference, so that an admin sees whose clock is wrong.
---@param code string
---@param at number what the message says
---@param now number
---@param skew number seconds that are allowed
---@return nil
---@return string message
---@return lastpass.Error err with `at`, `now`, `difference` (seconds)
function M.refuse_time(code, at, now, skew)
  local difference = math.floor(math.abs(now - at))
  return checks.fail(code, {
    detail = ("%s, and it is %s here: %.0f s apart, of which %.0f s are allowed"):format(
      time.iso(at),
      time.iso(now),
      difference,
      skew
    ),
    at = at,
    now = now,
    difference = difference,
  })
end

return M
