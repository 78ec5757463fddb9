// Checks (or with --write, applies) the Lua layout of stylua.toml. Usage: node .ci/stylua.cjs [--write] FILE…
const fs = require("fs");
const path = require("path");
const modules = process.env.NODE_MODULES || path.join(__dirname, "..", "build", "node", "node_modules");
const stylua = require(path.join(modules, "@johnnymorganz", "stylua", "stylua_lib_node.cjs"));

// stylua.toml is flat: name = value.
const settings = {};
for (const line of fs.readFileSync(path.join(__dirname, "..", "stylua.toml"), "utf8").split("\n")) {
  const found = line.match(/^(\w+)\s*=\s*"?([^"]*)"?$/);
  if (found) settings[found[1]] = found[2];
}

function config() {
  const c = stylua.Config.new();
  c.syntax = stylua.LuaVersion[settings.syntax];
  c.column_width = Number(settings.column_width);
  c.line_endings = stylua.LineEndings[settings.line_endings];
  c.indent_type = stylua.IndentType[settings.indent_type];
  c.indent_width = Number(settings.indent_width);
  c.quote_style = stylua.QuoteStyle[settings.quote_style];
  c.call_parentheses = stylua.CallParenType[settings.call_parentheses];
  return c;
}

const write = process.argv.includes("--write");
let wrong = 0;
for (const file of process.argv.slice(2).filter((name) => name !== "--write")) {
  const before = fs.readFileSync(file, "utf8");
  const after = stylua.formatCode(before, config(), undefined, stylua.OutputVerification.None);
  if (before === after) continue;
  wrong++;
  if (write) fs.writeFileSync(file, after);
  else console.log(`${file}: not laid out as stylua.toml says (make format)`);
}
process.exit(write || wrong === 0 ? 0 : 1);
