--- Whether the current request brings a header whose name could be read as one of some names. C answers it, from what
-- nginx has: making Lua strings of all headers of a request takes as long as all else that a guard does.
-- @module lastpass.nginx.header_names
local M = {}

-- The layout that src/core/header_names.c reads.
local function is_known_layout(ffi)
  local pointer = ffi.sizeof "void *"
  return ffi.sizeof "ngx_http_lua_ffi_table_elt_t" == 4 * pointer
    and ffi.offsetof("ngx_http_lua_ffi_str_t", "len") == 0
    and ffi.offsetof("ngx_http_lua_ffi_str_t", "data") == pointer
    and ffi.offsetof("ngx_http_lua_ffi_table_elt_t", "key") == 0
end

local function load_library()
  local ffi, base = require "ffi", require "resty.core.base"
  require "resty.core.request" -- declares what is called below
  assert(is_known_layout(ffi))
  ffi.cdef "int lp_header_names_match (const void *headers, int count, const char *names);"
  local path = assert(package.searchpath("lastpass.core", package.cpath)) -- luacheck: ignore 143
  return ffi, base, ffi.load(path)
end

local function always_perhaps()
  return true
end

--- Makes the question for some names.
---@param names string[] in lower case, with a hyphen for whatever is neither letter nor digit
---@return fun(): boolean perhaps false when no header of the request can be taken for one of them; true when one can, or
-- when nginx is not one that can be asked
function M.matcher(names)
  local ok, ffi, base, library = pcall(load_library)
  if not ok then
    return always_perhaps
  end
  local size = ffi.sizeof "ngx_http_lua_ffi_table_elt_t"
  local elements, truncated = ffi.typeof "ngx_http_lua_ffi_table_elt_t *", ffi.new "int[1]"
  local wanted = table.concat(names, "\0") .. "\0"
  local C, cast, get_request, get_buffer = ffi.C, ffi.cast, base.get_request, base.get_string_buf
  return function()
    local request = get_request()
    local count = request and C.ngx_http_lua_ffi_req_get_headers_count(request, 0, truncated) or 0
    if count <= 0 then
      return true
    end
    local headers = cast(elements, get_buffer(count * size))
    if C.ngx_http_lua_ffi_req_get_headers(request, headers, count, 1) ~= 0 then
      return true
    end
    return library.lp_header_names_match(headers, count, wanted) ~= 0
  end
end

return M
