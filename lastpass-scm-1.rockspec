rockspec_format = "3.0"
package = "lastpass"
version = "scm-1"
source = {
  url = "git+https://lastpass-lua.example/lastpass.git",
}
description = {
  summary = "LastPass Business administration: provisioning, reporting, a sandbox to try it in",
  detailed = [[
    The Enterprise (provisioning and reporting) API of LastPass Business as a Lua module with a C
    core: every command checked before it is sent, every reply told apart, directories of any size
    read at memory speed, writes that are true to the row, and a sandbox that plays LastPass so that
    everything works with no account.
  ]],
  license = "MIT",
  homepage = "https://lastpass-lua.example",
  issues_url = "https://lastpass-lua.example/issues",
  labels = { "api", "security", "http", "commandline" },
}
dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1.0",
  "argparse >= 0.7.1",
}
external_dependencies = {
  CURL = { header = "curl/curl.h", library = "curl" },
  MICROHTTPD = { header = "microhttpd.h", library = "microhttpd" },
  CSV = { header = "csv.h", library = "csv" },
}
build = {
  type = "builtin",
  modules = {
    -- made by docs/generate.lua
    -- end of what is made
  },
  install = { bin = { "bin/lastpass" } },
}
