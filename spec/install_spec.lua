-- The two ways to install, into a folder: the program runs from there, as do its manual and its
-- completions.
-- Runs once: the versions of Lua are named here.
-- Runs first: it compiles everything four times.
local lfs = require "lfs"
local version = require "lastpass.version"

local function shell(line)
  local pipe = assert(io.popen(line .. " 2>&1; echo; echo status $?"))
  local output = pipe:read "*a"
  pipe:close()
  local text, status = output:match "^(.*)\nstatus (%d+)\n$"
  return tonumber(status), text
end

-- What must go well; gives its output.
local function run(line)
  local status, text = shell(line)
  assert(status == 0, line .. "\n" .. text)
  return text
end

-- Without the paths of the tree that this spec runs in.
local CLEAN = "env -u LUA_PATH -u LUA_CPATH -u LUA_PATH_5_4 -u LUA_CPATH_5_4 HOME=%s "

local function write_file(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

describe("installed", function()
  local folder, here

  setup(function()
    folder = run("mktemp -d"):match "%S+"
    here = lfs.currentdir()
  end)

  teardown(function()
    os.execute("rm -rf " .. folder)
  end)

  local function program(path)
    return CLEAN:format(folder) .. path .. " "
  end

  -- From another folder than the tree's, so that nothing of it is found by chance.
  local function check_program(path)
    local line = "cd / && " .. program(path)
    assert.equal("lastpass " .. version .. "\n", run(line .. "version"))
    assert.matches("^Usage: ", run(line .. "users --help"))
    local playbook = folder .. "/one.lua"
    write_file(playbook, 'user "new.bee@acme.example" { fullname = "New Bee" }\n')
    local script = folder .. "/try.lua"
    write_file(
      script,
      [[
        local lastpass = require "lastpass"
        local box = assert(lastpass.sandbox.start { users = 5, seed = 1 })
        print(assert(box:client():snapshot()):count())
        box:stop()
      ]]
    )
    assert.matches("^5%s", run(line .. "run " .. script))
  end

  for _, lua in ipairs { "5.4", "5.1" } do
    it("by make, for Lua " .. lua, function()
      local root = ("%s/make-%s"):format(folder, lua)
      run(("make -s install LUA_VERSION=%s PREFIX=/usr DESTDIR=%s"):format(lua, root))
      check_program(root .. "/usr/bin/lastpass")
      local first = assert(io.open(root .. "/usr/bin/lastpass")):read "*l"
      assert.equal("#!/usr/bin/env -S --block-signal=INT lua" .. lua, first)
      local manual = root .. "/usr/share/man/man1/lastpass.1"
      assert.equal("", run("mandoc -Tlint -W error " .. manual))
      assert.matches("LASTPASS%(1%)", run("mandoc -Tutf8 " .. manual .. " | head -n 1"))
      run("mandoc -Tlint -W error " .. root .. "/usr/share/man/man1/lastpass-*.1")
      local share = root .. "/usr/share/"
      local file = share .. "bash-completion/completions/lastpass"
      local complete = ("bash -c 'source %s && complete -p lastpass'"):format(file)
      assert.matches("lastpass\n?$", run(complete))
      assert.equal("", run("zsh -n " .. share .. "zsh/site-functions/_lastpass"))
      assert.equal("", run("fish -n " .. share .. "fish/vendor_completions.d/lastpass.fish"))
      run(("make -s uninstall LUA_VERSION=%s PREFIX=/usr DESTDIR=%s"):format(lua, root))
      assert.equal("", run(("find %s -type f"):format(root)))
    end)

    it("by luarocks, for Lua " .. lua, function()
      -- luarocks leaves objects beside the sources, so that it gets a copy of them; with lua-posix it starts
      -- no shell for each file
      local copy, tree = ("%s/copy-%s"):format(folder, lua), ("%s/rock-%s"):format(folder, lua)
      run(
        ("mkdir -p %s && cp -r bin docs examples lua src lastpass-scm-1.rockspec %s"):format(
          copy,
          copy
        )
      )
      local rocks = ("luarocks --lua-version %s --tree %s "):format(lua, tree)
      run(("cd %s && %smake --deps-mode none CFLAGS='-O0 -fPIC'"):format(copy, rocks))
      check_program(tree .. "/bin/lastpass")
      local kept = run(("find %s -name lastpass.1"):format(tree))
      assert.matches("/lastpass%.1\n$", kept)
      assert.equal("", run("mandoc -Tlint -W error " .. kept))
      local completion = folder .. "/completion.bash"
      run(("cd / && %scompletion bash >%s"):format(program(tree .. "/bin/lastpass"), completion))
      assert.matches(
        "lastpass\n?$",
        run(("bash -c 'source %s && complete -p lastpass'"):format(completion))
      )
    end)
  end

  it("by a symbolic link to the tree's program", function()
    assert(lfs.link(here .. "/bin/lastpass", folder .. "/linked", true))
    check_program(folder .. "/linked")
    assert(lfs.link(folder .. "/linked", folder .. "/linked again", true))
    check_program("'" .. folder .. "/linked again'")
  end)
end)
