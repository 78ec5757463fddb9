--- Signatures: how many arguments a public function takes, and of which types. They are declared where
-- the functions are, written as in their annotations, and checked at every call: nothing that a caller
-- says is ignored.
--
--     return signature.declare("lastpass.text.", M, {
--       plural = "number: number, one: string, many?: string",
--     })
--
-- Types are Lua's own, `integer`, `any`, classes by their name ("lastpass.Plan") and any of them with
-- `|` between; a `?` after the name makes a parameter optional, `...: type` stands for any number of
-- further ones.
-- @module lastpass.signature
local errors = require "lastpass.error"

local M = {}

local select, type = select, type

local lua_types = {}
for name in ("nil boolean number string table function userdata thread"):gmatch "%a+" do
  lua_types[name] = true
end

-- By function: its name and signature.
local declared = setmetatable({}, { __mode = "k" })

-- What is decided by the type alone is looked up in `types`.
local function parse_types(name, text, is_optional)
  local param = { name = name, text = text, types = {}, classes = {} }
  for word in text:gmatch "[^|]+" do
    if word == "any" then
      for lua_type in pairs(lua_types) do
        param.types[lua_type] = lua_type ~= "nil"
      end
    elseif word == "integer" then
      param.is_integer = true
    elseif lua_types[word] then
      param.types[word] = true
    else
      assert(word:find "^lastpass%.", word)
      param.classes[#param.classes + 1] = word
    end
  end
  param.types["nil"] = param.types["nil"] or is_optional
  return param
end

local function parse(text, is_method)
  local params, names = {}, {}
  if is_method then
    params[1] = parse_types("self", "table|userdata")
  end
  for name, mark, types in text:gmatch "([%w_.]+)(%??):%s*([^%s,]+)" do
    local param = parse_types(name, types, mark == "?")
    names[#names + 1] = name .. mark
    if name == "..." then
      params.rest = param
    else
      params[#params + 1] = param
    end
  end
  params.names = table.concat(names, ", ")
  return params
end

-- A strict object stands for the one that it wraps.
local function is_of_class(value, classes)
  local metatable = getmetatable(value)
  local name = type(metatable) == "table" and metatable.__name
  if name == "lastpass.strict" then
    return is_of_class(rawget(value, "_target"), classes)
  end
  for _, class in ipairs(classes) do
    if name == class then
      return true
    end
  end
  return false
end

local function fits(param, value)
  return param.types[type(value)]
    or param.is_integer and type(value) == "number" and value % 1 == 0
    or param.classes[1] and type(value) == "table" and is_of_class(value, param.classes)
end

-- Further arguments are errors unless they are nil: `f(g())` may give those.
local function all_fit(params, ...)
  for index = 1, math.max(#params, select("#", ...)) do
    local param, value = params[index] or params.rest, (select(index, ...))
    if param and not fits(param, value) or not param and value ~= nil then
      return false
    end
  end
  return true
end

local function expected(param)
  local text = param.text:gsub("lastpass%.(%a+)", "%1"):gsub("|", " or ")
  return text:find "^[aeiou]" and text ~= "userdata" and "an " .. text or "a " .. text
end

local function complain(self, ...)
  local params, count = self.params, select("#", ...)
  local form = self.form or ("%s(%s)"):format(self.where, params.names)
  for index = 1, math.max(#params, params.rest and count or 0) do
    local param, value = params[index] or params.rest, (select(index, ...))
    if not fits(param, value) then
      local name = param.name == "..." and ("argument %d"):format(index) or "'" .. param.name .. "'"
      if param.name == "self" then
        errors.raise(3, "%s: is called with a colon: %s", self.where, form)
      elseif value == nil then
        errors.raise(3, "%s: %s is missing: %s", self.where, name, form)
      end
      local is = type(value)
      errors.raise(
        3,
        "%s: %s must be %s, not a %s: %s",
        self.where,
        name,
        expected(param),
        is,
        form
      )
    end
  end
  local most = #params - (params[1] and params[1].name == "self" and 1 or 0)
  local takes = most == 0 and "no arguments"
    or most == 1 and "one argument"
    or ("%d arguments"):format(most)
  errors.raise(3, "%s: takes %s, and more were given: %s", self.where, takes, form)
end

-- The usual numbers of parameters have no list of arguments to go through.
local function wrap(self, params, fn)
  local first, second, third = params[1], params[2], params[3]
  if params.rest or #params > 3 then
    return function(...)
      if not all_fit(params, ...) then
        complain(self, ...)
      end
      return fn(...)
    end
  elseif third then
    local a_types, b_types, c_types = first.types, second.types, third.types
    return function(a, b, c, extra, more)
      if
        not (a_types[type(a)] or fits(first, a))
        or not (b_types[type(b)] or fits(second, b))
        or not (c_types[type(c)] or fits(third, c))
        or extra ~= nil
        or more ~= nil
      then
        complain(self, a, b, c, extra, more)
      end
      return fn(a, b, c)
    end
  elseif second then
    local a_types, b_types = first.types, second.types
    return function(a, b, extra, more)
      if
        not (a_types[type(a)] or fits(first, a))
        or not (b_types[type(b)] or fits(second, b))
        or extra ~= nil
        or more ~= nil
      then
        complain(self, a, b, extra, more)
      end
      return fn(a, b)
    end
  end
  local a_types = first and first.types
  return function(a, extra, more)
    if first and not (a_types[type(a)] or fits(first, a)) or extra ~= nil or more ~= nil then
      complain(self, a, extra, more)
    elseif not first and a ~= nil then
      complain(self, a)
    end
    return fn(a)
  end
end

--- Wraps a function, so that wrong arguments raise at the caller's line.
---@param where string how it is called, for messages: "client:plan"; with a colon it is a method
---@param text string the signature, without `self`
---@param fn function
---@param form? string how it is written right, for messages; default from the signature
---@return function
function M.check(where, text, fn, form)
  local params = parse(text, where:find "^[%w_.]+:[%w_]+$")
  local self = { where = where, text = text, form = form, params = params, fn = fn }
  local wrapped = wrap(self, params, fn)
  declared[wrapped] = self
  return wrapped
end

--- Puts the checks around the functions of a table.
---@param prefix string what stands before their names when they are called: "lastpass.text.", "client:"
---@param functions table<string, function>
---@param signatures table<string, string> by name
---@return table functions the same table
function M.declare(prefix, functions, signatures)
  for name, text in pairs(signatures) do
    functions[name] = M.check(prefix .. name, text, (assert(functions[name], name)))
  end
  return functions
end

--- Everything that has been declared so far.
---@return fun(...): function, table of functions and what `of` gives for them
---@return table
function M.all()
  return pairs(declared)
end

--- What was declared of a function.
---@param fn any
---@return {where: string, text: string, form?: string, params: table, fn: function}|nil
function M.of(fn)
  return declared[fn]
end

return M
