--- Whether pages of the directory fit together, for `lastpass.enterprise.pages`.
-- Users stand in the order of their numbers. Somebody who is deleted moves everybody behind up, so the last user of each
-- page is asked for again when all are read. People who come, behind all others, move nobody: while somebody is pushed
-- every few milliseconds the directory would never hold still. Then the users on both sides of each seam between two pages
-- have to be the very ones who were read there, which leaves no place between them for anybody who was passed over.
-- @module lastpass.enterprise.seams
local core = require "lastpass.core"

---@class lastpass.enterprise.Seams
local methods = {}
local seams_mt = { __name = "lastpass.enterprise.Seams", __index = methods }

local M = {}

--- Begins with a pass over the pages.
---@param client table
---@param filter table fields of getuserdata
---@param whole userdata the snapshot of all pages
---@param total? integer users by the first reply
---@return lastpass.enterprise.Seams
function M.new(client, filter, whole, total)
  return setmetatable({
    _client = client,
    _filter = filter,
    _whole = whole,
    _total = total,
    _ranges = {},
    _fit = true,
    _grown = false, -- there are more users than at the beginning
    _exact = true, -- each page ends with whom it ended with when it was read
  }, seams_mt)
end

local function note_total(self, total)
  if total ~= self._total then
    self._grown = true
    self._fit = self._fit and total ~= nil and self._total ~= nil and total > self._total
  end
end

--- Notes a page that was put into the snapshot.
---@param index integer from 0 on
---@param first integer its first row there; its last one is the last there is
---@param total? integer users by its reply
function methods:add(index, first, total)
  note_total(self, total)
  self._ranges[index] = { first = first, last = #self._whole }
end

-- Asks for one user of each page, and compares.
local function look_again(self, fetching, first, last, place_of, is_same)
  local email = core.user_fields.email
  local function data_of(index)
    return fetching.page_data(self._filter, 1, place_of(index))
  end
  local function take(index, probe)
    note_total(self, probe:total() or self._total)
    if #probe == 1 then
      local row = self._whole:find(core.user_value(probe, 1, email))
      self._fit = self._fit and row ~= nil and is_same(self._ranges[index], row)
    else
      self._exact = false
    end
    probe:close()
    return not self._fit
  end
  return fetching.fetch_many(self._client, first, last, data_of, take)
end

local function is_complete(self)
  local count, total = #self._whole, self._total
  return not total or count == total or self._grown and count > total
end

--- Whether all pages are there and nobody stands between two of them.
---@param count integer pages
---@param fetching table fetch_many and page_data of `lastpass.enterprise.pages`
---@return boolean|nil hold
---@return string? message of a failure to ask
---@return lastpass.Error? err
function methods:hold(count, fetching)
  local size = self._client:option "page_size"
  self._fit = self._fit and is_complete(self)
  self._total = self._total or #self._whole
  local ok, message, err = true, nil, nil
  if self._fit then
    ok, message, err = look_again(self, fetching, 0, count - 2, function(index)
      return (index + 1) * size - 1
    end, function(range, row)
      self._exact = self._exact and row == range.last
      return row >= range.first and row <= range.last
    end)
  end
  if ok and self._fit and self._grown then
    ok, message, err = look_again(self, fetching, 1, count - 1, function(index)
      return index * size
    end, function(range, row)
      return row == range.first
    end)
    self._fit = self._fit and self._exact
  end
  if not ok then
    return nil, message, err
  end
  return self._fit
end

return M
