--- Reads nginx's configuration as far as the guard has to know it: blocks, directives and their words. nginx has read it
-- before and found it good; what is not understood here is left alone.
-- @module lastpass.nginx.saml.conf
local files = require "lastpass.files"

local M = {}

local MOST_BYTES = 4 * 1024 * 1024
local MOST_DEPTH = 16

---@class lastpass.nginx.saml.Directive
---@field [integer] string   its words, the name first
---@field block? lastpass.nginx.saml.Directive[]
---@field lua? string        what a block of Lua has

-- The end of a block of Lua: braces in strings and comments do not count.
local function end_of_lua(text, position)
  local depth = 1
  while depth > 0 do
    local at = text:find("[{}%[\"'%-]", position)
    if not at then
      return nil
    end
    local character = text:sub(at, at)
    local equals = text:match("^%[(=*)%[", text:match("^%-%-()%[=*%[", at) or at)
    if (character == "[" or character == "-") and equals and text:find("^%-?%-?%[=*%[", at) then
      position = select(2, text:find("]" .. equals .. "]", at, true))
    elseif text:find("^%-%-", at) then
      position = text:find("\n", at, true)
    elseif character == '"' or character == "'" then
      local stop = at + 1
      while text:sub(stop, stop) ~= character do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
        if stop > #text then
          return nil
        end
      end
      position = stop
    else
      depth = depth + (character == "{" and 1 or character == "}" and -1 or 0)
      position = at
    end
    if not position then
      return nil
    end
    position = position + 1
  end
  return position - 1
end

local function next_word(text, position)
  local quote = text:match("^[\"']", position)
  if not quote then
    -- a brace after "$" is of a variable
    local stop = position
    while stop <= #text and not text:find("^[%s;{}]", stop) do
      local variable = text:match("^%${[^}]*}()", stop)
      stop = variable or stop + (text:sub(stop, stop) == "\\" and 2 or 1)
    end
    return text:sub(position, stop - 1), stop
  end
  local stop = position + 1
  while text:sub(stop, stop) ~= quote do
    stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
    if stop > #text then
      return nil
    end
  end
  return text:sub(position + 1, stop - 1), stop + 1
end

local parse_file

local function included(pattern, directory)
  local path = pattern:sub(1, 1) == "/" and pattern or directory .. "/" .. pattern
  if not path:find "[*?%[]" then
    return { path }
  elseif path:find "[^%w%-._/*?%[%]@+]" then
    return {}
  end
  local list = {}
  local pipe = io.popen("ls -1d " .. path .. " 2>/dev/null")
  for line in pipe and pipe:lines() or function() end do
    list[#list + 1] = line
  end
  if pipe then
    pipe:close()
  end
  return list
end

-- The directives from a position to the end of their block.
local function parse_block(text, position, context, depth)
  local list, words = {}, {}
  while true do
    position = text:find("[^%s]", position)
    local character = position and text:sub(position, position)
    if not position or character == "}" then
      return list, position and position + 1
    elseif character == "#" then
      position = text:find("\n", position, true)
    elseif character == ";" then
      if words[1] == "include" and words[2] and depth < MOST_DEPTH then
        for _, path in ipairs(included(words[2], context.directory)) do
          for _, one in ipairs(parse_file(path, context, depth + 1) or {}) do
            list[#list + 1] = one
          end
        end
      elseif words[1] then
        list[#list + 1] = words
      end
      words, position = {}, position + 1
    elseif character == "{" then
      if (words[1] or ""):find "_by_lua_block$" then
        local stop = end_of_lua(text, position + 1)
        words.lua = text:sub(position + 1, (stop or 0) - 1)
        position = stop and stop + 1
      else
        words.block, position = parse_block(text, position + 1, context, depth + 1)
      end
      list[#list + 1], words = words, {}
    else
      words[#words + 1], position = next_word(text, position)
    end
    if not position or depth > MOST_DEPTH then
      return list
    end
  end
end

function parse_file(path, context, depth)
  local text = files.read(path)
  if not text or #text > MOST_BYTES then
    return nil
  end
  return (parse_block(text, 1, context, depth))
end

--- Reads a configuration with all that it includes.
---@param path string
---@return lastpass.nginx.saml.Directive[]|nil
function M.read(path)
  return parse_file(path, { directory = path:match "^(.*)/[^/]*$" or "." }, 1)
end

local DEFAULTS = {
  "/etc/nginx/nginx.conf",
  "/usr/local/openresty/nginx/conf/nginx.conf",
  "/usr/local/nginx/conf/nginx.conf",
}

-- The words of the command line that started nginx. A master that runs shows them in one text.
local function command_line()
  local text = files.read "/proc/self/cmdline" or ""
  text = text:gsub("^nginx: master process ", "")
  local words = {}
  for word in text:gmatch "[^%z%s]+" do
    words[#words + 1] = word
  end
  return words
end

--- The path of the configuration that nginx reads.
---@param prefix string of `ngx.config.prefix()`
---@return string|nil
function M.path(prefix)
  local words = command_line()
  for position, word in ipairs(words) do
    local given = word == "-c" and words[position + 1] or word:match "^%-c(.+)$"
    if given then
      return given:sub(1, 1) == "/" and given or prefix .. given
    end
  end
  for _, path in ipairs { prefix .. "conf/nginx.conf", unpack(DEFAULTS) } do
    if files.is_readable(path) then
      return path
    end
  end
end

return M
