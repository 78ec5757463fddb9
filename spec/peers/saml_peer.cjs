// What the SAML peers of npm share: packages by name, and operations over HTTP on a port that the system gives.
// A peer is run as `node saml_NAME.cjs MODULES`; it prints "ready ADDRESS", and ends when whoever started it does,
// or has asked nothing for two minutes.
const http = require('http');
const path = require('path');
const querystring = require('querystring');

const modules = path.resolve(process.argv[2]);
exports.load = (name) => require(path.join(modules, name));

// The parameters of a query as Node's own reader has them.
exports.parameters = (query) => ({ ...querystring.parse(query || '') });

// The parameters of an address, and the whole of its query.
exports.query = (url) => url.slice(url.indexOf('?') + 1);

// Fields of the first form of a page, entities read as far as attributes need them.
exports.form = (html) => {
  const plain = (text) =>
    text.replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
      .replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
  const attribute = (tag, name) => plain((tag.match(new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`)) || [])[1] || '');
  const result = { url: attribute((html.match(/<form[^>]*>/) || [''])[0], 'action'), form: {} };
  for (const tag of html.match(/<input[^>]*>/g) || []) {
    if (attribute(tag, 'name')) result.form[attribute(tag, 'name')] = attribute(tag, 'value');
  }
  return result;
};

// Serves operations: a POST of {"op": NAME, …} is answered with {"value": …} or {"error": "…"}.
exports.serve = (operations) => {
  const parent = process.ppid;
  let last = Date.now();
  setInterval(() => (process.ppid === parent && Date.now() - last < 120000) || process.exit(0), 500);
  const server = http.createServer((request, response) => {
    let text = '';
    last = Date.now();
    request.on('data', (part) => (text += part));
    request.on('end', async () => {
      let answer;
      try {
        const { op, ...options } = JSON.parse(text);
        answer = { value: (await operations[op](options)) ?? null };
      } catch (error) {
        answer = { error: String((error && error.message) || error) };
      }
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}/`));
};
