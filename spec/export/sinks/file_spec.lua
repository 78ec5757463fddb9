-- Files: whole or not at all; with a cursor, exactly what was confirmed.
local check = require "spec.support.check"
local file = require "lastpass.export.sinks.file"
local store = require "spec.support.store"

describe("lastpass.export.sinks.file", function()
  local folder, path

  before_each(function()
    folder = store.folder()
    path = folder .. "/events.json"
  end)

  after_each(function()
    store.remove(folder)
  end)

  local function open(state, options, header)
    options = options or {}
    options.path = path
    local sink = file.open(options, { durable = state ~= false }, 1)
    local ok, message, err = sink:begin(state or nil, header)
    if not ok then
      sink:close()
      return nil, message, err
    end
    return sink
  end

  describe("without a cursor", function()
    it("appear when they are whole", function()
      local sink = assert(open(false))
      assert.is_true(sink:write "one\n")
      assert.is_nil(store.read(path))
      assert(sink:confirm())
      assert.is_true(sink:finish())
      sink:close()
      assert.equal("one\n", store.read(path))
      assert.is_nil(store.read(path .. ".part"))
    end)

    it("leave what was there when they are not finished", function()
      store.write(path, "old\n")
      local sink = assert(open(false))
      sink:write "new\n"
      sink:close()
      assert.equal("old\n", store.read(path))
      assert.is_nil(store.read(path .. ".part"))
    end)

    it("begin anew after a crash", function()
      store.write(path .. ".part", "left behind\n")
      local sink = assert(open(false, nil, "header\n"))
      sink:write "one\n"
      assert.is_true(sink:finish())
      sink:close()
      assert.equal("header\none\n", store.read(path))
    end)

    it("write to a pipe or a device, and do not replace it", function()
      assert(os.execute(("mkfifo '%s'"):format(path)))
      local reader = assert(io.popen(("timeout 60 cat '%s'"):format(path)))
      local sink = assert(open(false, nil, "header\n"))
      assert.is_true(sink:write "one\n")
      assert(sink:confirm())
      assert.is_true(sink:finish())
      sink:close()
      assert.equal("header\none\n", reader:read "*a")
      reader:close()
      assert.is_truthy(os.execute(("test -p '%s'"):format(path)))
    end)
  end)

  it("a pipe or a device is not rotated", function()
    assert(os.execute(("mkfifo '%s'"):format(path)))
    local _, message, err = open(nil, { rotate = 100 })
    assert.matches("is not a file, and cannot be rotated", message, 1, true)
    assert.equal("not_a_file", err.code)
  end)

  describe("with a cursor", function()
    it("grow, and lose what was not confirmed", function()
      local sink = assert(open(nil, nil, "header\n"))
      sink:write "one\n"
      local state = assert(sink:confirm())
      sink:write "two\n"
      sink:close() -- as a crash would
      assert.equal("header\none\ntwo\n", store.read(path))
      sink = assert(open(state, nil, "header\n"))
      sink:write "three\n"
      assert(sink:confirm())
      sink:close()
      assert.equal("header\none\nthree\n", store.read(path))
    end)

    it("go on behind what stands in a file that the cursor does not know", function()
      store.write(path, "somebody's\n")
      local sink = assert(open(nil))
      sink:write "one\n"
      sink:close()
      assert.equal("somebody's\none\n", store.read(path))
    end)

    it("are written by one at a time", function()
      local sink = assert(open(nil))
      check.failure("argument", "file_in_use", open(nil))
      sink:close()
      assert(open(nil)):close()
    end)

    it("that became shorter are not gone on with; that were taken away are begun anew", function()
      local sink = assert(open(nil))
      sink:write "one\n"
      local state = assert(sink:confirm())
      sink:close()
      store.write(path, "x")
      check.failure("conflict", "file_changed", open(state))
      os.remove(path)
      sink = assert(open(state))
      sink:write "two\n"
      assert.equal(4, assert(sink:confirm()).offset)
      sink:close()
      assert.equal("two\n", store.read(path))
    end)

    it("are put away when they are long, and the oldest go", function()
      local sink = assert(open(nil, { rotate = 10, keep = 2 }, "h\n"))
      for number = 1, 8 do
        assert.is_true(sink:write(("%05d\n"):format(number)))
        assert(sink:confirm())
      end
      sink:close()
      assert.equal("h\n00008\n", store.read(path))
      assert.equal("h\n00007\n", store.read(path .. ".7"))
      assert.equal("h\n00006\n", store.read(path .. ".6"))
      assert.is_nil(store.read(path .. ".5"))
    end)

    it("hold everything once when the crash was behind the putting away", function()
      local sink = assert(open(nil, { rotate = 10 }))
      sink:write "one\n"
      local state = assert(sink:confirm())
      sink:write "lost 1\n" -- goes into the next file
      sink:write "lost 2\n"
      sink:close()
      assert.equal("one\n", store.read(path .. ".1"))
      assert.equal("lost 1\nlost 2\n", store.read(path))
      sink = assert(open(state, { rotate = 10 }))
      sink:write "two\n"
      assert(sink:confirm())
      sink:close()
      assert.equal("one\n", store.read(path .. ".1"))
      assert.equal("two\n", store.read(path))
    end)

    it("hold everything once when it was killed there twice", function()
      local sink = assert(open(nil, { rotate = 10 }))
      sink:write "one\n"
      local state = assert(sink:confirm())
      sink:write "lost 1\n"
      sink:close()
      for _ = 1, 2 do
        sink = assert(open(state, { rotate = 10 }))
        sink:write "lost 1\n"
        sink:write "lost 2\n" -- too long for the file: stays in it until something is confirmed
        sink:close()
      end
      sink = assert(open(state, { rotate = 10 }))
      assert.equal("one\n", store.read(path .. ".1"))
      assert.is_nil(store.read(path .. ".2"))
      assert.equal("", store.read(path))
      sink:write "two two\n"
      assert(sink:confirm())
      sink:write "three\n"
      sink:close()
      assert.equal("two two\n", store.read(path .. ".2"))
      assert.equal("three\n", store.read(path))
    end)

    it("cut off the old file what was not confirmed before it was put away", function()
      local sink = assert(open(nil, { rotate = 12 }))
      sink:write "one\n"
      local state = assert(sink:confirm())
      sink:write "lost\n"
      sink:write "lost too\n"
      sink:close()
      assert.equal("one\nlost\n", store.read(path .. ".1"))
      sink = assert(open(state, { rotate = 12 }))
      assert.equal("one\n", store.read(path .. ".1"))
      assert.equal("", store.read(path))
      sink:close()
    end)
  end)

  it("that cannot be written say why", function()
    path = "/no/such/folder/x"
    local err = check.failure("argument", "no_such_file", open(nil))
    assert.equal("make the folder first", err.hint)
  end)
end)
