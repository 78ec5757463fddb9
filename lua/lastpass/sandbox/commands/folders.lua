--- getsfdata and getdetailedsfdata (enterprise-api §4.9, §4.10).
-- @module lastpass.sandbox.commands.folders
local check = require "lastpass.sandbox.commands.check"
local folders = require "lastpass.sandbox.folders"
local replies = require "lastpass.sandbox.commands.replies"

-- Shorter answers are sent with their length.
local WHOLE_FOLDERS = 200

local function folder_reply(context, first, last, all, detailed)
  if context.settings.audit_reads then
    context:audit("get_folders", "Initiated by API")
  end
  local settings = context.settings
  local options = {
    all = all,
    detailed = detailed,
    flag_type = settings.flag_type,
    users_form = settings.folder_users,
    sixth_value = settings.folder_sixth_value,
  }
  local function produce(write)
    if last < first then
      return write("[]")
    end
    for number = first, last do
      write(number == first and "{" or ",")
      write(folders.folder_json(context.state, number, options))
    end
    write("}")
  end
  return last - first < WHOLE_FOLDERS and replies.whole(produce) or replies.stream(produce)
end

local function check_all(data)
  if data ~= nil and data ~= "all" then
    return 'data is not "all"'
  end
  return nil
end

local function getsfdata(context, data)
  return folder_reply(context, 0, context.state.company.folders - 1, data == "all", false)
end

local page_fields = {
  data = { "string" },
  pagesize = { "digits", required = true },
  pageindex = { "digits" },
}

local function check_detailed(data, strict)
  if type(data) ~= "table" then
    return check_all(data)
  end
  return check.object(page_fields, data, strict) or check_all(data.data)
end

local function getdetailedsfdata(context, data)
  local count = context.state.company.folders
  if type(data) ~= "table" then
    if count > context.settings.detailed_unpaged_max then
      return replies.too_many("Too Many Requests")
    end
    return folder_reply(context, 0, count - 1, data == "all", true)
  end
  local size, index = tonumber(data.pagesize), tonumber(data.pageindex or 0)
  if size < 1 or index < 0 then
    return replies.fail("Invalid page.")
  end
  local first = index * size
  local last = math.min(count, first + size) - 1
  return folder_reply(context, first, last, data.data == "all", true)
end

return {
  getsfdata = { check = check_all, run = getsfdata },
  getdetailedsfdata = { check = check_detailed, run = getdetailedsfdata },
}
