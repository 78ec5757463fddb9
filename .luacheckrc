-- The Lua side is written in the 5.1 subset; the few functions of newer versions are named here.
std = "lua51"
max_line_length = 100
max_comment_line_length = 130
read_globals = { "table.unpack", "math.tointeger", "math.type" }
exclude_files = { "build/", "docs/lastpass.d.lua" }
files["spec"] = { std = "+busted", read_globals = { "table.unpack", "math.type", "jit", "utf8" } }
files["**/*.rockspec"] = { std = "+rockspec" }
files["examples"] = { max_line_length = 120 }
-- What runs inside nginx.
files["lua/lastpass/nginx"] = { globals = { "ngx" } }
files["lua/lastpass/transport/nginx.lua"] = { read_globals = { "ngx" } }
files["lua/lastpass/mfa/radius/udp.lua"] = { read_globals = { "ngx" } }
files["spec/support/resty_http.lua"] = { read_globals = { "ngx" } }
files["examples/nginx/site.lua"] = { read_globals = { "ngx" } }
files["examples/nginx/scim-site.lua"] = { read_globals = { "ngx" } }
files["examples/nginx/saml-site.lua"] = { read_globals = { "ngx" } }
files["examples/nginx/mfa-site.lua"] = { read_globals = { "ngx" } }
-- Playbooks: their words are those of lastpass.plan.words.
files["examples/joiners-movers-leavers.lua"] = {
  read_globals = {
    "user", "users", "group", "source", "protect", "missing", "limit", "only", "owner", "match",
    "rename", "status", "until_date", "reason", "every", "at",
  },
}
files["examples/security-contact.lua"] = { read_globals = { "user", "company" } }
files["examples/nginx/playbooks"] = {
  read_globals = {
    "user", "users", "group", "source", "protect", "missing", "limit", "only", "owner", "match",
    "rename", "status", "until_date", "reason", "every", "at",
  },
}
