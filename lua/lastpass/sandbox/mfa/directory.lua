--- The calls of the MFA directory (mfa §2.3) over the company's people.
-- @module lastpass.sandbox.mfa.directory
local json = require "lastpass.json"
local lists = require "lastpass.sandbox.mfa.lists"
local phones = require "lastpass.sandbox.mfa.phone"
local schema = require "lastpass.sandbox.schema"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

local text, needed = { "string" }, { "string", required = true }

local function is_attributes(value)
  if not schema.is_list(value) then
    return false
  end
  for _, one in ipairs(value) do
    if type(one) ~= "table" or type(one.Name) ~= "string" or type(one.Value) ~= "string" then
      return false
    end
  end
  return true
end

local user_fields = {
  Email = needed,
  FirstName = needed,
  LastName = needed,
  SecondaryEmail = text,
  PhoneNumber = text,
  EmployeeID = text,
  Department = text,
  Description = text,
  SamAccountName = text,
  OU = text,
}

local MOST_SIZE = 1000

--- Checks a page of a list.
local function read_page(payload, strict)
  local fields = { Size = { "integer", required = true }, Offset = { "integer", required = true } }
  local complaint = schema.object(fields, payload, strict)
  if complaint then
    return nil, complaint
  elseif payload.Size < 1 or payload.Size > MOST_SIZE or payload.Offset < 0 then
    return nil, ("Size must be from 1 to %d, and Offset not below 0"):format(MOST_SIZE)
  end
  return payload
end

local function page_of(list, page, describe)
  local items = json.list()
  for at = page.Offset + 1, math.min(#list, page.Offset + page.Size) do
    items[#items + 1] = describe(list[at])
  end
  return { Items = items, Total = #list }
end

-- ---- users ----

local function find_user(company, address)
  local phone = phones.find(company, address)
  return phone.state ~= "absent" and phone or nil, "User does not exist"
end

local function is_address(payload)
  return type(payload) == "string" and payload ~= "" and #payload <= 254
end

-- A call that takes an address.
local function of_user(run)
  return function(company, payload)
    if not is_address(payload) then
      return nil, "Invalid payload"
    end
    local phone, message = find_user(company, payload)
    if not phone then
      return nil, message
    end
    return run(company, phone)
  end
end

local function read_user(company, payload)
  if type(payload) ~= "table" then
    return nil, "Invalid payload"
  end
  local fields = {}
  for name, value in pairs(payload) do
    fields[name] = value
  end
  local attributes = fields.Attributes
  fields.Attributes = nil
  local complaint = schema.object(user_fields, fields, company.settings.strict)
  if not complaint and attributes ~= nil and not is_attributes(attributes) then
    complaint = "Wrong type of field: Attributes"
  elseif not complaint and not schema.is_mail(fields.Email) then
    complaint = "Invalid e-mail address"
  end
  if complaint then
    return nil, complaint
  end
  fields.Attributes = attributes and json.list(attributes)
  return fields
end

local function send_activation(company, address)
  company:count_mail(address, "mfa_activation")
  states.note(company, "mail", { email = address })
end

local calls = {}

calls.isuserexist = of_user(function()
  return true
end)

calls.adduser = function(company, payload)
  local fields, message = read_user(company, payload)
  if not fields then
    return nil, message
  elseif find_user(company, fields.Email) then
    return nil, "User already exists"
  end
  phones.set(company, fields.Email, {
    state = "unpaired",
    suspended = false,
    fields = fields,
    email = fields.Email,
  })
  send_activation(company, fields.Email)
  return true
end

calls.edituser = function(company, payload)
  local fields, message = read_user(company, payload)
  local phone
  if fields then
    phone, message = find_user(company, fields.Email)
  end
  if not phone then
    return nil, message
  end
  local known = states.of(company).phones[phone.key]
  for name, value in pairs(known and known.fields or {}) do
    if fields[name] == nil then
      fields[name] = value
    end
  end
  phones.set(company, fields.Email, { fields = fields })
  return true
end

calls.deleteuser = of_user(function(company, phone)
  phones.set(company, phone.email, { state = "absent", fields = false })
  lists.forget(states.of(company), phone.key)
  return true
end)

calls.suspenduser = of_user(function(company, phone)
  phones.set(company, phone.email, { suspended = true })
  return true
end)

calls.resendactivationemail = of_user(function(company, phone)
  send_activation(company, phone.email)
  return true
end)

local function first_and_last(company, address)
  local person = company:person(address)
  local name = person and person.fields.fullname or ""
  local first, last = name:match "^(%S+)%s+(.*)$"
  return first or name, last or ""
end

local STATUS = { paired = "Active", unpaired = "Pending", locked = "Suspended" }

local function describe_user(company, one)
  local phone = phones.find(company, phones.address(company, one))
  local own = states.of(company).phones[phone.key]
  local item = {}
  for name, value in pairs(own and own.fields or {}) do
    item[name] = value
  end
  if not item.FirstName then
    item.FirstName, item.LastName = first_and_last(company, phone.email)
  end
  item.Email, item.Status = phone.email, STATUS[phone.state]
  return item
end

calls.getusers = function(company, payload)
  local page, message = read_page(payload, company.settings.strict)
  if not page then
    return nil, message
  end
  return page_of(phones.people(company), page, function(one)
    return describe_user(company, one)
  end)
end

-- ---- groups and roles ----

local function address_of(company, key)
  local own = states.of(company).phones[key]
  local person = tonumber(key) and company:user_of_id(tonumber(key))
  return person and person.fields.username or own and own.email or key
end

-- What lists need to know about people.
local function directory_of(company)
  return {
    state = states.of(company),
    cid = company.cid,
    strict = company.settings.strict,
    key_of = function(address)
      local phone = is_address(address) and find_user(company, address)
      return phone and phone.key
    end,
    address_of = function(key)
      return address_of(company, key)
    end,
    page = function(list, payload, describe)
      local page, message = read_page(payload, company.settings.strict)
      if not page then
        return nil, message
      end
      return page_of(list, page, describe)
    end,
  }
end

for name, run in pairs(lists.calls) do
  calls[name] = function(company, payload)
    return run(directory_of(company), payload)
  end
end

--- Runs a call.
---@param company table
---@param name string in lower case
---@param payload any
---@return any value nil when it is refused
---@return string? message
function M.run(company, name, payload)
  return calls[name](company, payload)
end

return M
