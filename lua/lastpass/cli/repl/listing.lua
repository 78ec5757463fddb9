--- What the lists of a client become at the prompt: still iterators for `for`, and also something
-- that can be shown, indexed and counted.
-- @module lastpass.cli.repl.listing
local M = {}

---@class lastpass.repl.Listing
local listing_mt = { __name = "lastpass.repl.Listing" }

--- All of a listing, read to its end.
---@param listing lastpass.repl.Listing
---@return any[]
function M.items(listing)
  local items = rawget(listing, "_items")
  if not items then
    items = {}
    for item in rawget(listing, "_next") do
      items[#items + 1] = item
    end
    rawset(listing, "_items", items)
  end
  return items
end

function listing_mt.__index(listing, key)
  if type(key) == "number" then
    return M.items(listing)[key]
  end
  return nil
end

function listing_mt.__len(listing)
  return #M.items(listing)
end

-- One step of a `for`.
function listing_mt.__call(listing)
  local items = rawget(listing, "_items")
  if not items then
    return rawget(listing, "_next")()
  end
  local position = (rawget(listing, "_position") or 0) + 1
  rawset(listing, "_position", position)
  return items[position]
end

function listing_mt.__tostring(listing)
  return ("%s (%d)"):format(rawget(listing, "_kind"), #M.items(listing))
end

--- Wraps an iterator.
---@param kind string "users", "groups", "folders", "events", "expired_passwords"
---@param iterator fun(): any
---@return lastpass.repl.Listing
function M.new(kind, iterator)
  return setmetatable({ _kind = kind, _next = iterator }, listing_mt)
end

--- What kind of things a value lists, or nil.
---@param value any
---@return string|nil
function M.kind(value)
  return type(value) == "table" and getmetatable(value) == listing_mt and rawget(value, "_kind")
    or nil
end

---@class lastpass.repl.Collection
local collection_mt = { __name = "lastpass.repl.Collection" }

function collection_mt.__index(collection, key)
  if type(key) == "number" then
    return rawget(collection, "_read")()[key]
  end
  return rawget(collection, "_one")(key)
end

function collection_mt.__len(collection)
  return #rawget(collection, "_read")()
end

-- `for` calls with two arguments, a person with none or one: so `for user in users do` works too.
function collection_mt.__call(collection, ...)
  if select("#", ...) < 2 then
    return rawget(collection, "_read")(...)
  end
  local control = select(2, ...)
  if control == nil then
    rawset(collection, "_walk", rawget(collection, "_read")())
  end
  return rawget(collection, "_walk")()
end

function collection_mt.__tostring(collection)
  return rawget(collection, "_name")
end

--- A name of the prompt that stands for all things of a kind: `users`, `users{…}`, `users[1]`,
-- `users["ann@acme.com"]`, `for user in users do`.
---@param name string
---@param read fun(filter?): lastpass.repl.Listing
---@param one fun(key): any what a name of one of them gives
---@return lastpass.repl.Collection
function M.collection(name, read, one)
  return setmetatable({ _name = name, _read = read, _one = one }, collection_mt)
end

--- Whether a value is a listing or a collection.
---@param value any
---@return boolean
function M.is_many(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return metatable == listing_mt or metatable == collection_mt
end

--- Whether a value is a collection; and then all of it, as a listing.
---@param value any
---@return lastpass.repl.Listing|nil
function M.everything(value)
  if type(value) == "table" and getmetatable(value) == collection_mt then
    return rawget(value, "_read")()
  end
  return nil
end

return M
