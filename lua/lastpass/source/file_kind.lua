--- Files that are something else than they are taken for: a workbook, a page, an archive. What a file is
-- shows at its beginning.
-- @module lastpass.source.file_kind
local M = {}

local AS_CSV = 'open it and save it as "CSV UTF-8"'
local EXPORT = "export the list as %s"
local UNPACK = "unpack it first"

-- The first bytes, what that is, and what to do.
local kinds = {
  { "\208\207\17\224\161\177\26\225", "an old Excel workbook (.xls)", AS_CSV },
  { "%PDF-", "a PDF file", EXPORT },
  { "\31\139", "compressed by gzip", UNPACK },
  { "BZh", "compressed by bzip2", UNPACK },
  { "\2537zXZ\0", "compressed by xz", UNPACK },
  { "\40\181\47\253", "compressed by zstd", UNPACK },
  { "7z\188\175\39\28", "a 7-Zip archive", UNPACK },
  { "Rar!", "a RAR archive", UNPACK },
  { "SQLite format 3\0", "an SQLite database", EXPORT },
  { "PAR1", "a Parquet file", EXPORT },
  { "{\\rtf", "an RTF document", EXPORT },
  { "-----BEGIN PGP", "encrypted or signed by PGP", "decrypt it first" },
  { "\255\254\0\0", "UTF-32", "save it as UTF-8" },
  { "\0\0\254\255", "UTF-32", "save it as UTF-8" },
}

-- A zip archive says what it holds in the names of its first files.
local function zip(head)
  if head:find("opendocument.spreadsheet", 1, true) then
    return "an OpenDocument spreadsheet (.ods)", AS_CSV
  elseif
    head:find("[Content_Types].xml", 1, true)
    or head:find("xl/", 1, true)
    or head:find("_rels/", 1, true)
  then
    return "an Excel workbook (.xlsx)", AS_CSV
  end
  return "a zip archive", UNPACK
end

local function markup(line)
  local folded = line:lower()
  if folded:find "^<%?xml" or folded:find "^<workbook" then
    return "XML", EXPORT
  elseif folded:find "^<!doctype html" or folded:find "^<!%-%-" or folded:find "^</?%a+[%s>/]" then
    return "an HTML page", "is it a page to sign in? Export the list as %s"
  end
  return nil
end

local function kind_of(head)
  if head:find "^PK[\3\5\7][\4\6\8]" then
    return zip(head)
  end
  for _, kind in ipairs(kinds) do
    if head:sub(1, #kind[1]) == kind[1] then
      return kind[2], kind[3]
    end
  end
  return markup(head:match "^%s*([^\r\n]*)" or "")
end

--- What a file is that is neither CSV nor JSON.
---@param head string its first bytes, 512 at most
---@param format string "CSV" or "JSON": what it is taken for
---@return string|nil what "an Excel workbook (.xlsx)"; nil for a text
---@return string? hint what to do
function M.of_bytes(head, format)
  local what, hint = kind_of(head)
  return what, hint and hint:format(format)
end

--- What a text is that is not CSV.
---@param line string its first line that is not blank
---@return string|nil what
---@return string? hint
function M.of_line(line)
  local what, hint = markup(line)
  if what then
    return what, hint:format "CSV"
  elseif line:find "^[%[{]%s*$" or line:find '^[%[{]%s*["{%[%]}]' then
    return "JSON", "read it with source.json, or save it as CSV"
  elseif line:find "^dn::? " then
    return "LDIF", "read the directory with source.ldap, or export the list as CSV"
  elseif line:find "^BEGIN:VCARD" then
    return "vCards", EXPORT:format "CSV"
  end
  return nil
end

return M
