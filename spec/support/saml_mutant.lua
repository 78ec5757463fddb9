--- Runs the messages of spec/saml/mutations.lua through the reader of responses with one check taken out. The table of
-- steps is changed while a message is read, and put back: programs have no option for that.
local json = require "lastpass.json"
local digest = require "lastpass.digest"
local pair = require "spec.support.saml_pair"
local response = require "lastpass.saml.response"
local sp = require "lastpass.saml.sp"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

local M = {}

local REQUEST, BROWSER = "_request", ("b"):rep(40)

local function find(name)
  for _, list in ipairs { response.steps, response.confirmation_steps } do
    for _, step in ipairs(list) do
      if step.name == name then
        return step
      end
    end
  end
  error("no step " .. name)
end

local function nothing()
  return true
end

-- What mutations may do to the reader, and how all of it is put back.
local function new_mutant(record, allow)
  local undo, mutant = {}, { record = record }
  function mutant.set(owner, key, value)
    local before = owner[key]
    undo[#undo + 1] = function()
      owner[key] = before
    end
    owner[key] = value
  end
  function mutant.replace(name, run)
    mutant.set(find(name), "run", run)
  end
  function mutant.wrap(name, run)
    local before = find(name).run
    mutant.replace(name, function(...)
      return run(before, ...)
    end)
  end
  function mutant.remove(name)
    mutant.replace(name, nothing)
  end
  function mutant.allow(more)
    for key, value in pairs(more) do
      mutant.set(allow, key, value)
    end
  end
  function mutant.restore()
    for index = #undo, 1, -1 do
      undo[index]()
    end
  end
  return mutant
end

-- Puts what must stand in the assertion into it before it is signed.
local function build(parts)
  local edit = parts.before_signing
  if not edit then
    return writer.build(parts)
  end
  local text = writer.assertion_text
  writer.assertion_text = function(fields)
    local edited, count = text(fields):gsub(edit[1], edit[2], 1)
    assert(count == 1)
    return edited
  end
  local ok, built = pcall(writer.build, parts)
  writer.assertion_text = text
  return assert(ok and built, built)
end

--- Writes the message of a mutation, once.
---@param mutation table
function M.prepare(mutation)
  local parts = writer.parts(REQUEST, mutation.sign)
  mutation.change(parts)
  local form = writer.form(build(parts))
  mutation.posted = mutation.form and mutation.form(form) or form
end

-- A document of a verifier that gives other octets than those that were sent.
local function lying_document(document)
  return setmetatable({}, {
    __index = function(_, name)
      return function(_, ...)
        if name ~= "verify" then
          return document[name](document, ...)
        end
        local octets, info = document:verify(...)
        local more = "<samlp:Extensions><x:Assertion xmlns:x='%s'/></samlp:Extensions>%%0"
        return (octets:gsub("<samlp:Status>", more:format(writer.SAML))), info
      end
    end,
  })
end

local function settings_of(mutation)
  local options = pair.written_options(mutation.options)
  options.idp = pair.written_entity(mutation.certificates)
  options.store = state.memory { max = 2, now = options.clock }
  return options
end

-- Certificates of specs are of today; the messages are of a fixed day.
local function over(entity)
  for index, certificate in ipairs(entity.idp.certificates.signing) do
    local fields = certificate:fields()
    entity.idp.certificates.signing[index] = {
      fields = function()
        fields.not_before, fields.not_after = 0, writer.NOW - 1
        return fields
      end,
    }
  end
end

local function record_of(mutation)
  local record = {
    entity_id = writer.SP,
    idp = writer.IDP,
    relay = "/",
    browser = digest.hex(BROWSER),
    at = writer.NOW - 10,
    expires = writer.NOW + 600,
  }
  for name, value in pairs(mutation.record or {}) do
    record[name] = value
  end
  return record
end

local befores = {
  used = function(store)
    store:add("saml:used:" .. digest.hex(writer.IDP .. "\0_a1"), "1", 600)
  end,
  full = function(store)
    store:add("other", "1", 600)
  end,
}

-- The request is there when it is looked up, and somebody else has used it up when it is to be used.
local function taken(store)
  local get = store.get
  return setmetatable({
    get = function(_, key)
      return get(store, key)
    end,
    take = function()
      return nil
    end,
    add = function(_, ...)
      return store:add(...)
    end,
  }, nil)
end

--- Reads the message of a mutation.
---@param mutation table prepared
---@param out? table another mutation, or itself: whose check is taken out
---@return table|nil identity
---@return string? message
---@return table? err
function M.try(mutation, out)
  local options = settings_of(mutation)
  local store, record = options.store, record_of(mutation)
  if mutation.record ~= false then
    assert(store:put(response.request_key(REQUEST), json.encode(record), 600))
  end
  local before = befores[mutation.before]
  if before then
    before(store)
  elseif mutation.before == "taken" then
    options.store = taken(store)
  end
  record.id = REQUEST
  local provider = assert(sp.new(options))
  local settings = provider._settings
  local mutant = new_mutant(record, settings.allow)
  if mutation.other_octets then
    mutant.wrap("parse", function(run, c)
      local ok, message, err = run(c)
      if ok then
        c.document = lying_document(c.document)
      end
      return ok, message, err
    end)
  end
  if mutation.certificate_over then
    mutant.wrap("assertion_signature", function(run, c)
      local ok, message, err = run(c)
      over(c.idp)
      return ok, message, err
    end)
  end
  if out and type(out.out) == "function" then
    out.out(mutant)
  elseif out then
    for _, name in ipairs(out.out) do
      mutant.remove(name)
    end
  end
  local context = { browser = BROWSER, method = "POST" }
  for name, value in pairs(mutation.context or {}) do
    context[name] = value
  end
  local ok, identity, message, err = pcall(provider.consume, provider, mutation.posted, context)
  mutant.restore()
  if not ok then
    error(identity, 0)
  end
  return identity, message, err
end

return M
