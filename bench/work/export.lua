-- export.lua FORMAT FOLDER: a hundred pages of events, made into text. Their bytes are in memory
-- before it begins.
local setup = require "bench.work.setup"

local core = require "lastpass.core"
local formats = require "lastpass.export.formats"
local reader = require "lastpass.export.reader"
local writer = require "lastpass.export.writer"

local PAGES = 100

local pages = {}
for page = 1, PAGES do
  pages[page] = setup.read_file(("%s/%d"):format(arg[2], page))
  setup.pass_over(pages[page])
end

local zone = setup.zone()
local write = writer.new(formats.open(arg[1], 8771312))
local begin = setup.now()
local events, bytes = 0, 0
for page = 1, PAGES do
  local rows = core.events()
  assert(rows:feed(pages[page]))
  assert(rows:finish())
  reader.clock(zone, rows)
  assert(write:write(rows, function(text, count)
    events, bytes = events + count, bytes + #text
    return true
  end))
  rows:close()
end
setup.report("seconds", setup.now() - begin)
setup.report("events", events)
setup.report("bytes", bytes)
