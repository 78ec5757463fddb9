--- Second factors of people: what an application has sealed, by a name for the person. What is in it is never read here.
-- @module lastpass.store.factors
local digest = require "lastpass.digest"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

local LIST = "SELECT id, kind, sealed, {created_at} FROM lastpass_factors WHERE person = ? "
  .. "ORDER BY created_at, id"

local ADD = "INSERT INTO lastpass_factors (person, id, kind, sealed, created_at) "
  .. "SELECT ?, ?, ?, ?, @now WHERE (SELECT COUNT(*) FROM lastpass_factors "
  .. "WHERE person = ? AND kind = ?) < ? ON CONFLICT (person, id) DO NOTHING RETURNING id"

local REMOVE = "DELETE FROM lastpass_factors WHERE person = ? AND id = ? RETURNING id"

local REMOVE_KIND = "DELETE FROM lastpass_factors WHERE person = ? AND kind = ?"

-- On a server a statement neither sees nor removes rows that another transaction has not committed yet: two at once would
-- leave more factors than there may be, or none of one of them. A file has one writer anyway.
local LOCK = "SELECT CAST(pg_advisory_xact_lock(%d, CAST(? AS INTEGER)) AS TEXT) AS locked"
local LOCK_FACTORS = LOCK:format(0x6c706661)

local function wait_for_others(database, person)
  if database:is_shared() then
    database:query(LOCK_FACTORS, tonumber(digest.hex(person, 7), 16))
  end
end

local function list(database, person)
  return database:query(LIST, person)
end

local function insert(database, person, factor, most)
  local kind = factor.kind
  local bound = { person, factor.id, kind, factor.sealed, person, kind, most }
  return database:run(ADD, bound, #bound)[1] ~= nil
end

local function add(database, person, factor, most)
  wait_for_others(database, person)
  return insert(database, person, factor, most)
end

local function replace(database, person, kind, factors)
  wait_for_others(database, person)
  database:query(REMOVE_KIND, person, kind)
  for _, factor in ipairs(factors) do
    insert(database, person, factor, #factors)
  end
  return true
end

local function remove(database, person, id)
  return database:query(REMOVE, person, id)[1] ~= nil
end

local function check(where, person, factor)
  values.name(where, "person", person)
  for _, name in ipairs { "id", "kind", "sealed" } do
    values.name(where, "factor." .. name, factor[name])
  end
end

--- The factors of a person, the oldest first.
---@param person string
---@return table[]|nil list {id, kind, sealed, created_at}
---@return string? message
---@return lastpass.Error? err
function M:factors(person)
  return self._database:read(list, values.name("journal:factors", "person", person))
end

--- Adds a factor.
---@param person string
---@param factor table id, kind, sealed
---@param most integer so many of a kind may one person have
---@return boolean|nil added false: there are as many already, or one of this id
---@return string? message
---@return lastpass.Error? err
function M:add_factor(person, factor, most)
  check("journal:add_factor", person, factor)
  values.whole("journal:add_factor", "most", most)
  return self._database:transaction(add, person, factor, most)
end

--- Puts factors in place of all of a kind.
---@param person string
---@param kind string
---@param factors table[] id, kind, sealed
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M:replace_factors(person, kind, factors)
  values.name("journal:replace_factors", "kind", kind)
  for _, factor in ipairs(values.list("journal:replace_factors", "factors", factors)) do
    check("journal:replace_factors", person, factor)
  end
  return self._database:transaction(replace, person, kind, factors)
end

--- Removes a factor: of several that do so at once one is told that it did.
---@param person string
---@param id string
---@return boolean|nil removed
---@return string? message
---@return lastpass.Error? err
function M:remove_factor(person, id)
  values.name("journal:remove_factor", "person", person)
  values.name("journal:remove_factor", "id", id)
  return self._database:transaction(remove, person, id)
end

return M
