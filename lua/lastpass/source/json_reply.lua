--- What stands beside the list in a reply of an API that was saved as a file: does it say that the list is
-- one page of several, was cut, or is only what was found before an error?
-- @module lastpass.source.json_reply
local email = require "lastpass.email"
local json = require "lastpass.json"
local problems = require "lastpass.source.problems"

local M = {}

local null = json.null

local function set(text)
  local names = {}
  for name in text:gmatch "%S+" do
    names[name] = true
  end
  return names
end

-- Names of members in lower case, without what is no letter or digit: "@odata.nextLink" -> "nextlink".
local FURTHER = set [[
  next nextlink nextpage nextpagetoken nextpagelink nextpageurl nextpageuri nextpageid nexturl
  nexturi nexthref nextcursor nexttoken nextoffset nextstart nextstartindex nextindex
  nextmarker nextrecordsurl nextrecords nextresults nextresultstoken nextbatch nextset nextkey
  nextskip nextlinktoken continuationtoken continuation continue continuetoken paginationtoken
  pagetoken lastevaluatedkey hasmore more moreavailable moreresults moreresultsavailable
  moreitems morerecords morerows moredata morepages hasnext hasnextpage hasmoreitems
  hasmoreresults hasmorerecords hasmorepages hasmoredata hasmorerows hasadditionalpages
]]
local EARLIER = set [[
  prev previous prevlink previouslink prevpage previouspage prevpagetoken previouspagetoken
  prevpageurl previouspageurl prevurl previousurl hasprev hasprevious haspreviouspage
]]
local CUT = set [[
  truncated istruncated resultstruncated partial ispartial partialresult partialresults
  incomplete isincomplete incompleteresults timedout aborted sizelimitexceeded limitexceeded
  limitreached exceededtransferlimit
]]
local WHOLE = set [[
  complete iscomplete completed done isdone finished last islast islastpage lastpage endofdata
  endoflist eof final isfinal exhausted allreturned success issuccess successful succeeded ok
]]
local ERROR = set [[
  error errors err errorcode errormessage errormsg errordescription errordetail errordetails
  exception exceptions fault faults failure failures failed
]]
local TOTAL = set [[
  total totalcount totalresults totalitems totalelements totalrecords totalrows totalsize
  totalhits totalentries totalusers totalpeople totalemployees totalmembers totalnumber
  totalresultcount count recordcount rowcount resultcount itemcount usercount numfound
  numresults numberofresults numberofrecords numberofelements
]]
local PAGES = set [[
  totalpages totalpagecount pagecount pages numpages numberofpages pagetotal lastpage maxpage
]]
local PAGE = set [[
  page currentpage pagenumber pageno pageindex start startat startindex startposition from
]]
local OFFSET = set "offset skip startoffset"
local SIZE = set [[
  limit perpage pagesize itemsperpage maxresults maxitems resultsperpage top rowlimit
]]
local STATUS = set "status result state outcome statuscode httpstatus httpstatuscode httpcode code"
local LINKS = set "link links"

local BAD_STATUS = set [[
  error fail failed failure partial partialcontent partialsuccess incomplete truncated timeout
  timedout aborted cancelled canceled interrupted
]]

-- Members whose own members are about the list; within others only what is plain counts.
local ABOUT = set [[
  meta metadata paging pagination pageinfo page pages pager links cursor cursors
  responsemetadata responseheader header headers info data response result results hits feed
  query summary status search list collection paginationinfo resultset resultinfo requestinfo
]]

local NOTHING = set "false no none null nil ok success 0 noerror"

local DEPTH = 5

-- Larger numbers are moments, such as the beginning of the time that a reply is about.
local EPOCH = 1e8

local function plain(name)
  return (name:lower():gsub("[^%w]", ""):gsub("^odata", ""))
end

-- Whether a value says something: not null, false, 0 or empty, nor an object of such.
local function says(value, depth)
  if value == nil or value == null or value == false or value == 0 then
    return false
  elseif type(value) == "string" then
    return value ~= "" and not NOTHING[plain(value)] or value:find "^[^%w]+$" ~= nil
  elseif type(value) ~= "table" then
    return true
  end
  for _, inner in pairs(value) do
    if (depth or 0) < DEPTH and says(inner, (depth or 0) + 1) then
      return true
    end
  end
  return false
end

local function number_of(value)
  if type(value) == "table" then
    value = value.value -- Elasticsearch: {"value": 120, "relation": "eq"}
  end
  local number = type(value) ~= "boolean" and tonumber(value)
  return number and number == number and number or nil
end

local function is_false(value)
  return value == false or type(value) == "string" and plain(value) == "false"
end

-- Where the next page is may hold a token that gives access; numbers and what went wrong may be shown.
local function shown(name, value)
  if type(value) == "number" or type(value) == "boolean" then
    return ": " .. tostring(value)
  elseif ERROR[name] or STATUS[name] or TOTAL[name] then
    return ": " .. problems.shown(type(value) == "string" and value or json.encode(value))
  end
  return ""
end

-- A Link header (RFC 8288), or a list of {rel = "next", href = …} as HAL, FHIR and others have it.
local function link_of(value)
  if type(value) == "string" then
    return value:lower():match '[;%s]rel%s*=%s*"?%s*(next)'
      or value:lower():match '[;%s]rel%s*=%s*"?%s*(prev)'
  end
  for _, link in ipairs(type(value) == "table" and value or {}) do
    local relation = type(link) == "table" and (link.rel or link.relation or link.name)
    relation = type(relation) == "string" and plain(relation)
    if
      relation
      and (FURTHER[relation] or EARLIER[relation])
      and says(link.href or link.url or link.uri)
    then
      return relation
    end
  end
  return nil
end

-- What a member says whatever it stands in.
local function plain_fault(name, value)
  if LINKS[name] then
    local relation = link_of(value)
    return relation
      and (FURTHER[relation] and "there is a further page" or "there is an earlier page")
  elseif FURTHER[name] and says(value) then
    return "there is more"
  elseif EARLIER[name] and says(value) then
    return "there is an earlier page"
  elseif CUT[name] and says(value) then
    return "the list is not whole"
  end
  return nil
end

-- What a member says that stands beside the list, or in what is about it.
local function fault_about(name, value, rows)
  local number = number_of(value)
  if ERROR[name] and says(value) then
    return "something went wrong"
  elseif WHOLE[name] and is_false(value) then
    return "the list is not whole"
  elseif STATUS[name] and type(value) == "string" and BAD_STATUS[plain(value)] then
    return "something went wrong"
  elseif STATUS[name] and number and (number == 206 or number >= 400 and number < 600) then
    return "something went wrong"
  elseif TOTAL[name] and number and number > rows then
    return ("there are more than the %d rows of the list"):format(rows)
  elseif PAGES[name] and number and number > 1 then
    return "there are several pages"
  elseif
    number
    and number < EPOCH
    and number > (OFFSET[name] and 0 or PAGE[name] and 1 or EPOCH)
  then
    return "the list does not begin at the first row"
  end
  return nil
end

local function sorted_names(object)
  local names = {}
  for name in pairs(object) do
    if type(name) == "string" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

-- A list as long as a page may be is whole only when something says so.
local function note_size(found, name, value, rows, path)
  local number = number_of(value)
  if SIZE[name] and number and number == rows and rows > 0 then
    found.full = found.full or { path = path, value = value }
  end
  found.ends = found.ends
    or FURTHER[name] and not says(value)
    or WHOLE[name] and value == true
    or TOTAL[name] and number == rows
    or PAGES[name] and number == 1
end

local function search(object, rows, ignored, about, prefix, depth, found)
  for _, key in ipairs(sorted_names(object)) do
    local name, value, path = plain(key), object[key], prefix .. key
    if not ignored[path] then
      local reason = plain_fault(name, value) or about and fault_about(name, value, rows)
      if reason then
        return path, reason, value
      end
      if about then
        note_size(found, name, value, rows, path)
      end
      local is_object = type(value) == "table" and value ~= null and #value == 0
      if is_object and depth < DEPTH then
        local inner, why, what =
          search(value, rows, ignored, about and ABOUT[name], path .. ".", depth + 1, found)
        if inner then
          return inner, why, what
        end
      end
    end
  end
  return nil
end

local FULL = "the list is as long as '%s' beside it lets it be%s, and nothing says that it is "
  .. "whole"

--- What says that a list is not the whole list.
---@param beside table the members beside the list, and beside what it stands in, as one object
---@param rows integer how many elements the list has
---@param ignored table<string, true> paths of members that do not count
---@return string|nil reason nil when nothing does
---@return string? path of the member that says so
function M.fault(beside, rows, ignored)
  local found = {}
  local path, reason, value = search(beside, rows, ignored, true, "", 1, found)
  if path then
    local name = plain(path:match "[^.]*$")
    return ("'%s' beside the list says that %s%s"):format(path, reason, shown(name, value)), path
  elseif found.full and not found.ends then
    local full = found.full
    return FULL:format(full.path, shown("", tonumber(full.value))), full.path
  end
  return nil
end

--- A set of paths.
---@param list string[]|nil
---@return table<string, true>
function M.ignored(list)
  local names = {}
  for _, path in ipairs(list or {}) do
    names[email.trim(path)] = true
  end
  return names
end

return M
